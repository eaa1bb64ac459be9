"""How large the sample is and which days it covers. Days are counted from 1970-01-01, times in seconds from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from pipelines.sample.noise import Floats, Ints, Noise

DAY = 86_400
SMALLEST = {"accounts": 24, "months": 12}
MOST_CALLS_A_MONTH = 400  # of one account: more would not fit between two calls of the same numbers


class SampleError(ValueError):
    """The sample cannot be made as asked; the message says which argument and what it takes."""


def day_number(day: date) -> int:
    """The day's number."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def month_number(days: Ints) -> Ints:
    """Months since January 1970 of days."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def next_workday(days: Ints) -> Ints:
    """Saturdays and Sundays moved to the Monday after, be it past the sample's end."""
    weekday = (days + 3) % 7
    return np.where(weekday >= 5, days + 7 - weekday, days)


@dataclass(frozen=True)
class Scope:
    """The size and the span of a sample; the last month may be a part of one."""

    accounts: int
    months: int
    seed: int
    calls: int
    invoices: int
    until: date

    def __post_init__(self) -> None:
        """Refuses what cannot be laid out.

        Raises:
            SampleError: a number is too small or too large.
        """
        for name, least in SMALLEST.items():
            if getattr(self, name) < least:
                raise SampleError(f"{name} is {getattr(self, name)}; the sample's story needs at least {least}")
        if self.invoices < 6 * self.accounts:
            raise SampleError(
                f"invoices is {self.invoices}; {self.accounts} accounts need at least {6 * self.accounts}"
            )
        most = self.accounts * self.months * MOST_CALLS_A_MONTH
        if not 10 * self.accounts <= self.calls <= most:
            raise SampleError(
                f"calls is {self.calls}; {self.accounts} accounts over {self.months} months take "
                f"{10 * self.accounts} to {most}"
            )

    @cached_property
    def noise(self) -> Noise:
        """The draws of this sample's seed."""
        return Noise(self.seed)

    @cached_property
    def until_day(self) -> int:
        """The last day that anything happens on."""
        return day_number(self.until)

    @cached_property
    def month_starts(self) -> Ints:
        """The first day of each month."""
        last = self.until.year * 12 + self.until.month - 1 - 1970 * 12
        return (
            np.arange(last - self.months + 1, last + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        )

    @cached_property
    def month_ends(self) -> Ints:
        """The last day of each month, the last one cut at `until`."""
        return np.append(self.month_starts[1:] - 1, self.until_day)

    @property
    def start_day(self) -> int:
        """The first day of the sample."""
        return int(self.month_starts[0])

    @cached_property
    def month_lengths(self) -> Ints:
        """Days of each month that the sample covers."""
        return self.month_ends - self.month_starts + 1

    def month_of(self, days: Ints) -> Ints:
        """The sample's month (0 …) of days; days before or after it lie in its first or last."""
        found = np.searchsorted(self.month_starts, days, side="right") - 1
        return np.clip(found, 0, self.months - 1).astype(np.int64)

    def workday(self, days: Ints) -> Ints:
        """Saturdays and Sundays moved to the Monday after, or to the Friday before where only Monday is too late."""
        moved = next_workday(days)
        weekday = (days + 3) % 7
        return np.where((moved > self.until_day) & (days <= self.until_day), days - np.maximum(weekday - 4, 0), moved)

    def clock(self, stream: str, days: Ints) -> Ints:
        """A time in working hours on each day, in seconds."""
        quantiles = [8.0, 9.1, 9.8, 10.4, 11.1, 12.3, 13.4, 14.2, 15.0, 16.0, 17.9]
        keys = np.arange(len(days))
        return days * DAY + (self.noise.curve(stream, keys, quantiles) * 3600).astype(np.int64)

    def part(self, share: float) -> int:
        """The month that lies at a share of the whole span."""
        return round(self.months * share)

    def growth(self) -> Floats:
        """How much more the company does in each month than in the first, for the days that the month has."""
        return (1.0 + 0.22 * np.arange(self.months) / (self.months - 1)) * (self.month_lengths / 30.4)
