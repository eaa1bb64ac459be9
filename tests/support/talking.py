"""How clients are spoken with and what deals say of themselves, in plain Python (A10 to A16, A22, A25, A27, C14, C22, C25, C30, C33).

What an activity is, whether it is two-way, who decides and who owned an account on a day are taken from the marts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from math import inf
from typing import Any

from tests.support.books import Rows
from tests.support.dealings import NOBODY, Row, median
from tests.support.known import known
from tests.support.oracle import days, month_end, seed
from tests.support.serving import Serving


def plain(text: Any) -> str:
    """Words in lower case without accents, with blanks about and between them."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFD", str(text or "").lower()) if not unicodedata.combining(sign)
    )
    return " " + " ".join(re.findall(r"[^\W_]+", bare)) + " "


def says(purpose: str, *texts: Any) -> bool:
    """Whether a word of the seed for the purpose is among them."""
    said = plain(" ".join(str(text) for text in texts if text))
    return any(f" {row['word']} " in said for row in seed("activity_purposes") if row["purpose"] == purpose)


def share(part: float, whole: float) -> float | None:
    """Unknown of nothing."""
    return float(part) / float(whole) if whole else None


def is_undirected(row: Row) -> bool:
    """Whether it is an e-mail of which nobody says who wrote."""
    return row["activity_type"] == "email" and bool(row["is_completed"]) and row["direction"] is None


