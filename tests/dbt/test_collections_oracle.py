"""Promises, documents and reconciliation against plain Python that follows the definitions, not the SQL.

One seeded company with invoices, part payments, chargebacks, promises of every kind, won deals and their documents is
built once; what became of each promise, what each deal lacks and what each act should close with is worked out here day
by day and compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.chance import chance
from tests.support.homes import make
from tests.support.raw_rows import write_raw

FIRST, AS_OF = date(2024, 1, 1), date(2024, 9, 10)
CONTRACT_DAYS, DUE_DAYS, TOLERANCE = 90, 30, Decimal("0.01")
Rows = list[dict[str, Any]]


class Company:
    """The rows of all exports, and what moved each invoice and customer, to be asked later."""

    def __init__(self, seed: int) -> None:
        """Makes all rows."""
        self.random = chance(seed)
        self.rows: dict[str, Rows] = defaultdict(list)
        self.cash: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)  # by invoice
        self.owed: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)  # by account: what it owes, net
        for number in range(5):
            self.rows["crm.accounts"].append({"account_id": f"A{number}", "name": f"Firm {number}"})
            self.rows["billing.customers"].append(
                {"customer_id": f"C{number}", "name": f"Firm {number}", "account_id": f"A{number}"}
            )
        self.deals()
        self.invoices()
        self.promises()
        self.documents()
        self.orders()

    def day(self, first: date, most: int, least: int = 0) -> date:
        """A day after another one."""
        return first + timedelta(days=self.random.randint(least, most))

    def deals(self) -> None:
        """Deals, most of them won; some after the as-of date."""
        for number in range(60):
            closed = self.day(FIRST, 280)
            status = self.random.choice(["won"] * 5 + ["lost"])
            self.rows["crm.deals"].append(
                {"deal_id": f"D{number}", "account_id": f"A{number % 5}", "name": f"Deal {number}", "status": status,
                 "amount": self.random.randrange(1_000, 9_000), "currency": "EUR",
                 "created_at": f"{closed - timedelta(days=30)}T08:00:00Z", "closed_at": f"{closed}T10:00:00Z"}
            )  # fmt: skip

    def invoices(self) -> None:
        """Up to two invoices a deal, some without one; credit notes; payments in parts, some charged back."""
        for number in range(140):
            deal = self.rows["crm.deals"][number % 60] if self.random.random() < 0.7 else None
            customer = number % 5
            issued = self.day(FIRST, 250)
            if deal:
                issued = self.day(date.fromisoformat(deal["closed_at"][:10]), 40, least=-5)
            net = Decimal(self.random.randrange(50_000, 400_000)) / 100
            if deal and self.random.random() < 0.5:
                net = Decimal(deal["amount"])
            gross = (net * Decimal("1.25")).quantize(Decimal("0.01"))
            delivered = self.day(issued, 10, least=-10) if self.random.random() < 0.4 else None
            invoice = {
                "invoice_id": f"I{number}", "number": f"N{number}", "document_kind": "invoice", "status": "issued",
                "customer_id": f"C{customer}", "deal_id": deal and deal["deal_id"], "issued_on": issued,
                "due_on": issued + timedelta(days=30), "delivered_on": delivered, "currency": "EUR",
                "net_amount": net, "tax_amount": gross - net, "gross_amount": gross,
            }  # fmt: skip
            self.rows["billing.invoices"].append(invoice)
            self.owed[f"A{customer}"].append((issued, gross))
            left = gross
            for part in range(self.random.choice([0, 1, 1, 2])):
                on = self.day(issued, 110)
                amount = left if self.random.random() < 0.5 else (left / 3).quantize(Decimal("0.01"))
                left -= amount
                if amount:
                    self.pay(f"{number}-{part}", invoice, on, amount)
            if deal and number % 11 == 3:
                self.rows["billing.invoices"].append(
                    invoice | {"invoice_id": f"K{number}", "document_kind": "credit_note",
                               "net_amount": net / 4, "tax_amount": 0, "gross_amount": net / 4}
                )  # fmt: skip
                self.owed[f"A{customer}"].append((issued, -net / 4))

    def pay(self, name: str, invoice: dict[str, Any], on: date, amount: Decimal) -> None:
        """A payment that is applied; now and then it is charged back."""
        account = f"A{invoice['customer_id'][1:]}"
        self.rows["billing.payments"].append(
            {"payment_id": f"P{name}", "customer_id": invoice["customer_id"], "received_on": on, "currency": "EUR",
             "amount": amount, "status": "received"}
        )  # fmt: skip
        self.rows["billing.applications"].append(
            {"application_id": f"P{name}", "payment_id": f"P{name}", "invoice_id": invoice["invoice_id"],
             "applied_on": on, "amount": amount}
        )  # fmt: skip
        self.cash[invoice["invoice_id"]].append((on, amount))
        self.owed[account].append((on, -amount))
        if self.random.random() < 0.08:
            back = self.day(on, 15, least=1)
            self.rows["billing.adjustments"].append(
                {"adjustment_id": f"X{name}", "adjustment_kind": "chargeback", "customer_id": invoice["customer_id"],
                 "invoice_id": invoice["invoice_id"], "occurred_on": back, "currency": "EUR", "amount": amount}
            )  # fmt: skip
            self.cash[invoice["invoice_id"]].append((back, -amount))
            self.owed[account].append((back, amount))

    def promises(self) -> None:
        """Promises about an invoice or all of a customer's; made again, cancelled, in two parts on one day."""
        invoices = [row for row in self.rows["billing.invoices"] if row["document_kind"] == "invoice"]
        for number in range(120):
            invoice = self.random.choice(invoices)
            made = self.day(invoice["issued_on"], 70)
            amount = (invoice["gross_amount"] * self.random.choice([1, 1, 3]) / 3).quantize(Decimal("0.01"))
            promise = {
                "promise_id": f"R{number:03}", "customer_id": invoice["customer_id"],
                "invoice_id": None if number % 6 == 0 else invoice["invoice_id"], "made_on": made,
                "promised_for": self.day(made, 40, least=1), "amount": amount, "currency": "EUR",
            }  # fmt: skip
            if self.random.random() < 0.15:
                promise["cancelled_on"] = self.day(made, 50)
            self.rows["billing.promises"].append(promise)
            if number % 7 == 1:
                self.rows["billing.promises"].append(
                    promise | {"promise_id": f"S{number:03}", "made_on": self.day(made, 25, least=1),
                               "promised_for": self.day(made, 70, least=26), "cancelled_on": None}
                )  # fmt: skip
            if number % 7 == 2:
                self.rows["billing.promises"].append(
                    promise | {"promise_id": f"T{number:03}", "cancelled_on": None,
                               "promised_for": promise["promised_for"] + timedelta(days=10)}
                )  # fmt: skip
        # In another currency than its invoice, which nobody has a rate for: of all that is paid nothing can be counted.
        for number in range(0, 120, 5):
            invoice = self.random.choice(invoices)
            made = self.day(invoice["issued_on"], 20)
            self.rows["billing.promises"].append(
                {"promise_id": f"U{number:03}", "customer_id": invoice["customer_id"], "made_on": made,
                 "invoice_id": invoice["invoice_id"], "promised_for": self.day(made, 40, least=1),
                 "amount": Decimal(500), "currency": "USD"}
            )  # fmt: skip

    def orders(self) -> None:
        """Orders in two currencies: open, done, called off, of nothing, and of after the as-of date."""
        for number in range(40):
            self.rows["billing.orders"].append(
                {"order_id": f"O{number}", "customer_id": f"C{number % 5}", "ordered_on": self.day(FIRST, 290),
                 "currency": self.random.choice(["EUR", "USD"]), "open_amount": self.random.choice([0, 70, 1250]),
                 "status": self.random.choice([None, "Open", "confirmed", "Cancelled", "closed", "draft"])}
            )  # fmt: skip

    def documents(self) -> None:
        """Frame contracts, contracts and acts of deals, some not signed; acts of reconciliation at any day."""
        add = self.rows["crm.documents"].append
        for number in range(3):
            starts = self.day(FIRST, 200)
            add({"document_id": f"F{number}", "document_type": "contract", "account_id": f"A{number}",
                 "sent_at": f"{starts}T08:00:00Z", "signed_at": f"{starts}T09:00:00Z", "starts_on": starts,
                 "ends_on": starts + timedelta(days=60)})  # fmt: skip
        for place, deal in enumerate(self.rows["crm.deals"]):
            closed = date.fromisoformat(deal["closed_at"][:10])
            for kind, share in (("contract", 0.4), ("act", 0.7)):
                if self.random.random() < share:
                    sent = self.day(closed, 50, least=-10)
                    signed = self.day(sent, 30, least=1) if self.random.random() < 0.7 else None
                    add({"document_id": f"{kind}{place}", "document_type": kind, "account_id": deal["account_id"],
                         "deal_id": deal["deal_id"], "sent_at": f"{sent}T08:00:00Z",
                         "signed_at": signed and f"{signed}T08:00:00Z"})  # fmt: skip
        for number in range(5):
            for month in range(2, 10):
                ends = date(2024, month, 1) - timedelta(days=self.random.choice([1, 1, 1, 9]))
                sent = ends + timedelta(days=3)
                signed = self.random.random() < 0.7
                add({"document_id": f"Q{number}-{month}", "document_type": "reconciliation_act",
                     "account_id": f"A{number}", "sent_at": f"{sent}T08:00:00Z", "currency": "EUR", "ends_on": ends,
                     "signed_at": f"{sent + timedelta(days=4)}T08:00:00Z" if signed else None,
                     "amount": self.random.choice([None, total(self.owed[f"A{number}"], ends), Decimal(7)])})  # fmt: skip


