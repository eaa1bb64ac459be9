"""The CRM's log of calls against the call tracker's own, and the service level, by the definitions (K17, N5, K19, K20)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.support.calls import Conversation
from tests.support.oracle import ZONE, parameter, ratio, share
from tests.support.sources import key

Row = dict[str, Any]
# What a CRM calls a call that was had, and what was none.
HAD, NOT_HAD = {"Connected", "Interested"}, {"No answer", "Planned"}


def served(calls: list[tuple[str | None, Any, bool]], *unserved: str) -> Row:
    """Of calls (status, wait, out of hours): what became of them, and the share answered in time (K19, K20).

    `unserved` are other statuses than missed of who was not served.
    """
    inside = [(status, wait) for status, wait, is_out in calls if not is_out]
    told = Counter(status for status, _ in inside)
    waits = [wait for status, wait in inside if status == "answered"]
    is_known = None not in waits and not told[None]
    late = sum(told[status] for status in ("missed", *unserved)) if parameter("service_level_counts_abandoned") else 0
    of = told["answered"] + late + (told["voicemail"] if parameter("voicemail_is_missed") else 0)
    in_time = sum(wait <= parameter("service_level_seconds") for wait in waits if wait is not None)
    level = ratio(in_time, of) if is_known else None
    return {
        "inbound": len(calls), "offered": len(inside), "answered": told["answered"],
        "answered_in_time": in_time if is_known else None, "abandoned": told["missed"],
        "short_abandoned": told["abandoned"], "voicemail": told["voicemail"], "failed": told["failed"],
        "unknown_status": told[None], "unknown_wait": waits.count(None), "out_of_hours": len(calls) - len(inside),
        "service_calls": of if is_known else None, "service_level": level,
        "is_goal_met": None if level is None else level >= share("service_level_goal"),
        **{status: told[status] for status in unserved},
    }  # fmt: skip


def service(
    found: list[Conversation], team_of: Callable[[str | None], str | None]
) -> dict[tuple[date, str | None], Row]:
    """`rpt_call_service`: each day and team."""
    parts: dict[tuple[date, str | None], list[tuple[str | None, Any, bool]]] = defaultdict(list)
    for one in found:
        if one.direction == "inbound" and one.day:
            parts[one.day, team_of(person(one))].append((one.status, one.wait, one.is_out_of_hours))
    return {place: served(calls) for place, calls in parts.items()}


def hours(found: list[Conversation], team_of: Callable[[str | None], str | None]) -> dict[tuple[Any, ...], Row]:
    """`rpt_call_hours`: each month, weekday, hour and team."""
    parts: dict[tuple[Any, ...], list[Conversation]] = defaultdict(list)
    for one in found:
        if one.direction == "inbound" and one.day and one.started:
            hour = one.started.astimezone(ZONE).hour
            parts[one.day.replace(day=1), one.day.isoweekday(), hour, team_of(person(one))].append(one)
    rows = {}
    for place, calls in parts.items():
        told = Counter(one.status for one in calls)
        offered = told["answered"] + told["missed"] + (told["voicemail"] if parameter("voicemail_is_missed") else 0)
        rows[place] = {
            "inbound": len(calls), "answered": told["answered"], "offered": offered, "missed": told["missed"],
            "out_of_hours": sum(one.is_out_of_hours for one in calls), "answer_rate": ratio(told["answered"], offered),
        }  # fmt: skip
    return rows


def activity(found: list[Conversation], accounts: dict[str, str]) -> dict[tuple[date, str | None], Row]:
    """`rpt_call_activity`: each month and employee."""
    parts: dict[tuple[date, str | None], list[Conversation]] = defaultdict(list)
    for one in found:
        if one.day:
            parts[one.day.replace(day=1), person(one)].append(one)
    rows = {}
    for place, calls in parts.items():
        outbound = [one for one in calls if one.direction == "outbound"]
        connected = sum(one.status == "answered" for one in outbound)
        known = [one for one in calls if one.is_first_time is not None]
        away = sum(one.is_out_of_hours for one in calls)
        again = sum(not one.is_first_time for one in known)
        unmatched = [one for one in calls if (one.client or "") not in accounts]
        talks = [[talk for one in some if (talk := talked(one)) is not None] for some in (calls, unmatched)]
        rows[place] = {
            "conversations": len(calls), "inbound": sum(one.direction == "inbound" for one in calls),
            "outbound": len(outbound), "outbound_connected": connected,
            "attempts_per_connect": ratio(len(outbound), connected), "out_of_hours": away,
            "out_of_hours_share": ratio(away, len(calls)), "known_callers": len(known), "repeat_calls": again,
            "repeat_share": ratio(again, len(known)), "unmatched_calls": len(unmatched),
            "talk_seconds": sum(talks[0]) if talks[0] else None,
            "unmatched_talk_seconds": sum(talks[1]) if talks[1] else None,
        }  # fmt: skip
    return rows


def results(
    found: list[Conversation], activities: list[Row], as_of: date
) -> dict[tuple[date, str, str, str, str], Row]:
    """`rpt_call_results`: what came of conversations and of calls that the CRM logs, as each writes it down (A13)."""
    said = [
        ("tracker", one.day, person(one), key(one.opening["source"]), one.opening.get("disposition"), talked(one))
        for one in found
    ]
    for log in map(Log, activities):
        if log.row["activity_type"] == "call" and log.day <= as_of:
            said.append(("crm", log.day, log.owner, "unknown", log.row["outcome"], log.seconds))
    parts: dict[tuple[date, str, str, str, str], list[Fraction | None]] = defaultdict(list)
    whole: Counter[tuple[date, str, str]] = Counter()
    for teller, day, who, source, result, seconds in said:
        if day:
            place = day.replace(day=1), who or "unassigned", teller
            parts[*place, source, (result or "").strip().lower() or "not_known"].append(seconds)
            whole[place] += 1
    rows = {}
    for place, talks in parts.items():
        told = [seconds for seconds in talks if seconds is not None]
        rows[place] = {
            "calls": len(talks), "calls_share": ratio(len(talks), whole[place[:3]]),
            "talk_seconds": sum(told) if told else None,
        }  # fmt: skip
    return rows


def person(one: Conversation) -> str | None:
    """The conversation's agent, as an employee."""
    return one.agent and f"{one.system}:{one.agent}"


