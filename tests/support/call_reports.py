"""What reporting says of calls, by the definitions (K2 to K11), from conversations and cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

from tests.support.calls import Case, Conversation, Row, Seconds, cases
from tests.support.known import known_sum
from tests.support.oracle import ZONE, parameter, ratio
from tests.support.sources import key


def response(found: list[Conversation], as_of: date) -> dict[tuple[date, str | None], Row]:
    """`rpt_call_response`: how each agent's inbound calls of a day were answered."""
    parts: dict[tuple[date, str | None], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        person = one.agent and f"{one.system}:{one.agent}"
        if one.direction == "inbound" and one.day:
            parts[one.day, person]["calls"].append(one)
        if one.direction == "inbound":
            for leg in one.legs:
                if leg.is_taken and (begun := leg.moment("started_at")):
                    who = leg.named and f"{one.system}:{leg.named}"
                    parts[begun.astimezone(ZONE).date(), who]["talks"].append(leg.talk)
    for case in cases(found):
        person = case.first.agent and f"{case.first.system}:{case.first.agent}"
        assert case.first.day
        parts[case.first.day, person]["cases"].append(case)
    return {place: _answered(part["calls"], part["talks"], part["cases"], as_of) for place, part in parts.items()}


def _counted(calls: list[Conversation]) -> Row:
    """The counts that a day's agent and a month's source share."""
    offered = ["answered", "missed"] + ["voicemail"] * parameter("voicemail_is_missed")
    inside = [one for one in calls if not one.is_out_of_hours]
    row: Row = {
        status: sum(one.status == status for one in calls)
        for status in ("answered", "missed", "voicemail", "abandoned")
    }
    row["out_of_hours"] = len(calls) - len(inside)
    row["answered_in_hours"] = sum(one.status == "answered" for one in inside)
    row["offered_in_hours"] = sum(one.status in offered for one in inside)
    row["answer_rate"] = ratio(row["answered_in_hours"], row["offered_in_hours"])
    return row


def _answered(calls: list[Conversation], talks: list[Seconds | None], mine: list[Case], as_of: date) -> Row:
    row = _counted(calls) | {
        "inbound": len(calls), "failed": sum(one.status == "failed" for one in calls),
        "unknown_status": sum(one.status is None for one in calls),
    }  # fmt: skip
    waits = [one.wait for one in calls if one.status == "answered" and one.wait is not None]
    row["answer_rate_all"] = ratio(row["answered"], len(calls))
    row["answer_seconds_average"] = ratio(sum(waits), len(waits))
    known = [talk for talk in talks if talk is not None]
    row["talk_seconds"] = sum(known) if known else None
    decided = [case for case in mine if case.is_handled(as_of) is not None]
    waited = sorted((case.minutes() is None, case.minutes() or 0) for case in decided)
    minutes = [None if never else Fraction(value) for never, value in waited]
    handled = sum(bool(case.is_handled(as_of)) for case in decided)
    middle = minutes[(len(minutes) - 1) // 2 : len(minutes) // 2 + 1]
    row |= {
        "missed_cases": len(mine), "decided_missed": len(decided), "handled_missed": handled,
        "waiting_missed": sum(case.first.client is not None and not case.contact for case in mine),
        "handled_rate": ratio(handled, len(decided)),
        "callback_minutes_median": None if None in middle or not middle else sum(map(Fraction, middle)) / len(middle),  # type: ignore[arg-type]
        "callback_minutes_p90": minutes[ceil(len(minutes) * 9 / 10) - 1] if minutes else None,
    }  # fmt: skip
    return row


def missed(found: list[Conversation], as_of: date) -> dict[str, Row]:
    """`rpt_missed_calls`: each case."""
    return {
        case.first.id: {
            "state": case.state(as_of), "misses": len(case.misses), "callback_minutes": case.minutes(),
            "callback_minutes_plain": case.minutes(plain=True), "started_at": case.first.started,
            "handled_at": case.contact and case.contact.started,
            "employee_id": case.first.agent and f"{case.first.system}:{case.first.agent}",
            "handled_by_id": case.contact and case.contact.agent and f"{case.contact.system}:{case.contact.agent}",
        }
        for case in cases(found)
    }  # fmt: skip


BROUGHT = ("deals", "won_amount", "invoiced", "cash_applied")


def brought(
    found: list[Conversation], accounts: dict[str, str], facts: dict[str, list[Row]], as_of: date
) -> dict[tuple[date, str], dict[str, list[Fraction | None]]]:
    """K12: what accounts dealt, were billed and paid from the day of their first inbound call on, by its source."""
    first: dict[str, Conversation] = {}
    for one in sorted((one for one in found if one.started), key=lambda one: (one.started, one.id)):
        if one.direction == "inbound" and (one.client or "") in accounts:
            first.setdefault(accounts[one.client or ""], one)
    told: dict[tuple[date, str], dict[str, list[Fraction | None]]] = defaultdict(lambda: defaultdict(list))

    def tell(name: str, account: str | None, since: date | None, on: date | None, amount: Any, sign: int = 1) -> None:
        one = first.get(account or "")
        if one and one.day and since and on and one.day <= since and on <= as_of:
            place = on.replace(day=1), key(one.opening["source"])
            told[place][name].append(None if amount is None else sign * Fraction(amount))

    for row in facts["fct_deals"]:
        day = row["created_on"] or row["closed_on"]
        tell("deals", row["account_id"], day, day, 1)
        if row["status"] == "won":
            tell("won_amount", row["account_id"], day, row["closed_on"], row["amount_base"])
    for row in facts["fct_invoices"]:
        if row["sales_amount"]:
            tell("invoiced", row["account_id"], row["issued_on"], row["issued_on"], row["sales_amount_base"])
    for row in facts["fct_receivable_events"]:
        if row["event_type"] in ("payment", "refund", "chargeback", "reversal"):
            tell("cash_applied", row["account_id"], row["event_date"], row["event_date"], row["amount_base"], -1)
    return told


def channels(
    found: list[Conversation],
    costs: list[Row],
    rate: Callable[[str, date], Fraction | None],
    as_of: date,
    accounts: dict[str, str],
    money: dict[tuple[date, str], dict[str, list[Fraction | None]]],
    later: dict[tuple[str, str], str],
) -> dict[tuple[date, str], Row]:
    """`rpt_call_channels`: inbound calls by month and source, and what the source cost; `later`: what calls are given to since."""
    calls: dict[tuple[date, str], list[Conversation]] = defaultdict(list)
    newest: dict[tuple[date, str], int] = defaultdict(int)
    for one in found:
        if one.direction == "inbound" and one.day:
            calls[one.day.replace(day=1), key(one.opening["source"])].append(one)
            source = later.get((one.system, one.opening["call_id"]), one.opening["source"])
            newest[one.day.replace(day=1), key(source)] += 1
    spent: dict[tuple[date, str], list[Fraction | None]] = defaultdict(list)
    goals: dict[tuple[date, str], int] = {}
    for cost in costs:
        if cost["spent_on"] <= as_of:
            known = rate(cost["currency"], cost["spent_on"])
            place = cost["spent_on"].replace(day=1), key(cost["source"])
            if cost["amount"] is not None:
                spent[place].append(None if known is None else Fraction(str(cost["amount"])) * known)
            if cost["goals"] is not None:
                goals[place] = goals.get(place, 0) + cost["goals"]
    rows = {}
    for place in {*calls, *newest, *spent, *goals, *money}:
        mine = calls[place]
        brought = {name: money.get(place, {}).get(name, []) for name in BROUGHT}
        leads = {one.client for one in mine if one.is_first_time and one.is_target}
        is_known = all(one.is_target is not None for one in mine)
        cost = known_sum(spent[place]) if spent[place] else None
        is_whole = cost is not None and None not in spent[place]
        rows[place] = _counted(mine) | {
            "calls": len(mine), "newest_calls": newest[place], "first_time_callers": sum(bool(one.is_first_time) for one in mine),
            "target_calls": sum(bool(one.is_target) for one in mine) if is_known else None,
            "leads": len(leads) if is_known else None, "cost": cost,
            "unmatched_calls": sum((one.client or "") not in accounts for one in mine),
            "cost_per_lead": ratio(cost, len(leads)) if is_whole and is_known else None,
            "goals": goals.get(place), "cost_per_goal": ratio(cost, goals.get(place, 0)) if is_whole else None,
            "missing_rate_count": spent[place].count(None) + sum(given.count(None) for given in brought.values()),
            **{name: known_sum(given) for name, given in brought.items()},
        }  # fmt: skip
    return rows


def twice(found: list[Conversation]) -> dict[str, Row]:
    """By pair of systems, the calls that begin shortly after one of the same number and direction in another system."""
    rows: dict[str, Row] = {}
    calls = sorted((one for one in found if one.client and one.started), key=lambda one: (one.started, one.id))
    last: dict[tuple[Any, Any], Conversation] = {}
    for one in calls:
        before = last.get((one.client, one.direction))
        last[one.client, one.direction] = one
        if before and before.system != one.system:
            assert one.started
            assert before.started
            if (one.started - before.started).total_seconds() <= parameter("same_call_seconds"):
                row = rows.setdefault(
                    ", ".join(sorted((one.system, before.system))), {"row_count": 0, "first_on": one.day}
                )
                row |= {"row_count": row["row_count"] + 1, "last_on": one.day}
    return rows
