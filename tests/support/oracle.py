"""What oracles of the dbt models share: the project's parameters, calendar arithmetic and shares in plain Python."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
ZONE = ZoneInfo("Europe/Stockholm")  # the business's, where a test needs one


@cache
def seed(name: str) -> list[dict[str, Any]]:
    """A seed's rows, as they stand in the project."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def share(name: str) -> Fraction:
    """A parameter's default."""
    return next(Fraction(row["value"]) for row in seed("parameter_defaults") if row["parameter"] == name)


@cache
def parameter(name: str) -> int:
    """A parameter's default that is a whole number."""
    value = share(name)
    assert value.denominator == 1, name
    return value.numerator


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


def month_number(day: date) -> int:
    """Its month, as a number to count with."""
    return day.year * 12 + day.month


def months(first: date, last: date) -> list[date]:
    """First days of months, both ends included."""
    found = [first.replace(day=1)]
    while found[-1] < last.replace(day=1):
        found.append(month_end(found[-1]) + days(1))
    return found


def ratio(part: Any, whole: Any) -> Fraction | None:
    """A share; None of nothing."""
    return Fraction(part) / Fraction(whole) if whole else None


def movement(opening: Fraction, closing: Fraction, is_returning: bool) -> str | None:
    """V3: what became of an account's revenue, neither of which is below zero."""
    if opening > 0:
        if closing == 0:
            return "churned"
        return "expansion" if closing > opening else "contraction" if closing < opening else "unchanged"
    return None if closing == 0 else "reactivated" if is_returning else "new"
