"""Money whose export does not say what it paid, as small stories with the balances that a bookkeeper would write down.

They share the system of the other scenarios, whose payments have applications: one customer's books say nothing of
another's. A balance is written as open, overdue, over-applied, unapplied, at the end of a day.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.scenarios import AS_OF, DUE, JANUARY, Balance, Scenario, on


class Loose(Scenario):
    """A customer whose payments come without applications."""

    def sends(self, day: date, amount: int, **extra: Any) -> Loose:
        """Money that nothing says the purpose of."""
        place = len(self.rows["billing.payments"])
        common = {"status": "received", "customer_id": self.name} | extra
        self.add(
            "payments",
            payment_id=f"{self.name} P{place}",
            received_on=day,
            currency="EUR",
            amount=Decimal(amount),
            **common,
        )
        return self

    def owes(self, gross: int = 100, issued: date = JANUARY, due: date = DUE, number: str = "1", **extra: Any) -> Loose:
        """An invoice, or with `document_kind` another document."""
        self.invoice(gross, issued, due, number, **extra)
        return self

    def takes_back(
        self,
        kind: str,
        day: date,
        amount: int,
        payment: str | None,
        invoice: str | None = None,
        number: int | None = None,
    ) -> Loose:
        """An adjustment of a payment, an invoice, or of nothing that it names; its id has its place among them, or `number`."""
        place = len(self.rows["billing.adjustments"]) if number is None else number
        self.add(
            "adjustments", adjustment_id=f"{self.name} J{place}", adjustment_kind=kind,
            customer_id=self.name, occurred_on=day, currency="EUR", amount=Decimal(amount),
            payment_id=payment and f"{self.name} {payment}", invoice_id=invoice and f"{self.name} {invoice}",
        )  # fmt: skip
        return self

    def credits(self, day: date, amount: int, applied: int = 0, number: str = "N", **extra: Any) -> Loose:
        """A credit note, and how much of it the export sets against the invoice."""
        self.owes(amount, day, day, number, **({"document_kind": "credit_note"} | extra))
        if applied:
            self.add(
                "applications", application_id=f"{self.name} A{number}", credit_note_id=f"{self.name} {number}",
                invoice_id=f"{self.name} 1", applied_on=day, amount=Decimal(applied),
            )  # fmt: skip
        return self


NOTHING: Balance = (0, 0, 0, 0)


def allocation_scenarios() -> list[Scenario]:
    """All of them."""
    return [
        # The money was spent before the second invoice was there, though that is due first.
        Loose("issued later, due earlier", {on(1, 15): NOTHING, on(1, 26): (100, 100, 0, 0), AS_OF: (100, 100, 0, 0)})
        .owes(due=on(3, 31)).sends(on(1, 10), 100).owes(100, on(1, 20), on(1, 25), "2"),
        Loose("oldest due first of what is owed", {on(1, 10): (100, 0, 0, 0), on(1, 25): (100, 0, 0, 0)})
        .owes(due=on(3, 31)).owes(60, on(1, 5), on(1, 20), "2").sends(on(1, 10), 60),
        Loose("credit note and money", {on(1, 10): (60, 0, 0, 0), on(1, 20): NOTHING, AS_OF: NOTHING})
        .owes().credits(on(1, 10), 40).sends(on(1, 20), 60),
        Loose("credit note applied, the rest sent", {on(1, 10): (60, 0, 0, 0), on(1, 20): NOTHING, AS_OF: NOTHING})
        .owes().credits(on(1, 10), 40, applied=40).sends(on(1, 20), 60),
        # Money that had paid is free when a credit note takes its place, and pays what comes next.
        Loose("credited after it was paid", {on(1, 20): NOTHING, on(2, 1): (0, 0, 0, 40), on(3, 1): (10, 0, 0, 0)})
        .owes().sends(on(1, 20), 100).credits(on(2, 1), 40, applied=40).owes(50, on(3, 1), on(4, 30), "2"),
        Loose("money that waits", {on(1, 5): (0, 0, 0, 150), on(1, 19): (0, 0, 0, 150), on(1, 20): (0, 0, 0, 50)})
        .owes(issued=on(1, 20), due=on(2, 20)).sends(on(1, 5), 150),
        Loose("returned, then paid again", {
            on(2, 10): NOTHING, on(3, 4): NOTHING, on(3, 5): (100, 100, 0, 0), on(4, 2): NOTHING,
        }).owes().sends(on(2, 10), 100).takes_back("reversal", on(3, 5), 100, "P0").sends(on(4, 2), 100),
        # What it paid is owed again, and the money that waits takes its place.
        Loose("returned while other money waits", {on(2, 1): (0, 0, 0, 30), on(3, 5): (70, 70, 0, 0)})
        .owes().sends(on(1, 20), 100).sends(on(2, 1), 30).takes_back("chargeback", on(3, 5), 100, "P0"),
        Loose("part of a payment returned", {on(1, 20): NOTHING, on(2, 5): (30, 30, 0, 0)})
        .owes().sends(on(1, 20), 100).takes_back("chargeback", on(2, 5), 30, "P0"),
        Loose("paid and refunded", {on(1, 20): NOTHING, on(2, 10): (100, 100, 0, 0)})
        .owes().sends(on(1, 20), 100).takes_back("refund", on(2, 10), 100, "P0"),
        # What a credit note gave back is what the refund pays out.
        Loose("refund of a credit note", {on(2, 1): (0, 0, 0, 100), on(2, 10): NOTHING})
        .owes().sends(on(1, 20), 100).credits(on(2, 1), 100).takes_back("refund", on(2, 10), 100, "P0"),
        Loose("refund that names nothing", {on(1, 20): (0, 0, 0, 50), on(2, 10): NOTHING, on(2, 20): (20, 20, 0, 0)})
        .owes().sends(on(1, 20), 150).takes_back("refund", on(2, 10), 50, None).takes_back("refund", on(2, 20), 20, None),
        Loose("refund of one invoice", {on(1, 20): NOTHING, on(3, 1): (60, 60, 0, 0)})
        .owes().owes(60, on(1, 5), on(2, 10), "2").sends(on(1, 20), 160).takes_back("refund", on(3, 1), 60, None, "2"),
        Loose("money sent back with a minus", {on(1, 20): NOTHING, on(2, 1): (40, 40, 0, 0)})
        .owes().sends(on(1, 20), 100).sends(on(2, 1), -40),
        Loose("written off, then sent", {on(2, 9): (100, 100, 0, 0), on(2, 10): NOTHING, on(3, 1): NOTHING, AS_OF: NOTHING})
        .owes().takes_back("write_off", on(2, 10), 100, None, "1").sends(on(3, 1), 100),
        Loose("written off, then more is owed", {on(2, 10): NOTHING, on(2, 20): (50, 0, 0, 0), on(3, 1): NOTHING})
        .owes().takes_back("write_off", on(2, 10), 100, None, "1").owes(50, on(2, 20), AS_OF, "2").sends(on(3, 1), 80),
        Scenario("written off, then applied", {on(2, 10): NOTHING, on(3, 1): NOTHING, on(3, 9): NOTHING})
        .invoice().adjust("write_off", on(2, 10), 100, of_payment=False).pays(on(3, 1), 100, 100),
        Loose("void after it was paid", {on(1, 20): NOTHING, on(2, 10): (0, 0, 0, 100), on(3, 1): (0, 0, 0, 20)})
        .owes(status="void", voided_on=on(2, 10)).sends(on(1, 20), 100).owes(80, on(3, 1), AS_OF, "2"),
        # Its balance is of an export after the voiding: until then the money paid what was due first, as without one.
        Loose("void with a balance", {on(1, 20): (60, 0, 0, 0), on(2, 9): (60, 0, 0, 0), on(2, 10): (0, 0, 0, 40)})
        .owes(status="void", voided_on=on(2, 10), reported_balance=Decimal(100), _known_at="2024-04-01T00:00:00Z")
        .owes(60, on(1, 5), on(3, 1), "2").sends(on(1, 20), 100),
        # Nor was a credit note used up that is void now, whatever its balance or its day of settlement says.
        Loose("void note with a balance", {on(1, 10): (60, 0, 0, 0), on(2, 9): (60, 60, 0, 0), on(2, 10): (100, 100, 0, 0)})
        .owes().credits(on(1, 10), 40, status="void", voided_on=on(2, 10), reported_balance=Decimal(40),
                        _known_at="2024-04-01T00:00:00Z"),
        Loose("void note that was settled", {on(1, 20): (0, 0, 0, 40), on(2, 10): NOTHING, on(3, 1): (60, 0, 0, 0)})
        .owes(60, on(3, 1), on(4, 30), "2")
        .credits(on(1, 10), 40, status="void", voided_on=on(2, 10), settled_on=on(1, 15)),
        # It is used up on the first day on which it is there.
        Loose("note settled before it was issued", {on(2, 1): NOTHING, on(3, 1): (60, 0, 0, 0)})
        .owes(60, on(3, 1), on(4, 30), "2").credits(on(2, 1), 40, settled_on=on(1, 5)),
        # Void since nobody knows when, it never counted: that it is deleted later makes no day of it.
        Loose("void without a day, then deleted", {on(1, 20): (100, 0, 0, 0), on(3, 1): (100, 100, 0, 0)})
        .owes().credits(on(1, 10), 40, applied=40, status="void", voided_on=None)
        .add("invoices", invoice_id="void without a day, then deleted N", _deleted=True, _known_at="2026-02-01T00:00:00Z"),
        Loose("settled, the money days later", {on(1, 20): (100, 0, 0, 0), on(1, 25): NOTHING, AS_OF: NOTHING})
        .owes(settled_on=on(1, 20)).sends(on(1, 25), 100),
        Loose("settled, some of it unseen", {on(1, 10): (70, 0, 0, 0), on(1, 20): NOTHING, on(3, 1): (0, 0, 0, 45)})
        .owes(settled_on=on(1, 20)).sends(on(1, 10), 30).sends(on(3, 1), 45),
        # What is written off soon after its day of settlement was not paid by money that nobody saw.
        Loose("settled by being written off", {on(1, 21): (100, 0, 0, 0), on(1, 22): NOTHING, AS_OF: NOTHING})
        .owes(settled_on=on(1, 20)).takes_back("write_off", on(1, 22), 100, None, "1"),
        Loose("settled, a part of it by a credit note", {on(1, 21): (40, 0, 0, 0), on(1, 22): NOTHING, AS_OF: NOTHING})
        .owes(settled_on=on(1, 20)).credits(on(1, 22), 40, applied=40),
        # What an export of the day before says counts from the first day of the invoice on.
        Loose("told before it is issued, and credited at once", {on(1, 8): NOTHING, on(1, 9): (30, 0, 0, 0)})
        .owes(issued=on(1, 9), reported_balance=Decimal(50), _known_at="2024-01-08T12:00:00Z")
        .credits(on(1, 9), 70, applied=70),
        Loose("settled by being written off, then sent", {on(1, 21): (100, 0, 0, 0), on(1, 22): NOTHING, on(3, 1): NOTHING})
        .owes(settled_on=on(1, 20)).takes_back("write_off", on(1, 22), 100, None, "1").sends(on(3, 1), 45),
        # A day of settlement tells nothing of what came after it, be it within the days that its money may take.
        Loose("settled, then reversed", {
            on(1, 20): NOTHING, on(1, 23): NOTHING, on(1, 24): (100, 0, 0, 0), AS_OF: (100, 100, 0, 0),
        }).owes(settled_on=on(1, 20)).takes_back("reversal", on(1, 24), 100, None, "1"),
        Loose("settled, then its note is void", {
            on(1, 10): (60, 0, 0, 0), on(1, 20): NOTHING, on(1, 24): (40, 0, 0, 0), AS_OF: (40, 40, 0, 0),
        }).owes(settled_on=on(1, 20)).credits(on(1, 10), 40, applied=40, status="void", voided_on=on(1, 24)),
        # It does of what came before.
        Loose("reversed, then settled", {on(1, 10): (200, 0, 0, 0), on(1, 20): NOTHING, AS_OF: NOTHING})
        .owes(settled_on=on(1, 20)).takes_back("reversal", on(1, 10), 100, None, "1"),
        Loose("settled by being written off, then reversed", {
            on(1, 21): (100, 0, 0, 0), on(1, 22): NOTHING, on(1, 24): (100, 0, 0, 0), AS_OF: (100, 100, 0, 0),
        }).owes(settled_on=on(1, 20)).takes_back("write_off", on(1, 22), 100, None, "1")
        .takes_back("reversal", on(1, 24), 100, None, "1"),
        Loose("settled, the rest written off, the money reversed", {
            on(1, 21): (40, 0, 0, 0), on(1, 22): NOTHING, on(1, 24): (60, 0, 0, 0), AS_OF: (60, 60, 0, 0),
        }).owes(settled_on=on(1, 20)).sends(on(1, 10), 60).takes_back("write_off", on(1, 22), 40, None, "1")
        .takes_back("reversal", on(1, 24), 60, "P0"),
        Loose("settled, the money reversed, then written off", {
            on(1, 20): NOTHING, on(1, 22): (100, 0, 0, 0), on(1, 24): NOTHING, AS_OF: NOTHING,
        }).owes(settled_on=on(1, 20)).sends(on(1, 20), 100).takes_back("reversal", on(1, 22), 100, "P0")
        .takes_back("write_off", on(1, 24), 100, None, "1"),
        # Of 100, notes of 90 and 110 are 100 too much: 120 that is reversed leaves 20 to be paid, by whatever money there is.
        Loose("credited too much, reversed, then settled", {
            on(1, 10): (10, 0, 0, 0), on(1, 12): (0, 0, 100, 0), on(1, 24): (20, 0, 0, 0), on(2, 9): (20, 20, 0, 0),
            on(2, 10): NOTHING, AS_OF: NOTHING,
        }).owes(settled_on=on(2, 10)).credits(on(1, 10), 90, applied=90).credits(on(1, 12), 110, applied=110, number="M")
        .takes_back("reversal", on(1, 24), 120, None, "1"),
        Loose("credited too much, reversed, then settled beside money", {
            on(1, 24): (20, 0, 0, 0), on(2, 10): NOTHING, on(3, 1): (0, 0, 0, 45), AS_OF: (0, 0, 0, 45),
        }).owes(settled_on=on(2, 10)).credits(on(1, 10), 90, applied=90).credits(on(1, 12), 110, applied=110, number="M")
        .takes_back("reversal", on(1, 24), 120, None, "1").sends(on(3, 1), 45),
        Loose("credited too much, reversed, then paid", {
            on(1, 12): (0, 0, 100, 0), on(1, 24): (20, 0, 0, 0), on(2, 5): (0, 0, 0, 80), AS_OF: (0, 0, 0, 80),
        }).owes().credits(on(1, 10), 90, applied=90).credits(on(1, 12), 110, applied=110, number="M")
        .takes_back("reversal", on(1, 24), 120, None, "1").sends(on(2, 5), 100),
        Loose("credited too much until a note is void, then paid", {
            on(1, 12): (0, 0, 100, 0), on(1, 24): (10, 0, 0, 0), on(2, 5): (0, 0, 0, 90), AS_OF: (0, 0, 0, 90),
        }).owes().credits(on(1, 10), 90, applied=90)
        .credits(on(1, 12), 110, applied=110, number="M", status="void", voided_on=on(1, 24)).sends(on(2, 5), 100),
        # What no money can be given back for is credited beyond the invoice: without the note 40 is open again, and no more.
        Loose("credited beyond unseen money until the note is void, then paid", {
            on(2, 29): (100, 100, 0, 0), on(3, 1): (40, 40, 0, 0), on(3, 10): (0, 0, 20, 0), on(3, 20): (40, 40, 0, 0),
            on(3, 25): (0, 0, 0, 10), AS_OF: (0, 0, 0, 10),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z")
        .credits(on(3, 10), 60, applied=60, status="void", voided_on=on(3, 20)).sends(on(3, 25), 50),
        Loose("credited beyond unseen money, that is charged back, then paid", {
            on(3, 10): (0, 0, 20, 0), on(3, 15): (40, 40, 0, 0), on(3, 25): (0, 0, 0, 10), AS_OF: (0, 0, 0, 10),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").credits(on(3, 10), 60, applied=60)
        .takes_back("chargeback", on(3, 15), 60, None, "1").sends(on(3, 25), 50),
        Loose("settled unseen, credited until the note is void, then paid", {
            on(1, 20): NOTHING, on(2, 10): (0, 0, 60, 0), on(2, 20): NOTHING, on(3, 1): (0, 0, 0, 50), AS_OF: (0, 0, 0, 50),
        }).owes(settled_on=on(1, 20)).credits(on(2, 10), 60, applied=60, status="void", voided_on=on(2, 20))
        .sends(on(3, 1), 50),
        # Of 100 with 60 paid the balance leaves 40, which is credited or given up before the 60 is free for the other invoice.
        Loose("written off of what a balance leaves", {
            on(1, 20): (40, 0, 0, 0), on(3, 9): (90, 40, 0, 0), on(3, 10): (60, 10, 0, 0), AS_OF: (60, 10, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").takes_back("write_off", on(3, 10), 30, None, "1"),
        # Without the note 30 is owed again, which is paid first; the 10 that the balance leaves besides stay open.
        Loose("credited of what a balance leaves", {
            on(3, 9): (90, 40, 0, 0), on(3, 10): (60, 10, 0, 0), on(3, 20): (90, 40, 0, 0), on(3, 25): (40, 10, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").credits(on(3, 10), 30, applied=30, status="void", voided_on=on(3, 20))
        .sends(on(3, 25), 50),
        # What of a balance was written off a note is for, before the 60 is free for the other invoice: written off before the
        # balance was told or after it, all of it or a part, before the note or after it, and when the note is void again.
        Loose("credited after its balance was given up", {
            on(3, 9): (90, 40, 0, 0), on(3, 10): (50, 0, 0, 0), on(3, 20): (50, 0, 0, 0), AS_OF: (50, 0, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").takes_back("write_off", on(3, 10), 40, None, "1")
        .credits(on(3, 20), 30, applied=30),
        Loose("given up before its balance, then credited until the note is void", {
            on(2, 10): NOTHING, on(3, 9): (50, 0, 0, 0), on(3, 20): (50, 0, 0, 0), on(3, 25): (50, 0, 0, 0), on(3, 28): NOTHING,
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").takes_back("write_off", on(2, 10), 40, None, "1")
        .credits(on(3, 20), 30, applied=30, status="void", voided_on=on(3, 25)).sends(on(3, 28), 50),
        Loose("credited between its balance and the write-off of it", {
            on(3, 6): (90, 40, 0, 0), on(3, 7): (60, 10, 0, 0), on(3, 10): (50, 0, 0, 0), AS_OF: (50, 0, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").credits(on(3, 7), 30, applied=30)
        .takes_back("write_off", on(3, 10), 40, None, "1"),
        Loose("credited after a part of what its balance leaves was written off", {
            on(3, 10): (60, 10, 0, 0), on(3, 20): (50, 0, 0, 0), AS_OF: (50, 0, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").takes_back("write_off", on(3, 10), 30, None, "1")
        .credits(on(3, 20), 30, applied=30),
        # Beyond what was given up it is the 60 that it sets free: of a note of 60 20 pays the other invoice.
        Loose("credited beyond what was given up", {
            on(3, 10): (50, 0, 0, 0), on(3, 20): (30, 0, 0, 0), AS_OF: (30, 0, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-03-01T00:00:00Z").sends(on(1, 20), 60)
        .owes(50, on(3, 5), AS_OF, "2").takes_back("write_off", on(3, 10), 40, None, "1")
        .credits(on(3, 20), 60, applied=60),
        # What was recovered of a write-off is lost again with what recovered it, and asks for no money before the other invoice.
        Loose("recovered, returned, then more is owed", {
            on(2, 10): NOTHING, on(3, 1): NOTHING, on(3, 10): NOTHING, on(3, 15): (60, 0, 0, 0), on(3, 20): NOTHING, AS_OF: NOTHING,
        }).owes().takes_back("write_off", on(2, 10), 100, None, "1").sends(on(3, 1), 100)
        .takes_back("chargeback", on(3, 10), 100, "P0").owes(60, on(3, 15), AS_OF, "2").sends(on(3, 20), 60),
        Loose("recovered by a note until that is void, then more is owed", {
            on(2, 10): NOTHING, on(3, 1): NOTHING, on(3, 10): NOTHING, on(3, 15): (60, 0, 0, 0), on(3, 20): NOTHING, AS_OF: NOTHING,
        }).owes().takes_back("write_off", on(2, 10), 100, None, "1")
        .credits(on(3, 1), 60, applied=60, status="void", voided_on=on(3, 10)).owes(60, on(3, 15), AS_OF, "2")
        .sends(on(3, 20), 60),
        # A write-off takes no more than there is, with money in sight or without: of the 60 that is reversed 60 came unseen.
        Loose("written off beyond it, reversed, then settled", {
            on(1, 10): NOTHING, on(1, 15): (60, 0, 0, 0), on(2, 19): (60, 60, 0, 0), on(2, 20): NOTHING, AS_OF: NOTHING,
        }).owes(settled_on=on(2, 20)).takes_back("write_off", on(1, 10), 120, None, "1")
        .takes_back("reversal", on(1, 15), 60, None, "1"),
        # 40 of a note that was void is owed again beside the 40 that the balance leaves, as it is beside money.
        Loose("a balance of no money after a note is void", {
            on(1, 10): (60, 0, 0, 0), on(2, 10): (100, 100, 0, 0), on(4, 1): (80, 80, 0, 0), AS_OF: (80, 80, 0, 0),
        }).owes(reported_balance=Decimal(40), _known_at="2024-04-01T00:00:00Z")
        .credits(on(1, 10), 40, applied=40, status="void", voided_on=on(2, 10)),
        # Of one day a credit note pays before money does, whichever stands first: so it is used up, and the money waits.
        Loose("note and money of one day", {on(1, 20): (0, 0, 0, 100), AS_OF: (0, 0, 0, 100)})
        .owes().sends(on(1, 20), 100).credits(on(1, 20), 100, settled_on=on(1, 20)),
        # Of one day's adjustments the one whose id comes first, whichever stands first: what waits is charged back, so that the
        # refund is of what had paid; or is refunded, so that the chargeback finds none of its payment.
        Loose("charged back, then refunded that day", {on(2, 9): (0, 0, 0, 50), on(2, 10): (50, 50, 0, 0)})
        .owes().sends(on(1, 20), 100).sends(on(2, 1), 50)
        .takes_back("refund", on(2, 10), 50, None, number=1).takes_back("chargeback", on(2, 10), 50, "P1", number=0),
        Loose("refunded, then charged back that day", {on(2, 9): (0, 0, 0, 50), on(2, 10): NOTHING, AS_OF: NOTHING})
        .owes().sends(on(1, 20), 100).sends(on(2, 1), 50)
        .takes_back("chargeback", on(2, 10), 50, "P1", number=1).takes_back("refund", on(2, 10), 50, None, number=0),
        # Settled goes before what is due first.
        Loose("settled before it is due", {on(1, 12): (100, 0, 0, 0), on(2, 1): (100, 100, 0, 0)})
        .owes().owes(60, on(1, 5), on(3, 1), "2", settled_on=on(1, 12)).sends(on(1, 12), 60),
        # The older invoice is still open by its own balance, so the money was for the other.
        Loose("balances are told", {on(1, 10): (100, 0, 0, 0), on(2, 10): (100, 100, 0, 0)})
        .owes(reported_balance=Decimal(100)).owes(60, on(1, 5), on(3, 1), "2", reported_balance=Decimal(0))
        .sends(on(1, 10), 60),
        # The balance of 1 April is what was open before the refund of March: no program opens an invoice again for one.
        Loose("refunded under its balance", {on(3, 9): (100, 100, 0, 0), on(3, 10): (140, 140, 0, 0), AS_OF: (140, 140, 0, 0)})
        .owes(300, reported_balance=Decimal(100), _known_at="2024-04-01T00:00:00Z").sends(on(1, 20), 200)
        .takes_back("refund", on(3, 10), 40, "P0"),
        # One that tells of it leaves the 40 unspent until then.
        Loose("a balance after the refund", {on(3, 9): (140, 140, 0, 40), on(3, 10): (140, 140, 0, 0), AS_OF: (140, 140, 0, 0)})
        .owes(300, reported_balance=Decimal(140), _known_at="2024-04-01T00:00:00Z").sends(on(1, 20), 200)
        .takes_back("refund", on(3, 10), 40, "P0"),
        # Paid again, it is 100 as before: what was never paid is paid first.
        Loose("refunded, then paid again", {on(3, 10): (140, 140, 0, 0), on(3, 20): (100, 100, 0, 0), AS_OF: (100, 100, 0, 0)})
        .owes(300, reported_balance=Decimal(60), _known_at="2024-04-01T00:00:00Z").sends(on(1, 20), 200)
        .takes_back("refund", on(3, 10), 40, "P0").sends(on(3, 20), 40),
        # Of 300, of which 200 had come, the balance is the 100 that was then written off.
        Loose("the rest is uncollectible", {on(3, 9): (100, 100, 0, 0), on(3, 10): NOTHING, AS_OF: NOTHING})
        .owes(300, reported_balance=Decimal(100), _known_at="2024-04-01T00:00:00Z").sends(on(1, 20), 200)
        .takes_back("write_off", on(3, 10), 100, None, "1"),
        Loose("the rest of unseen money is uncollectible", {on(3, 9): (300, 300, 0, 0), AS_OF: NOTHING})
        .owes(300, reported_balance=Decimal(100), _known_at="2024-04-01T00:00:00Z")
        .takes_back("write_off", on(3, 10), 100, None, "1"),
        # The note is void again, and the balance tells of that.
        Loose("a balance after a note is void", {on(1, 20): (60, 0, 0, 0), on(2, 10): (100, 100, 0, 0), AS_OF: (100, 100, 0, 0)})
        .owes(reported_balance=Decimal(100), _known_at="2024-04-01T00:00:00Z")
        .owes(50, on(1, 5), on(3, 1), "2", reported_balance=Decimal(0), _known_at="2024-04-01T00:00:00Z")
        .credits(on(1, 10), 40, applied=40, status="void", voided_on=on(2, 10)).sends(on(1, 20), 50),
        Loose("two invoices and two payments", {
            on(1, 20): (50, 0, 0, 0), on(2, 1): (50, 50, 0, 0), on(2, 5): (0, 0, 0, 10),
        }).owes().owes(50, on(1, 3), on(1, 31), "2").sends(on(1, 20), 100).sends(on(2, 5), 60),
        # Applications that cannot be: the payment holds less, is not there yet, or went back before.
        Scenario("applied on paper", {on(1, 20): (100, 0, 0, 0), on(1, 25): NOTHING})
        .invoice().pays(on(1, 25), 100, 100, applied_on=on(1, 10)),
        Scenario("applied more than came", {on(1, 20): (100, 0, 0, 0), on(2, 1): (100, 100, 0, 0)})
        .invoice(200).pays(on(1, 20), 100, 120),
        Scenario("refunded more than came", {on(1, 20): (0, 0, 0, 60), on(2, 2): (40, 40, 0, 0)})
        .invoice(40).pays(on(1, 20), 100, 40).adjust("refund", on(2, 2), 150, of_payment=True),
        # What went back before is there no more: the refund takes the 20 that nothing had used.
        Scenario("charged back, the rest refunded", {on(2, 5): (100, 100, 0, 20), on(2, 20): (100, 100, 0, 0)})
        .invoice().pays(on(1, 20), 120, 100).adjust("chargeback", on(2, 5), 100, of_payment=True)
        .adjust("refund", on(2, 20), 20, of_payment=True),
        Scenario("refunded, then charged back", {
            on(2, 5): (10, 10, 0, 0), on(2, 20): (70, 70, 0, 0), on(3, 1): (100, 100, 0, 0),
        }).invoice().pays(on(1, 20), 120, 100).adjust("refund", on(2, 5), 30, of_payment=True)
        .adjust("chargeback", on(2, 20), 60, of_payment=True).adjust("reversal", on(3, 1), 50, of_payment=True),
        # Of the invoice that is named first, then of what else it paid.
        paid_two("charged back for one of two", on(3, 1), "chargeback", (50, 50, 0, 10)),
        paid_two("refunded for one of two", on(3, 1), "refund", (40, 40, 0, 0)),
        Loose("without a customer", {on(1, 20): NOTHING, AS_OF: NOTHING})
        .owes().sends(on(1, 20), 100, customer_id=None)
        .add("applications", application_id="nobody", payment_id="without a customer P0",
             invoice_id="without a customer 1", applied_on=on(1, 20), amount=Decimal(100)),
        Loose("note that is void later", {on(1, 10): (60, 0, 0, 0), on(2, 9): (60, 60, 0, 0), on(2, 10): (100, 100, 0, 0)})
        .owes().credits(on(1, 10), 40, applied=40, status="void", voided_on=on(2, 10)),
        Loose("note that is a draft", {on(1, 10): (100, 0, 0, 0)}).owes().credits(on(1, 10), 40, applied=40, status="draft"),
        Loose("rejected payment applied", {on(1, 20): (100, 0, 0, 0)}).owes()
        .add("applications", application_id="rejected", payment_id="of no export",
             invoice_id="rejected payment applied 1", applied_on=on(1, 20), amount=Decimal(100)),
        # The last instalment is written first.
        instalments_by_due_date(),
        used_notes("a payment used a note", 100, 60, {on(1, 20): (0, 0, 0, 0), AS_OF: NOTHING}),
        used_notes("a payment used a note, and some is left", 90, 60, {on(1, 19): (100, 0, 0, 40), on(1, 20): (10, 0, 0, 10)}),
        used_notes("a payment of nothing used a note", 40, 0, {on(1, 19): (100, 0, 0, 40), AS_OF: (60, 60, 0, 0)}),
    ]  # fmt: skip


def instalments_by_due_date() -> Scenario:
    """90 in three parts, numbered against the order of their days: 50 pays what is due first."""
    told = Loose(
        "instalments out of order", {on(2, 1): (90, 30, 0, 0), on(2, 15): (40, 0, 0, 0), on(3, 1): (40, 10, 0, 0)}
    )
    told.owes(90, due=on(3, 31))
    for number, due in ((3, on(1, 31)), (2, on(2, 29)), (1, on(3, 31))):
        told.add("instalments", invoice_id="instalments out of order 1", number=number, due_on=due, amount=Decimal(30))
    return told.sends(on(2, 15), 50)


def paid_two(name: str, day: date, kind: str, then: Balance) -> Scenario:
    """130 paid 100 and 20, and 10 is left; then 50 of it went back, for the second."""
    told = (
        Scenario(name, {on(2, 29): (0, 0, 0, 10), day: then})
        .invoice()
        .invoice(20, number="2")
        .pays(on(1, 20), 130, 100)
    )
    told.add(
        "applications", application_id=f"{name} A", payment_id=f"{name} P0", invoice_id=f"{name} 2",
        applied_on=on(1, 20), amount=Decimal(20),
    )  # fmt: skip
    return told.adjust(kind, day, 50, of_payment=True, invoice="2")


def used_notes(name: str, applied: int, paid: int, then: dict[date, Balance]) -> Scenario:
    """A credit note of 40 that a payment used, with as much as both gave put on the invoice."""
    told = Loose(name, then).owes().credits(on(1, 10), 40).sends(on(1, 20), paid)
    common = {"payment_id": f"{name} P0", "applied_on": None}
    told.add("applications", application_id=f"{name} 0", invoice_id=f"{name} 1", amount=Decimal(applied), **common)
    told.add(
        "applications",
        application_id=f"{name} 1",
        invoice_id=None,
        credit_note_id=f"{name} N",
        amount=Decimal(40),
        **common,
    )
    return told