def talkers(one: Conversation) -> set[str]:
    """Everybody who had a part of it."""
    return {f"{one.system}:{leg.named}" for leg in one.legs if leg.is_taken and leg.named} | ({person(one)} - {None})  # type: ignore[operator]


@dataclass
class Log:
    """A call that a CRM says was had."""

    row: Row
    of: Conversation | None = None
    is_undecided: bool = False

    def __post_init__(self) -> None:
        """Its moment, its people."""
        self.id = f"{self.row['_system']}:{self.row['activity_id']}"
        self.at = datetime.fromisoformat(self.row["occurred_at"] or self.row["completed_at"])
        self.day = self.at.astimezone(ZONE).date()
        account, owner = self.row["account_id"], self.row["owner_id"]
        self.account = account and f"{self.row['_system']}:{account}"
        self.owner = owner and f"{self.row['_system']}:{owner}"

    def is_had(self, as_of: date) -> bool:
        """Whether it says that a call was had, by the end of a day."""
        return self.row["activity_type"] == "call" and self.day <= as_of and self.row["outcome"] not in NOT_HAD

    def apart(self, one: Conversation) -> Fraction:
        """Seconds between it and the nearer end of a conversation; none within."""
        assert one.started
        after = Fraction((self.at - one.started).total_seconds())
        return max(-after, after - (one.lasted or 0), Fraction(0))

    @property
    def seconds(self) -> Fraction | None:
        """The length that it gives."""
        given = self.row["duration_seconds"]
        return None if given is None else Fraction(str(given))

    @property
    def is_length_different(self) -> bool | None:
        """Whether its length is one that the conversation cannot have; None where nobody knows."""
        if self.of is None or self.seconds is None:
            return None
        talk = talked(self.of) if self.of.status == "answered" else None if self.of.status is None else Fraction(0)
        most = [value for value in (talk, self.of.lasted) if value is not None]
        slack = parameter("call_length_tolerance_seconds")
        if talk is not None and self.seconds < talk - slack:
            return True
        if most and self.seconds > max(most) + slack:
            return True
        return None if talk is None else False


def talked(one: Conversation) -> Fraction | None:
    """The talk of its legs, as far as these tell."""
    known = [leg.talk for leg in one.legs if leg.is_taken and leg.talk is not None]
    return sum(known, Fraction(0)) if known else None


