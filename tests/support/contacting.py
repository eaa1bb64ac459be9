"""What a call or a reminder is followed by, in plain Python: every overdue debt day by day (K22, N2, N3, N8)."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import ceil, exp, sqrt
from typing import Any, NamedTuple

from pipelines.verification.documents import Debt
from pipelines.verification.receivables import bucket
from tests.support.books import ZERO, Rows
from tests.support.claims import Claims
from tests.support.dealings import Row
from tests.support.oracle import days

FIRST_DAYS = {"days_1_30": 1, "days_31_60": 31, "days_61_90": 61, "days_91_120": 91, "days_over_120": 121}
SIDES = ("days_after", "days_without", "payments_after", "payments_without")


class Part(NamedTuple):
    """A part of a debt that became overdue: its due date, what was open of it then, the days on which it could be paid."""

    debt: Debt
    due: date
    open_amount: Decimal
    days: list[date]


class Contacting(Claims):
    """A company's debts and whom was spoken with about them."""

    @cached_property
    def late(self) -> list[Part]:
        """Every part that became overdue: open at the end of the day before, past its due date."""
        undue = {
            row["invoice_id"] for row in self.rows("fct_invoices")
            if row["document_kind"] == "opening" and row["due_rule"] != "given"
        }  # fmt: skip
        found = []
        for debt in self.company.books.debts.values():
            if self.shown(debt) in undue:
                continue
            moved = sorted({on for on, _ in debt.events if on <= self.day})
            # The last due is told first there.
            states = [[part for _, part in reversed(debt.parts_on(on))] for on in moved]
            ends = [*moved[1:], self.day]
            for place, (due, _) in enumerate(debt.parts):
                at_risk: list[date] = []
                first = ZERO
                for begins, over, state in zip(moved, ends, states, strict=True):
                    part = state[place]
                    day = max(begins, due) + days(1)
                    if part > 0 and day <= over:
                        first = first or part
                        at_risk += [day + days(number) for number in range((over - day).days + 1)]
                if at_risk:
                    found.append(Part(debt, due, first, at_risk))
        return found

    @cached_property
    def paid(self) -> dict[tuple[str, date], set[date]]:
        """Invoice and due date of a part -> the days on which cash was applied to it."""
        found: dict[tuple[str, date], set[date]] = defaultdict(set)
        for row in self.rows("fct_receivable_settlements"):
            if row["event_type"] == "payment" and row["is_dated"]:
                found[row["invoice_id"], row["due_on"]].add(row["settlement_date"])
        return found

    @cached_property
    def undated(self) -> set[str]:
        """Invoices of which nobody knows when a payment came."""
        return {
            row["invoice_id"] for row in self.rows("fct_receivable_settlements")
            if row["event_type"] == "payment" and not row["is_dated"]
        }  # fmt: skip

    @cached_property
    def delays(self) -> dict[str, list[tuple[date, int]]]:
        """Account -> its payments: the day of each, and how late it was."""
        found: dict[str, list[tuple[date, int]]] = defaultdict(list)
        for row in self.rows("fct_receivable_settlements"):
            if row["is_payment"] and row["is_dated"] and not row["is_opening"] and row["due_on"]:
                on = row["settlement_date"]
                found[row["account_id"]].append((on, (on - row["due_on"]).days))
        return found

    def habit(self, account: str, due: date) -> str:
        """How an account paid in the year before a day."""
        since = due - days(self.parameter("worklist_habit_days"))
        found = [late for on, late in self.delays[account] if since < on <= due]
        if len(found) < self.parameter("worklist_habit_payments"):
            return "not_known"
        is_prompt = statistics.median(found) <= self.parameter("on_time_grace_days")
        return "pays_on_time" if is_prompt else "pays_late"

    @cached_property
    def talks(self) -> dict[str, list[Row]]:
        """Account -> its connected conversations."""
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("fct_calls"):
            if row["status"] == "answered" and row["account_id"] and row["started_on"]:
                found[row["account_id"]].append(row)
        return found

    def contacted(self) -> dict[str, dict[str, set[date]]]:
        """Channel -> whom (an account, or an invoice) -> on which days."""
        found: dict[str, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
        for account, rows in self.talks.items():
            found["call"][account] |= {row["started_on"] for row in rows}
        for row, debt, on in self.reminded():
            found[row["channel"] or "not_known"][self.shown(debt)].add(on)
        return found

    def sizes(self) -> list[str | None]:
        """small, medium or large, of each late part."""
        worth = [self.company.in_base(part.open_amount, part.debt.currency, part.days[0]) for part in self.late]
        known = sorted(amount.quantize(Decimal("0.0001")) for amount in worth if amount is not None)
        edges = [
            known[max(ceil(len(known) * self.company.parameter(f"dunning_{name}_share")), 1) - 1]
            for name in ("small", "large") if known
        ]  # fmt: skip
        names = ("small", "medium", "large")
        return [
            None if amount is None else names[sum(amount.quantize(Decimal("0.0001")) > edge for edge in edges)]
            for amount in worth
        ]

    def age(self, part: Part, day: date) -> tuple[str, int]:
        """The ageing bucket of a day, and the day of age with which its piece of the bucket begins."""
        late = (day - part.due).days
        band = bucket(late)
        first, piece = FIRST_DAYS[band], self.parameter("contact_age_days")
        return band, first if band == "days_over_120" else first + (late - first) // piece * piece

    @cached_property
    def told(self) -> tuple[date, date]:
        """The first day of which there are calls, and the last of which all are told."""
        first = min((row["started_on"] for row in self.rows("fct_calls") if row["started_on"]), default=date.max)
        ends = [row["complete_until"] for row in self.rows("fct_feed_ends") if row["feed"] == "calls"]
        return first, min(ends, default=self.day)

    def sides(self, met: set[date], heard: list[date]) -> Iterator[tuple[date, str | None]]:
        """Each day of a part: after a contact, without one, or that of the contact itself."""
        window = self.parameter("dunning_window_middle")
        for day in heard:
            if any(0 < (day - on).days <= window for on in met):
                yield day, "after"
            else:
                yield day, None if day in met else "without"

    def contact_effect(self) -> Rows:
        """Channel and age: days and payments on either side, and the ratio of the hazards."""
        counted = [
            (part, size, self.company.books.account(part.debt.customer))
            for part, size in zip(self.late, self.sizes(), strict=True)
        ]
        out: dict[str, set[str]] = defaultdict(set)
        for part, size, _ in counted:
            for day in part.days:
                band = self.age(part, day)[0]
                if size is None or self.shown(part.debt) in self.undated:
                    out[band].add(self.shown(part.debt))
                    out["all"].add(self.shown(part.debt))
        found: Rows = {}
        for channel, whom in self.contacted().items():
            ages: set[str] = set()
            strata: dict[tuple[Any, ...], dict[str, Any]] = defaultdict(
                lambda: dict.fromkeys(SIDES, 0) | {"after": set(), "without": set()}
            )
            for part, size, account in counted:
                name = self.shown(part.debt)
                if size is None or name in self.undated:
                    continue
                habit = self.habit(account, part.due)
                met = whom.get(account if channel == "call" else name, set())
                heard = [day for day in part.days if channel != "call" or self.told[0] <= day <= self.told[1]]
                ages |= {age for day in heard for age in (self.age(part, day)[0], "all")}
                for day, side in self.sides(met, heard):
                    if side:
                        own = strata[(*self.age(part, day), size, habit)]
                        own[f"days_{side}"] += 1
                        own[f"payments_{side}"] += day in self.paid[name, part.due]
                        own[side].add(name)
            for age in ages:
                found[channel, age] = self.ratio(
                    [own for key, own in strata.items() if age in ("all", key[0])]
                ) | {"invoices_left_out": len(out[age])}  # fmt: skip
        return found

    def ratio(self, strata: list[dict[str, Any]]) -> Row:
        """Mantel and Haenszel's ratio of rates, with the interval of Greenland and Robins."""
        both = [own for own in strata if own["days_after"] and own["days_without"]]
        row: Row = {name: sum(own[name] for own in both) for name in SIDES}
        for side in ("after", "without"):
            row[f"invoices_{side}"] = len(set().union(*(own[side] for own in both)))
        every = sum(own["days_after"] for own in strata)
        row["compared_share"] = row["days_after"] / every if every else None
        rates = dict.fromkeys(
            ("hazard_ratio", "low", "high", "payments_per_100_days_after", "payments_per_100_days_without")
        )
        least = self.parameter("dunning_min_untouched")
        if min(row["invoices_after"], row["invoices_without"]) >= least:
            numerator = denominator = variance = expected = 0.0
            for own in both:
                after, without, paid_after, paid_without = (own[name] for name in SIDES)
                every = after + without
                numerator += paid_after * without / every
                denominator += paid_without * after / every
                variance += (paid_after + paid_without) * after * without / every**2
                expected += paid_without / without * after
            rates["payments_per_100_days_after"] = 100 * row["payments_after"] / row["days_after"]
            rates["payments_per_100_days_without"] = 100 * expected / row["days_after"]
            if denominator:
                rates["hazard_ratio"] = ratio = numerator / denominator
                if numerator:
                    apart = self.company.parameter("confidence_z") * sqrt(variance / (numerator * denominator))
                    rates["low"], rates["high"] = ratio * exp(-apart), ratio * exp(apart)
        return row | rates

    def calls_and_payment(self) -> Rows:
        """Invoice that is or was overdue: connected calls and minutes until it was paid, and the cash that followed them."""
        window = self.parameter("dunning_window_middle")
        spans: dict[str, list[Part]] = defaultdict(list)
        for part in self.late:
            spans[self.shown(part.debt)].append(part)
        cash: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for row in self.rows("fct_receivable_settlements"):
            if row["event_type"] == "payment" and row["is_dated"]:
                cash[row["invoice_id"]][row["settlement_date"]] -= row["amount"]
        steps: dict[str, list[int]] = defaultdict(list)
        numbers: dict[str, int] = defaultdict(int)
        for row, debt, _ in self.reminded():
            numbers[debt.id] += 1
            steps[self.shown(debt)].append(row["level"] or numbers[debt.id])
        found: Rows = {}
        for name, parts in spans.items():
            first, last = min(part.days[0] for part in parts), max(part.days[-1] for part in parts)
            account = self.company.books.account(parts[0].debt.customer)
            # Nobody speaks with an account that names no customer.
            is_told = first >= self.told[0] and not account.endswith(":unknown")
            talks = [row for row in self.talks[account] if is_told and first <= row["started_on"] <= last]
            lengths = [row["talk_seconds"] for row in talks]
            is_known = name not in self.undated
            came = {on: amount for on, amount in cash[name].items() if on >= first and is_known}
            heard = {
                on: max((row["started_on"] for row in talks if row["started_on"] <= on), default=None) for on in came
            }
            after = sum(
                (amount for on, amount in came.items() if (said := heard[on]) and 0 < (on - said).days <= window), ZERO
            )
            spoken = heard[max(came)] if came else None
            found[(name,)] = {
                "connected_calls_after_due": len(talks) if is_told else None,
                "minutes_after_due": sum(lengths, ZERO) / 60 if is_told and None not in lengths else None,
                "cash_after_due": sum(came.values(), ZERO) if is_known else None,
                "cash_after_calls": after if is_known and is_told else None,
                "days_last_call_to_cash": (max(came) - spoken).days if spoken else None,
                "dunning_level": max(steps[name], default=None),
            }  # fmt: skip
        return found

    def waiting(self) -> Rows:
        """Account that owes: its missed cases that wait (N8)."""
        return self.callers("rpt_collection_worklist")

    def callers(self, table: str = "rpt_accounts") -> Rows:
        """Account: its missed cases of late that nobody called back, with no contact since (N8)."""
        since = self.day - days(self.parameter("worklist_missed_call_days"))
        spoken: dict[str, list[Any]] = defaultdict(list)
        for row in self.rows("fct_two_way_contacts"):
            if row["occurred_at"]:
                spoken[row["account_id"]].append(row["occurred_at"])
        found: dict[str, int] = defaultdict(int)
        for row in self.rows("fct_missed_calls"):
            if row["is_number_known"] and not row["handled_conversation_id"] and row["started_on"] > since:
                found[row["account_id"]] += all(at < row["started_at"] for at in spoken[row["account_id"]])
        accounts = self.read_keys(table, ("account_id",))
        return {key: {"waiting_missed_calls": found[key[0]]} for key in accounts}
