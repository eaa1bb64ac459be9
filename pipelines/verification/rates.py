"""Exchange rates: base units for one unit of a currency on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

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
        carried = [
            rows.filter((pl.col("exchange_rate") > 0) & (pl.col("currency") != "")).select(
                "_system", "currency", pl.col(on).alias("day"), pl.col("exchange_rate").alias("rate")
            )
            for entity, on in DOCUMENTS.items()
            if not (
                rows := raw.frame(entity, entity == "billing.invoices", ("currency", on, "exchange_rate"))
            ).is_empty()
        ]
        # Documents of one day may disagree: the middle one is no typing error.
        documented: dict[str, dict[date, Decimal]] = defaultdict(dict)
        if carried:
            rates = pl.concat(carried)
            usual: dict[str, dict[str, Decimal]] = defaultdict(dict)
            for system, currency, rate in _middles(rates, "_system", "currency"):
                usual[system][currency] = rate
            # Where ours is not worth 1 (where they never name it: where another one is), the books are in another one.
            own = [
                (system, currency)
                for system, worth in usual.items()
                if (worth[self.base] == 1 if self.base in worth else 1 not in worth.values())
                for currency, rate in worth.items()
                if rate != 1
            ]
            told = pl.DataFrame(own, {"_system": pl.String, "currency": pl.String}, orient="row")
            dated = rates.filter(pl.col("day").is_not_null()).join(told, on=["_system", "currency"], how="semi")
            for currency, day, rate in _middles(dated, "currency", "day"):
                documented[currency][day] = rate
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


def _middles(rates: pl.DataFrame, *by: str) -> Iterator[tuple[Any, ...]]:
    """The median rate of each group, exactly: of an even number the mean of the two in the middle."""
    rate = pl.col("rate").sort()
    middles = rates.group_by(by).agg(rate.get((pl.len() - 1) // 2).alias("low"), rate.get(pl.len() // 2).alias("high"))
    for *group, low, high in middles.iter_rows():
        yield *group, (low + high) / 2
