"""What stages deals passed, skipped and came back to, in plain Python (P3, P4); their rows are taken from the marts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from math import ceil, inf
from typing import Any

from tests.support.books import Rows
from tests.support.dealings import Row, median
from tests.support.oracle import months_before
from tests.support.talking import Talking, share


class Passing(Talking):
    """A company's deals on their way."""

    def stages_passed(self) -> Rows:
        """Pipeline and stage: deals that entered it lately, what became of them, and how long they were there (P3, P4)."""
        since = months_before(self.day, self.parameter("stage_window_months"))
        records = {row["deal_id"]: row for row in self.rows("fct_deals")}
        deals = {deal: row["status"] for deal, row in records.items()}
        ways: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.rows("fct_deal_stages"), key=lambda row: row["stage_number"]):
            if row["deal_id"] in deals:
                way = ways[row["deal_id"]]
                if way and way[-1]["stage"] == row["stage"]:
                    # Told again of a stage in which it is: no other stay.
                    way[-1] |= {name: row[name] for name in ("left_on", "is_current", "is_closing")}
                else:
                    way.append(dict(row))
        met: dict[Any, list[tuple[int, bool, bool, int | None]]] = defaultdict(list)
        for deal, way in ways.items():
            stays: dict[Any, list[int]] = defaultdict(list)
            for place, row in enumerate(way):
                if row["entered_on"] > since and not row["is_closing"]:
                    stays[row["pipeline"] or "not_known", row["stage"] or "not_known"].append(place)
            for key, places in stays.items():
                later = [row for row in way[places[0] + 1 :] if not (row["is_closing"] and deals[deal] == "lost")]
                spent = [
                    (way[place]["left_on"] - way[place]["entered_on"]).days if way[place]["left_on"] else None
                    for place in places
                ]
                is_there = deals[deal] == "open" and any(way[place]["is_current"] for place in places)
                total = None if None in spent else sum(one for one in spent if one is not None)
                met[key].append((len(places), bool(later) or deals[deal] == "won", is_there, total))
        past = self.skips(ways, records, since)
        return {
            key: {
                "deals": len(rows), "reentered": sum(row[0] > 1 for row in rows), "still_there": sum(row[2] for row in rows),
                "went_further": sum(row[1] for row in rows), "skipped": past[key],
                "conversion": share(
                    sum(row[1] for row in rows) + past[key], sum(not row[2] or row[1] for row in rows) + past[key]
                ),
                "days_median": median(inf if row[3] is None else row[3] for row in rows),
                "days_p90": sorted((row[3] is None, row[3]) for row in rows)[ceil(len(rows) * 9 / 10) - 1][1],
            }
            for key, rows in met.items()
        }  # fmt: skip

    @staticmethod
    def skips(ways: dict[str, list[Row]], records: dict[str, Row], since: date) -> dict[Any, int]:
        """Pipeline and stage: deals that never were in it and came, since a day, where most come by way of it (P3)."""
        # Of each deal where it came to, None when it was won, in which order first and when.
        came: dict[str, dict[Any, date | None]] = {}
        for deal, way in ways.items():
            firsts: dict[Any, date | None] = {}
            for row in way:
                if not row["is_closing"]:
                    firsts.setdefault((row["pipeline"] or "not_known", row["stage"] or "not_known"), row["entered_on"])
            if records[deal]["status"] == "won":
                firsts[way[0]["pipeline"] or "not_known", None] = records[deal]["closed_on"]
            came[deal] = firsts
        found: dict[Any, int] = defaultdict(int)
        every = {place for firsts in came.values() for place in firsts}
        for target in every:
            there = [list(firsts) for firsts in came.values() if target in firsts]
            for place in every:
                by_way = sum(place in way[: way.index(target)] for way in there)
                if place[1] is not None and 2 * by_way > len(there):
                    found[place, target] = by_way
        skipped: dict[Any, set[str]] = defaultdict(set)
        for place, target in list(found):
            for deal, firsts in came.items():
                if place not in firsts and (on := firsts.get(target)) and on > since:
                    skipped[place].add(deal)
        return defaultdict(int, {place: len(those) for place, those in skipped.items()})