def total(movements: list[tuple[date, Decimal]], last: date, first: date = date.min) -> Decimal:
    """What moved between two days, both counted."""
    return sum((amount for on, amount in movements if first <= on <= last), Decimal(0))


def became(company: Company, promise: dict[str, Any]) -> tuple[str, Decimal, Decimal, Decimal, bool, int]:
    """R22 and R23 of one promise.

    Its state, what came in while it was in force, what was kept of it, its broken value, whether it was kept late, and how
    many movements of cash have no rate.
    """

    def debt(row: dict[str, Any]) -> str:
        return str(row["invoice_id"] or row["customer_id"])

    same = [row for row in company.rows["billing.promises"] if debt(row) == debt(promise) and row["made_on"] <= AS_OF]
    before = sum(
        (row["amount"] for row in same if row["made_on"] == promise["made_on"]
         and (row["promised_for"], row["promise_id"]) < (promise["promised_for"], promise["promise_id"])),
        Decimal(0),
    )  # fmt: skip
    invoices = [promise["invoice_id"]] if promise["invoice_id"] else [
        row["invoice_id"] for row in company.rows["billing.invoices"] if row["customer_id"] == promise["customer_id"]
    ]  # fmt: skip
    cash = [movement for invoice in invoices for movement in company.cash[invoice]]
    unrated = 0
    if promise["currency"] != "EUR":
        unrated, cash = sum(promise["made_on"] <= on <= AS_OF for on, _ in cash), []
    reached_on = None
    on = promise["made_on"]
    while on <= AS_OF and reached_on is None:
        if total(cash, on, promise["made_on"]) >= before + promise["amount"]:
            reached_on = on
        on += timedelta(days=1)
    deadline = promise["promised_for"]
    ends = [row["made_on"] for row in same if row["made_on"] > promise["made_on"]]
    if promise.get("cancelled_on") and promise["cancelled_on"] <= AS_OF:
        ends.append(promise["cancelled_on"])
    closed = min(ends, default=None)
    is_closed = closed is not None and closed <= deadline and (reached_on is None or reached_on > closed)
    counted_to = min(closed if is_closed and closed else deadline, AS_OF)
    received = total(cash, counted_to, promise["made_on"])
    kept = min(max(received - before, Decimal(0)), promise["amount"])
    if kept == promise["amount"]:
        return "kept", received, kept, Decimal(0), False, unrated
    if is_closed:
        return "cancelled", received, kept, Decimal(0), False, unrated
    if deadline >= AS_OF:
        return "open", received, kept, Decimal(0), False, unrated
    is_late = bool(reached_on and reached_on > deadline)
    return "partly" if kept else "broken", received, kept, promise["amount"] - kept, is_late, unrated


