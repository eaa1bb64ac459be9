"""How many accounts people lead, how that goes, and what their calls are followed by, in plain Python (P19, N10, N20)."""

from __future__ import annotations

import re
import statistics
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from math import atanh, inf, sqrt, tanh
from typing import Any

from tests.support.books import Row, Rows
from tests.support.contacting import Contacting
from tests.support.dealings import NOBODY
from tests.support.oracle import days, month_end, months_before, seed

WEEK = timedelta(days=7)
LAGS = range(5)


def spread(values: list[float]) -> float:
    """The sum of squares about the mean."""
    mean = sum(values) / len(values)
    return sum((value - mean) ** 2 for value in values)


def joint(one: list[float], other: list[float]) -> float:
    """The sum of products about the means."""
    means = sum(one) / len(one), sum(other) / len(other)
    return sum((x - means[0]) * (y - means[1]) for x, y in zip(one, other, strict=True))


def ranks(values: list[Any]) -> list[float]:
    """The place of each; equal ones share the mean of theirs."""
    places: dict[Any, list[int]] = defaultdict(list)
    for place, value in enumerate(sorted(values)):
        places[value].append(place)
    return [statistics.fmean(places[value]) for value in values]


class Workload(Contacting):
    """A company's people, month by month and week by week."""

    @cached_property
    def led(self) -> dict[tuple[str, date], list[Row]]:
        """Owner and month: the months of the accounts that are his at its end."""
        found: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in self.rows("fct_account_months"):
            found[row["owner_id"] or NOBODY, row["month"]].append(row)
        return found

    @cached_property
    def told_until(self) -> date:
        """Up to when invoices, deals and calls, as far as there are any, tell everything."""
        ends = [
            row["complete_until"] for row in self.rows("fct_feed_ends") if row["feed"] in ("invoices", "deals", "calls")
        ]
        return min([*ends, self.day])

    @cached_property
    def responses(self) -> dict[tuple[str, date], list[float]]:
        """Person and month: business minutes until somebody called back, endless where nobody has."""
        owners = {(row["account_id"], row["month"]): row["owner_id"] for row in self.rows("fct_account_months")}
        found: dict[tuple[str, date], list[float]] = defaultdict(list)
        for row in self.rows("fct_missed_calls"):
            month = row["started_on"].replace(day=1)
            who = row["employee_id"] or owners.get((row["account_id"], month)) or NOBODY
            if row["is_handled"] is not None:
                waited = row["callback_minutes"]
                found[who, month].append(inf if waited is None else float(waited))
        return found

    def response(self, who: str, month: date) -> float | None:
        """The middle wait; unknown where it never ended."""
        found = self.responses.get((who, month))
        middle = statistics.median(found) if found else inf
        return None if middle == inf else middle

    def waited(self, who: str, month: date) -> float | None:
        """The same, endless where it never ended; unknown where nobody was missed."""
        found = self.responses.get((who, month))
        return statistics.median(found) if found else None

    @cached_property
    def sales(self) -> dict[str, list[tuple[date, Decimal | None]]]:
        """Account -> what it was billed, tax and all, less credit notes, each at the rate of its day."""
        found: dict[str, list[tuple[date, Decimal | None]]] = defaultdict(list)
        for row in self.rows("fct_invoices"):
            if row["sales_amount"]:
                worth = self.company.in_base(row["sales_amount"], row["currency"], row["issued_on"])
                found[row["account_id"]].append((row["issued_on"], worth))
        return found

    def dso(self, who: str, month: date) -> float | None:
        """Days of sales outstanding of a person's accounts (R7)."""
        window, last = self.parameter("dso_window_days"), min(month_end(month), self.day)
        rows = self.led.get((who, month), [])
        began = min((on for sold in self.sales.values() for on, _ in sold), default=date.max)
        sold = [
            worth for row in rows for on, worth in self.sales[row["account_id"]] if last - days(window) < on <= last
        ]
        if not rows or None in sold or any(row["unknown_open_amount_end"] for row in rows):
            return None
        total = sum(float(worth) for worth in sold if worth is not None)
        if total <= 0 or began > last - days(window) + days(1):
            return None
        return float(sum(row["open_amount_end"] for row in rows)) / total * window

    def loads(self) -> Rows:
        """Person and month: response, days of sales, promises that fell due and those that were kept (A22, R7, R22)."""
        owners = {
            (row["account_id"], row["month"]): row["owner_id"] or NOBODY for row in self.rows("fct_account_months")
        }
        promises: dict[Any, list[str]] = defaultdict(list)
        for row in self.rows("fct_promises"):
            if row["state"] in ("kept", "partly", "broken"):
                month = row["kept_by"].replace(day=1)
                if (row["account_id"], month) in owners:
                    promises[owners[row["account_id"], month], month].append(row["state"])
        found: Rows = {}
        for key in self.read_keys("rpt_team_scorecard", ("employee_id", "month")):
            states = promises[key]
            found[key] = {
                "response_minutes_median": self.response(*key), "dso_days": self.dso(*key), "promises_due": len(states),
                "promises_kept_ratio": states.count("kept") / len(states) if states else None,
            }  # fmt: skip
        return found

    def band(self, who: str, accounts: int) -> str:
        """Whether so many accounts are too many for a person's role and grade (D1)."""
        person = next((row for row in self.rows("dim_employees") if row["employee_id"] == who), None)
        said = set(re.findall(r"\w+", ((person and person["grade"]) or "").lower()))
        bands = [
            row for row in seed("load_bands")
            if person and (person["role_profile"] or "").strip().lower() == row["role_profile"]
            and (not row["grade"] or row["grade"] in said)
        ]  # fmt: skip
        if not bands:
            return "no_band"
        own = min(bands, key=lambda row: (not row["grade"], row["grade"]))
        return (
            "below"
            if accounts < int(own["min_accounts"])
            else "above"
            if accounts > int(own["max_accounts"])
            else "within"
        )

    def load_quality(self) -> Rows:
        """Measure and load band, and everybody: the mean month, and whether more accounts go with worse ones (N10)."""
        since = months_before(self.day, 1 + self.parameter("effort_window_months"))
        found: dict[str, list[tuple[str, int, str, float]]] = defaultdict(list)
        lost = self.lost()
        for (who, month), rows in self.led.items():
            accounts = sum(row["status"] == "active" for row in rows)
            if who == NOBODY or not accounts or month <= since or month_end(month) > self.told_until:
                continue
            before = [row for row in self.led.get((who, months_before(month, 1)), []) if row["status"] == "active"]
            known = {
                "response_minutes": self.waited(who, month), "dso_days": self.dso(who, month),
                "lost_share": lost[who, month] / len(before) if before else None,
            }  # fmt: skip
            for measure, value in known.items():
                if value is not None:
                    found[measure].append((who, accounts, self.band(who, accounts), value))
        least, z = self.parameter("team_least_periods"), self.company.parameter("confidence_z")
        out: Rows = {}
        for measure, every in found.items():
            for band in {"all"} | {band for _, _, band, _ in every}:
                own = [one for one in every if band in ("all", one[2])]
                values, number = [one[3] for one in own], len(own)
                row: Row = dict.fromkeys(("value", "low", "high", "correlation", "correlation_low", "correlation_high"))
                row |= {
                    "employees": len({one[0] for one in own}), "employee_months": number, "endless_months": values.count(inf),
                    "accounts_average": sum(one[1] for one in own) / number,
                }  # fmt: skip
                if number >= least:
                    if inf not in values:
                        mean = statistics.fmean(values)
                        apart = z * sqrt(spread(values) / (number - 1) / number)
                        row |= {"value": mean, "low": max(mean - apart, 0), "high": mean + apart}
                    if band == "all":
                        row |= self.correlated([one[1] for one in own], [round(value, 6) for value in values], z)
                out[measure, band] = row
        return out

    @staticmethod
    def correlated(loads: list[int], values: list[float], z: float) -> Row:
        """Spearman's rank correlation with Fisher's interval."""
        one, other = ranks(loads), ranks(values)
        both = sqrt(spread(one) * spread(other))
        if not both:
            return {}
        found = joint(one, other) / both
        apart = z / sqrt(max(len(loads) - 3, 1))
        if abs(found) >= 1:
            return {"correlation": found}
        return {
            "correlation": found, "correlation_low": tanh(atanh(found) - apart), "correlation_high": tanh(atanh(found) + apart),
        }  # fmt: skip

    def effort_outcome(self) -> Rows:
        """Outcome and lag: what a call more in a week goes with, each person against his own mean (N20)."""
        owned = [row for row in self.rows("dim_account_owners") if row["employee_id"]]
        spans: dict[str, list[Row]] = defaultdict(list)
        for row in owned:
            spans[row["account_id"]].append(row)
        owners = {row["employee_id"] for row in owned}
        calls: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for rows in self.talks.values():
            for row in rows:
                if row["employee_id"] in owners:
                    calls[row["employee_id"]][row["started_on"] - days(row["started_on"].weekday())] += 1
        came: dict[tuple[str, str, date], list[Decimal | None]] = defaultdict(list)

        def note(outcome: str, account: str | None, on: date, worth: Decimal | None) -> None:
            for row in spans.get(account or "", []):
                if (row["valid_from"] or date.min) <= on < (row["valid_to"] or date.max):
                    came[outcome, row["employee_id"], on - days(on.weekday())].append(worth)

        for row in self.rows("fct_receivable_events"):
            if row["event_type"] in ("payment", "refund", "chargeback", "reversal"):
                worth = row["amount_base"]
                note("cash_applied", row["account_id"], row["event_date"], None if worth is None else -worth)
        for row in self.rows("fct_deals"):
            if row["status"] == "won" and row["closed_on"]:
                note("won_deals", row["account_id"], row["closed_on"], Decimal(1))
        since = months_before(self.day, self.parameter("effort_window_months"))
        monday = since + days(7 - since.weekday()) if since.weekday() else since + WEEK
        weeks = []
        while monday + days(6) <= self.told_until:
            weeks.append(monday)
            monday += WEEK
        least, z = self.parameter("team_least_periods"), self.company.parameter("confidence_z")
        found: Rows = {}
        for outcome in ("cash_applied", "won_deals"):
            for lag in LAGS:
                panel = []
                for who, dialled in calls.items():
                    rows = [
                        (float(dialled.get(week, 0)), came[outcome, who, week + lag * WEEK])
                        for week in weeks if week >= min(dialled) and week + lag * WEEK in weeks
                    ]  # fmt: skip
                    kept = [(x, float(sum(y for y in ys if y is not None))) for x, ys in rows if None not in ys]
                    if kept:
                        panel.append(kept)
                if not panel:
                    continue
                parts = [([x for x, _ in kept], [y for _, y in kept]) for kept in panel]
                sxx, syy = sum(spread(xs) for xs, _ in parts), sum(spread(ys) for _, ys in parts)
                sxy, number = sum(joint(xs, ys) for xs, ys in parts), sum(len(xs) for xs, _ in parts)
                row = {
                    "employees": len(parts), "employee_weeks": number, "calls": round(sum(sum(xs) for xs, _ in parts)),
                    "slope": None, "low": None, "high": None,
                }  # fmt: skip
                if number >= least and sxx:
                    slope, freedom = sxy / sxx, number - len(parts) - 1
                    row["slope"] = slope
                    if freedom > 0:
                        apart = z * sqrt(max(syy - slope * sxy, 0) / freedom / sxx)
                        row |= {"low": slope - apart, "high": slope + apart}
                found[outcome, lag] = row
        return found