class Talking(Serving):
    """A company's months of people: talks, plans, meetings, birthdays, and where their deals come from and go."""

    @cached_property
    def entered(self) -> list[Row]:
        """Activities with the day on which they were entered and the one that they are planned for."""
        return [
            row | {
                "entered": self.company.raw.day(row["created_at"]) if row["created_at"] else None,
                "planned": self.company.raw.day(at) if (at := row["due_at"] or row["occurred_at"]) else None,
                "who": row["owner_id"] or NOBODY,
            }
            for row in self.rows("fct_activities")
        ]  # fmt: skip

    def of_month(self, row: Row, name: str) -> tuple[str, date] | None:
        """Whose month a row falls into, by one of its days."""
        return (row["who"], row[name].replace(day=1)) if row[name] else None

    def weekly(self) -> dict[Any, float]:
        """Person and month: accounts spoken with in a week that is over, by the month in which it begins (A10)."""
        met: dict[Any, set[Any]] = defaultdict(set)
        for contact in self.contacts:
            monday = contact.on - days(contact.on.weekday())
            if monday + days(6) <= self.day:
                met[contact.employee or NOBODY, monday.replace(day=1)].add((monday, contact.account))
        known = {row["day"] for row in self.rows("dim_dates")}
        mondays = {day - days(day.weekday()) for day in known}
        weeks: dict[date, int] = defaultdict(int)
        for monday in mondays:
            weeks[monday.replace(day=1)] += monday + days(6) <= self.day
        return {key: len(found) / weeks[key[1]] for key, found in met.items()}

    def replies(self) -> dict[Any, list[float | None]]:
        """Person and month: how long each e-mail waited; endless without an answer in time, None while that is open (A22)."""
        most = self.parameter("email_reply_days")
        answers: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for row in self.entered:
            if (
                row["activity_type"] == "email"
                and row["direction"] == "outbound"
                and row["is_completed"]
                and row["occurred_at"]
            ):
                answers[row["account_id"]].append((row["occurred_at"], row["activity_id"]))
        for row in self.rows("fct_calls"):
            if row["direction"] == "outbound" and row["status"] == "answered" and row["started_at"]:
                answers[row["account_id"]].append((row["started_at"], row["conversation_id"]))
        found: dict[Any, list[float | None]] = defaultdict(list)
        for row in self.entered:
            is_in = row["activity_type"] == "email" and row["direction"] == "inbound" and row["is_completed"]
            if not is_in or not row["account_id"] or not row["occurred_at"]:
                continue
            after = [
                at for at, key in answers[row["account_id"]] if (at, key) > (row["occurred_at"], row["activity_id"])
            ]
            last = row["occurred_on"] + days(most)
            waited: float | None = inf if last < self.day else None
            if after and self.company.raw.day(min(after)) <= last:
                waited = self.business_minutes(row["occurred_at"], min(after))
            found[self.of_month(row, "occurred_on")].append(waited)
        return found

    def meetings(self) -> dict[Any, list[tuple[bool, bool, bool]]]:
        """Person and month: of each meeting whether its days are over, it has a record, and a next step (A25)."""
        within = self.parameter("meeting_record_days")
        of_account: dict[str, list[Row]] = defaultdict(list)
        for row in self.entered:
            of_account[row["account_id"]].append(row)
        found: dict[Any, list[tuple[bool, bool, bool]]] = defaultdict(list)
        for row in self.entered:
            if row["activity_type"] not in ("meeting", "visit") or not row["is_two_way"]:
                continue
            if not row["account_id"] or row["occurred_on"] is None:
                continue
            on = row["occurred_on"]
            last = on + days(within)
            known = [other for other in of_account[row["account_id"]] if other["entered"] and other["entered"] <= last]
            record = row["outcome"] is not None or any(
                other["entered"] >= on
                and (
                    other["activity_type"] == "note"
                    or (other["activity_type"] == "email" and says("record", other["subject"]))
                )
                for other in known
            )
            step = any(
                other["activity_type"] != "note" and other["planned"] and other["planned"] > max(on, other["entered"])
                for other in known
            )
            found[self.of_month(row, "occurred_on")].append((last < self.day, record, step))
        return found

    def arranged(self) -> dict[Any, list[bool]]:
        """Person and month: of each meeting that was planned ahead whether a connected call came just before (A27)."""
        within = self.parameter("meeting_booking_days")
        calls: dict[str, list[datetime]] = defaultdict(list)
        for row in self.rows("fct_two_way_contacts"):
            if row["channel"] == "call":
                calls[row["account_id"]].append(row["occurred_at"])
        found: dict[Any, list[bool]] = defaultdict(list)
        for row in self.entered:
            if (
                row["activity_type"] in ("meeting", "visit")
                and row["planned"]
                and row["entered"]
                and row["planned"] > row["entered"]
            ):
                found[self.of_month(row, "entered")].append(any(
                    at <= row["created_at"] and self.company.raw.day(at) >= row["entered"] - days(within)
                    for at in calls[row["account_id"]]
                ))  # fmt: skip
        return found

    def birthdays(self) -> dict[Any, list[bool]]:
        """Person and month: of each birthday at his accounts whether the one who has it was reached (A16)."""
        within = self.parameter("greeting_days")
        begun = min((row["occurred_on"] for row in self.entered if row["occurred_on"]), default=None)
        reached: dict[str, set[date]] = defaultdict(set)
        for row in self.entered:
            is_ours = (
                row["activity_type"] in ("call", "email", "meeting", "visit", "event") and row["direction"] != "inbound"
            )
            if is_ours and row["is_completed"] and row["contact_id"] and row["occurred_on"]:
                reached[row["contact_id"]].add(row["occurred_on"])
        years = {row["day"].year for row in self.rows("dim_dates")}
        owners: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("dim_account_owners"):
            owners[row["account_id"]].append(row)
        found: dict[Any, list[bool]] = defaultdict(list)
        for person in self.rows("dim_account_people"):
            born = person["birth_date"]
            for year in years if born and begun else ():
                is_leap = (born.month, born.day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400))
                on = date(year, 2, 28) if is_leap else born.replace(year=year)
                if begun <= on and on + days(within) <= self.day:
                    own = [
                        row["employee_id"] for row in owners[person["account_id"]]
                        if (row["valid_from"] or date.min) <= on < (row["valid_to"] or date.max)
                    ]  # fmt: skip
                    near = any(abs((there - on).days) <= within for there in reached[person["contact_id"]])
                    found[(own[0] if own else None) or NOBODY, on.replace(day=1)].append(near)
        return found

    def talks_of_people(self) -> Rows:
        """Person and month of the scorecard: all of it."""
        deciders = {row["contact_id"]: row["is_decision_maker"] for row in self.rows("dim_account_people")}
        counts: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for row in self.rows("fct_calls"):
            if row["direction"] == "outbound" and row["started_on"]:
                own = counts[row["employee_id"] or NOBODY, row["started_on"].replace(day=1)]
                own["dialled"] += 1
                own["connected"] += row["status"] == "answered"
        for row in self.entered:
            plan = row["planned"] and row["entered"] and row["entered"] < row["planned"] <= self.day
            if plan and row["activity_type"] != "note":
                own = counts[self.of_month(row, "planned")]
                own["planned"] += 1
                own["done"] += bool(row["is_completed"])
            if row["occurred_on"] and row["occurred_on"] <= self.day:
                own = counts[self.of_month(row, "occurred_on")]
                own["calls"] += row["activity_type"] == "call"
                own["results"] += row["activity_type"] == "call" and row["outcome"] is not None
                own["undirected"] += bool(row["account_id"]) and is_undirected(row)
                decides = deciders.get(row["contact_id"])
                if row["is_two_way"] and decides is not None:
                    own["known"] += float(row["duration_seconds"] or 0)
                    own["deciding"] += float(row["duration_seconds"] or 0) * decides
        weekly = self.weekly()
        replies, meetings, arranged, birthdays = self.replies(), self.meetings(), self.arranged(), self.birthdays()
        found: Rows = {}
        for key in self.read_keys("rpt_team_scorecard", ("employee_id", "month")):
            own, held, waits = counts[key], meetings.get(key, []), replies.get(key, [])
            over = [one for one in held if one[0]]
            monday = next(day for day in (key[1] + days(number) for number in range(7)) if not day.weekday())
            found[key] = {
                "weekly_contact_accounts": weekly.get(key, 0.0) if monday + days(6) <= self.day else None,
                "connected_share": share(own["connected"], own["dialled"]),
                "planned_activities": round(own["planned"]), "planned_done_ratio": share(own["done"], own["planned"]),
                "logged_calls": round(own["calls"]), "call_outcome_ratio": share(own["results"], own["calls"]),
                "decision_maker_talk_share": share(own["deciding"], own["known"]),
                "emails_received": known(len(waits), own["undirected"]), "email_reply_minutes_median": median(waits),
                "meetings_held": len(held), "meetings_recorded_ratio": share(sum(one[1] for one in over), len(over)),
                "meetings_next_step_ratio": share(sum(one[2] for one in over), len(over)),
                "meetings_made": len(arranged.get(key, [])), "meetings_by_call": sum(arranged.get(key, [])),
                "birthdays": len(birthdays.get(key, [])),
                "birthdays_reached_ratio": share(sum(birthdays.get(key, [])), len(birthdays.get(key, []))),
            }  # fmt: skip
        return found

    def contact_days(self) -> Rows:
        """Account and month: days with a contact and contacts by channel (A11, A23)."""
        kinds = {
            "call": "call_contacts",
            "email": "email_contacts",
            **dict.fromkeys(("meeting", "visit", "event"), "meeting_contacts"),
        }
        names = ("contact_days", *dict.fromkeys(kinds.values()))
        found: Rows = defaultdict(lambda: dict.fromkeys(names, 0))
        on: dict[Any, set[date]] = defaultdict(set)
        for contact in self.contacts:
            key = contact.account, contact.on.replace(day=1)
            on[key].add(contact.on)
            if contact.channel in kinds:
                found[key][kinds[contact.channel]] += 1
            found[key]["contact_days"] = len(on[key])
        for row in self.rows("fct_activities"):
            if row["account_id"] and row["occurred_on"] and is_undirected(row):
                of = found[row["account_id"], row["occurred_on"].replace(day=1)]
                of["email_contacts"] = known(of["email_contacts"] or 0, True)
        told = self.read_keys("rpt_account_monthly", ("account_id", "month"))
        return {key: row for key, row in found.items() if key in told}

    def represented(self) -> Rows:
        """Account and month: what the plan says was spent on looking after it (C33)."""
        found: Rows = {}
        for row in self.company.raw.rows("plan.costs"):
            account, month = self.of_plan.get((row["_system"], row["account_id"])), row["month"].replace(day=1)
            own = found.setdefault((account, month), {"representation_cost": None, "unknown": False})
            currency = row["currency"] or self.company.raw.run.default_currency
            worth = self.company.in_base(row["amount"], currency, min(month_end(month), self.day))
            own["unknown"] |= row["amount"] is not None and worth is None
            if says("representation", row["cost_kind"]) and worth is not None and row["amount"] is not None:
                own["representation_cost"] = (own["representation_cost"] or 0) + worth
        return {
            key: {"representation_cost": None if row["unknown"] else row["representation_cost"]}
            for key, row in found.items()
            if key[0]
        }

    def used_and_sent(self) -> Rows:
        """Account and month: deals that it referred, uses of our products (C14, C28)."""
        found: Rows = defaultdict(lambda: dict.fromkeys(("referrals", "product_uses")))
        for row in self.rows("fct_deals"):
            if row["referred_by"] and row["created_on"]:
                own = found[self.of_plan.get((row["system"], row["referred_by"])), row["created_on"].replace(day=1)]
                own["referrals"] = (own["referrals"] or 0) + 1
        for row in self.company.raw.rows("crm.product_uses"):
            if row["quantity"] is not None:
                own = found[self.of_plan.get((row["_system"], row["account_id"])), row["used_on"].replace(day=1)]
                own["product_uses"] = (own["product_uses"] or 0) + row["quantity"]
        return {key: row for key, row in found.items() if key[0]}

    def planned_money(self) -> Rows:
        """Person and month of the scorecard: profit and representation, against the plan's targets (C25, C33)."""
        months: dict[Any, list[Row]] = defaultdict(list)
        for row in self.rows("fct_account_months"):
            months[row["owner_id"] or NOBODY, row["month"]].append(row)
        targets: dict[Any, Decimal] = {}
        for row in self.rows("fct_targets"):
            if row["target"] is not None:
                key = row["employee_id"], row["month"], row["metric"]
                targets[key] = targets.get(key, Decimal(0)) + row["target"]
        quotas = self.quotas()
        found: Rows = {}
        for key in self.read_keys("rpt_team_scorecard", ("employee_id", "month")):
            rows = months.get(key, [])
            costs = [row["cost"] for row in rows if row["cost"] is not None]
            spent = [row["representation_cost"] for row in rows if row["representation_cost"] is not None]
            is_known = not any(row["unknown_net_revenue"] or row["unknown_cost"] for row in rows)
            profit = sum(row["net_revenue"] for row in rows) - sum(costs) if costs and is_known else None
            found[key] = {
                "profit": profit, "profit_target": targets.get((*key, "profit")),
                "representation_cost": (
                    sum(spent) if spent and not any(row["unknown_cost"] for row in rows) else None
                ),
                "representation_budget": targets.get((*key, "representation")), "bonus": self.bonus(targets.get((*key, "bonus")), quotas.get(key)),
            }  # fmt: skip
        return found

    def bonus(self, promised: Decimal | None, quota: Row | None) -> Decimal | None:
        """What is promised for a quota that is reached, nothing where it is missed (C27); a month of neither has no misses."""
        if promised is None or quota is None or quota["misses_in_a_row"] is None:
            return None
        return Decimal(0) if quota["misses_in_a_row"] else promised

    def deal_kinds(self) -> Rows:
        """Month and person: referrals, exhibitions, tenders, and what went to competitors (C14, A28, C22, C30)."""
        names = ("referred", "sourced", "referred_won", "from_exhibitions", "tenders", "lost_to_competitor")
        found: Rows = defaultdict(lambda: dict.fromkeys(names, 0) | {"won_tenders": 0, "lost": []})
        for row in self.rows("fct_deals"):
            who, source = row["owner_id"] or NOBODY, row["lead_source"]
            if row["created_on"]:
                own = found[row["created_on"].replace(day=1), who]
                own["referred"] += says("referral", source) or row["referred_by"] is not None
                own["sourced"] += bool((source or "").strip() or row["referred_by"])
                own["from_exhibitions"] += says("exhibition", source)
            if row["closed_on"] and row["status"] in ("won", "lost"):
                own, is_won = found[row["closed_on"].replace(day=1), who], row["status"] == "won"
                own["referred_won"] += is_won and (says("referral", source) or row["referred_by"] is not None)
                is_tender = says("tender", row["name"], row["pipeline"], source)
                own["tenders"] += is_tender
                own["won_tenders"] += is_tender and is_won
                if not is_won and says("competitor", row["lost_reason"]):
                    own["lost_to_competitor"] += 1
                    own["lost"].append(row["amount_base"])
        out: Rows = {}
        for key in self.read_keys("rpt_sales_monthly", ("month", "employee_id")):
            own = dict(found[key])
            known = [amount for amount in own.pop("lost") if amount is not None]
            out[key] = own | {
                "referral_rate": share(own["referred"], own.pop("sourced")),
                "tender_win_rate": share(own.pop("won_tenders"), own["tenders"]),
                "lost_to_competitor_amount": sum(known) if known else None if own["lost_to_competitor"] else 0,
            }
        return out

    def campaigns(self) -> Rows:
        """Campaign, kind and channel: whom it reached, and how these bought and stayed beside the others (A21, A28, C24, C29, C32)."""
        window = self.parameter("campaign_effect_days")
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in self.rows("fct_campaign_members"):
            groups[row["campaign_id"], row["kind"], row["channel"]].append(row)
        said = {
            name: any(row[name] for rows in groups.values() for row in rows)
            for name in ("opened_on", "responded_on", "attended_on")
        }
        status = {(row["account_id"], row["month"]): row["status"] for row in self.rows("fct_account_months")}
        bills: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows("fct_invoices"):
            if not row["is_void"] and not row["is_draft"] and row["issued_on"]:
                bills[row["account_id"]].append(row)
        first = min((row["issued_on"] for rows in bills.values() for row in rows), default=date.max)
        found: Rows = {}
        for key, rows in groups.items():
            begun = min((row["invited_on"] for row in rows if row["invited_on"]), default=None)
            accounts = {row["account_id"] for row in rows} - {None}
            own: Row = {"members": len(rows), "accounts": len(accounts), "active_accounts": None, "coverage": None}
            for name, rate in (
                ("opened", "open_rate"),
                ("responded", "response_rate"),
                ("attended", "attendance_rate"),
            ):
                number = sum(row[f"{name}_on"] is not None for row in rows)
                own |= {name: number, rate: number / len(rows)} if said[f"{name}_on"] else {name: None, rate: None}
            parts: dict[bool, list[str]] = {True: [], False: []}
            for (account, month), stood in status.items():
                if begun and month == begun.replace(day=1) and stood == "active":
                    parts[account in accounts].append(account)
            everybody = len(parts[True]) + len(parts[False])
            if everybody:
                own |= {"active_accounts": len(parts[True]), "coverage": len(parts[True]) / everybody}
            for is_reached, prefix in ((True, ""), (False, "other_")):
                now = [status.get((account, self.day.replace(day=1))) == "active" for account in parts[is_reached]]
                own[f"{prefix}stayed_share"] = share(sum(now), len(now))
                own[f"{prefix}revenue_change"] = None
                if begun and begun + days(window) <= self.day and begun - days(window) >= first:
                    near = [
                        row for account in parts[is_reached] for row in bills[account]
                        if begun - days(window) <= row["issued_on"] < begun + days(window)
                    ]  # fmt: skip
                    worth = [row["revenue_amount_base"] for row in near if row["revenue_amount"] != 0]
                    before = [row["revenue_amount_base"] or 0 for row in near if row["issued_on"] < begun]
                    after = [row["revenue_amount_base"] or 0 for row in near if row["issued_on"] >= begun]
                    if None not in worth and sum(before):
                        own[f"{prefix}revenue_change"] = float(sum(after)) / float(sum(before)) - 1
            found[key] = own
        return found
