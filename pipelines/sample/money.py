"""Exchange rates of the sample: base units for one euro, weekly, in ten-thousandths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.sample.noise import Ints
from pipelines.sample.scope import Scope

USUAL = 10_850
DAYS_BEFORE = 400  # opportunities begin before the sample does


@dataclass(frozen=True)
class Rates:
    """One rate a Monday."""

    days: Ints
    rates: Ints

    def on(self, day: Ints) -> Ints:
        """The last rate on or before each day."""
        place = np.clip((day - self.days[0]) // 7, 0, len(self.days) - 1)
        found: Ints = self.rates[place]
        return found

    def text(self, rates: Ints, currency: Ints) -> pl.Series:
        """Rates as they stand on a document: 1 for the base currency."""
        units = pl.Series(np.where(currency == 0, 10_000, rates))
        return pl.select(
            (units // 10_000).cast(pl.String) + "." + (units % 10_000).cast(pl.String).str.zfill(4) + "00"
        ).to_series()


def amounts(cents: Ints, thousands: str = "") -> pl.Series:
    """Amounts as text with two decimals."""
    return pl.Series(
        [f"{int(n) // 100:{',' if thousands else ''}}.{int(n) % 100:02d}" for n in cents.tolist()], dtype=pl.String
    )


def make_rates(scope: Scope) -> Rates:
    """A walk that is drawn back to its usual level."""
    first = scope.start_day - DAYS_BEFORE
    first -= (first + 3) % 7
    days = np.arange(first, scope.until_day + 1, 7)
    steps = scope.noise.whole("rate", len(days), -60, 60).tolist()
    rates, now = [], USUAL
    for step in steps:
        now += step + (USUAL - now) // 12
        rates.append(now)
    return Rates(days, np.array(rates))
