"""What becomes of a receivable, told as small stories with the balances that a bookkeeper would write down by hand.

Each scenario has a customer of its own, in EUR, and an invoice of 100 of 1 January 2024, due on 31 January, unless it says
otherwise. A balance is written as open, overdue, over-applied or negative (credit), unapplied, at the end of a day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

AS_OF = date(2024, 4, 30)
JANUARY, DUE = date(2024, 1, 1), date(2024, 1, 31)
Balance = tuple[int, int, int, int]


def on(month: int, day: int) -> date:
    """A day of 2024."""
    return date(2024, month, day)


@dataclass
class Scenario:
    """One customer's rows by entity, and what stands in the books at the end of some days."""

    name: str
    balances: dict[date, Balance]
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, entity: str, **row: Any) -> Scenario:
        """A row of billing."""
        self.rows[f"billing.{entity}"].append(row)
        return self

    def invoice(
        self, gross: int = 100, issued: date = JANUARY, due: date = DUE, number: str = "1", **extra: Any
    ) -> Scenario:
        """An invoice, or with `document_kind` another document."""
        common = {"document_kind": "invoice", "status": "issued"} | extra
        return self.add(
            "invoices", invoice_id=f"{self.name} {number}", customer_id=self.name, issued_on=issued, due_on=due,
            currency="EUR", net_amount=Decimal(gross), gross_amount=Decimal(gross), **common,
        )  # fmt: skip

    def pays(self, day: date, amount: int, applied: int, applied_on: date | None = None, **extra: Any) -> Scenario:
        """A payment, and how much of it the export sets against the invoice, on the same day if it doesn't say another."""
        common = {"status": "received"} | extra
        place = len(self.rows["billing.payments"])
        self.add(
            "payments", payment_id=f"{self.name} P{place}", customer_id=self.name, received_on=day, currency="EUR",
            amount=Decimal(amount), **common,
        )  # fmt: skip
        return self.add(
            "applications", application_id=f"{self.name} A{place}", payment_id=f"{self.name} P{place}",
            invoice_id=f"{self.name} 1", applied_on=applied_on or day, amount=Decimal(applied),
        )  # fmt: skip

    def adjust(self, kind: str, day: date, amount: int, of_payment: bool, invoice: str | None = None) -> Scenario:
        """A write-off, refund, chargeback or reversal, of the first payment, perhaps for an invoice, or of the first invoice."""
        number = len(self.rows["billing.adjustments"])
        named = invoice or (None if of_payment else "1")
        return self.add(
            "adjustments", adjustment_id=f"{self.name} J{number}", adjustment_kind=kind, customer_id=self.name, occurred_on=day,
            payment_id=f"{self.name} P0" if of_payment else None, currency="EUR", amount=Decimal(amount),
            invoice_id=named and f"{self.name} {named}",
        )  # fmt: skip


def instalments() -> Scenario:
    """90 in three parts. 50 pays the first and 20 of the second; each part is late by its own day."""
    told = Scenario("instalments", {
        on(1, 31): (90, 0, 0, 0), on(2, 1): (90, 30, 0, 0), on(2, 15): (40, 0, 0, 0), on(2, 29): (40, 0, 0, 0),
        on(3, 1): (40, 10, 0, 0), on(4, 1): (40, 40, 0, 0),
    }).invoice(90, due=on(3, 31))  # fmt: skip
    for number, due in enumerate((on(1, 31), on(2, 29), on(3, 31)), start=1):
        told.add("instalments", invoice_id="instalments 1", number=number, due_on=due, amount=Decimal(30))
    return told.pays(on(2, 15), 50, 50)


def scenarios() -> list[Scenario]:
    """All of them."""
    known_later = {"_known_at": "2026-03-01T00:00:00Z", "_loaded_at": "2026-03-01T00:00:00Z", "_file_sha256": "b" * 64}
    twice = Scenario("same payment in two exports", {on(1, 20): (20, 0, 0, 0), on(2, 1): (20, 20, 0, 0)})
    # The first export said 100, the second corrects it to 80: it is one payment, of 80.
    twice.invoice().pays(on(1, 20), 100, 80)
    twice.add("payments", **twice.rows["billing.payments"][0] | {"amount": Decimal(80)} | known_later)
    return [
        instalments(),
        Scenario("prepayment", {on(1, 5): (0, 0, 0, 100), on(1, 19): (0, 0, 0, 100), on(1, 20): (0, 0, 0, 0)})
        .invoice(issued=on(1, 20), due=on(2, 20)).pays(on(1, 5), 100, 100),
        Scenario("overpayment", {on(1, 19): (100, 0, 0, 0), on(1, 20): (0, 0, 0, 20), AS_OF: (0, 0, 0, 20)})
        .invoice().pays(on(1, 20), 120, 100),
        Scenario("refund of an overpayment", {on(1, 20): (0, 0, 0, 20), on(2, 9): (0, 0, 0, 20), on(2, 10): (0, 0, 0, 0)})
        .invoice().pays(on(1, 20), 120, 100).adjust("refund", on(2, 10), 20, of_payment=True),
        Scenario("partial write-off", {on(1, 20): (30, 0, 0, 0), on(2, 9): (30, 30, 0, 0), on(2, 10): (10, 10, 0, 0)})
        .invoice().pays(on(1, 20), 70, 70).adjust("write_off", on(2, 10), 20, of_payment=False),
        Scenario("reversal of a payment already applied", {on(1, 20): (0, 0, 0, 10), on(2, 5): (100, 100, 0, 0)})
        .invoice().pays(on(1, 20), 110, 100).adjust("reversal", on(2, 5), 110, of_payment=True),
        Scenario("credit note after payment", {on(1, 20): (0, 0, 0, 0), on(2, 1): (0, 0, 0, 25), on(2, 2): (0, 0, 25, 0)})
        .invoice().pays(on(1, 20), 100, 100)
        .invoice(25, issued=on(2, 1), due=on(2, 1), number="N", document_kind="credit_note")
        .add("applications", application_id="credit AN", credit_note_id="credit note after payment N",
             invoice_id="credit note after payment 1", applied_on=on(2, 2), amount=Decimal(25)),
        # What we owe on one invoice is never netted with what another owes us.
        Scenario("negative invoice", {on(1, 10): (100, 0, 40, 0), on(2, 1): (100, 100, 40, 0)})
        .invoice().invoice(-40, issued=on(1, 10), number="2"),
        Scenario("zero invoice", {JANUARY: (0, 0, 0, 0), AS_OF: (0, 0, 0, 0)}).invoice(0),
        twice,
    ]  # fmt: skip
