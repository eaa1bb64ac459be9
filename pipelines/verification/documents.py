"""What billing exports say is owed and was paid: debts, and what can pay them, before one is set against the other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import duckdb

from pipelines.verification.allocation import LAST
from pipelines.verification.rows import Raw, Row

ZERO = Decimal(0)
# What of a document and of a payment is read.
DOCUMENT = (
    "invoice_id", "customer_id", "currency", "document_kind", "status", "issued_on", "due_on", "voided_on",
    "settled_on", "net_amount", "tax_amount", "gross_amount", "reported_balance",
)  # fmt: skip
PAYMENT = ("payment_id", "customer_id", "currency", "status", "received_on", "amount")
Movement = tuple[date, Decimal]


@dataclass(slots=True)
class Debt:
    """An invoice, a debit note or an opening balance, with its events."""

    id: str
    customer: str
    currency: str
    issued: date
    gross: Decimal
    due: date
    parts: list[Movement]
    voided: date | None = None
    settled: date | None = None
    reported: tuple[date, Decimal] | None = None
    events: list[Movement] = field(default_factory=list)
    written_off: list[Movement] = field(default_factory=list)
    # What its export says was written off, however much of it was open.
    to_give_up: Decimal = ZERO

    def open_on(self, day: date) -> Decimal:
        """Open(i, D): the sum of its events."""
        return sum((amount for on, amount in self.events if on <= day), ZERO)

    def parts_on(self, day: date) -> list[Movement]:
        """What is open by due date: what is paid fills the instalments in order, so what is open lies on the last."""
        left, found = self.open_on(day), []
        for due, amount in reversed(self.parts[1:]):
            part = min(max(left, ZERO), amount)
            found.append((due, part))
            left -= part
        return [*found, (self.parts[0][0], max(left, ZERO))]


@dataclass(slots=True)
class Money:
    """A payment or a credit note: what it is worth, and until when."""

    id: str
    customer: str
    currency: str
    came: date
    amount: Decimal
    is_cash: bool
    ends: date = LAST
    settled: date | None = None
    reported: tuple[date, Decimal] | None = None


@dataclass(slots=True)
class Held:
    """What a piece of money has paid of a debt and was not taken back: in the debt's currency, and in its own.

    `posted` is both as it was paid.
    """

    day: date
    name: str
    debt: Debt
    amount: Decimal
    own: Decimal
    posted: tuple[Decimal, Decimal]


class Applied(NamedTuple):
    """A part of a piece of money that pays a debt: in the debt's currency, and in its own."""

    day: date
    name: str
    debt: str
    amount: Decimal
    own: Decimal


@dataclass
class Books:
    """All debts and money of a company, by id, with what their rows say beside."""

    debts: dict[str, Debt] = field(default_factory=dict)
    money: dict[str, Money] = field(default_factory=dict)
    # Customer and currency of every document and payment, also of those that count for nothing.
    named: dict[str, tuple[str, str]] = field(default_factory=dict)
    unapplied: list[tuple[str, str, date, Decimal]] = field(default_factory=list)
    cash: list[tuple[str, str, date, Decimal]] = field(default_factory=list)
    # Payments of no known day: in which currency, since when they may have come, and by when they had.
    undated: list[tuple[str, date, date]] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)

    def customer(self, row: Row) -> str:
        """Whose a row is: another's where it calls the customer by that one's name, as the publication has it."""
        name = named(row["_system"], row["customer_id"])
        return self.customers.get(name, name)

    def account(self, customer: str) -> str:
        """Whose account a customer's is: the one thing that is taken from the publication."""
        return self.accounts.get(customer, customer)

    def moves(self, money: Money, day: date, amount: Decimal) -> None:
        """More, or less, of a piece of money that is unapplied."""
        self.unapplied.append((money.customer, money.currency, day, amount))


def status_of(row: Row) -> str:
    """A document's status: one that says only when it was made void is void."""
    return row["status"] or ("void" if row["voided_on"] else "issued")


def named(system: str, native: str | None) -> str:
    """An id with its system's name before it."""
    return f"{system}:{native or ''}"


def is_nobody(customer: str) -> bool:
    """Whether it is the customer of rows that name none, whose money and debts have nothing in common."""
    return customer.endswith(":")


