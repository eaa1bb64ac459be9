"""What became of leads, what they took and how likely an open one is, in plain Python (F19).

Calls and activities, whose a lead is and what its source is called are taken from the marts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any

from tests.support.books import Rows
from tests.support.dealings import Row
from tests.support.oracle import months_before
from tests.support.talking import Talking, says, share


def state(row: Row) -> str:
    """Of a lead as an export has it."""
    if any(row[name] is not None for name in ("converted_at", "account_id", "contact_id", "deal_id")):
        return "converted"
    if says("refused", row["status"]):
        return "refused"
    return "converted" if says("converted", row["status"]) else "open"


class Screening(Talking):
    """A company's leads."""

    def leads_screened(self) -> Rows:
        """Lead: calls and activities, their minutes, and of an open one how many of its source become clients (F19)."""
        leads: dict[str, Row] = {}
        for row in self.company.raw.rows("crm.leads"):
            if row["created_at"] is not None:
                leads[f"{row['_system']}:{row['lead_id']}"] = row | {"state": state(row)}
        known = {row["lead_id"]: row for row in self.rows("fct_leads")}
        since = months_before(self.day, self.parameter("lead_score_months"))
        decided: dict[str, list[bool]] = defaultdict(list)
        for name, row in leads.items():
            if row["state"] != "open" and since < self.company.raw.day(row["created_at"]) <= self.day:
                decided[known[name]["source_key"]].append(row["state"] == "converted")
        of_all = [became for own in decided.values() for became in own]
        done = self.done_with(leads, known)
        usual = {row["activity_type"]: float(row["minutes"]) for row in self.rows("effort_minutes", "parameters")}
        found: Rows = {}
        for name, row in leads.items():
            scored: list[bool] | None = None
            if row["state"] == "open":
                least, own = self.parameter("lead_score_leads"), decided[known[name]["source_key"]]
                scored = own if len(own) >= least else of_all if len(of_all) >= least else None
            is_told = row["state"] != "converted" or row["converted_at"] is not None
            minutes = [
                usual.get(kind, 0.0) if seconds is None else float(seconds) / 60 for kind, seconds, _ in done[name]
            ]
            found[name,] = {
                "score": None if scored is None else share(sum(scored), len(scored)),
                "scored_leads": None if scored is None else len(scored),
                "efforts": len(minutes) if is_told else None,
                "assumed_efforts": sum(seconds is None for _, seconds, _ in done[name]) if is_told else None,
                "effort_minutes": sum(minutes) if is_told else None,
            }
        return found

    def done_with(self, leads: dict[str, Row], known: dict[str, Row]) -> dict[str, list[tuple[Any, Any, date | None]]]:
        """Lead: kind, length and day of each call with its number, and of each activity that names it and was done."""
        first: dict[str, tuple[Any, str]] = {}
        for name, row in leads.items():
            if number := self.ending(row["phone"]):
                first[number] = min(first.get(number, (row["created_at"], name)), (row["created_at"], name))
        done: dict[str, list[tuple[Any, Any, date | None]]] = defaultdict(list)
        for call in self.rows("fct_calls"):
            if call["status"] == "answered" and call["client_key"] in first:
                name = first[call["client_key"]][1]
                until = leads[name]["converted_at"]
                if until is None or call["started_on"] <= self.company.raw.day(until):
                    done[name].append(("call", call["talk_seconds"], call["started_on"]))
        called = {(name, on) for name, calls in done.items() for _, _, on in calls}
        for row in self.rows("fct_activities"):
            name = row["lead_id"]
            if name in known and row["is_completed"]:
                if row["activity_type"] == "call" and (name, row["occurred_on"]) in called:
                    continue
                done[name].append((row["activity_type"], row["duration_seconds"], row["occurred_on"]))
        return done

    def ending(self, phone: str | None) -> str | None:
        """The last ten digits of a number as it is dialled from abroad, of one that is written in the way of the business's country too."""
        dialled = re.sub(r"[^0-9+]", "", re.sub(r"( x[ .]*[0-9]|ext|#|@).*$", "", (phone or "").lower()))
        digits = dialled.replace("+", "")
        if not dialled.startswith("+"):
            if digits.startswith("00"):
                digits = digits[2:]
            elif digits.startswith("0"):
                codes = {row["country"]: row["calling_code"] for row in self.rows("dialling_codes", "parameters")}
                code = codes.get(self.company.raw.run.country)
                digits = digits if code is None else str(code) + digits[1:]
        return digits[-10:] if len(digits.lstrip("0")) > 1 else None
