"""What oracles of the dbt models share: the project's parameters, and calendar arithmetic in plain Python."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"


@cache
def parameter(name: str) -> int:
    """A parameter's default."""
    with (SEEDS / "parameter_defaults.csv").open(encoding="utf-8", newline="") as file:
        return next(int(row["value"]) for row in csv.DictReader(file) if row["parameter"] == name)


def days(number: int) -> timedelta:
    """So many days."""
    return timedelta(days=number)


def month_end(day: date) -> date:
    """The last day of a day's month."""
    return (day.replace(day=1) + days(32)).replace(day=1) - days(1)


def months_before(day: date, months: int) -> date:
    """The same day so many months before, or the last of that month."""
    place = day.year * 12 + day.month - 1 - months
    first = date(place // 12, place % 12 + 1, 1)
    return min(first + days(day.day - 1), month_end(first))
