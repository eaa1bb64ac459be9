"""Random pipelines, and what the definitions say of them (P1, P5 to P8, P11, P20), in plain Python.

Every stream is a CRM of its own, with the deals of `deals.histories`: stages entered twice, won and opened again, owners that
change, amounts that nobody gave, closings that the record backdates or does not know. Currencies lose their rates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from statistics import median
from typing import Any

from tests.support.chance import chance
from tests.support.deals import SHUT, State, histories, on, state
from tests.support.oracle import ZONE, days, month_end, parameter
from tests.support.rates import CURRENCIES, rate

MOVED = timedelta(days=420)  # so that the histories of deals end about the days of the other streams
Row = dict[str, Any]


class Stream:
    """The exports of one CRM."""

    def __init__(self, seed: int) -> None:
        """Draws its deals, what was done for them, and targets."""
        random = chance(seed)
        self.system = f"d{seed:02}"
        self.deals, self.stages = histories(seed, deals=36)
        for row in (*self.deals, *self.stages):
            row["_system"] = self.system
            for name in ("created_at", "closed_at", "entered_at"):
                if row.get(name):
                    # Late in the evening by UTC is the next day of the business.
                    hour = random.choice((0, 0, 0, 14))
                    row[name] = (datetime.fromisoformat(row[name]) + MOVED + timedelta(hours=hour)).isoformat()
            if row.get("expected_close_on"):
                row["expected_close_on"] += MOVED
        for row in self.deals:
            row["currency"] = random.choice(CURRENCIES)
            row["amount"] = random.choice((900, 12345.67, 0.5, None))
        for row in self.stages:
            row["_file_sha256"] = f"{row['_file_sha256'][0]}{seed:063}"
        self.activities: list[Row] = []
        for number in range(30):
            at = datetime.fromisoformat(random.choice(self.stages)["entered_at"]) + timedelta(
                days=random.choice((-70, 1, 30, 61, 100))
            )
            self.activities.append(
                {"_system": self.system, "activity_id": f"A{number}", "activity_type": random.choice(("email", "meeting", "task")),
                 "deal_id": random.choice(self.deals)["deal_id"], "created_at": at.isoformat(), "occurred_at": at.isoformat(),
                 "completed_at": random.choice((at.isoformat(), at.isoformat(), None))}
            )  # fmt: skip
            if self.activities[-1]["completed_at"] is None:
                self.activities[-1] |= {"activity_type": "task", "outcome": None}  # a task that nobody did
        self.targets = [
            {"_system": self.system, "employee_id": owner, "metric": metric, "period_start": date(2025, month, 1), "target": target}
            for owner, metric, month, target in (
                ("ann", "won_amount", 3, 20000), ("ann", "revenue", 3, 1), ("ann", "revenue", 4, 100), ("ben", "won_amount", 4, 900000),
                ("ben", "calls", 5, 4), ("ann", "won_amount", 11, 5000),
            )
        ]  # fmt: skip

    def __repr__(self) -> str:
        """Its name and what it exported."""
        return "\n".join([f"stream {self.system}", *map(str, self.deals), *map(str, self.stages)])


@dataclass
class Deals:
    """All streams' deals, as a run of a day knows them."""

    streams: list[Stream]
    as_of: date

    def has_come(self, moment: str | None) -> bool:
        """Whether a moment lies on the day or before."""
        found = on(moment, ZONE)
        return found is None or found <= self.as_of

    @cached_property
    def records(self) -> dict[str, Row]:
        """The deals that an export of the day's end would have had, each with its history."""
        found: dict[str, Row] = {}
        for stream in self.streams:
            rows: dict[str, list[Row]] = defaultdict(list)
            for row in stream.stages:
                if self.has_come(row["entered_at"]):
                    rows[row["deal_id"]].append(row)
            done: dict[str, list[date]] = defaultdict(list)
            for row in stream.activities:
                if row["completed_at"] and self.has_come(row["created_at"]):
                    done[row["deal_id"]].append(on(row["completed_at"], ZONE) or self.as_of)
            for deal in stream.deals:
                if self.has_come(deal["created_at"]):
                    record = dict(deal)
                    if not self.has_come(deal["closed_at"]):
                        record |= {"closed_at": None, "status": "open", "stage": None, "probability": None}
                    own = sorted(rows[deal["deal_id"]], key=lambda row: row["entered_at"])
                    found[f"{stream.system}:{deal['deal_id']}"] = record | {
                        "history": own,
                        "done": done[deal["deal_id"]],
                    }
        return found

    @cached_property
    def snapshots(self) -> list[date]:
        """Sundays, month ends and the day itself."""
        first = date(2024, 2, 1)
        every = [first + days(number) for number in range((self.as_of - first).days + 1)]
        return [day for day in every if day.weekday() == 6 or day == month_end(day) or day == self.as_of]

    @cached_property
    def states(self) -> dict[date, dict[str, State]]:
        """The deals that are open on each snapshot, and what each of them is."""
        found: dict[date, dict[str, State]] = {}
        for day in self.snapshots:
            told = {deal: state(row, row["history"], day, self.as_of, ZONE) for deal, row in self.records.items()}
            found[day] = {deal: one for deal, one in told.items() if one and one[0] == "open"}
        return found

    def closing(self, record: Row) -> tuple[str, date] | None:
        """Whether a deal was won or lost and when: by its record, or where that is open by its history's last row.

        What is open on the day was not closed: its history has opened it again.
        """
        told = state(record, record["history"], self.as_of, self.as_of, ZONE)
        if told and told[0] == "open":
            return None
        if record["status"] in SHUT:
            closed = on(record["closed_at"], ZONE)
            planned = record["expected_close_on"]
            if closed is None and planned and planned <= self.as_of:
                closed = planned
            return (record["status"], closed) if closed else None
        last = record["history"][-1] if record["history"] else None
        if last and last["status"] in SHUT and (day := on(last["entered_at"], ZONE)):
            return last["status"], day
        return None

    def open_deals(self) -> dict[tuple[str], Row]:
        """`rpt_open_deals`."""
        found = {}
        for deal, told in self.states[self.as_of].items():
            assert told
            _, stage, amount, currency, probability, expected, owner = told
            at = rate(currency, self.as_of)
            found[(deal,)] = {
                "employee_id": owner or "unassigned", "stage": stage, "currency": currency, "amount": _exact(amount),
                "amount_base": None if amount is None or at is None else _exact(amount) * at,  # type: ignore[operator]
                "probability": _exact(probability), "expected_close_on": expected,
                "missing_rate_count": int(amount is not None and at is None),
                "created_on": on(self.records[deal]["created_at"], ZONE),
                "idle_days": self.idle(deal, self.as_of), "hygiene": self.untidy(deal, told),
            }  # fmt: skip
        return found

    def untidy(self, deal: str, told: tuple[Any, ...]) -> str | None:
        """What is to be tidied up about an open deal (P11)."""
        _, _, amount, _, _, expected, owner = told
        days_idle = self.idle(deal, self.as_of) or 0
        is_stale, is_idle = (days_idle > parameter(name) for name in ("stale_deal_days", "idle_deal_days"))
        found = {
            "no_amount": amount is None, "no_close_date": expected is None,
            "close_date_past": bool(expected and expected < self.as_of), "no_owner": not owner,
            "idle": is_idle and not is_stale, "stale": is_stale,
        }  # fmt: skip
        return ",".join(name for name, so in found.items() if so) or None

    def pipeline(self) -> dict[tuple[date, str, str], Row]:
        """`rpt_pipeline`."""
        found: dict[tuple[date, str, str], Row] = {}
        for day, deals in self.states.items():
            for deal, told in deals.items():
                assert told
                _, stage, amount, currency, probability, _, owner = told
                at = rate(currency, day)
                row = found.setdefault(
                    (day, owner or "unassigned", stage or "not_known"),
                    dict.fromkeys(
                        ("open_deals", "stale_deals", "missing_amount_count", "missing_probability_count", "missing_rate_count"), 0
                    ) | {"open_amount": None, "weighted_amount": None},
                )  # fmt: skip
                row["open_deals"] += 1
                row["stale_deals"] += (self.idle(deal, day) or 0) > parameter("stale_deal_days")
                row["missing_amount_count"] += amount is None
                row["missing_probability_count"] += amount is not None and probability is None
                row["missing_rate_count"] += amount is not None and at is None
                if amount is not None and at is not None:
                    row["open_amount"] = (row["open_amount"] or Fraction(0)) + Fraction(str(amount)) * at
                    if probability is not None:
                        weighted = Fraction(str(amount)) * at * Fraction(str(probability))
                        row["weighted_amount"] = (row["weighted_amount"] or Fraction(0)) + weighted
        return found

    def walked(self, deal: str, record: Row) -> Iterator[tuple[date, State, State]]:
        """Each day on which a deal became something else, what it was the evening before, and what that evening."""
        told = [on(record["created_at"], ZONE), on(record["closed_at"], ZONE), record["expected_close_on"], self.as_of]
        told += [on(row["entered_at"], ZONE) for row in record["history"]]
        before: State = None
        for day in sorted({day for day in told if day and day <= self.as_of}):
            after = state(record, record["history"], day, self.as_of, ZONE)
            if after != before:
                yield day, before, after
            before = after

    def bridge(self) -> dict[tuple[date, str, str, str], Row]:
        """`rpt_pipeline_bridge`: a deal is carried from evening to evening, one change after the other (P20)."""
        found: dict[tuple[date, str, str, str], dict[str, list[Fraction | None]]] = defaultdict(
            lambda: defaultdict(list)
        )

        def worth(told: State, day: date) -> Fraction | None:
            at = rate(told[3], day) if told else None
            return None if told is None or told[2] is None or at is None else Fraction(str(told[2])) * at

        def post(monday: date, told: State, movement: str, amount: Fraction | None, deal: str) -> None:
            assert told
            quarter = f"{told[5].year}-Q{(told[5].month + 2) // 3}" if told[5] else "not_known"
            found[monday, told[6] or "unassigned", quarter, movement][deal].append(amount)

        def less(amount: Fraction | None) -> Fraction | None:
            return None if amount is None else -amount

        for deal, record in self.records.items():
            for day, before, after in self.walked(deal, record):
                monday = day - days(day.weekday())
                frozen = monday - days(1)
                was, now = worth(before, frozen), worth(after, frozen)
                was_open, is_open = (told is not None and told[0] == "open" for told in (before, after))
                if is_open and not was_open:
                    post(monday, after, "opened", now, deal)
                elif was_open and not is_open:
                    assert after
                    post(monday, before, after[0] or "not_known", less(was), deal)
                elif was_open and is_open:
                    assert before
                    assert after
                    # First the owner, then the day, then the amount.
                    moved: State = (*before[:6], after[6])
                    if before[6] != after[6]:
                        post(monday, before, "re_owned", less(was), deal)
                        post(monday, moved, "re_owned", was, deal)
                    late = [
                        (told[5].year, (told[5].month + 2) // 3) if told[5] else (9999, 4) for told in (before, after)
                    ]
                    if late[0] != late[1]:
                        movement = "slipped" if late[1] > late[0] else "pulled_in"
                        post(monday, moved, movement, less(was), deal)
                        post(monday, after, movement, was, deal)
                    if was != now:
                        kind = "grown" if was is not None and now is not None and now > was else "shrunk"
                        kind = "not_known" if was is None or now is None else kind
                        post(monday, after, kind, (now or Fraction(0)) - (was or Fraction(0)), deal)
        for day, told in self.states.items():
            if day.weekday() == 6:
                for deal, one in told.items():
                    if day < self.as_of:
                        post(day + days(1), one, "opening", worth(one, day), deal)
            if day.weekday() == 6 or day == self.as_of:
                monday = day - days(day.weekday())
                for deal, one in told.items():
                    now, frozen_at = worth(one, day), worth(one, monday - days(1))
                    post(monday, one, "closing", now, deal)
                    if now != frozen_at:
                        kind = "not_known" if now is None or frozen_at is None else "currency"
                        post(monday, one, kind, (now or Fraction(0)) - (frozen_at or Fraction(0)), deal)
        rows = {}
        for place, moved_deals in found.items():
            amounts = [amount for steps in moved_deals.values() for amount in steps if amount is not None]
            rows[place] = {
                "deals": len(moved_deals), "amount": sum(amounts, Fraction(0)) if amounts else None,
                "missing_amount_count": sum(None in steps for steps in moved_deals.values()),
            }  # fmt: skip
        return rows

    def idle(self, deal: str, day: date) -> int | None:
        """Days without anything done for a deal, or a change of its stage (P11)."""
        record = self.records[deal]
        stages = [None, *(row["stage"] for row in record["history"])]
        moves = [
            on(record["created_at"], ZONE),
            *record["done"],
            *(
                on(row["entered_at"], ZONE)
                for row, was in zip(record["history"], stages, strict=False)
                if row["stage"] != was
            ),
        ]
        past = [move for move in moves if move and move <= day]
        return (day - max(past)).days if past else None

    def sales(self) -> dict[tuple[date, str], Row]:
        """`rpt_sales_monthly`: an unknown amount or rate leaves what is known of a sum, and no ratio of it."""
        created: dict[Any, int] = defaultdict(int)
        closed: dict[Any, list[tuple[str, Fraction | None, int | None, bool]]] = defaultdict(list)
        expected: dict[Any, list[tuple[Fraction | None, bool]]] = defaultdict(list)
        standing: dict[Any, int] = defaultdict(int)
        # Whether anybody says of a deal that was open when it is expected to close.
        dated: dict[Any, bool] = defaultdict(bool)
        for record in self.records.values():
            owner = f"{record['_system']}:{record['owner_id']}" if record["owner_id"] else "unassigned"
            begun = on(record["created_at"], ZONE)
            if begun:
                created[begun.replace(day=1), owner] += 1
            if ended := self.closing(record):
                status, day = ended
                at, amount = rate(record["currency"], day), _exact(record["amount"])
                base = None if amount is None or at is None else amount * at
                cycle = (day - begun).days if begun and status == "won" else None
                closed[day.replace(day=1), owner].append((status, base, cycle, amount is None))
        months = sorted({day.replace(day=1) for day in self.snapshots})
        for month in months:
            last, first = min(month_end(month), self.as_of), month - days(1)
            for told in self.states[last].values():
                assert told
                standing[month, told[6] or "unassigned"] += 1
            looked = self.as_of if month == self.as_of.replace(day=1) else first
            for told in self.states.get(looked, {}).values():
                assert told
                dated[month, told[6] or "unassigned"] |= told[5] is not None
                if told[5] and told[5].replace(day=1) == month:
                    at, amount = rate(told[3], looked), _exact(told[2])
                    base = None if amount is None or at is None else amount * at
                    expected[month, told[6] or "unassigned"].append((base, amount is None))
        targets: dict[Any, dict[str, int]] = defaultdict(dict)
        for stream in self.streams:
            for row in stream.targets:
                if row["period_start"] <= self.as_of:
                    targets[row["period_start"], f"{stream.system}:{row['employee_id']}"][row["metric"]] = row["target"]
        found = {}
        aims = {place: told for place, told in targets.items() if {"won_amount", "revenue"} & set(told)}
        for place in {*created, *closed, *expected, *standing, *aims}:
            found[place] = self._month(
                created[place], closed[place], expected[place], standing[place], targets[place]
            )  # fmt: skip
            if not dated.get(place, True):
                found[place] |= {"expected_amount": None, "coverage": None}
        return found

    def _month(
        self, created: int, closed: list[Any], expected: list[Any], standing: int, targets: dict[str, int]
    ) -> Row:  # fmt: skip
        amounts = {status: [base for of, base, _, _ in closed if of == status] for status in SHUT}
        won, lost = (len(amounts[status]) for status in SHUT)
        unknown = {status: amounts[status].count(None) for status in SHUT}
        sums = {status: _known(amounts[status]) for status in SHUT}
        hoped = [base for base, _ in expected]
        cycles = [cycle for _, _, cycle, _ in closed if cycle is not None]
        middle = median([cycle for cycle in cycles if cycle >= 0]) if any(cycle >= 0 for cycle in cycles) else None
        target = targets.get("won_amount", targets.get("revenue"))
        left = None if target is None else target - (sums["won"] or 0)
        rated = won + lost and Fraction(won, won + lost)
        row: Row = {
            "created": created, "won": won, "lost": lost, "open_deals": standing, "won_amount": sums["won"],
            "lost_amount": sums["lost"], "expected_amount": _known(hoped), "target": target,
            "win_rate_count": rated if won + lost else None, "cycle_days_median": middle,
            "negative_cycle_deals": sum(cycle < 0 for cycle in cycles),
            "missing_amount_count": sum(is_unknown for *_, is_unknown in closed) + sum(is_unknown for _, is_unknown in expected),
            "missing_rate_count": sum(base is None and not is_unknown for _, base, _, is_unknown in closed)
            + sum(base is None and not is_unknown for base, is_unknown in expected),
        }  # fmt: skip
        both = (sums["won"] or 0) + (sums["lost"] or 0)
        row["win_rate_amount"] = (sums["won"] or 0) / Fraction(both) if both and not any(unknown.values()) else None
        is_told = left is not None and left > 0 and not unknown["won"] and None not in hoped
        row["coverage"] = Fraction(row["expected_amount"]) / left if is_told and left else None
        row["is_target_met"] = None if left is None or (left > 0 and unknown["won"]) else left <= 0
        if won and middle and not unknown["won"]:
            row["velocity"] = standing * rated * Fraction(sums["won"] or 0) / won / Fraction(middle)
        else:
            row["velocity"] = None
        return row


def _exact(value: float | None) -> Fraction | None:
    return None if value is None else Fraction(str(value))


def _known(amounts: list[Fraction | None]) -> Fraction | None:
    """What is known of a sum; None where nothing of it is."""
    total = sum((amount for amount in amounts if amount is not None), Fraction(0))
    return total if total or None not in amounts else None
