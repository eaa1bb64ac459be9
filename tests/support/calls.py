"""What rows of call trackers say of calls, by the definitions (K1 to K5, K8, K9), in plain Python."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.support.opening import EVERYBODYS, Openings
from tests.support.oracle import ZONE, parameter

WITHHELD = {"anonymous", "266696687", "7378742833", "2562533", "8656696", "86282452253"}
Row = dict[str, Any]
Seconds = Fraction


@dataclass
class Leg:
    """A row of an export, with what follows from it alone."""

    row: Row
    children: int = 0

    def seconds(self, name: str) -> Seconds | None:
        """A duration that the row gives."""
        value = self.row.get(name)
        return None if value is None else Fraction(str(value))

    def moment(self, name: str) -> datetime | None:
        """A moment that the row gives."""
        value = self.row.get(name)
        return None if value is None else datetime.fromisoformat(value)

    def between(self, first: str, last: str) -> Seconds | None:
        """The seconds from one moment of the row to another."""
        begun, ended = self.moment(first), self.moment(last)
        return Fraction((ended - begun).total_seconds()) if begun and ended else None

    @property
    def named(self) -> str | None:
        """Who is named as the agent."""
        return self.row.get("agent_id") or self.row.get("agent_name")

    @property
    def queue(self) -> str | None:
        """The queue that it was in."""
        return (self.row.get("queue") or "").strip() or None

    @property
    def status(self) -> str | None:
        """What became of it (K2), as far as the row says."""
        if self.row.get("is_voicemail"):
            return "voicemail"
        if self.row.get("status"):
            return str(self.row["status"])
        if self.moment("answered_at") or (self.seconds("talk_seconds") or 0) > 0:
            return "answered"
        told = (self.seconds("wait_seconds"), self.seconds("total_seconds"), self.between("started_at", "ended_at"))
        return "missed" if any(value is not None for value in told) else None

    @property
    def is_taken(self) -> bool:
        """Whether a person took it; the exchange's own leg no person did."""
        return self.status == "answered" and not self.is_exchange

    @property
    def has_parent(self) -> bool:
        """Whether it names another leg, known or not, that it belongs to."""
        return self.row.get("parent_call_id") not in (None, self.row["call_id"])

    @property
    def is_exchange(self) -> bool:
        """Whether it is the exchange's own: it has legs, and names nobody or opens a call outwards and dials none itself.

        So a telephone in a browser calls the exchange, which dials.
        """
        if not self.children:
            return False
        is_call_out = self.row.get("direction") == "outbound" and not self.has_parent
        return self.named is None or (is_call_out and not re.search(r"\d", self.row["callee_number"] or ""))

    @property
    def wait(self) -> Seconds | None:
        """From its start to its answer (K7)."""
        given = self.seconds("wait_seconds")
        return given if given is not None else self.between("started_at", "answered_at")

    @property
    def talk(self) -> Seconds | None:
        """Time with a person (K6)."""
        given = self.seconds("talk_seconds")
        return given if given is not None else self.between("answered_at", "ended_at")

    @property
    def total(self) -> Seconds | None:
        """From its start to its end."""
        lasted = self.between("started_at", "ended_at")
        talk = self.seconds("talk_seconds")
        sums = (lasted, self.seconds("total_seconds"), None if talk is None else (self.wait or 0) + talk)
        return next((value for value in sums if value is not None), self.seconds("wait_seconds"))

    @property
    def end(self) -> datetime | None:
        """When it was over."""
        begun = self.moment("started_at")
        return begun and begun + timedelta(seconds=float(self.total or 0))


def number(text: str | None) -> str | None:
    """A number's digits in the international form; None where it is withheld or none."""
    text = re.split(r" x\d| ext", (text or "").lower())[0]
    digits = re.sub(r"\D", "", text)
    if digits in WITHHELD or len(digits.strip("0")) < 1 or len(digits.lstrip("0")) < 2:
        return None
    if text.startswith("+"):
        return digits
    return digits[2:] if digits.startswith("00") else "46" + digits[1:] if digits.startswith("0") else digits


def ours(row: Row) -> str | None:
    """The digits of the other side of a leg: who called us, or whom we called."""
    return number(row["callee_number" if row.get("direction") == "outbound" else "caller_number"])


def key(digits: str | None) -> str | None:
    """What two writings of a number share."""
    return digits and digits[-10:]


