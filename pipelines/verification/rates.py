"""Exchange rates: base units for one unit of a currency on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from statistics import median

from pipelines.verification.rows import Raw

ZERO = Decimal(0)
# The documents whose own rates are taken where none is quoted, and the day of each.
DOCUMENTS = {"billing.invoices": "issued_on", "billing.payments": "received_on", "billing.adjustments": "occurred_on"}


class Rates:
    """The last rate on or before a day, no older than the run allows: a quoted one, else a document's.

    A document's rate is into the currency of the books that it stands in; those of other books than ours are not taken.
    """

    def __init__(self, raw: Raw) -> None:
        """Reads quotes and, for days without one, the rates that documents give."""
        self.base = raw.run.base_currency
        self.age = timedelta(days=raw.run.rate_days)
        given: dict[tuple[str, date], list[Decimal]] = defaultdict(list)
        carried = [
            (row["_system"], row["currency"], row[on], row["exchange_rate"])
            for entity, on in DOCUMENTS.items()
            for row in raw.rows(entity, entity == "billing.invoices", ("currency", on, "exchange_rate"))
            if row["exchange_rate"] and row["exchange_rate"] > 0 and row["currency"]
        ]
        worth: dict[str, dict[str, list[Decimal]]] = defaultdict(lambda: defaultdict(list))
        for system, currency, _, rate in carried:
            worth[system][currency].append(rate)
        usual = {system: {name: median(rates) for name, rates in by.items()} for system, by in worth.items()}
        # Where ours is not worth 1 (where they never name it: where another one is), the books are in another currency.
        foreign = {
            system
            for system, rates in usual.items()
            if (rates[self.base] != 1 if self.base in rates else 1 in rates.values())
        }
        for system, currency, day, rate in carried:
            if day and system not in foreign and usual[system][currency] != 1:
                given[currency, day].append(rate)
        # Documents of one day may disagree: the middle one is no typing error.
        documented: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for (currency, day), rates in given.items():
            documented[currency][day] = median(rates)
        quoted: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for row in sorted(raw.rows("plan.fx_rates"), key=lambda row: (row["_known_at"], row["rate"] or ZERO)):
            if row["rate"] and row["rate"] > 0:
                quoted[row["currency"]][row["rate_date"]] = row["rate"]
        self._kinds = [(found, {name: sorted(days) for name, days in found.items()}) for found in (quoted, documented)]

    def on(self, currency: str, day: date) -> Decimal | None:
        """The rate of a day; None where none is known."""
        if currency == self.base:
            return Decimal(1)
        for rates, days_of in self._kinds:
            days = days_of.get(currency, [])
            place = bisect_right(days, day)
            if place and day - days[place - 1] <= self.age:
                return rates[currency][days[place - 1]]
        return None

    def convert(self, amount: Decimal, currency: str, into: str, day: date) -> Decimal | None:
        """An amount in another currency, at a day's rates."""
        if currency == into:
            return amount
        here, there = self.on(currency, day), self.on(into, day)
        return None if here is None or there is None else amount * here / there