@pytest.fixture(scope="module")
def company() -> Company:
    """The rows."""
    return Company(seed=20240910)


@pytest.fixture(scope="module")
def warehouse(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One build of the reports."""
    home: Path = tmp_path_factory.mktemp("collections")
    write_raw(home, dict(company.rows), as_of_date=AS_OF)
    names = ("promises", "documents", "reconciliation", "receivable_accounts")
    with duckdb.connect(str(make(home, [f"rpt_{name}" for name in names])), read_only=True) as connection:
        yield connection


def test_what_became_of_every_promise(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """State, kept amount and broken value of each promise, to the cent; every state occurs."""
    found = {
        row[0]: row[1:]
        for row in warehouse.execute(
            "select promise_id, state, received_amount, kept_amount, broken_value, is_kept_late, missing_rate_count "
            "from reporting.rpt_promises"
        ).fetchall()
    }
    made = [row for row in company.rows["billing.promises"] if row["made_on"] <= AS_OF]
    expected = {f"test:{row['promise_id']}": became(company, row) for row in made}
    assert {state for state, *_ in expected.values()} == {"kept", "partly", "broken", "open", "cancelled"}
    assert any(late for *_, late, _ in expected.values())
    assert any(unrated for *_, unrated in expected.values())
    assert found == expected


def test_orders_and_payments_of_accounts(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R24 and R12 of each account and currency: what is ordered and not yet invoiced, and payments of twelve months."""
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for order in company.rows["billing.orders"]:
        is_over = (order["status"] or "").lower() in ("cancelled", "closed", "draft")
        if order["ordered_on"] <= AS_OF and not is_over:
            expected[f"test:A{order['customer_id'][1:]}", order["currency"]][0] += order["open_amount"]
    for invoice in company.rows["billing.invoices"]:
        paid = [amount for on, amount in company.cash[invoice["invoice_id"]] if amount > 0 and FIRST <= on <= AS_OF]
        if invoice["document_kind"] == "invoice":
            expected[f"test:A{invoice['customer_id'][1:]}", "EUR"][1] += len(paid)
    found = {
        (account, currency): [orders, Decimal(payments)]
        for account, currency, orders, payments in warehouse.execute(
            "select account_id, currency, open_orders_amount, payment_count from reporting.rpt_receivable_accounts"
        ).fetchall()
    }
    # A row of nothing need not be there.
    assert {key: row for key, row in found.items() if any(row)} == {
        key: row for key, row in expected.items() if any(row)
    }
    assert all(len({row[place] for row in found.values()}) > 2 for place in (0, 1))


def test_what_every_deal_lacks(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R33 to R35 of each deal won by the as-of date."""
    seen = warehouse.execute(
        "select deal_id, invoiced_amount, unbilled_amount, invoice_lag_days, has_contract, has_invoice, has_act,"
        " has_payment, is_complete, is_due, missing from reporting.rpt_documents"
    ).fetchall()
    found = {row[0]: row[1:] for row in seen}
    expected = {}
    for deal in company.rows["crm.deals"]:
        won_on = date.fromisoformat(deal["closed_at"][:10])
        if deal["status"] == "won" and won_on <= AS_OF:
            expected[f"test:{deal['deal_id']}"] = lacks(company, deal, won_on)
    assert found == expected
    lacking = {code for row in expected.values() for code in (row[-1] or "").split(",")}
    assert lacking >= {
        "contract",
        "contract_signature",
        "invoice",
        "rest_of_invoice",
        "act",
        "act_signature",
        "payment",
    }
    assert any(row[2] is not None and row[2] < 0 for row in expected.values())


def lacks(company: Company, deal: dict[str, Any], won_on: date) -> tuple[Any, ...]:
    """What is billed, paid and on paper of one won deal."""
    mine = [row for row in company.rows["billing.invoices"] if row["deal_id"] == deal["deal_id"]]
    mine = [row for row in mine if row["issued_on"] <= AS_OF]
    invoices = sorted(
        (row for row in mine if row["document_kind"] == "invoice"),
        key=lambda row: (row["issued_on"], row["invoice_id"]),
    )
    billed = sum((row["net_amount"] * (1 if row in invoices else -1) for row in mine), Decimal(0))
    unbilled = max(Decimal(deal["amount"]) - billed, Decimal(0))
    lag = None
    if invoices:
        delivered = invoices[0]["delivered_on"]
        # What is delivered later has not been yet.
        lag = (invoices[0]["issued_on"] - (delivered if delivered and delivered <= AS_OF else won_on)).days
    cash = sum((total(company.cash[row["invoice_id"]], AS_OF) for row in invoices), Decimal(0))
    is_open = cash < sum((row["gross_amount"] for row in invoices), Decimal(0))
    is_payable = any(row["due_on"] < AS_OF for row in invoices)

    def papers(kind: str) -> Rows:
        found = []
        for row in company.rows["crm.documents"]:
            if row["document_type"] != kind or row["sent_at"][:10] > str(AS_OF):
                continue
            is_frame = kind == "contract" and "deal_id" not in row and row["account_id"] == deal["account_id"]
            in_force = is_frame and row["starts_on"] <= won_on + timedelta(days=CONTRACT_DAYS)
            if row.get("deal_id") == deal["deal_id"] or (in_force and row["ends_on"] >= won_on):
                found.append(row)
        return found

    def signed(found: Rows) -> bool:
        return any(row["signed_at"] and row["signed_at"][:10] <= str(AS_OF) for row in found)

    contracts, acts = papers("contract"), papers("act")
    words = []
    if not signed(contracts):
        words.append("contract_signature" if contracts else "contract")
    if not invoices:
        words.append("invoice")
    elif unbilled > TOLERANCE * deal["amount"]:
        words.append("rest_of_invoice")
    if not signed(acts):
        words.append("act_signature" if acts else "act")
    if is_payable and is_open:
        words.append("rest_of_payment" if cash > 0 else "payment")
    is_complete = signed(contracts) and bool(invoices) and signed(acts) and cash > 0
    is_due = won_on + timedelta(days=DUE_DAYS) < AS_OF
    return (billed, unbilled, lag, bool(contracts), bool(invoices), bool(acts), cash > 0, is_complete, is_due,
            ",".join(words) or None)  # fmt: skip


def test_acts_close_with_the_ledger(company: Company, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R32: our closing on the act's own day, a month's end or not, and the gap to the client's."""
    found = {
        row[0]: row[1:]
        for row in warehouse.execute(
            "select account_id || ' ' || strftime(month, '%Y-%m'), our_closing, client_closing, gap, act_signed_on"
            " from reporting.rpt_reconciliation where act_sent_on is not null"
        ).fetchall()
    }
    expected = {}
    for act in company.rows["crm.documents"]:
        if act["document_type"] == "reconciliation_act" and act["sent_at"][:10] <= str(AS_OF):
            ours = total(company.owed[act["account_id"]], act["ends_on"])
            theirs = act["amount"]
            signed = act["signed_at"] and act["signed_at"][:10] <= str(AS_OF)
            expected[f"test:{act['account_id']} {act['ends_on']:%Y-%m}"] = (
                ours, theirs, None if theirs is None else ours - theirs,
                date.fromisoformat(act["signed_at"][:10]) if signed else None,
            )  # fmt: skip
    assert found == expected
    assert {gap == 0 for _, _, gap, _ in expected.values() if gap is not None} == {True, False}
    active, rows, keys = warehouse.execute(
        "select count(*) filter (is_active), count(*), count(distinct (account_id, month)) from reporting.rpt_reconciliation"
    ).fetchall()[0]  # fmt: skip
    assert rows == keys
    assert active == warehouse.execute(
        "select count(*) from marts.fct_account_months where status = 'active'"
    ).fetchall()[0][0]  # fmt: skip
