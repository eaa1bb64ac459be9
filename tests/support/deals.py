"""Deals whose history is anything a CRM may hold, and what each was at the end of a day, by the definition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any

from tests.support.chance import chance

Rows = list[dict[str, Any]]
SHUT = ("won", "lost")
FIRST = date(2023, 1, 2)
# status, stage, amount, currency, probability, expected close, owner; None before the deal was there.
State = tuple[str | None, str | None, float | None, str, float | None, date | None, str | None] | None


def histories(seed: int, deals: int = 80) -> tuple[Rows, Rows]:
    """Rows of deals and of their stage history: stages entered twice, won and opened again, owners that change, amounts that
    nobody gave, closings that the record backdates or does not know, deals without a creation date or a history; every
    other deal is of an export whose history holds stages alone.
    """
    random = chance(seed)
    records: Rows = []
    history: Rows = []
    for number in range(deals):
        deal = f"H{number}"
        began = FIRST + timedelta(days=random.randrange(400))
        is_told = number % 2 == 0
        moments = sorted(random.sample(range(24 * 500), random.choice([0, 1, 3, 6, 8])))
        if len(moments) > 3 and random.random() < 0.5:
            moments[2] = moments[1] + 1
            moments.sort()
        last = began
        shut = None
        for hours in moments:
            at = f"{began + timedelta(days=hours // 24)}T{hours % 24:02}:00:00Z"
            status = random.choice([None, None, None, "won", "lost"])
            told = {
                "amount": random.choice([None, 100, 250.5, 7000]), "currency": random.choice([None, "SEK"]),
                "probability": random.choice([None, 0.1, 0.5, 0.9]), "owner_id": random.choice(["ann", "ben", None]),
                "expected_close_on": random.choice([None, date(2024, 5, 5), date(2025, 1, 1)]),
            } if is_told else {}  # fmt: skip
            history.append(
                {"deal_id": deal, "stage": random.choice(["Lead", "Offer", "Contract"]) if status is None else status,
                 "entered_at": at, "status": status if status or is_told else "open", "_file_sha256": ("b" if is_told else "c") * 64} | told
            )  # fmt: skip
            last, shut = date.fromisoformat(at[:10]), status
        status = shut or random.choice(["open", "won", "lost"])
        closed = last + timedelta(days=random.choice([-9, 0, 0, 0, 6]))
        is_dated = status != "open" and random.random() < 0.9
        records.append(
            {"deal_id": deal, "name": deal, "stage": status.title(), "status": status, "amount": 900, "currency": "EUR",
             "probability": {"open": 0.3, "won": 1, "lost": 0}[status], "owner_id": random.choice(["ann", None]),
             "created_at": f"{began}T08:00:00Z" if random.random() < 0.8 else None,
             "closed_at": f"{closed}T18:00:00Z" if is_dated else None,
             "expected_close_on": None if status == "open" or random.random() < 0.5 else closed}
        )  # fmt: skip
    return records, history


def on(moment: str | None, zone: tzinfo) -> date | None:
    """The business's day of a moment."""
    return datetime.fromisoformat(moment).astimezone(zone).date() if moment else None


def state(record: dict[str, Any], rows: Rows, day: date, as_of: date, zone: tzinfo = UTC) -> State:
    """What a deal was at the end of a day, as a run as of `as_of` knows it. No export was there before that day."""

    def _on(moment: str | None) -> date | None:
        return on(moment, zone)

    closed = _on(record["closed_at"])
    planned = record["expected_close_on"]
    # A close date that lies ahead is a plan: the deal was closed, and nobody knows when.
    if record["status"] in SHUT and closed is None and planned and planned <= as_of:
        closed = planned
    rows = sorted(rows, key=lambda row: row["entered_at"])
    clues = [on for on in (closed, _on(rows[0]["entered_at"]) if rows else None, as_of) if on]
    begins = _on(record["created_at"]) or min(clues)
    if day < begins:
        return None
    # How each day ended that has a row; the time before the deal was there ends with its first day.
    ends: dict[date, dict[str, Any]] = {}
    for row in rows:
        ends[max(_on(row["entered_at"]) or begins, begins)] = row
    past = [on for on in sorted(ends) if on <= day]
    reopened = [
        on for before, on in pairwise(past)
        if ends[before]["status"] in SHUT and ends[on]["status"] not in SHUT
    ]  # fmt: skip
    newest = ends[past[-1]] if past else None
    is_shut = newest is not None and newest["status"] in SHUT
    is_recorded = not is_shut and closed is not None and closed <= day and not any(on > closed for on in reopened)
    if newest is not None and is_shut:
        status = newest["status"]
    elif is_recorded:
        status = record["status"]
    elif record["status"] in SHUT and closed is None:
        status = newest["status"] if newest else None
    else:
        status = "open"
    # The record speaks of its own state alone, which it has since its closing.
    closed_at = _on(record["closed_at"])
    is_own = status == record["status"] and not (closed_at and closed_at > day)
    stage, amount, currency, probability, expected, owner = (
        record["stage"] if is_own else None, record["amount"], record["currency"],
        record["probability"] if is_own else None, record["expected_close_on"], record["owner_id"],
    )  # fmt: skip
    if newest is not None and not is_recorded:
        stage = newest["stage"]
        if "amount" in newest:
            amount, currency = newest["amount"], newest["currency"] or record["currency"]
            probability, expected, owner = newest["probability"], newest["expected_close_on"], newest["owner_id"]
    return (
        status, stage, None if amount is None else float(amount), currency, probability, expected,
        f"{record.get('_system', 'test')}:{owner}" if owner else None,
    )  # fmt: skip
