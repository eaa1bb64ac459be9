"""Random teams with calendars, absences, part time, plans and norms of their own, and what is due and done by them (P13).

The people are those of the random call trackers and CRMs (`call_streams`, `deal_streams`); conversations, activities, deals,
documents, entries and whose an account is in a month are taken from the marts, which tests of their own hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import Any

from tests.support.chance import chance
from tests.support.opening import Openings
from tests.support.oracle import days, month_end, months_before, parameter, seed

Row = dict[str, Any]
ROLES, GRADES = ("hunter", "Hunter", "agency", None), ("Junior account manager", "senior", "Head of sales", None)
BY_DAY = ("outbound_calls", "proposals", "companies_offered", "card_entries")
NORMS = (*BY_DAY, "new_contracts", "reconciled_clients", "work_report")
SUBJECTS = ("Call: offer", "Offert 2025", "offers", "КП для вас", "Proposal, revised", "coffered", "Re: hello", None)


class Team:
    """Everybody, and what the exports and lists say of them."""

    def __init__(self, trackers: list[str], crms: list[str]) -> None:
        """Draws it."""
        random = self.random = chance(13)
        self.employees: list[Row] = []
        for place, system in enumerate(trackers):
            names = [f"a{number}" if place % 2 else f"N{number} of {system}" for number in range(3)]
            self.employees += [self.hired(system, name) for name in names]
        for system in crms:
            self.employees += [self.hired(system, name) for name in ("ann", "ben")]
        ids = [(row["_system"], row["employee_id"]) for row in self.employees]
        self.absences: list[Row] = []
        self.plans: list[Row] = []
        self.part_times: list[Row] = []
        self.reports: list[Row] = []
        for system, name in ids:
            firsts = sorted({self.day() for _ in range(random.choice((0, 1, 3)))})
            for first in firsts:
                others = [other for where, other in ids if where == system]
                self.absences.append(
                    {"_system": system, "employee_id": name, "starts_on": first,
                     "ends_on": first + days(random.choice((0, 2, 20, 45))), "substitute_id": random.choice((*others, None))}
                )  # fmt: skip
            for norm in random.sample(NORMS, random.choice((0, 1, 2))):
                for month in (date(2025, 4, 1), date(2025, 10, 1), date(2025, 11, 1)):
                    self.plans.append(
                        {"_system": system, "employee_id": name, "metric": random.choice((norm, norm.upper())),
                         "period_start": month, "target": random.choice((1, 7, 600))}
                    )  # fmt: skip
            for _ in range(random.choice((0, 0, 1, 2))):
                self.part_times.append(
                    {"employee_id": f"{system}:{name}", "share": random.choice((0.5, 0.8, 0)),
                     "valid_from": random.choice((None, self.day())), "valid_to": random.choice((None, self.day()))}
                )  # fmt: skip
            for month in (date(2025, 3, 1), date(2025, 4, 9), date(2025, 10, 31)):
                if random.random() < 0.5:
                    late = random.choice((-5, 0, 2, 3, 40))
                    self.reports.append(
                        {"employee_id": f"{system}:{name}", "month": month, "handed_in_on": month_end(month) + days(late)}
                    )  # fmt: skip
        self.figures: list[Row] = [
            {"norm": "outbound_calls", "role_profile": "HUNTER", "grade": "junior", "target": 2, "valid_from": date(2025, 4, 16)},
            {"norm": "outbound_calls", "role_profile": "hunter", "grade": None, "target": 3, "valid_from": None},
            {"norm": "outbound_calls", "role_profile": None, "grade": "senior", "target": 1, "valid_from": None},
            {"norm": "card_entries", "role_profile": None, "grade": None, "target": 0, "valid_from": date(2025, 10, 20)},
            {"norm": "companies_offered", "role_profile": "agency", "grade": None, "target": 1.5, "valid_from": date(2025, 4, 1)},
            {"norm": "companies_offered", "role_profile": "agency", "grade": None, "target": 2, "valid_from": date(2025, 10, 28)},
            {"norm": "companies_offered", "role_profile": "agency", "grade": None, "target": 4, "valid_from": date(2025, 10, 28)},
        ]  # fmt: skip
        # The team of some works on Saturdays, and has a day off of its own; everybody has one.
        self.openings: list[Row] = [
            {"team": team, "weekday": weekday, "day": day, "opens_at_hour": opens, "closes_at_hour": closes}
            for team, weekday, day, opens, closes in (
                ("north", "saturday", None, 22, 3), ("North", None, date(2025, 4, 9), 0, 0),
                (None, None, date(2025, 10, 22), 0, 0), ("north", None, date(2025, 10, 22), 9, 12),
            )
        ]  # fmt: skip
        self.activities: list[Row] = []
        self.accounts: list[Row] = []
        self.documents: list[Row] = []
        for system in crms:
            for number in range(5):
                self.accounts.append(
                    {"_system": system, "account_id": f"K{number}", "name": f"{system} company {number}",
                     "owner_id": random.choice(("ann", "ben")), "created_at": "2024-01-01T08:00:00Z"}
                )  # fmt: skip
            for number in range(120):
                at = self.moment()
                self.activities.append(
                    {"_system": system, "activity_id": f"N{number}", "owner_id": random.choice(("ann", "ben", None)),
                     "activity_type": random.choice(("call", "call", "email", "proposal", "meeting")),
                     "direction": random.choice(("outbound", "outbound", "inbound", None)),
                     "subject": random.choice(SUBJECTS), "outcome": random.choice((None, "connected", "no answer", "Offer")),
                     "account_id": random.choice((None, *(f"K{place}" for place in range(5)))),
                     "duration_seconds": random.choice((None, 0, 60)), "occurred_at": at, "created_at": at}
                )  # fmt: skip
            for number in range(30):
                signed = self.moment()
                self.documents.append(
                    {"_system": system, "document_id": f"R{number}", "document_type": "reconciliation_act",
                     "account_id": f"K{random.randrange(5)}", "sent_at": signed, "signed_at": random.choice((signed, signed, None))}
                )  # fmt: skip

    def hired(self, system: str, name: str) -> Row:
        """An employee, perhaps come or gone meanwhile."""
        pick = self.random.choice
        return {
            "_system": system, "employee_id": name, "full_name": name if " of " in name else f"{name} in {system}",
            "role_profile": pick(ROLES), "grade": pick(GRADES), "active_from": pick((None, None, date(2025, 4, 17))),
            "active_to": pick((None, None, date(2025, 10, 28))), "team": "North" if name == "ann" else None,
        }  # fmt: skip

    def day(self) -> date:
        """A day about one of the seasons."""
        return self.random.choice((date(2025, 3, 26), date(2025, 4, 15), date(2025, 10, 20))) + days(
            self.random.randrange(20)
        )

    def moment(self) -> str:
        """A moment of such a day, in either half of it by UTC."""
        return f"{self.day()}T{self.random.choice(('07:00', '12:30', '22:30'))}:00Z"

    def parameters(self, as_of: date) -> list[Row]:
        """What people changed: nothing before May."""
        changed = {"norm_substitute_share": 0.5, "norm_calls_any_client": 0, "reconciliation_window_days": 20}
        return [] if as_of < date(2025, 5, 1) else [
            {"parameter": name, "value": value, "origin": "ours"} for name, value in changed.items()
        ]  # fmt: skip


class Norms:
    """What is due and done, as of a day."""

    def __init__(self, team: Team, as_of: date, marts: Any) -> None:
        """`marts` gives a table's rows by column."""
        self.team, self.as_of, self.marts = team, as_of, marts
        said = {row["parameter"]: row["value"] for row in team.parameters(as_of)}
        self.said = {
            name: Fraction(str(said.get(name, parameter(name))))
            for name in ("norm_substitute_share", "norm_calls_any_client", "reconciliation_window_days")
        }
        self.openings = Openings(team.openings)
        self.first = months_before(as_of.replace(day=1), parameter("norm_history_months"))
        self.last = month_end(as_of)
        self.away: dict[tuple[str, date], list[Row]] = defaultdict(list)
        for row in team.absences:
            for number in range((row["ends_on"] - row["starts_on"]).days + 1):
                self.away[f"{row['_system']}:{row['employee_id']}", row["starts_on"] + days(number)].append(row)

    def is_employed(self, row: Row, day: date) -> bool:
        """Whether a person is there at all."""
        begun, ended = row["active_from"], row["active_to"]
        return (begun is None or begun <= day) and (ended is None or day <= ended)

    def share(self, who: str, day: date) -> Fraction:
        """The part of full time: of several rows the one valid from the latest day, then the later line."""
        found: list[tuple[date, int, float]] = []
        for line, row in enumerate(self.team.part_times):
            begins, ends = row["valid_from"], row["valid_to"]
            if row["employee_id"] == who and (begins is None or begins <= day) and (ends is None or day <= ends):
                found.append((begins or date.min, line, row["share"]))
        return Fraction(str(max(found)[2])) if found else Fraction(1)

    def substitute(self, who: str, day: date) -> str | None:
        """Who stands in: of two absences the one that names somebody, who must not be away too."""
        rows = sorted(
            self.away[who, day],
            key=lambda row: (row["substitute_id"] is None, row["starts_on"], -row["ends_on"].toordinal()),
        )
        if not rows or rows[0]["substitute_id"] is None:
            return None
        name = f"{rows[0]['_system']}:{rows[0]['substitute_id']}"
        return None if self.away.get((name, day)) else name

    def figure(self, row: Row, norm: str, begins: date) -> tuple[Fraction, str] | None:
        """The norm of a role and grade on a day: the closest fit, ours before the documents', the newest."""
        found = []
        listed = [(line, own) for line, own in enumerate(self.team.figures, start=1)]
        for line, own in [*listed, *((0, default) for default in seed("norm_figures"))]:
            role, grade, since = own["role_profile"], own["grade"], own.get("valid_from")
            words = re.findall(r"\w+", (row["grade"] or "").lower())
            fits = (not role or role.lower() == (row["role_profile"] or "").lower()) and (not grade or grade in words)
            if own["norm"] == norm and fits and (since is None or since <= begins):
                found.append((bool(role) * 2 + bool(grade), line > 0, since or date.min, line, own["target"]))
        return (Fraction(str(max(found)[4])), "list" if max(found)[1] else "default") if found else None

    def due(self) -> dict[tuple[str, date, str], Row]:
        """Employee, first day of the period and norm: what is due."""
        plans: dict[Any, Fraction] = defaultdict(Fraction)
        for row in self.team.plans:
            plans[f"{row['_system']}:{row['employee_id']}", row["metric"].lower(), row["period_start"]] += row["target"]
        owned: dict[Any, int] = defaultdict(int)
        for row in self.marts("fct_account_months"):
            owned[row["owner_id"], row["month"]] += row["status"] == "active"
        found: dict[tuple[str, date, str], Row] = {}
        stood_in: dict[tuple[str, date, str], Fraction] = defaultdict(Fraction)
        calendar = [self.first + days(number) for number in range((self.last - self.first).days + 1)]
        # A month's working days of each team, over which a plan is spread, whoever was there.
        works = {
            (team, day): self.openings.works(team, day)
            for team in {row["team"] for row in self.team.employees}
            for day in calendar
        }
        spread: dict[Any, int] = defaultdict(int)
        for (team, day), is_open in works.items():
            spread[team, day.replace(day=1)] += is_open
        for row in self.team.employees:
            who = f"{row['_system']}:{row['employee_id']}"
            there = [
                (day, works[row["team"], day], self.share(who, day), bool(self.away.get((who, day))))
                for day in calendar
                if self.is_employed(row, day)
            ]
            for norm in NORMS:
                by_day = norm in BY_DAY
                periods: dict[date, list[Any]] = defaultdict(list)
                for told in there:
                    if not by_day or told[0] <= self.as_of:
                        periods[told[0] if by_day else told[0].replace(day=1)].append(told)
                for begins, told in periods.items():
                    month = begins.replace(day=1)
                    plan = plans.get((who, norm, month))
                    figure, rule = (plan, "plan") if plan else self.figure(row, norm, begins) or (Fraction(0), "")
                    if not figure:
                        continue
                    over = 1 if plan is None and by_day else spread[row["team"], month]
                    present = sum(
                        (share for _, is_open, share, is_away in told if is_open and not is_away), Fraction(0)
                    )
                    if norm == "work_report" or norm == "reconciled_clients":
                        each = owned[who, month] if norm == "reconciled_clients" and plan is None else 1
                        target = figure * each if present else Fraction(0)
                    else:
                        target = figure * present / over
                        for day, is_open, share, is_away in told:
                            if is_open and is_away and (other := self.substitute(who, day)):
                                stood_in[other, begins, norm] += share * figure / over
                    found[who, begins, norm] = {
                        "target": target, "target_rule": rule, "present_days": present,
                        "working_days": sum(is_open for _, is_open, _, _ in told),
                        "absent_days": sum(is_open and is_away for _, is_open, _, is_away in told),
                    }  # fmt: skip
        for place, amount in stood_in.items():
            if place in found:
                found[place]["target"] += amount * self.said["norm_substitute_share"]
        return found

    @staticmethod
    def is_offer(*texts: str | None) -> bool:
        """Whether a word of it says that something was offered."""
        offers = {row["word"] for row in seed("activity_purposes") if row["purpose"] == "offer"}
        return any(word in offers for text in texts for word in re.findall(r"\w+", (text or "").lower()))

    def counts_for_calls(self, account: str | None, day: date) -> bool:
        """Whether a call to an account counts: to anybody, or to key accounts and to whom nothing was sold."""
        if self.said["norm_calls_any_client"] or account is None:
            return True
        for row in self.marts("fct_key_account_intervals"):
            ends = row["valid_to"]
            holds = row["valid_from"] <= day and (ends is None or day < ends)
            if row["account_id"] == account and holds and row["is_key_account"]:
                return True
        sold = [
            on for row in self.marts("fct_account_states") if row["account_id"] == account
            for on in (row["first_invoice_on"], row["first_won_on"]) if on
        ]  # fmt: skip
        return not sold or min(sold) > day

    def done(self) -> dict[tuple[str, date, str], list[str]]:
        """Employee, day and norm: what counts, each as often as there are records of it."""
        found: dict[tuple[str, date, str], list[str]] = defaultdict(list)
        calls = self.marts("fct_calls")
        tracked = {row["employee_id"] for row in calls if row["employee_id"]}
        for row in calls:
            who, day = row["employee_id"], row["started_on"]
            if row["direction"] == "outbound" and who and day:
                if self.counts_for_calls(row["account_id"], day):
                    found[who, day, "outbound_calls"].append(row["conversation_id"])
                if row["status"] == "answered" and self.is_offer(row["disposition"], row["note"]):
                    company = row["account_id"] or row["client_key"] or row["conversation_id"]
                    found[who, day, "companies_offered"].append(company)
        for row in self.marts("fct_activities"):
            who, day, kind = row["owner_id"], row["occurred_on"], row["activity_type"]
            if not who or day is None or not row["is_completed"]:
                continue
            company = row["account_id"] or row["contact_id"] or row["lead_id"] or row["activity_id"]
            offered = self.is_offer(row["subject"], row["outcome"])
            if kind == "call" and row["direction"] == "outbound":
                if who not in tracked and self.counts_for_calls(row["account_id"], day):
                    found[who, day, "outbound_calls"].append(row["activity_id"])
                if row["is_two_way"] and offered:
                    found[who, day, "companies_offered"].append(company)
            if kind == "proposal" or (kind == "email" and row["direction"] != "inbound" and offered):
                found[who, day, "proposals"].append(company)
        for row in self.marts("fct_card_entries"):
            if row["employee_id"] and row["entered_on"]:
                found[row["employee_id"], row["entered_on"], "card_entries"].append(row["entry_id"])
        won: dict[str, Row] = {}
        for row in sorted(
            self.marts("fct_deals"), key=lambda row: (str(row["closed_on"]), str(row["closed_at"]), row["deal_id"])
        ):
            if row["status"] == "won" and row["account_id"] and row["closed_on"]:
                won.setdefault(row["account_id"], row)
        for row in won.values():
            if row["owner_id"]:
                found[row["owner_id"], row["closed_on"].replace(day=1), "new_contracts"].append(row["deal_id"])
        window = int(self.said["reconciliation_window_days"])
        for own in self.marts("fct_account_months"):
            for row in self.marts("fct_documents"):
                if row["account_id"] != own["account_id"] or own["status"] != "active" or row["signed_on"] is None:
                    continue
                begins = own["month"] if not window else own["month_end"] - days(window - 1)
                if row["document_type"] == "reconciliation_act" and begins <= row["signed_on"] <= own["month_end"]:
                    found[own["owner_id"], own["month"], "reconciled_clients"].append(row["account_id"])
        for row in self.team.reports:
            due = month_end(row["month"]) + days(parameter("work_report_day"))
            if row["handed_in_on"] <= min(due, self.as_of):
                found[row["employee_id"], row["month"].replace(day=1), "work_report"].append("report")
        return found

    def rows(self) -> dict[tuple[Any, ...], Row]:
        """`rpt_team_norms`."""
        done, found = self.done(), {}
        for place, row in self.due().items():
            records = done.get(place, [])
            if row["working_days"] or records:
                actual = len(set(records))
                reached = actual >= row["target"] if row["target"] else None
                found[place] = row | {"actual": actual, "is_reached": reached, "evidence_count": len(records)}
        return found
