"""Names of sources in plain Python: what spellings share, and what the home's list says is one (N1)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from tests.support.calls import Conversation
from tests.support.oracle import ZONE

Row = dict[str, Any]
# Of every other tracker the forms are its ads, of every third its map is its forms: a name said to be another's, and no further.
LISTED = [
    {
        "_system": "list",
        "row_id": f"{kind}{number}",
        "name": f" C{number:02} {name}",
        "source": f"c{number:02} {source}",
    }
    for kind, name, source, every in (("f", "FORM", "Ads", 2), ("m", "map ", "Form", 3))
    for number in range(0, 24, every)
]
RENAMED = {row["name"].strip().lower(): row["source"].lower() for row in LISTED}


def spelt(source: str | None) -> str:
    """What a source's spellings share."""
    return (source or "").strip().lower() or "unknown"


def key(source: str | None) -> str:
    """The source that a name is."""
    return RENAMED.get(spelt(source), spelt(source))


def names(found: list[Conversation], leads: list[Row], costs: list[Row], as_of: date) -> dict[tuple[str, str], Row]:
    """`rpt_source_names`: each feed and name, how often it is used, and what it meets."""
    told: list[tuple[str, str | None, date]] = [
        ("calls", one.opening["source"], one.day) for one in found if one.direction == "inbound" and one.day
    ]
    for lead in leads:
        told.append(("leads", lead["lead_source"], datetime.fromisoformat(lead["created_at"]).astimezone(ZONE).date()))
    told += [("costs", cost["source"], cost["spent_on"]) for cost in costs if cost["amount"] is not None]
    uses: dict[tuple[str, str], list[date]] = defaultdict(list)
    for feed, name, on in told:
        if spelt(name) != "unknown" and on <= as_of:
            uses[feed, spelt(name)].append(on)
    feeds = _feeds(uses)
    return {
        (feed, name): {
            "uses": len(days), "is_listed": name in RENAMED, "first_on": min(days), "last_on": max(days),
            "state": _state(feeds[key(name)]),
        }
        for (feed, name), days in uses.items()
    }  # fmt: skip


def _feeds(uses: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    feeds: dict[str, set[str]] = defaultdict(set)
    for feed, name in uses:
        feeds[key(name)].add(feed)
    return feeds


def _state(feeds: set[str]) -> str:
    if "costs" not in feeds:
        return "touches_alone"
    return "joined" if len(feeds) > 1 else "cost_alone"
