"""What becomes of calls in each queue that they were in, by the definitions (K2, K7, K19, K20), in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from tests.support.call_gaps import served
from tests.support.calls import Conversation, Leg, Row, Seconds
from tests.support.oracle import parameter, ratio


def stints(one: Conversation) -> Iterator[tuple[str | None, str | None, Seconds | None]]:
    """Each queue of a conversation, what became of it there and how long it waited there; None where no leg tells a queue."""
    if one.queue is None:
        yield None, one.status, one.wait
        return
    parts: dict[str, list[Leg]] = defaultdict(list)
    current = None
    for leg in one.ordered:
        current = leg.queue or current
        if current:
            parts[current].append(leg)
    for queue, legs in parts.items():
        part = Conversation(one.system, legs)
        yield queue, _status(one, queue, part), part.wait


def _status(one: Conversation, queue: str, part: Conversation) -> str | None:
    """Answered by a leg of the queue, handed on to another, or given up in it."""
    if any(leg.is_taken for leg in part.legs):
        return "answered"
    if queue != one.queue:
        return "moved_on"
    told = [leg.status for leg in part.legs]
    if "voicemail" in told:
        return "voicemail"
    if {"missed", "abandoned"} & set(told):
        rang = part.legs[0].wait if len(part.legs) == 1 else None
        rang = part.lasted if rang is None else rang
        return "abandoned" if rang is not None and rang < parameter("abandoned_below_seconds") else "missed"
    return "failed" if "failed" in told else "answered" if "answered" in told else None


def service(found: list[Conversation]) -> dict[tuple[date, str | None], Row]:
    """`rpt_call_queues`: each day and queue."""
    parts: dict[tuple[date, str | None], list[Any]] = defaultdict(list)
    for one in found:
        if one.direction == "inbound" and one.day:
            for queue, status, wait in stints(one):
                parts[one.day, queue].append((status, wait, one.is_out_of_hours))
    rows = {}
    for place, calls in parts.items():
        every = [wait for status, wait, _ in calls if status == "answered" and wait is not None]
        rows[place] = served(calls, "moved_on") | {
            "waits_told": len(every), "answer_seconds": sum(every) if every else None,
            "answer_seconds_average": ratio(sum(every), len(every)),
        }  # fmt: skip
    return rows
