"""Exchange rates: base units for one unit of a currency on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from pipelines.verification.rows import Raw

# The documents whose own rates are taken where none is quoted, and the day of each.
DOCUMENTS = {"billing.invoices": "issued_on", "billing.payments": "received_on", "billing.adjustments": "occurred_on"}


class Rates:
    """The last rate on or before a day, no older than the run allows; a quoted one goes before a document's."""

    def __init__(self, raw: Raw) -> None:
        """Reads quotes and, for days without one, the rates that documents give."""
        self.base = raw.run.base_currency
        self.age = timedelta(days=raw.run.rate_days)
        found: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for entity, on in DOCUMENTS.items():
            given = [row for row in raw.rows(entity) if row["exchange_rate"] and row["currency"] and row[on]]
            for row in sorted(given, key=lambda row: (row["_known_at"], row["_row"])):
                found[row["currency"]][row[on]] = row["exchange_rate"]
        for row in sorted(raw.rows("plan.fx_rates"), key=lambda row: (row["_known_at"], row["_row"])):
            if row["rate"] is not None:
                found[row["currency"]][row["rate_date"]] = row["rate"]
        self._rates = found
        self._days = {currency: sorted(rates) for currency, rates in found.items()}

    def on(self, currency: str, day: date) -> Decimal | None:
        """The rate of a day; None where none is known."""
        if currency == self.base:
            return Decimal(1)
        days = self._days.get(currency, [])
        place = bisect_right(days, day)
        if not place or day - days[place - 1] > self.age:
            return None
        return self._rates[currency][days[place - 1]]

    def convert(self, amount: Decimal, currency: str, into: str, day: date) -> Decimal | None:
        """An amount in another currency, at a day's rates."""
        if currency == into:
            return amount
        here, there = self.on(currency, day), self.on(into, day)
        return None if here is None or there is None else amount * here / there