@dataclass
class Conversation:
    """Legs that are one call (K1), the one that opens it first."""

    system: str
    legs: list[Leg]
    is_first_time: bool | None = None
    # Whose opening hours count: its queue's where the list has them, else its agent's team's.
    team: str | None = None
    openings: Openings = EVERYBODYS

    @property
    def opening(self) -> Row:
        """The row that opens it."""
        return self.legs[0].row

    @property
    def id(self) -> str:
        """Its name."""
        return f"{self.system}:{self.opening['call_id']}"

    @property
    def direction(self) -> str | None:
        """Who called whom."""
        return self.opening.get("direction")

    @property
    def client(self) -> str | None:
        """The other side's number; of a call out whose opening leg has none, the first that its other legs out have."""
        dialled = [ours(self.opening)]
        if self.is_call_out:
            others = [leg.row for leg in self.ordered if leg is not self.legs[0]]
            dialled += [ours(row) for row in others if row.get("direction") == "outbound"]
        return key(next(filter(None, dialled), None))

    @property
    def is_call_out(self) -> bool:
        """Whether the leg that opens it called somebody: one that another leg dialled opened nothing."""
        return self.direction == "outbound" and not self.legs[0].has_parent

    @cached_property
    def ordered(self) -> list[Leg]:
        """The legs as they began."""
        return sorted(self.legs, key=lambda leg: (leg.row["started_at"] or "~", leg.row["call_id"]))

    @property
    def started(self) -> datetime | None:
        """When the first leg began."""
        return self.ordered[0].moment("started_at")

    @property
    def day(self) -> date | None:
        """The business's day on which it began."""
        return self.started.astimezone(ZONE).date() if self.started else None

    @property
    def lasted(self) -> Seconds | None:
        """From its start to the end of what came last."""
        if len(self.legs) == 1:
            return self.legs[0].total
        ends = [leg.end for leg in self.legs if leg.end]
        return Fraction((max(ends) - self.started).total_seconds()) if ends and self.started else None

    @cached_property
    def status(self) -> str | None:
        """K2: how long it rang tells who gave up, whatever the export calls it."""
        told = [leg.status for leg in self.legs]
        if any(leg.is_taken for leg in self.legs):
            return "answered"
        for status in ("voicemail", "missed", "abandoned", "failed", "answered"):
            if status in told:
                break
        else:
            return None
        if status in ("missed", "abandoned") and self.direction == "inbound":
            alone = self.legs[0].wait if len(self.legs) == 1 else None
            rang = alone if alone is not None else self.lasted
            is_short = rang is not None and rang < parameter("abandoned_below_seconds")
            return "abandoned" if is_short else "missed"
        return status

    @property
    def wait(self) -> Seconds | None:
        """From its start to its first answer; unknown where the leg that was taken first does not say (K7)."""
        taken = [leg for leg in self.ordered if leg.is_taken]
        if len(self.legs) == 1:
            return self.legs[0].wait
        if not taken:
            return self.lasted
        if any(leg.wait is None for leg in taken):
            return None
        assert self.started
        return min(
            Fraction((begun - self.started).total_seconds()) + leg.wait
            for leg in taken
            if (begun := leg.moment("started_at")) and leg.wait is not None
        )

    @property
    def queue(self) -> str | None:
        """The last queue that it was in (K20)."""
        return next((leg.queue for leg in reversed(self.ordered) if leg.queue), None)

    @property
    def agent(self) -> str | None:
        """The last who took it, else the only one named; of a call out by several legs, else who opened it."""
        taken = [leg.named for leg in self.ordered if leg.is_taken]
        named = {leg.named for leg in self.legs if leg.named}
        told = taken[-1] if taken else named.pop() if len(named) == 1 else None
        return told or (self.legs[0].named if self.is_call_out else None)

    @property
    def is_target(self) -> bool | None:
        """K9; unknown where talk that is unknown may make it one."""
        if self.status is None:
            return None
        if self.status != "answered":
            return False
        talks = [leg.talk for leg in self.legs if leg.is_taken]
        if sum(talk or 0 for talk in talks) >= parameter("target_call_seconds"):
            return bool(talks) or None
        return None if None in talks or not talks else False

    @property
    def is_out_of_hours(self) -> bool:
        """Whether it began when the business was closed."""
        assert self.started
        return not self.openings.is_open(self.team, self.started)


@dataclass
class Case:
    """Calls of one number in vain (K4)."""

    misses: list[Conversation]
    contact: Conversation | None = None

    @property
    def first(self) -> Conversation:
        """Its first miss."""
        return self.misses[0]

    def minutes(self, plain: bool = False) -> Fraction | None:
        """From the first miss to the contact (K5)."""
        if not self.contact:
            return None
        begun, ended = self.first.started, self.contact.started
        assert begun
        assert ended
        return (Fraction((ended - begun).total_seconds()) if plain else self.waited(ended)) / 60

    def waited(self, ended: datetime) -> Seconds:
        """From the first miss to a moment, while those who missed it were open."""
        assert self.first.started
        return self.first.openings.seconds(self.first.team, self.first.started, ended)

    def is_handled(self, as_of: date) -> bool | None:
        """Whether a contact came within the window; None while that runs, and of a number that nobody knows."""
        begun = self.first.started
        if self.first.client is None or not begun:
            return None
        window = parameter("handled_window_hours") * 3600
        if self.contact and self.contact.started and self.waited(self.contact.started) <= window:
            return True
        return False if self.first.openings.window_over(self.first.team, begun, window) <= as_of else None

    def state(self, as_of: date) -> str:
        """How it stands."""
        if self.first.client is None:
            return "number_withheld"
        if handled := self.is_handled(as_of):
            return "handled"
        return "handled_late" if self.contact else "open" if handled is None else "not_handled"


