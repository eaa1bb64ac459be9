"""A year of monthly packs, each of one person's own book: a crash after every step, late and broken exports, a machine
that is off, both clock changes, people who leave, come and are given less to see, accounts that change hands.

Each pack reaches whose book it is once, and nobody else; it holds no row of an account that is another's by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.delivery import ledger, packs
from pipelines.delivery.channels import Letter, Outcome
from pipelines.delivery.packs import Scope, ScopeKind
from pipelines.delivery.periods import Period, Unit
from pipelines.delivery.plan import read_plan
from pipelines.delivery.run import Deliveries
from pipelines.settings import Settings, load_settings
from tests.support.deliveries import ZONE, Post, Stub, home_of, publish_week
from tests.support.publications import withdraw

MONTHS = 12
LATE = {3: 5}
BROKEN = {7: "corrected", 9: "released"}
OFF_UNTIL = {10: 9}
# Whose book, and the first and last month in which they are here; from some month on one may see a team alone.
PEOPLE = {"anna": ("e1", 0, 11), "bo": ("e2", 0, 4), "cleo": ("e3", 5, 11), "dan": ("e4", 0, 11)}
NARROWED = {"dan": 8}
# In this month an account of the first goes to the second after the month is over and before its packs are due.
HANDED = 6
HELD = {"rpt_landing_findings": [{"file": "a.csv", "severity": "held", "code": "lines_fewer"}]}


class Crash(BaseException):
    """The power goes."""


@dataclass
class Own(Stub):
    """A stub whose packs hold the rows of one book."""

    unit: Unit = "month"
    scopes: frozenset[ScopeKind] = frozenset({"own book"})

    def make(
        self, publication: Path, period: Period, scope: Scope, language: str, notes: Sequence[str], settings: Settings
    ) -> dict[str, bytes]:
        cut = publication.parent / f"{scope.of}-{len(scope.without)}.duckdb"
        if not cut.exists():
            with duckdb.connect(str(cut)) as connection:
                connection.execute(f"attach '{publication}' as whole (read_only)")
                connection.execute("create schema reporting")
                connection.execute(
                    "create table reporting.rpt_accounts as from whole.reporting.rpt_accounts "
                    "where owner_id = ? and not list_contains(?::varchar[], account_id)",
                    [scope.of, list(scope.without)],
                )
        return super().make(cut, period, scope, language, notes, settings)


@dataclass
class Power:
    """Goes off after so many steps: whatever is written by the deliveries, and each sending, is one."""

    left: int | None = None
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash

    def after(self, does: Callable[..., Any]) -> Callable[..., Any]:
        def done(*given: Any, **named: Any) -> Any:
            made = does(*given, **named)
            self.step()
            return made

        return done


def _month(number: int) -> tuple[date, date]:
    """First and last day; the first month is February 2026, so that both clock changes are among them."""
    first = date(2026 + (number + 1) // 12, (number + 1) % 12 + 1, 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _at(number: int, day: int, hour: int = 6, minute: int = 0) -> datetime:
    """A moment of the month after, by the clock on the wall."""
    after = _month(number)[1] + timedelta(days=1)
    return datetime.combine(after.replace(day=day), time(hour, minute), ZONE)


def _plan(number: int) -> str:
    people = []
    for name, (employee, first, last) in PEOPLE.items():
        if number > last + 2:
            continue
        person = {"id": name, "name": name, "address": f"{name}@example.com", "language": "en", "role": "manager",
                  "scope": "own book", "employee": employee, "reports": ["monthly"], "channel": "mail",
                  "from": _at(first, 3).date(), "until": _at(last, 3).date()}  # fmt: skip
        if number >= NARROWED.get(name, MONTHS):
            person["scope"] = {"team": "North"}
        people.append(person)
    mail = {"kind": "smtp", "host": "localhost", "sender": "reports@example.com"}
    said = {"channels": {"mail": mail}, "reports": {"monthly": {"due": "by the 3rd 06:00"}}, "recipients": people}
    return yaml.safe_dump(said, sort_keys=False)


def _owners(number: int) -> dict[str, str]:
    """Account -> whose it is at a month's end: who leaves hands over to who comes."""
    owners = {f"{employee}:{account}": employee for employee in ("e1", "e2", "e4") for account in (1, 2)}
    if number > 4:
        owners = {account: "e3" if owner == "e2" else owner for account, owner in owners.items()}
    if number > HANDED:
        owners["e1:2"] = "e4"
    return owners


def _publish(home: Path, day: date, owners: dict[str, str], amount: int, broken: bool = False) -> None:
    accounts = [{"account_id": account, "owner_id": owner, "open_amount": -1 if broken else amount}
                for account, owner in owners.items()]  # fmt: skip
    publish_week(home, day, rows={"rpt_accounts": accounts} | (HELD if broken else {}), again="" if broken else "-well")
    withdraw(home, sorted(path.name for path in (home / "warehouse" / "versions").iterdir())[:-6])


