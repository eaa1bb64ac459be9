"""A seeded company of three years for the tests of key accounts: its exports' rows, with what an oracle asks beside them."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.support.chance import chance
from tests.support.deals import histories

EARLIER, AS_OF = date(2024, 8, 15), date(2024, 11, 20)
CHANGED = date(2024, 6, 10)
FIRST = date(2021, 10, 1)
ACCOUNTS = [
    "Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ivy", "Juniper", "Kapok", "Larch",
]  # fmt: skip
# Base units for one krona, from the day on.
KRONA = {date(2021, 1, 1): Decimal("0.1"), date(2023, 1, 1): Decimal("0.08")}
Rows = list[dict[str, Any]]


def back(day: date, months: int) -> date:
    """The same day so many months earlier, at most the month's last."""
    place = day.year * 12 + day.month - 1 - months
    year, month = divmod(place, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# Accounts that a person decided to keep on the list, and from which quarter: one that qualified then, one that never did.
KEPT = {1: date(2023, 10, 1), 11: date(2024, 4, 1)}


class Company:
    """The rows of all exports; dates beside them as dates, to be asked later."""

    def __init__(self) -> None:
        """Makes all rows."""
        self.random = chance(20241120)
        self.rows: dict[str, Rows] = defaultdict(list)
        for number, name in enumerate(ACCOUNTS):
            self.account(number, name)
        # Deals of no account, so that they tell of deals alone.
        deals, self.rows["crm.deal_stages"] = histories(20241120)
        self.rows["crm.deals"] += deals
        for rate_on in (date(2021, 1, 1) + timedelta(days=20 * step) for step in range(74)):
            rate = next(value for since, value in reversed(KRONA.items()) if since <= rate_on)
            self.rows["plan.fx_rates"].append({"currency": "SEK", "rate_date": rate_on, "rate": rate})
        self.rows["lists.key_account_decisions"] = [
            {"quarter": quarter, "account_id": f"test:A{number}", "decision": "enter", "reason": "kept"}
            for number, quarter in KEPT.items()
        ]
        for employee in ("ann", "ben"):
            self.rows["crm.employees"].append({"employee_id": employee, "full_name": employee.title() + " Person"})
        self.rows["plan.absences"] += [
            {"employee_id": "ben", "starts_on": date(2024, 7, 1), "ends_on": date(2024, 7, 5), "substitute_id": "ann"},
            {"employee_id": "ben", "starts_on": date(2024, 9, 2), "ends_on": date(2024, 9, 3), "substitute_id": None},
            # Whoever stands in is away on the second day.
            {
                "employee_id": "ben",
                "starts_on": date(2024, 10, 7),
                "ends_on": date(2024, 10, 8),
                "substitute_id": "ann",
            },
            {"employee_id": "ann", "starts_on": date(2024, 10, 8), "ends_on": date(2024, 10, 8), "substitute_id": None},
            {"employee_id": "ben", "starts_on": date(2024, 12, 2), "ends_on": date(2024, 12, 2), "substitute_id": None},
        ]

    def day(self, first: date, most: int, least: int = 0) -> date:
        """A day after another one."""
        return first + timedelta(days=self.random.randint(least, most))

    def account(self, number: int, name: str) -> None:
        """An account that began some day, buys more the earlier it stands, and of which more or less is known."""
        began = FIRST + timedelta(days=70 * number)
        account = f"A{number}"
        self.rows["crm.accounts"].append(
            {"account_id": account, "name": f"{name} Works", "phone": f"+467010000{number:02}", "owner_id": "ben",
             "created_at": f"{began}T08:00:00Z"}
        )  # fmt: skip
        self.rows["billing.customers"].append(
            {"customer_id": f"C{number}", "name": f"{name} Works", "account_id": account}
        )
        spans: list[tuple[str, date, date | None]] = []
        if number < 6:
            spans = [("ann", began, CHANGED - timedelta(days=1)), ("ben", max(CHANGED, began), None)]
        if number == 6:
            # Somebody stands in, and somebody for the last days of that, too.
            spans = [("ann", began, None), ("ben", date(2023, 2, 1), date(2023, 2, 28))]
            spans += [("ann", date(2023, 2, 20), date(2023, 3, 10)), ("ben", date(2023, 5, 1), date(2023, 5, 5))]
        for owner, starts, ends in spans:
            if ends is None or ends > starts:
                self.rows["crm.account_owners"].append(
                    {"account_id": account, "owner_id": owner, "starts_on": starts, "ends_on": ends}
                )
        for place, (title, role) in enumerate([("CEO", None), ("Buyer", "User"), (None, "Accountant"), (None, None)]):
            if place < 4 - number % 3 and number != 9:
                self.rows["crm.contacts"].append(
                    {"contact_id": f"{account}-{place}", "account_id": account, "full_name": f"{name} {place}",
                     "job_title": title, "contact_role": role, "created_at": f"{began}T09:00:00Z"}
                )  # fmt: skip
        self.bought(number, account, began)
        self.spoken(number, account, began)
        for start in range(0, 900, 300):
            signed = began + timedelta(days=start)
            if number % 4 and signed < AS_OF:
                self.rows["crm.documents"].append(
                    {"document_id": f"K{account}-{start}", "document_type": "contract", "account_id": account,
                     "starts_on": signed, "ends_on": signed + timedelta(days=280), "signed_at": f"{signed}T10:00:00Z"}
                )  # fmt: skip
        for place in range(8):
            created = self.day(began, 900)
            closed = self.day(created, 200, least=20)
            is_open = closed > AS_OF
            self.rows["crm.deals"].append(
                {"deal_id": f"D{account}-{place}", "account_id": account, "name": "Deal", "owner_id": "ann",
                 "status": "open" if is_open else self.random.choice(["won", "lost"]), "amount": 100, "currency": "EUR",
                 "created_at": f"{created}T08:00:00Z", "closed_at": None if is_open else f"{closed}T08:00:00Z"}
            )  # fmt: skip

    def bought(self, number: int, account: str, began: date) -> None:
        """Invoices in one currency, with lines, most paid, some late, some credited or made void later."""
        currency = "SEK" if number % 4 == 2 else "EUR"
        for place in range(26):
            issued = self.day(began, 1100)
            net = Decimal(self.random.randrange(20_000, 90_000)) * (13 - number) / (10 if currency == "SEK" else 100)
            kind = "credit_note" if place == 11 else "invoice"
            voided = issued + timedelta(days=60) if place in (4, 5) else None
            invoice = {
                "invoice_id": f"I{account}-{place}", "number": f"N{account}-{place}", "document_kind": kind,
                "status": "void" if voided else "issued", "voided_on": voided, "customer_id": f"C{number}",
                "issued_on": issued, "due_on": issued + timedelta(days=30), "currency": currency, "net_amount": net,
                "tax_amount": 0, "gross_amount": net,
            }  # fmt: skip
            self.rows["billing.invoices"].append(invoice)
            self.rows["billing.invoice_lines"].append(
                {"line_id": f"L{account}-{place}", "invoice_id": invoice["invoice_id"], "quantity": 1, "net_amount": net,
                 "product_id": None if number == 8 else f"P{self.random.randrange(1 + number % 5)}", "unit_price": net}
            )  # fmt: skip
            if kind == "invoice" and not voided and place % 9:
                paid = self.day(issued, 32 + 2 * number, least=3)
                invoice["paid_on"] = paid
                self.rows["billing.payments"].append(
                    {"payment_id": f"Y{account}-{place}", "customer_id": f"C{number}", "received_on": paid,
                     "currency": currency, "amount": net, "status": "received"}
                )  # fmt: skip
                self.rows["billing.applications"].append(
                    {"application_id": f"Y{account}-{place}", "payment_id": f"Y{account}-{place}", "applied_on": paid,
                     "invoice_id": invoice["invoice_id"], "amount": net}
                )  # fmt: skip
        if number % 4 != 3:
            for month in range(24):
                self.rows["plan.costs"].append(
                    {"account_id": account, "month": back(date(2024, 11, 1), month), "cost_kind": "service",
                     "amount": Decimal(100) * (12 - number), "currency": "EUR"}
                )  # fmt: skip

    def spoken(self, number: int, account: str, began: date) -> None:
        """Meetings with the people, and calls, of which every third is missed."""
        people = [row["contact_id"] for row in self.rows["crm.contacts"] if row["account_id"] == account]
        for place in range(40):
            on = self.day(began, 1150)
            if people and on <= AS_OF + timedelta(days=20):
                self.rows["crm.activities"].append(
                    {"activity_id": f"M{account}-{place}", "activity_type": "meeting", "outcome": "Completed",
                     "owner_id": "ann" if place % 2 else "ben", "account_id": account, "duration_seconds": 1800,
                     "contact_id": self.random.choice(people), "occurred_at": f"{on}T10:00:00Z"}
                )  # fmt: skip
            called = self.day(began, 1150)
            self.rows["calls.calls"].append(
                {"call_id": f"V{account}-{place}", "direction": "inbound", "caller_number": f"+467010000{number:02}",
                 "callee_number": "+4681234567", "agent_name": "Ben Person", "started_at": f"{called}T12:00:00Z",
                 "status": "missed" if place % 3 == 0 else "answered", "talk_seconds": 120, "wait_seconds": 20,
                 "total_seconds": 140}
            )  # fmt: skip

    def of(self, entity: str, number: int) -> Rows:
        """An entity's rows of one account."""
        owners = (f"A{number}", f"C{number}")
        return [row for row in self.rows[entity] if row.get("account_id", row.get("customer_id")) in owners]