def conversations(
    rows: Iterable[Row], as_of: date, teams: Mapping[str, str | None] | None = None, openings: Openings | None = None
) -> list[Conversation]:
    """All that is known on a day, folded (K1), with who called for the first time (K8); teams by agent."""
    known: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        begun = row["started_at"] and datetime.fromisoformat(row["started_at"]).astimezone(ZONE).date()
        if not begun or begun <= as_of:
            known[row["_system"]].append(row)
    found = [Conversation(system, legs) for system, mine in known.items() for legs in folded(mine)]
    for one in found:
        one.openings = openings or EVERYBODYS
        is_listed = (one.queue or "").lower() in one.openings.names
        one.team = one.queue if is_listed else (teams or {}).get(f"{one.system}:{one.agent}")
    inbound = [one for one in found if one.direction == "inbound" and one.client and one.started]
    seen: set[str] = set()
    for one in sorted(inbound, key=lambda one: (one.started, one.id)):
        assert one.client
        one.is_first_time = one.client not in seen
        seen.add(one.client)
    return found


def folded(rows: list[Row]) -> Iterator[list[Leg]]:
    """The legs of one system, a list a conversation."""
    parent = {row["call_id"]: row["parent_call_id"] for row in rows if row.get("parent_call_id")}
    parent = {call: whole for call, whole in parent.items() if call != whole}
    kept = [Leg(row, sum(whole == row["call_id"] for whole in parent.values())) for row in rows]
    kept = [leg for leg in kept if leg.row.get("direction") != "internal"]
    threads: dict[str, list[Leg]] = defaultdict(list)
    singles: list[Leg] = []
    for leg in kept:
        path = [leg.row["call_id"]]
        while path[-1] in parent and parent[path[-1]] not in path:
            path.append(parent[path[-1]])
        if path[-1] in parent:  # legs that name each other in a circle tell nothing
            yield [leg]
        elif len(path) == 1 and not leg.children:
            singles.append(leg)
        else:
            threads[path[-1]].append(leg)
    for top, legs in threads.items():
        yield sorted(
            legs, key=lambda leg: (leg.row["call_id"] != top, leg.row["started_at"] or "~", leg.row["call_id"])
        )
    pairs: dict[Any, list[Leg]] = defaultdict(list)
    for leg in singles:
        ends = [key(number(leg.row["caller_number"])), key(number(leg.row["callee_number"]))]
        is_pair = leg.row["started_at"] and None not in ends
        place = (leg.row.get("direction"), *sorted(map(str, ends))) if is_pair else leg.row["call_id"]
        pairs[place].append(leg)
    for legs in pairs.values():
        legs.sort(key=lambda leg: (leg.row["started_at"] or "~", leg.row["call_id"]))
        group = [legs[0]]
        for leg in legs[1:]:
            over, begun = max(one.end for one in group if one.end), leg.moment("started_at")
            assert begun
            if begun > over + timedelta(seconds=parameter("conversation_fold_seconds")):
                yield group
                group = []
            group.append(leg)
        yield group


def cases(found: list[Conversation]) -> list[Case]:
    """The missed cases (K4): one until a contact, or until the caller was silent for longer than the window."""
    missed = ["missed"] + ["voicemail"] * parameter("voicemail_is_missed")
    told: list[Case] = []
    callers: dict[str, list[Conversation]] = defaultdict(list)
    for one in found:
        is_miss = one.direction == "inbound" and one.status in missed
        if one.started and one.client and (is_miss or one.status == "answered"):
            callers[one.client].append(one)
        elif one.started and is_miss:
            told.append(Case([one]))
    for mine in callers.values():
        waiting: list[Case] = []
        # Of a miss and a contact at one moment the contact came first.
        for one in sorted(mine, key=lambda one: (one.started, one.status != "answered", one.id)):
            assert one.started
            if one.status == "answered":
                for case in waiting:
                    case.contact = one
                told += waiting
                waiting = []
                continue
            # How long the caller was silent is told by the clock of who missed the call before.
            last = waiting[-1].misses[-1] if waiting else None
            silent = last and last.started and last.openings.seconds(last.team, last.started, one.started)
            if silent is not None and silent <= parameter("handled_window_hours") * 3600:
                waiting[-1].misses.append(one)
            else:
                waiting.append(Case([one]))
        told += waiting
    return told