@dataclass
class Gaps:
    """What both sides say of each other, as of a day."""

    found: list[Conversation]
    activities: list[Row]
    accounts: dict[str, str]
    as_of: date
    logs: list[Log] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Finds of each log the conversation that it is of."""
        self.logs = [log for log in map(Log, self.activities) if log.is_had(self.as_of)]
        dated = [one for one in self.found if one.day]
        days = [log.day for log in self.logs], [one.day for one in dated if one.day]
        first, last = max(map(min, days)), min(map(max, days))
        # Who took a leg has a telephone, whenever that was.
        taken = (f"{one.system}:{leg.named}" for one in self.found for leg in one.legs if leg.is_taken and leg.named)
        telephones = set().union(taken, *map(talkers, dated))
        window = 60 * parameter("same_call_window_minutes")
        for log in self.logs:
            near = [one for one in dated if abs((log.at - one.started).days) < 3 and log.apart(one) <= window]  # type: ignore[operator]
            mine = [
                one for one in near
                if log.account and self.account(one) == log.account
                and (log.owner is None or person(one) is None or log.owner in talkers(one))
            ]  # fmt: skip
            if mine:
                # A call that was had is rather of one that somebody took.
                log.of = min(
                    mine,
                    key=lambda one: (
                        one.status != "answered", log.apart(one), abs((log.at - one.started).total_seconds()), one.started,
                        one.id,
                    ),
                )  # fmt: skip
            unknown = any(self.account(one) is None and log.owner in talkers(one) for one in near)
            is_without = log.owner is not None and log.owner not in telephones
            log.is_undecided = not log.of and (not log.account or is_without or unknown)
        counted = Counter(log.of.id for log in self.logs if log.of)
        self.calls = [(one, counted[one.id]) for one in dated if one.day and first <= one.day <= last]
        self.logs = [log for log in self.logs if first <= log.day <= last]

    def account(self, one: Conversation) -> str | None:
        """The account of a conversation's number."""
        return self.accounts.get(one.client or "")

    def daily(self) -> dict[tuple[date, str | None], Row]:
        """`rpt_crm_call_gaps`."""
        rows: dict[tuple[date, str | None], Counter[str]] = defaultdict(Counter)
        for log in self.logs:
            row = rows[log.day, log.owner]
            row["logged_calls"] += 1
            row["logged_undecided"] += log.is_undecided
            row["logged_not_dialled"] += not log.of and not log.is_undecided
            row["lengths_compared"] += log.is_length_different is not None
            row["duration_differs"] += log.is_length_different is True
        for one, logs in self.calls:
            assert one.day
            is_due = one.status == "answered" or (parameter("attempts_are_logged") == 1 and one.direction == "outbound")
            if is_due or logs:
                row = rows[one.day, person(one)]
                row["dialled_calls"] += is_due
                row["dialled_not_logged"] += is_due and not logs and self.account(one) is not None
                row["dialled_without_account"] += is_due and self.account(one) is None
                row["logged_more_than_once"] += logs > 1
        names = (
            "logged_calls", "logged_not_dialled", "logged_undecided", "dialled_calls", "dialled_not_logged",
            "dialled_without_account", "lengths_compared", "duration_differs", "logged_more_than_once",
        )  # fmt: skip
        return {place: {name: row[name] for name in names} for place, row in rows.items()}

    def single(self) -> dict[tuple[str, str], Row]:
        """`rpt_crm_call_gap_calls`."""
        rows: dict[tuple[str, str], Row] = {}
        for log in self.logs:
            row = {
                "employee_id": log.owner,
                "account_id": log.account,
                "logs": 1,
                "day": log.day,
                "logged_seconds": log.seconds,
            }
            if not log.of and not log.is_undecided:
                rows["logged_not_dialled", log.id] = row | {"conversation_id": None, "talk_seconds": None}
            if log.of and log.is_length_different:
                talk = talked(log.of) if log.of.status == "answered" else None if log.of.status is None else 0
                rows["duration_differs", log.id] = row | {"conversation_id": log.of.id, "talk_seconds": talk}
        for one, logs in self.calls:
            row = {
                "employee_id": person(one), "account_id": self.account(one), "logs": logs, "day": one.day,
                "logged_seconds": None, "conversation_id": one.id, "talk_seconds": talked(one),
            }  # fmt: skip
            if logs > 1:
                rows["logged_more_than_once", one.id] = row
            if one.status == "answered" and not logs and self.account(one):
                rows["dialled_not_logged", one.id] = row
        return rows
