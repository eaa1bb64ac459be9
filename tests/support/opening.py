"""When a business is open, by the list of opening hours and the calendar of the country (K5, K15, K19), in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

import holidays

from tests.support.chance import chance
from tests.support.oracle import ZONE, days, parameter

COUNTRY = "SE"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FREE = holidays.country_holidays(COUNTRY, years=range(2024, 2027))
Row = dict[str, Any]


def at(day: date, hour: float) -> datetime:
    """The moment of an hour by the clock of the business, above 24 on the next day; of one that comes twice the second."""
    told = datetime(day.year, day.month, day.day) + timedelta(hours=hour)
    return max(told.replace(tzinfo=ZONE, fold=fold).astimezone(UTC) for fold in (0, 1))


@dataclass(frozen=True)
class Openings:
    """The list's rows: which of them counts for a team and a day, and what follows for clocks."""

    rows: Sequence[Row] = ()

    @cached_property
    def names(self) -> set[str]:
        """The teams and queues that have rows, in small letters."""
        return {row["team"].strip().lower() for row in self.rows if row["team"]}

    def hours(self, team: str | None, day: date) -> tuple[float, float] | None:
        """From which hour of the day to which, above 24 on the next day; None where it is closed.

        A single day goes before weekdays, the team's own before everybody's, a named weekday before Monday to Friday, a
        later line before an earlier one. A public holiday is closed unless a row names the day, or holidays.
        """
        wanted = (team or "").strip().lower()
        fitting = []
        for line, row in enumerate(self.rows):
            whose = (row["team"] or "").strip().lower()
            if row["day"]:
                is_of_day = row["day"] == day
            elif day in FREE:
                is_of_day = row["weekday"] == "holiday"
            elif row["weekday"]:
                is_of_day = row["weekday"] == WEEKDAYS[day.weekday()]
            else:
                is_of_day = day.weekday() < 5
            if is_of_day and whose in ("", wanted):
                place = (row["day"] is not None, whose == wanted, row["weekday"] is not None, line)
                fitting.append((place, (float(row["opens_at_hour"]), float(row["closes_at_hour"]))))
        if fitting:
            opens, closes = max(fitting)[1]
        elif day.weekday() < 5 and day not in FREE:
            opens, closes = (float(parameter(f"{edge}_at_hour")) for edge in ("opens", "closes"))
        else:
            return None
        return None if opens == closes else (opens, closes + 24 if closes < opens else closes)

    def works(self, team: str | None, day: date) -> bool:
        """Whether the team works on a day."""
        return self.hours(team, day) is not None

    def opened(self, team: str | None, day: date) -> tuple[datetime, datetime] | None:
        """When it opens on a day and closes, by the time at which the next day's hours begin."""
        hours = self.hours(team, day)
        if hours is None:
            return None
        first, last = (at(day, hour) for hour in hours)
        following = self.hours(team, day + days(1))
        return first, min(last, at(day + days(1), following[0])) if following else last

    def is_open(self, team: str | None, moment: datetime) -> bool:
        """Whether it is open at a moment, on its day or still since the day before."""
        today = moment.astimezone(ZONE).date()
        spans = [self.opened(team, day) for day in (today - days(1), today)]
        return any(span is not None and span[0] <= moment < span[1] for span in spans)

    def seconds(self, team: str | None, first: datetime, last: datetime) -> Fraction:
        """The seconds from one moment to another in which it was open (K5)."""
        total, day = Fraction(0), first.astimezone(ZONE).date() - days(1)
        while day <= last.astimezone(ZONE).date():
            if span := self.opened(team, day):
                inside = (min(last, span[1]) - max(first, span[0])).total_seconds()
                total += max(Fraction(inside), Fraction(0))
            day += days(1)
        return total

    def window_over(self, team: str | None, first: datetime, seconds: int) -> date:
        """The day at whose end it was open for so many seconds since a moment (K4)."""
        day = first.astimezone(ZONE).date()
        while self.seconds(team, first, at(day, 24)) < seconds:
            day += days(1)
        return day


# Without a list.
EVERYBODYS = Openings()


def random_rows(seed: int, teams: Sequence[str | None], single: Sequence[date]) -> list[Row]:
    """A list of opening hours of teams, some written otherwise, and of everybody (None), with closed days among them."""
    random = chance(seed)
    rows: list[Row] = []
    for team in teams:
        # Everybody's hours differ on some days alone, so that the parameters' count too.
        kinds: list[str | None] = [*WEEKDAYS, "holiday"] if team is None else [None, *WEEKDAYS, "holiday", "saturday"]
        for weekday in random.sample(kinds, 3 if team is None else 6):
            rows.append({"weekday": weekday, "day": None})
        rows += [{"weekday": None, "day": day} for day in random.sample(list(single), 4)]
        for row in rows:
            if "team" not in row:
                opens = random.choice((0, 2.5, 8, 8.5, 9, 10, 12))
                row["team"] = team and random.choice((team, f" {team.upper()}", team.lower()))
                # Some over midnight.
                row |= {
                    "opens_at_hour": opens,
                    "closes_at_hour": random.choice((opens, 2, 6.5, 12.25, 16.5, 17, 20, 24)),
                }
    random.shuffle(rows)
    return rows
