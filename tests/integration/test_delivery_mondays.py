"""A year of Mondays: late files, broken weeks, weeks without power, a mail server that misbehaves, people
who come and go.

Each report reaches each who should have it once, and nobody else; none with a figure of a broken publication; each hold
has its reason; what comes after its day says that it is late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pipelines.delivery.channels import Letter, Outcome
from tests.support.chance import chance
from tests.support.deliveries import MONDAY, SUNDAY, ZONE, Post, deliveries, home_of, plan, publish_week
from tests.support.publications import withdraw

# Both clock changes and the turn of the year are among them; 2026 has a week 53.
WEEKS = 52
BROKEN = {5: "released", 13: "corrected", 30: "released", 43: "corrected"}
PUBLISHED_LATE = {9: 3, 27: 1}
WITHOUT_POWER = range(17, 20)
HELD = {"rpt_landing_findings": [{"file": "a.csv", "severity": "held", "code": "lines_fewer"}]}
# First and last week of each; from some week on the board may see a team's figures alone.
PEOPLE = {"chair": (0, WEEKS - 1), "cfo": (8, 23), "heir": (24, 43), "board": (0, WEEKS - 1)}
DEMOTED = 22


class Crash(BaseException):
    """The power goes."""


def _monday(week: int) -> date:
    return MONDAY.date() + timedelta(weeks=week)


def _at(week: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(_monday(week) + timedelta(days=day), time(hour, minute), ZONE)


def _plan(week: int) -> str:
    """The file as it stands in a week: who has left is no more in it a while later, who is to come is in it before."""
    people: list[dict[str, Any]] = []
    for name, (first, last) in PEOPLE.items():
        if week > last + 4:
            continue
        person = {
            "id": name,
            "from": _monday(first),
            "until": _monday(last),
            "channel": "mail",
            "address": f"{name}@example.com",
        }
        narrowed = name == "board" and week >= DEMOTED
        people.append(person | ({"role": "manager", "scope": {"team": "North"}} if narrowed else {}))
    return plan(*people, channels={"mail": {"kind": "smtp", "host": "localhost", "sender": "reports@example.com"}})


def _ticks(week: int) -> Iterator[datetime]:
    """When the scheduler runs: around the time that is due, through Monday, and then once a day."""
    yield _at(week, 0, 5, 59)
    for minute in (0, 30):
        yield _at(week, 0, 6, minute)
    for day in (1, 2, 3):
        yield _at(week, day, 12)


class World:
    """A mail server with moods, whose boxes are known; and a person who looks once a day."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.chance = chance(7)
        self.boxes: list[tuple[str, str, datetime, Letter]] = []
        self.post = Post(self.take)
        self.moods: Counter[str] = Counter()

    def take(self, letter: Letter) -> Outcome:
        mood = self.chance.choices(
            ["well", "busy", "refuses", "lost after", "came, no answer", "crash before", "crash after"],
            [54, 12, 7, 7, 7, 7, 6],
        )[0]
        self.moods[mood] += 1
        if mood in ("well", "came, no answer", "crash after"):
            self.boxes.append((letter.recipient.id, letter.period, letter.sent_at, letter))
        if mood.startswith("crash"):
            raise Crash
        return Outcome(
            {"well": "sent", "busy": "deferred", "refuses": "refused"}.get(mood, "unknown"), mood  # type: ignore[arg-type]
        )  # fmt: skip

    def tick(self, now: datetime) -> None:
        try:
            deliveries(self.home, self.post).deliver(now)
        except Crash:
            return

    def look(self, now: datetime) -> None:
        """The person asks whether what is not known arrived, and has an address mended that was refused."""
        for due in deliveries(self.home, self.post).missing(now):
            words = (due.report, due.period.key, due.recipient.id)
            came = (due.recipient.id, due.period.key) in {(who, period) for who, period, _, _ in self.boxes}
            if due.entry.state == "unknown" and came:
                deliveries(self.home, self.post).arrived(*words, now)
            elif due.entry.state in ("unknown", "refused"):
                deliveries(self.home, self.post).again(*words, now)


def _publish(home: Path, week: int, broken: bool = False) -> None:
    last = SUNDAY + timedelta(weeks=week)
    publish_week(home, last, -1 if broken else 1000 + week, HELD if broken else None, "" if broken else "-well")
    versions = sorted(path.name for path in (home / "warehouse" / "versions").iterdir())
    withdraw(home, versions[:-6])


def test_a_year_of_mondays(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", _plan(0))
    world = World(home)
    released: dict[int, datetime] = {}
    published: dict[int, datetime] = {}
    for week in range(WEEKS):
        (home / "delivery.yml").write_text(_plan(week), encoding="utf-8")
        if week not in PUBLISHED_LATE:
            _publish(home, week, week in BROKEN)
        if week in WITHOUT_POWER:
            continue
        for now in _ticks(week):
            day = (now.date() - _monday(week)).days
            if PUBLISHED_LATE.get(week) == day:
                _publish(home, week)
                published[week] = now
            if BROKEN.get(week) == "corrected" and day == 2:
                _publish(home, week)
            if BROKEN.get(week) == "released" and day == 3:
                deliveries(home, world.post).release("weekly", _key(week), now)
                released[week] = now
            world.tick(now)
            if day:
                world.look(now)
    # The last weeks' doubts are looked into too.
    for day in range(7, 14):
        world.tick(_at(WEEKS - 1, day, 12))
        world.look(_at(WEEKS - 1, day, 12))
    assert min(world.moods.values()) > 2, world.moods

    came = Counter((who, period) for who, period, _, _ in world.boxes)
    should = {
        (who, _key(week))
        for who, (first, last) in PEOPLE.items()
        for week in range(first, last + 1)
        if not (who == "board" and week >= DEMOTED)
    }
    assert dict(came) == dict.fromkeys(should, 1)
    weeks = {_key(week): week for week in range(WEEKS)}
    for who, period, at, letter in world.boxes:
        week = weeks[period]
        mail = letter.pack.read(".eml")
        amount = float(letter.pack.figures[0]["value"])
        assert amount == (-1 if BROKEN.get(week) == "released" else 1000 + week)
        assert at >= released.get(week, _at(week, 0, 6))
        assert at >= published.get(week, _at(week, 0, 6))
        assert (b"Read with care" in mail) == (BROKEN.get(week) == "released")
        # What a person had sent again is what was made on the day of the first try.
        sendings = deliveries(home, world.post).ledger.entry("weekly", period, who).sendings
        made = min(datetime.fromisoformat(each["at"]) for each in sendings if each["pack"] == letter.pack.name)
        assert (b"Late: this was due on" in mail) == (made.date() > _monday(week))
    # What the scope forbids is what is left, each with its reason.
    (home / "delivery.yml").write_text(_plan(0), encoding="utf-8")
    left = {(due.recipient.id, due.entry.state) for due in deliveries(home, world.post).missing(_at(WEEKS - 1, 13, 13))}
    assert left == {("board", "held")}


def _key(week: int) -> str:
    return "{}-W{:02}".format(*(SUNDAY + timedelta(weeks=week)).isocalendar())
