"""How clients are served, in plain Python: cases against the target of their class, promises, stock-outs, claims before churn.

Whose a case is and which class an account had on a day are taken from the marts, which tests of their own hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import floor, inf
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.verification.documents import named
from tests.support.books import Rows
from tests.support.dealings import Dealings, Row, median
from tests.support.oracle import days

# What is to be done first with an open case, the most pressing first (E12).
STEPS = ("escalate", "press", "assign", "close_now", "find_account", "work")


class Serving(Dealings):
    """A company's cases and promises, and what reports make of them."""

    @cached_property
    def targets(self) -> dict[str, Row]:
        """Class of service -> what it is promised."""
        return {row["service_class"]: row for row in self.rows("service_targets", "parameters")}

    @cached_property
    def first_list(self) -> date | None:
        """Since when anybody knows an account's class."""
        return min((row["valid_from"] for rows in self.by_account.values() for row in rows), default=None)

    @cached_property
    def working(self) -> dict[date, bool]:
        """Whether the business works on a day."""
        found = (
            self.publication.cursor()
            .sql("select day, is_working_day from intermediate.int_business_days where calendar = ''")
            .fetchall()
        )
        return dict(found)

    def business_minutes(self, begun: datetime, over: datetime) -> float:
        """Minutes between two moments in which the business was open, day by day (K5)."""
        zone = ZoneInfo(self.company.raw.run.timezone)
        first, last = (moment.astimezone(zone).replace(tzinfo=None) for moment in (begun, over))
        opens, closes = (self.company.parameter(f"{edge}_at_hour") for edge in ("opens", "closes"))
        total, day = 0.0, first.date()
        while day <= last.date():
            if self.working[day]:
                midnight = datetime.combine(day, time())
                start, end = (midnight + timedelta(hours=hours) for hours in (opens, closes))
                total += max((min(last, end) - max(first, start)).total_seconds(), 0)
            day += days(1)
        return total / 60

    def replayed(self) -> Iterator[Row]:
        """Each case as its own dates and its history tell it: when it was closed last, and what happened to it."""
        history: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        for row in self.company.raw.rows("crm.case_events"):
            history[row["_system"], row["case_id"]].append((row["occurred_at"], row["event"]))
        facts = {row["case_id"]: row for row in self.rows("fct_cases")}
        for row in self.company.raw.rows("crm.cases"):
            fact, events = facts[named(row["_system"], row["case_id"])], history[row["_system"], row["case_id"]]
            again = [at for at, event in events if event == "reopened"]
            ends = [at for at, event in events if event == "closed"] + [row["closed_at"]] * bool(row["closed_at"])
            is_open = not ends or bool(again and max(again) > max(ends))
            yield {
                "id": fact["case_id"], "account": fact["account_id"], "owner": fact["owner_id"], "opened_at": row["opened_at"],
                "opened": self.company.raw.day(row["opened_at"]) if row["opened_at"] else None,
                "closed_at": None if is_open else max(ends), "closed": None if is_open else self.company.raw.day(max(ends)),
                "reopened": len(again), "is_escalated": any(event == "escalated" for _, event in events),
            }  # fmt: skip

    @cached_property
    def cases(self) -> list[Row]:
        """Each case with its class, its target, how long it took, and what is first to be done."""
        today = {row["account_id"]: row for row in self.rows("dim_account_classes")}
        found = []
        for case in self.replayed():
            account, opened, closed = case["account"], case["opened"], case["closed"]
            is_then = opened is not None and self.first_list is not None and opened >= self.first_list
            service = None
            if account and is_then:
                service = self.class_on(account, opened)
            elif account:
                now = today.get(account, {})
                service = "key" if now.get("is_key_account") else now.get("tier") or "none"
            target = self.targets[service]["case_days"] if service in self.targets else None
            took = (closed - opened).days if closed and opened else None
            age = (self.day - opened).days if opened and not closed else None
            lasted = age if took is None else took
            is_late = None if target is None or lasted is None else lasted > target
            step = None
            if closed is None:
                is_due = (
                    opened is not None
                    and target is not None
                    and floor(target) - (age or 0) <= self.parameter("claim_due_soon_days")
                )
                step = (
                    "assign" if case["owner"] is None
                    else ("press" if case["is_escalated"] else "escalate") if is_late
                    else "find_account" if account is None
                    else "close_now" if is_due
                    else "work"
                )  # fmt: skip
            minutes = None
            if case["closed_at"] and case["opened_at"] and case["closed_at"] >= case["opened_at"]:
                minutes = self.business_minutes(case["opened_at"], case["closed_at"])
            found.append(case | {
                "class": service, "is_then": is_then, "target": target, "took": took, "age": age, "is_late": is_late,
                "step": step, "minutes": minutes,
            })  # fmt: skip
        return found

    def cases_served(self) -> Rows:
        """Case: its target, how long it took or is open, how often it was reopened, and its place among what is to be done."""

        def place(case: Row) -> tuple[Any, ...]:
            rank = self.targets[case["class"]]["class_rank"] if case["class"] in self.targets else inf
            is_known = case["opened"] is not None and case["target"] is not None
            due = (case["opened"] + days(floor(case["target"]))) if is_known else date.max
            never = datetime.max.replace(tzinfo=ZoneInfo("UTC"))
            return STEPS.index(case["step"]), rank, due, case["opened_at"] or never, case["id"]

        places = {
            case["id"]: number for number, case in enumerate(sorted((c for c in self.cases if c["step"]), key=place), 1)
        }
        return {
            (case["id"],): {
                "target_days": case["target"], "age_days": case["age"], "resolve_days": case["took"],
                "business_minutes": case["minutes"], "reopened_count": case["reopened"],
                "work_rank": places.get(case["id"]), "is_late": case["is_late"],
                "is_within": (
                    None if case["is_late"] is None or (case["step"] and not case["is_late"]) else not case["is_late"]
                ),
            }
            for case in self.cases
        }  # fmt: skip

    def service(self) -> Rows:
        """Month and class of service: how long callers waited and cases took, in the middle (D16, D20, E1, E12)."""
        waits: dict[tuple[date, str], dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for row in self.rows("fct_missed_calls"):
            if row["account_id"]:
                key = row["started_on"].replace(day=1), self.class_on(row["account_id"], row["started_on"])
                if row["is_handled"] is not None:
                    waited = row["callback_minutes"]
                    waits[key]["callback_minutes_median"].append(inf if waited is None else waited)
                waits[key]["missed_cases"].append(1)
                waits[key]["called_back"].append(int(row["callback_minutes"] is not None))
        for case in self.cases:
            if case["account"] and case["opened"]:
                key = case["opened"].replace(day=1), self.class_on(case["account"], case["opened"])
                waits[key]["case_days_median"].append(case["took"])
                waits[key]["case_business_minutes_median"].append(inf if case["minutes"] is None else case["minutes"])
                waits[key]["cases_opened"].append(1)
                waits[key]["cases_closed"].append(int(case["closed"] is not None))
                waits[key]["cases_reopened"].append(int(case["reopened"] > 0))
                waits[key]["cases_escalated"].append(int(case["is_escalated"]))
        middles = ("callback_minutes_median", "case_days_median", "case_business_minutes_median")
        sums = ("missed_cases", "called_back", "cases_opened", "cases_closed", "cases_reopened", "cases_escalated")
        return {
            key: {name: median(row[name]) for name in middles} | {name: sum(row[name]) for name in sums}
            for key, row in waits.items()
        }

    def claims_before_churn(self) -> Rows:
        """Account and day on which it left: cases that it had opened lately by then, and those that were open (E1, C26)."""
        window = self.parameter("claims_before_days")
        found: Rows = {}
        left = {row["account_id"] for row in self.rows("fct_account_departures")}
        weeks: dict[date, set[str]] = defaultdict(set)
        for row in self.rows("fct_account_health"):
            weeks[row["as_of_date"]].add(row["account_id"])
        for row in self.rows("fct_account_departures"):
            # Beside it, of the last week before, all that had a score and never left; before the first nobody knows.
            last = max((week for week in weeks if week < row["left_on"]), default=None)
            stayed = weeks[last] - left if last else set()
            theirs = [
                case["account"] for case in self.cases
                if case["account"] in stayed and case["opened"] is not None
                and 0 < (row["left_on"] - case["opened"]).days <= window
            ]  # fmt: skip
            own = [case for case in self.cases if case["account"] == row["account_id"]
                   and case["opened"] is not None and case["opened"] < row["left_on"]]  # fmt: skip
            found[row["account_id"], row["left_on"]] = {
                "claims_before": sum((row["left_on"] - case["opened"]).days <= window for case in own),
                "open_claims": sum(case["closed"] is None or case["closed"] >= row["left_on"] for case in own),
                **({"stayed_accounts": len(stayed), "stayed_claims": len(theirs), "stayed_with_claims": len(set(theirs))}
                   if last else dict.fromkeys(("stayed_accounts", "stayed_claims", "stayed_with_claims"))),
            }  # fmt: skip
        return found

    def commitments_kept(self) -> Rows:
        """Delivery or commitment: how late it is against the promised day, and what of the buffer was used (E4, E17)."""
        found: Rows = {}
        told = (
            ("billing.deliveries", "delivery_id", "delivery:", "delivered_on"),
            ("crm.commitments", "commitment_id", "", "done_on"),
        )
        for entity, name, prefix, done in told:
            for row in self.company.raw.rows(entity):
                own, promised, over = row["internal_on"], row["promised_on"], row[done]
                over_by_now = over or (self.day if promised and promised < self.day else None)
                key = named(row["_system"], prefix + row[name])
                whole = None
                if over and row.get("quantity_ordered") is not None and row.get("quantity_delivered") is not None:
                    whole = row["quantity_delivered"] >= row["quantity_ordered"]
                in_time = None if not promised or not over_by_now else over is not None and over <= promised
                may, cost = (row.get(name) if row.get("kind") == "project" else None for name in ("budget", "spent"))
                found[key,] = {
                    "days_late": (over_by_now - promised).days if over_by_now and promised else None,
                    "buffer_days": (promised - own).days if promised and own else None,
                    "buffer_days_used": (over - own).days if over and own else None,
                    "is_in_time": in_time,
                    "is_on_time_in_full": (
                        None if prefix == "" or in_time is None else whole if in_time else False
                    ),
                    "is_over_budget": None if may is None or cost is None else cost > may,
                }  # fmt: skip
        return found

    def stock_outs_told(self) -> Rows:
        """Request out of stock: how long until the client was told and supply was asked (E6, E7)."""
        found: Rows = {}
        norm = self.parameter("supply_request_days")
        for row in self.company.raw.rows("crm.stock_outs"):
            asked, told, wanted = row["asked_on"], row["told_on"], row["supply_requested_on"]
            waited = (wanted - asked).days if asked and wanted else None
            age = (self.day - asked).days if asked else None
            found[named(row["_system"], row["stock_out_id"]),] = {
                "days_to_tell": (told - asked).days if asked and told else None,
                "days_to_request": waited,
                "is_requested_in_time": (
                    waited <= norm if waited is not None else False if age is not None and age > norm else None
                ),
            }
        return found