@dataclass
class World:
    """A home, its mail boxes, and a person who asks whether what is not known has come."""

    home: Path
    power: Power
    boxes: list[tuple[str, str, datetime, Letter]] = field(default_factory=list)

    def work(self) -> Deliveries:
        makers = {"monthly": Own()}
        plan = read_plan(self.home, makers)
        assert plan is not None
        settings = load_settings(home=self.home, business_timezone=ZONE.key)
        return Deliveries(settings, plan, makers, Post(self.take))

    def take(self, letter: Letter) -> Outcome:
        self.power.step()
        self.boxes.append((letter.recipient.id, letter.period, letter.sent_at, letter))
        self.power.step()
        return Outcome("sent", "250 OK")

    def tick(self, now: datetime) -> bool:
        """A run; whether the power held."""
        try:
            self.work().deliver(now)
        except Crash:
            return False
        return True

    def look(self, now: datetime) -> None:
        came = {(who, period) for who, period, _, _ in self.boxes}
        for due in self.work().missing(now):
            if due.entry.state == "unknown":
                words = (due.report, due.period.key, due.recipient.id)
                done = self.work().arrived if (due.recipient.id, due.period.key) in came else self.work().again
                done(*words, now)


def test_a_year_of_monthly_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    power = Power()
    for module in (ledger, packs):
        monkeypatch.setattr(module, "write_whole", power.after(module.write_whole))
    world = World(home_of(tmp_path / "home", _plan(0)), power)
    home, crashes = world.home, 0
    for number in range(MONTHS):
        (home / "delivery.yml").write_text(_plan(number), encoding="utf-8")
        last, owners = _month(number)[1], _owners(number)
        if number not in LATE:
            _publish(home, last, owners, 1000 + number, number in BROKEN)
        if number == HANDED:
            _publish(home, last + timedelta(days=1), _owners(number + 1), 1)
        assert world.tick(_at(number, 3, 5, 59))
        # The power goes after the first step, after the second, …, until a run gets to its end.
        start = OFF_UNTIL.get(number, 3)
        for step in range(60):
            power.left = step
            held = world.tick(_at(number, start) + timedelta(minutes=step))
            power.left = None
            world.look(_at(number, start) + timedelta(minutes=step, seconds=30))
            if held:
                break
            crashes += 1
        else:
            raise AssertionError("no run got to its end")
        for day in (5, 6, 7):
            if day < start:
                continue
            if LATE.get(number) == day or (BROKEN.get(number) == "corrected" and day == 5):
                _publish(home, last, owners, 1000 + number)
            if BROKEN.get(number) == "released" and day == 6:
                world.work().release("monthly", _key(number), _at(number, day, 12))
            world.tick(_at(number, day, 12))
            world.look(_at(number, day, 13))
            world.tick(_at(number, day, 14))
    assert crashes > 40

    came = Counter((who, period) for who, period, _, _ in world.boxes)
    should = {
        (who, _key(number))
        for who, (_, first, last) in PEOPLE.items()
        for number in range(first, last + 1)
        if number < NARROWED.get(who, MONTHS)
    }
    assert dict(came) == dict.fromkeys(should, 1)
    numbers = {_key(number): number for number in range(MONTHS)}
    for who, period, at, letter in world.boxes:
        number = numbers[period]
        book = {account for account, owner in _owners(number).items() if owner == PEOPLE[who][0]}
        if number == HANDED:
            book &= {account for account, owner in _owners(number + 1).items() if owner == PEOPLE[who][0]}
        figures = {figure["key"]["account_id"]: float(figure["value"]) for figure in letter.pack.figures}
        assert figures == dict.fromkeys(book, -1 if BROKEN.get(number) == "released" else 1000 + number), (who, period)
        # By the clock on the wall, whichever time it shows.
        ready = LATE.get(number) or {"corrected": 5, "released": 6}.get(BROKEN.get(number, "")) or OFF_UNTIL.get(number)
        assert at >= _at(number, ready or 3)
        assert (b"Late: this was due on" in letter.pack.read(".eml")) == bool(ready)
        assert (b"Read with care" in letter.pack.read(".eml")) == (BROKEN.get(number) == "released")
    assert {letter.sent_at.astimezone(ZONE).utcoffset() for _, _, _, letter in world.boxes} == {
        timedelta(hours=1), timedelta(hours=2),
    }  # fmt: skip
    left = {(due.recipient.id, due.period.key, due.entry.state) for due in world.work().missing(_at(MONTHS - 1, 20))}
    assert {(who, state) for who, _, state in left} == {("dan", "held")}
    assert len(left) == MONTHS - NARROWED["dan"]


def _key(number: int) -> str:
    return f"{_month(number)[1]:%Y-%m}"
