"""The people of the sample's company: who leads whom, who carries too much, who left, who is away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample import words
from pipelines.sample.noise import Floats, Ints
from pipelines.sample.scope import DAY, Scope
from pipelines.sample.story import Turns

COMPANY_DOMAIN = "brightwater.example"
GRADES = ("Head of sales", "Team lead", "Senior account manager", "Account manager", "Junior account manager")
TEAMS = ("Nordics", "Continental Europe", "International")


@dataclass(frozen=True)
class People:
    """The employees by position: 0 heads sales, then the team leads, then the account managers."""

    names: list[str]
    emails: list[str]
    grades: list[str]
    teams: list[str]
    managers: Ints  # -1 for the head
    created: Ints  # seconds
    book: Floats  # how much of the accounts each one is given
    overloaded: int
    leaver: int

    @property
    def count(self) -> int:
        """How many there are, the one who left included."""
        return len(self.names)

    @property
    def extensions(self) -> Ints:
        """Each one's extension."""
        return np.arange(self.count) + 201

    @property
    def account_managers(self) -> Ints:
        """Positions of those who keep a book and are still there."""
        first = self.grades.index(GRADES[2])
        return np.array([position for position in range(first, self.count) if position != self.leaver])


def make_people(scope: Scope) -> People:
    """The employees: about one for eleven accounts, in two teams or three; the junior ones keep few."""
    noise = scope.noise
    count = max(7, scope.accounts // 11)
    teams = 2 if count < 12 else 3
    firsts, lasts = ([name for group in names.values() for name in group.split()]
                     for names in (words.FIRST_NAMES, words.LAST_NAMES))  # fmt: skip
    # The Cyrillic names stand last; the company itself writes its people in Latin letters.
    firsts, lasts = (
        firsts[: -len(words.FIRST_NAMES["cyrillic"].split())],
        lasts[: -len(words.LAST_NAMES["cyrillic"].split())],
    )
    places = noise.shuffled("people", len(firsts) * len(lasts))
    names = [
        f"{firsts[places[n % len(places)] % len(firsts)]} {lasts[places[n % len(places)] // len(firsts)]}"
        + (f" {n // len(places) + 1}" if n >= len(places) else "")
        for n in range(count)
    ]
    overloaded, leaver = teams + 1, teams + 2
    grades, managers, team_names = [GRADES[0]], [-1], ["Sales management"]
    for position in range(1, count):
        is_lead = position <= teams
        grades.append(GRADES[1] if is_lead else GRADES[2 + (position - teams - 1) % 3])
        managers.append(0 if is_lead else 1 + (position - teams - 1) % teams)
        team_names.append(TEAMS[(position - 1) % teams if is_lead else (position - teams - 1) % teams])
    book = np.array([
        0.0 if n == 0 else 0.5 if n <= teams else 1.9 if n == overloaded else 0.35 if grades[n] == GRADES[4] else 1.0
        for n in range(count)
    ])  # fmt: skip
    created = (scope.start_day - noise.whole("people/created", count, 200, 2200)) * DAY + 9 * 3600
    return People(
        names=names,
        emails=[".".join(words.slug(part) for part in name.split()) + "@" + COMPANY_DOMAIN for name in names],
        grades=grades,
        teams=team_names,
        managers=np.array(managers),
        created=created.astype(np.int64),
        book=book,
        overloaded=overloaded,
        leaver=leaver,
    )


@dataclass(frozen=True)
class Absences:
    """Holidays and sick leave: who, from when to when (both days included), who stands in (-1: nobody)."""

    employee: Ints
    first: Ints
    last: Ints
    substitute: Ints


def make_absences(scope: Scope, people: People, turns: Turns) -> Absences:
    """Two holidays a year and now and then a week of illness for everybody but the head."""
    noise, count = scope.noise, people.count
    times = max(2, scope.months // 5)
    employee = np.repeat(np.arange(1, count), times)
    keys = np.arange(len(employee))
    first = scope.workday(
        scope.start_day + noise.whole("absence/first", keys, 0, scope.until_day - scope.start_day - 15)
    )
    is_ill = noise.chance("absence/ill", keys, 0.3)
    # On the last day one is on holiday and another ill; one goes in two weeks.
    managers = people.account_managers
    now = (managers[[0, -1, len(managers) // 2]] - 1) * times
    first[now], is_ill[now] = scope.until_day + np.array([-3, -2, 12]), np.array([False, True, False])
    last = first + np.where(
        is_ill, noise.whole("absence/ill_days", keys, 0, 4), noise.whole("absence/days", keys, 4, 13)
    )
    last[now] = first[now] + np.array([10, 5, 9])
    substitute = managers[noise.whole("absence/substitute", keys, 0, len(managers) - 1)]
    substitute[now[0]] = managers[len(managers) // 2]
    substitute = np.where(is_ill | (substitute == employee), -1, substitute)
    kept = (employee != people.leaver) | (last < turns.leaver_day)
    order = np.lexsort((first, employee))[kept[np.lexsort((first, employee))]]
    # One absence a person and first day: the day is part of the entity's key.
    same = np.append(False, (employee[order][1:] == employee[order][:-1]) & (first[order][1:] == first[order][:-1]))
    order = order[~same]
    return Absences(employee[order], first[order], last[order], substitute[order])