def account_names(publication: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Customer -> account, as the publication has it."""
    found = publication.execute(
        "select system, native_id, account_id from reporting.rpt_account_identities where kind = 'billing_customer'"
    ).fetchall()
    return {named(system, native): account for system, native, account in found}


def customers_named(publication: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What is only the name of another customer of its system -> that customer, as the publication has it."""
    found = publication.execute(
        "select system, native_id, evidence_value from reporting.rpt_account_identities where rule = 'named_here'"
    ).fetchall()
    return {named(system, native): named(system, customer) for system, native, customer in found}


def read_books(raw: Raw, accounts: dict[str, str], customers: dict[str, str] | None = None) -> Books:
    """The documents and payments of raw."""
    books = Books(accounts=accounts, customers=customers or {})
    default = raw.run.default_currency
    terms = {
        named(row["_system"], row["customer_id"]): row["payment_terms_days"]
        for row in raw.rows("billing.customers", columns=("customer_id", "payment_terms_days"))
    }
    instalments: dict[str, list[tuple[date | None, int, Decimal]]] = defaultdict(list)
    for row in raw.rows("billing.instalments"):
        if row["amount"] and row["amount"] > 0:
            invoice = named(row["_system"], row["invoice_id"])
            instalments[invoice].append((row["due_on"], row["number"], row["amount"]))
    for row in raw.rows("billing.invoices", True, DOCUMENT):
        _document(raw, books, row, row["currency"] or default, terms, instalments)
    for row in sorted(
        raw.rows("billing.opening_balances"), key=lambda row: (str(row["as_of"]), row["customer_id"] or "")
    ):
        _opening(books, row, row["currency"] or default)
    payers = _payers(raw)
    for row in raw.rows("billing.payments", columns=PAYMENT):
        name = "payment " + named(row["_system"], row["payment_id"])
        whose, currency = books.customer(row), row["currency"] or default
        owing = {books.named[invoice][0] for invoice in payers[name] if invoice in books.named}
        if not row["customer_id"] and len(owing) == 1:
            whose = owing.pop()
        books.named[name] = whose, currency
        if (row["status"] or "received") == "received" and row["received_on"] and row["amount"] is not None:
            books.money[name] = Money(name, whose, currency, row["received_on"], row["amount"], is_cash=True)
    for money in books.money.values():
        books.moves(money, money.came, money.amount)
        if money.ends < LAST:
            books.moves(money, money.ends, -money.amount)
        if money.is_cash:
            books.cash.append((money.customer, money.currency, money.came, money.amount))
    return books


def _payers(raw: Raw) -> dict[str, set[str]]:
    """Payment -> the invoices that it is applied to."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in raw.rows("billing.applications", columns=("payment_id", "invoice_id")):
        if row["payment_id"] and row["invoice_id"]:
            found["payment " + named(row["_system"], row["payment_id"])].add(named(row["_system"], row["invoice_id"]))
    return found


def _document(
    raw: Raw, books: Books, row: Row, currency: str, terms: dict[str, int | None],
    instalments: dict[str, list[tuple[date | None, int, Decimal]]],
) -> None:  # fmt: skip
    """An invoice, debit note or credit note; a draft, a request, and what was void at once are nothing."""
    name, customer = named(row["_system"], row["invoice_id"]), books.customer(row)
    books.named[name] = customer, currency
    kind, status = row["document_kind"] or "invoice", status_of(row)
    issued, gross, voided, settled = row["issued_on"], row["gross_amount"], row["voided_on"], row["settled_on"]
    if gross is None and row["net_amount"] is not None:
        gross = row["net_amount"] + (row["tax_amount"] or ZERO)
    if gross is None:
        # A list of what is open says no more: that is the least that the document was.
        gross = row["reported_balance"]
    if status == "draft" or kind == "prepayment" or issued is None or gross is None:
        return
    is_void = status == "void"
    if row["vanished_on"] and row["_vanished_from"] == "open_items":
        settled = settled or row["vanished_on"]
    elif row["vanished_on"] and not is_void:
        is_void, voided = True, row["vanished_on"]
    if is_void and (voided is None or voided <= issued):
        return
    seen = (
        raw.day_seen(row["_reported_balance_known_at"]) if row["reported_balance"] is not None and not is_void else None
    )
    reported = (seen, row["reported_balance"]) if seen else None
    if kind == "credit_note":
        ends = voided or LAST if is_void else LAST
        left = (reported[0], abs(reported[1])) if reported else None
        books.money[name] = Money(name, customer, currency, issued, abs(gross), False, ends, settled, left)
        return
    due = row["due_on"] or issued + timedelta(days=terms.get(customer) or 0)
    # One without a day of its own is due on the document's.
    dated = sorted((on or due, number, amount) for on, number, amount in instalments.get(name, []))
    given = [(on, amount) for on, _, amount in dated]
    debt = Debt(
        name, customer, currency, issued, gross, due, given or [(due, gross)], voided if is_void else None, settled
    )
    debt.reported = reported
    debt.events = [(issued, gross)] + ([(voided, -gross)] if is_void and voided else [])
    books.debts[name] = debt


def _opening(books: Books, row: Row, currency: str) -> None:
    """What was owed when the books began."""
    customer = books.customer(row)
    due = row["due_on"] or row["as_of"]
    name = f"opening {customer} {currency}"
    if name in books.named:
        # A later opening balance holds the first one and what came since.
        return
    books.named[name] = customer, currency
    if row["amount"] is None:
        return
    debt = Debt(name, customer, currency, row["as_of"], row["amount"], due, [(due, row["amount"])])
    debt.events = [(row["as_of"], row["amount"])]
    books.debts[name] = debt


def is_balance_given_up(debt: Debt) -> bool:
    """Whether a document's balance is the one before its write-offs.

    It is too high to be what they left, or just what was written off.
    """
    if not debt.reported or debt.settled:
        return False
    balance = max(debt.reported[1], ZERO)
    return balance + debt.to_give_up > debt.gross or balance == debt.to_give_up


def give_up(debt: Debt, day: date, amount: Decimal) -> None:
    """Writes off what of a debt was open."""
    debt.events.append((day, -amount))
    debt.written_off.append((day, amount))


def recover(debt: Debt) -> None:
    """What is paid of a debt that was written off takes the write-off back, as far as it would be overpaid."""
    recovered = ZERO
    for day in sorted({on for on, _ in debt.events}) if debt.written_off else []:
        lost = sum((amount for on, amount in debt.written_off if on <= day), ZERO)
        now = max(min(lost, recovered - debt.open_on(day)), ZERO)
        if now != recovered:
            debt.events.append((day, now - recovered))
            recovered = now
