"""What was said, called, entered and looked after, in plain Python: from a company's raw rows, its conversations and whose they are.

Conversations, who has which account and who is whom are taken from the marts, which tests of their own hold; what is made
of them is not.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple

import duckdb

from pipelines.verification.documents import named
from tests.support.books import Company, Rows
from tests.support.oracle import month_end, months_before

Row = dict[str, Any]
# What a person enters of what happened, by the type of an activity (P17).
ENTERED = {"call", "meeting", "visit", "event"}
# Under whom stands what is nobody's.
NOBODY = "unassigned"


class Contact(NamedTuple):
    """A two-way contact (P14)."""

    account: str
    employee: str | None
    channel: str
    on: date
    seconds: Any


def usual_gap(contacts: Iterable[date], most: int) -> float | None:
    """The median of the last so many gaps between distinct days; from three days on."""
    found = sorted(set(contacts))
    gaps = [(later - earlier).days for earlier, later in pairwise(found)]
    return statistics.median(gaps[-most:]) if len(found) >= 3 else None


def median(found: Iterable[Any]) -> float | None:
    """The middle of what is known; unknown where it is endless."""
    values = [float(value) for value in found if value is not None]
    middle = statistics.median(values) if values else inf
    return None if middle == inf else middle


class Dealings:
    """A company's contacts, calls and entries, and what reports make of them."""

    def __init__(self, company: Company, publication: duckdb.DuckDBPyConnection) -> None:
        """Keeps both; nothing is read yet."""
        self.company, self.publication, self.day = company, publication, company.day
        self.tables: dict[str, list[Row]] = {}

    def rows(self, table: str, schema: str = "marts") -> list[Row]:
        """A table's rows by column."""
        if table not in self.tables:
            found = self.publication.cursor().sql(f"select * from {schema}.{table}").to_arrow_table().to_pylist()
            self.tables[table] = found
        return self.tables[table]

    def parameter(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.company.parameter(name))

    @cached_property
    def of_plan(self) -> dict[tuple[str, str], str]:
        """Whose account a system's reference is: a plan belongs to no system, and may name one of another."""
        found = self.rows("int_account_references", "intermediate")
        return {(row["system"], row["reference"]): row["account_id"] for row in found}

    @cached_property
    def contacts(self) -> list[Contact]:
        """Every contact once: a call that the CRM logs and the tracker has too is the tracker's (P14, K17).

        It is one where its employee talked with the account, by the tracker, within some minutes of it; whoever is not named
        on either side may have.
        """
        talks = [row for row in self.rows("fct_calls") if row["status"] == "answered" and row["account_id"]]
        talkers: dict[str, set[str]] = defaultdict(set)
        for row in self.rows("fct_call_talks"):
            talkers[row["conversation_id"]] |= {row["employee_id"]} - {None}
        heard: dict[str, list[tuple[datetime, datetime, set[str] | None]]] = defaultdict(list)
        for row in talks:
            over = row["started_at"] + timedelta(seconds=float(row["total_seconds"] or 0))
            who = talkers[row["conversation_id"]] | {row["employee_id"]} if row["employee_id"] else None
            heard[row["account_id"]].append((row["started_at"], over, who))
        found = [
            Contact(row["account_id"], row["employee_id"], "call", row["started_on"], row["talk_seconds"])
            for row in talks
        ]
        apart = timedelta(minutes=self.parameter("same_call_window_minutes"))
        ends: dict[tuple[str, str], datetime] = {}
        for row in sorted(self.rows("fct_activities"), key=lambda row: (str(row["occurred_at"]), row["activity_id"])):
            if not row["is_two_way"] or not row["account_id"] or row["occurred_on"] is None:
                continue
            if row["activity_type"] == "call":
                whose, at = (row["account_id"], row["owner_id"]), row["occurred_at"]
                # Logged with every contact that has the number: begun while the one before goes on.
                is_again = bool(row["owner_id"]) and whose in ends and at < ends[whose]
                ends[whose] = at + timedelta(seconds=float(row["duration_seconds"] or 0))
                if is_again or any(
                    begun - apart <= at <= over + apart
                    and (not row["owner_id"] or who is None or row["owner_id"] in who)
                    for begun, over, who in heard[row["account_id"]]
                ):
                    continue
            found.append(
                Contact(row["account_id"], row["owner_id"], row["activity_type"], row["occurred_on"], row["duration_seconds"])
            )  # fmt: skip
        return found

    def monthly(self) -> Rows:
        """Account and month: contacts, conversations of either direction, and won deals of which nobody knows the amount."""
        names = ("two_way_contacts", "inbound_calls", "outbound_calls", "missing_amount_count")
        found: Rows = defaultdict(lambda: dict.fromkeys(names, 0))
        for deal in self.rows("fct_deals"):
            if deal["status"] == "won" and deal["account_id"] and deal["closed_on"]:
                found[deal["account_id"], deal["closed_on"].replace(day=1)]["missing_amount_count"] += (
                    deal["amount"] is None
                )
        for contact in self.contacts:
            found[contact.account, contact.on.replace(day=1)]["two_way_contacts"] += 1
        for row in self.rows("fct_calls"):
            if row["account_id"] and row["direction"] in ("inbound", "outbound"):
                found[row["account_id"], row["started_on"].replace(day=1)][f"{row['direction']}_calls"] += 1
        return dict(found)

    def effort(self) -> Rows:
        """Employee and account: what was done in the window, and how long it took (D19)."""
        begins = months_before(self.day, self.parameter("effort_window_months"))
        usual = {row["activity_type"]: float(row["minutes"]) for row in self.rows("effort_minutes", "parameters")}
        done = [(contact, 1) for contact in self.contacts]
        done += [
            (Contact(row["account_id"], row["owner_id"], row["activity_type"], row["occurred_on"], row["duration_seconds"]), 0)
            for row in self.rows("fct_activities")
            if row["is_completed"] and not row["is_two_way"] and row["activity_type"] != "call"
        ]  # fmt: skip
        names = ("efforts", "assumed_efforts", "two_way_contacts", "effort_minutes")
        found: Rows = defaultdict(lambda: dict.fromkeys(names, 0))
        for contact, is_contact in done:
            if not contact.account or not contact.employee or contact.on is None or contact.on <= begins:
                continue
            own = found[contact.employee, contact.account]
            own["efforts"] += 1
            own["two_way_contacts"] += is_contact
            own["assumed_efforts"] += contact.seconds is None
            own["effort_minutes"] += (
                usual.get(contact.channel, 0) if contact.seconds is None else float(contact.seconds) / 60
            )
        return dict(found)

    def silence(self) -> Rows:
        """Account: how often it is spoken with as a rule, and how often it should be (A17)."""
        cadences = {row["tier"]: row["days"] for row in self.rows("contact_cadences", "parameters")}
        tiers = {row["account_id"]: row["tier"] for row in self.rows("dim_account_classes")}
        talks: dict[str, list[date]] = defaultdict(list)
        for contact in self.contacts:
            talks[contact.account].append(contact.on)
        found: Rows = {}
        for row in self.rows("dim_accounts"):
            account = row["account_id"]
            own = usual_gap(talks[account], self.parameter("health_rhythm_gaps"))
            default = self.company.parameter("silence_default_days")
            if own is not None:
                floor, factor = (self.company.parameter(f"silence_{name}") for name in ("floor_days", "gap_factor"))
                default = max(own, floor) * factor
            found[account,] = {"own_gap_days": own, "cadence_days": cadences.get(tiers.get(account), default)}
        return found

    def class_on(self, account: str | None, day: date) -> str:
        """How an account is served on a day: key, else its tier, else none (D20)."""
        for row in self.by_account[account]:
            if row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]):
                return "key" if row["is_key_account"] else row["tier"] or "none"
        return "none"

    @cached_property
    def by_account(self) -> dict[str | None, list[Row]]:
        """The classes that an account had."""
        found: dict[str | None, list[Row]] = defaultdict(list)
        for row in self.rows("fct_key_account_intervals"):
            found[row["account_id"]].append(row)
        return found

    @staticmethod
    def is_billed(row: Row) -> bool:
        """Whether a document asks for money on a day, be it ahead of what is delivered."""
        is_one = row["document_kind"] in ("invoice", "debit_note", "prepayment") and row["issued_on"] is not None
        return is_one and not row["is_void"] and not row["is_draft"]

    @cached_property
    def entries(self) -> list[tuple[str | None, str | None, date, float | None]]:
        """Account, employee, day and lag in days of what a person enters: activities, won contracts, cards (P17)."""
        raw, found = self.company.raw, []
        activities = {row["activity_id"]: row for row in self.rows("fct_activities")}
        for row in raw.rows("crm.activities"):
            own = activities.get(named(row["_system"], row["activity_id"]))
            happened = row["occurred_at"] or row["completed_at"]
            if own is None or row["activity_type"] not in ENTERED or not own["is_completed"] or happened is None:
                continue
            entered = row["created_at"]
            lag = (entered - happened).total_seconds() / 86400 if entered else None
            if entered is None or raw.day(entered) <= self.day:
                found.append((own["account_id"], own["owner_id"], raw.day(happened), lag))
        signed: dict[str, date] = {}
        for row in self.rows("fct_documents"):
            if row["document_type"] == "contract" and row["deal_id"] and row["signed_on"]:
                signed[row["deal_id"]] = min(signed.get(row["deal_id"], row["signed_on"]), row["signed_on"])
        closings = {row["deal_id"]: row["entered_on"] for row in self.rows("fct_deal_stages") if row["is_closing"]}
        for row in self.rows("fct_deals"):
            if row["status"] == "won" and row["closed_rule"] == "given":
                on, entered = signed.get(row["deal_id"], row["closed_on"]), closings.get(row["deal_id"])
                if entered is None or entered <= self.day:
                    found.append((row["account_id"], row["owner_id"], on, (entered - on).days if entered else None))
        firsts: dict[str, date] = {}
        for row in self.rows("fct_invoices"):
            if self.is_billed(row) and row["account_id"]:
                firsts[row["account_id"]] = min(firsts.get(row["account_id"], row["issued_on"]), row["issued_on"])
        for row in self.rows("dim_accounts"):
            if row["has_crm_record"] and row["account_id"] in firsts:
                on, entered = firsts[row["account_id"]], row["created_on"]
                if entered is None or entered <= self.day:
                    found.append((row["account_id"], row["owner_id"], on, (entered - on).days if entered else None))
        return [entry for entry in found if entry[2] <= self.day]

    def cards(self) -> Rows:
        """Account: how soon what happens with it is entered, in twelve months, and what is open of its cases."""
        begins, lags = months_before(self.day, 12), defaultdict[str, list[float | None]](list)
        for account, _, on, lag in self.entries:
            if account and on > begins:
                lags[account].append(lag)
        opened: dict[str, list[int | None]] = defaultdict(list)
        for row in self.rows("fct_cases"):
            if row["account_id"] and (row["closed_on"] is None or row["closed_on"] > self.day):
                opened[row["account_id"]].append((self.day - row["opened_on"]).days if row["opened_on"] else None)
        return {
            (row["account_id"],): {
                "card_lag_days": median(lags[row["account_id"]]), "card_entries": len(lags[row["account_id"]]),
                "timed_entries": sum(lag is not None for lag in lags[row["account_id"]]),
                "open_cases": len(opened[row["account_id"]]),
                "oldest_case_days": max((age for age in opened[row["account_id"]] if age is not None), default=None),
            }
            for row in self.rows("dim_accounts")
        }  # fmt: skip

    def scorecards(self) -> Rows:
        """Employee and month: whom it spoke with, what it entered, new customers, who reports to it (P19, A4, A10, D17)."""
        names = ("two_way_contact_accounts", "card_timeliness", "card_entries", "new_contracts", "direct_reports")
        lost, quotas = self.lost(), self.quotas()
        revenues: dict[Any, list[Any]] = defaultdict(list)
        for row in self.rows("fct_account_months"):
            worth = None if row["unknown_net_revenue"] else row["net_revenue"]
            revenues[row["owner_id"] or NOBODY, row["month"]].append(worth)
        spoken: dict[Any, set[str]] = defaultdict(set)
        lags: dict[Any, list[float | None]] = defaultdict(list)
        new: dict[Any, int] = defaultdict(int)
        for contact in self.contacts:
            spoken[contact.employee or NOBODY, contact.on.replace(day=1)].add(contact.account)
        for _, employee, on, lag in self.entries:
            lags[employee or NOBODY, on.replace(day=1)].append(lag)
        bought: dict[str, list[date]] = defaultdict(list)
        won = [
            row for row in self.rows("fct_deals") if row["status"] == "won" and row["account_id"] and row["closed_on"]
        ]
        for row in won:
            bought[row["account_id"]].append(row["closed_on"])
        for row in self.rows("fct_invoices"):
            if self.is_billed(row):
                bought[row["account_id"]].append(row["issued_on"])
        firsts: set[str] = set()
        for row in sorted(won, key=lambda row: (row["closed_on"], str(row["closed_at"]), row["deal_id"])):
            # Of two won on one day one is the new contract.
            is_new = row["account_id"] not in firsts and all(on >= row["closed_on"] for on in bought[row["account_id"]])
            new[row["owner_id"] or NOBODY, row["closed_on"].replace(day=1)] += is_new
            firsts.add(row["account_id"])
        found: Rows = {}
        for row in self.rows("rpt_team_scorecard", "reporting"):
            key = row["employee_id"], row["month"]
            last = min(month_end(row["month"]), self.day)
            reports = [
                other for other in self.rows("dim_employees")
                if other["manager_id"] == row["employee_id"]
                and (other["active_from"] is None or other["active_from"] <= last)
                and (other["active_to"] is None or other["active_to"] >= row["month"])
            ]  # fmt: skip
            earned = revenues[row["employee_id"], months_before(row["month"], 12)]
            values = (len(spoken[key]), median(lags[key]), len(lags[key]), new[key], len(reports))
            found[key] = dict(zip(names, values, strict=True)) | {
                "lost_accounts": lost[key],
                "revenue_year_before": None if None in earned or not earned else sum(earned),
                **quotas.get(key, {"quota": None, "misses_in_a_row": None}),
            }  # fmt: skip
        return found

    def lost(self) -> dict[Any, int]:
        """Owner and month: accounts that were active the month before (C26)."""
        found: dict[Any, int] = defaultdict(int)
        last: dict[str, Row] = {}
        for row in sorted(self.rows("fct_account_months"), key=lambda row: row["month"]):
            before = last.get(row["account_id"])
            if before and before["status"] == "active" and row["status"] != "active":
                found[before["owner_id"] or NOBODY, row["month"]] += 1
            last[row["account_id"]] = row
        return found

    def quotas(self) -> Rows:
        """Employee and month with a target: the quota for the days that the person was there, and misses in a row (P22)."""
        working, away = defaultdict[date, int](int), defaultdict[Any, int](int)
        for row in self.rows("dim_dates"):
            working[row["month"]] += row["is_working_day"]
        for row in self.rows("fct_absence_days"):
            away[row["employee_id"], row["day"].replace(day=1)] += row["is_working_day"]
        ends = {row["feed"]: row["complete_until"] for row in self.rows("fct_feed_ends")}
        found: Rows = {}
        misses: dict[str, int] = defaultdict(int)
        for row in sorted(self.rows("rpt_team_scorecard", "reporting"), key=lambda row: row["month"]):
            who, month = row["employee_id"], row["month"]
            if row["target"] is None:
                continue
            quota = float(row["target"]) * (1 - away[who, month] / working[month])
            is_over = month_end(month) <= min(self.day, ends.get("invoices") or date.min)
            # Of revenue that is known in part the attainment is unknown.
            is_judged = is_over and quota > 0 and row["attainment"] is not None
            if is_judged:
                misses[who] = 0 if float(row["revenue"] or 0) >= round(quota, 4) else misses[who] + 1
            found[who, month] = {"quota": quota, "misses_in_a_row": misses[who] if is_judged else None}
        return found

    def bought_lately(self) -> Rows:
        """Account and product of the whitespace: who in its segment bought the product in twelve months (V14)."""
        begins, segments = months_before(self.day, 12), {}
        for row in self.rows("dim_accounts"):
            segments[row["account_id"]] = row["segment"]
        invoices = {row["invoice_id"]: row for row in self.rows("fct_invoices")}
        names = {row["product_id"]: row["product_name"] for row in self.rows("dim_products")}
        spent: dict[tuple[str | None, str], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
        for row in self.rows("fct_invoice_lines"):
            invoice = invoices.get(row["invoice_id"])
            if invoice is None or not self.is_billed(invoice) or invoice["issued_on"] <= begins:
                continue
            if row["product_id"]:
                name = (names.get(row["product_id"]) or row["product_id"]).lower()
                spent[segments.get(row["account_id"]), name][row["account_id"]] += row["sales_sign"] * (
                    row["net_amount_base"] or 0
                )
        return {
            (row["account_id"], row["product_id"]): {
                "segment_spenders": sum(
                    amount > 0 for amount in spent[segments[row["account_id"]], row["product_name"].lower()].values()
                )
            }
            for row in self.rows("rpt_whitespace", "reporting")
        }

    def findings(self) -> Rows:
        """Page and kind of finding: how many rows of findings touch it (`seeds/finding_pages.csv`)."""
        domains: dict[str, set[str]] = defaultdict(set)
        for row in self.rows("fct_landed_files"):
            domains[row["file_sha256"]].add(row["domain"])
        told: list[tuple[str, str, str]] = [
            ("receivables", row["reason"], row["reason"]) for row in self.rows("rpt_receivable_findings", "reporting")
        ]
        told += [
            ("figures", row["table_name"], row["column_name"]) for row in self.rows("rpt_plausibility", "reporting")
        ]
        for row in self.rows("rpt_landing_findings", "reporting"):
            about = {row["entity"].split(".")[0]} if row["entity"] else domains[row["file_sha256"]] or {"not_known"}
            told += [("files", domain, row["code"]) for domain in about]
        found: Rows = {}
        for source, touches, finding in told:
            for row in self.rows("finding_pages", "parameters"):
                if row["finding_source"] == source and row["touches"] in (touches, "*"):
                    own = found.setdefault((row["page"], source, touches, finding), {"findings": 0})
                    own["findings"] += 1
        return found
