"""What is due on a day: periods by the calendar of the business, never by a tick.

A schedule is written in words: `every Monday 06:00`, `by the 3rd`, `before the 3rd`, `by the 10th of every quarter
09:00`. Whether a day that is named still counts is said by the word: `by the 3rd` is due on it, `before the 3rd` on the
day before. A report of a
week is due after it, of the last week that is over; of a month, quarter or half-year likewise. Times are those of a
clock on the wall: a time that a clock change leaves out comes by as much later, one that comes twice counts the first
time, and a period is due once whatever the clock does.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Unit = Literal["week", "month", "quarter", "half-year"]

UNITS: tuple[Unit, ...] = get_args(Unit)
MONTHS: dict[Unit, int] = {"month": 1, "quarter": 3, "half-year": 6}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXAMPLES = "every Monday 06:00, by the 3rd, before the 3rd, by the 3rd of every quarter 09:00"
_WEEKLY = re.compile(rf"every ({'|'.join(WEEKDAYS)}) (\d\d?:\d\d)", re.IGNORECASE)
_MONTHLY = re.compile(
    r"(by|before) the (\d\d?)(?:st|nd|rd|th)(?: of every (month|quarter|half-year))?(?: (\d\d?:\d\d))?", re.I
)
_MORNING = time(6)


@dataclass(frozen=True)
class Period:
    """A week, month, quarter or half-year that is over, and when its report is due."""

    key: str
    first: date
    last: date
    due_at: datetime


@dataclass(frozen=True)
class Schedule:
    """When reports are due: `day` is of the week (Monday is 0), or of the month that follows the period."""

    unit: Unit
    day: int
    at: time

    @classmethod
    def of(cls, words: str) -> Schedule:
        """The schedule that a person wrote.

        Raises:
            ValueError: it is none.
        """
        said = " ".join(words.split())
        try:
            if weekly := _WEEKLY.fullmatch(said):
                return cls("week", WEEKDAYS.index(weekly[1].lower()), _time(weekly[2]))
            if monthly := _MONTHLY.fullmatch(said):
                unit: Unit = (monthly[3] or "month").lower()  # type: ignore[assignment]
                day = int(monthly[2]) - (monthly[1].lower() == "before")
                if 1 <= day <= 31:
                    return cls(unit, day, _time(monthly[4]) if monthly[4] else _MORNING)
        except ValueError:
            pass
        raise ValueError(f"{words!r} is no schedule; write one such as {EXAMPLES}")

    def periods(self, zone: ZoneInfo, since: date) -> Iterator[Period]:
        """The periods whose reports are due on that day of the business or later, without end."""
        for first, end, due_on in self._weeks(since) if self.unit == "week" else self._months(since):
            due_at = datetime.combine(due_on, self.at, zone).astimezone(UTC)
            last = end - timedelta(days=1)
            yield Period(key(self.unit, last), first, last, due_at)

    def due(self, zone: ZoneInfo, since: date, now: datetime) -> list[Period]:
        """Those of them that are due by now, oldest first."""
        return list(takewhile(lambda period: period.due_at <= now, self.periods(zone, since)))

    def coming(self, zone: ZoneInfo, now: datetime, count: int) -> list[Period]:
        """The next that will be due."""
        today = now.astimezone(zone).date()
        return list(islice((each for each in self.periods(zone, today) if each.due_at > now), count))

    def _weeks(self, since: date) -> Iterator[tuple[date, date, date]]:
        due_on = since + timedelta(days=(self.day - since.weekday()) % 7)
        while True:
            monday = due_on - timedelta(days=due_on.weekday())
            yield monday - timedelta(days=7), monday, due_on
            due_on += timedelta(days=7)

    def _months(self, since: date) -> Iterator[tuple[date, date, date]]:
        months = MONTHS[self.unit]
        number = _first(self.unit, since)
        while True:
            end = _month(number)
            due_on = end.replace(day=min(self.day, monthrange(end.year, end.month)[1]))
            if due_on >= since:
                yield _month(number - months), end, due_on
            number += months


def is_late(period: Period, zone: ZoneInfo, now: datetime) -> bool:
    """Whether the day on which a report was due is over."""
    return now.astimezone(zone).date() > period.due_at.astimezone(zone).date()


def last_day(unit: Unit, day: date) -> date:
    """The last day of the month, quarter or half-year that a day lies in."""
    return _month(_first(unit, day) + MONTHS[unit]) - timedelta(days=1)


def last_over(unit: Unit, day: date) -> date:
    """The last day of the newest week, month, quarter or half-year that was over before a day."""
    if unit == "week":
        return day - timedelta(days=day.isoweekday())
    return _month(_first(unit, day)) - timedelta(days=1)


def _first(unit: Unit, day: date) -> int:
    return day.year * 12 + (day.month - 1) // MONTHS[unit] * MONTHS[unit]


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def _time(written: str) -> time:
    return datetime.strptime(written, "%H:%M").time()


def key(unit: Unit, last: date) -> str:
    """A period's name, which sorts by time within its unit."""
    match unit:
        case "week":
            year, week, _ = last.isocalendar()
            return f"{year}-W{week:02}"
        case "month":
            return f"{last:%Y-%m}"
        case _:
            number = (last.month - 1) // MONTHS[unit] + 1
            return f"{last.year}-{unit[0].upper()}{number}"
