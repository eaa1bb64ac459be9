"""What becomes of the invoices, as data: payments, credit notes, adjustments, and what is open on any day.

Amounts are whole cents in the invoice's currency, days count from 1970-01-01; -1 stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.invoices import Invoices
from pipelines.sample.noise import Bools, Floats, Ints

METHODS = ("Bank Transfer", "Credit Card", "Check", "Direct Debit")
WRITE_OFF, CHARGEBACK, REVERSAL = range(3)


@dataclass(frozen=True)
class CreditNotes:
    """Credit notes: applied to an invoice on a day, or on nobody's account yet (invoice -1)."""

    party: Ints
    invoice: Ints
    issued: Ints
    applied: Ints
    net: Ints
    tax: Ints


@dataclass(frozen=True)
class Payments:
    """Payments, and their applications: `application_*` point to the payment by its position."""

    party: Ints  # who paid; a group's parent may pay for another of the group
    received: Ints
    amount: Ints
    excess: Ints  # what was paid too much
    over: Ints  # what was paid too much and was put on the invoice all the same
    refunded: Ints  # of the excess, later
    refund_day: Ints
    returned_day: Ints  # when the bank took it back
    method: Ints
    application_payment: Ints
    application_invoice: Ints
    application_day: Ints
    application_amount: Ints
    drawn_day: Ints  # when it would have been applied without a decline of the client
    recovers: Bools  # the application is of money for a debt that had been written off


@dataclass(frozen=True)
class Adjustments:
    """Write-offs, chargebacks and returned payments; the refunds stand with the payments."""

    kind: Ints
    invoice: Ints
    payment: Ints
    day: Ints
    amount: Ints

    @property
    def is_write_off(self) -> Bools:
        """True for debts that were given up."""
        given_up: Bools = self.kind == WRITE_OFF
        return given_up

    @property
    def sign(self) -> Ints:
        """How each changes what its invoice owes."""
        return np.where(self.is_write_off, -1, 1)


@dataclass(frozen=True)
class Ledger:
    """Everything after the invoices, and the open amount of each invoice on the last day."""

    credit_notes: CreditNotes
    payments: Payments
    adjustments: Adjustments
    balance: Ints


def summed(position: Ints, amount: Ints, count: int) -> Ints:
    """Whole amounts added up by position."""
    totals = np.zeros(count, dtype=np.int64)
    np.add.at(totals, position, amount)
    return totals


def still_open(invoices: Invoices, ledger: Ledger, day: Floats | Ints | int) -> Ints:
    """The open amount of each invoice at the end of a day (one day for all, or one for each)."""
    when = np.broadcast_to(np.asarray(day, dtype=np.int64), invoices.issued.shape)
    left = np.where(invoices.is_issued & (invoices.issued <= when), invoices.gross, 0)
    credit, payments, others = ledger.credit_notes, ledger.payments, ledger.adjustments
    noted, pays = credit.invoice >= 0, ~payments.recovers
    for invoice, happened, amount in (
        (credit.invoice[noted], credit.applied[noted], -(credit.net + credit.tax)[noted]),
        (payments.application_invoice[pays], payments.application_day[pays], -payments.application_amount[pays]),
        (others.invoice, others.day, others.sign * others.amount),
    ):
        counts = happened <= when[invoice]
        left = left + summed(invoice[counts], amount[counts], invoices.count)
    return left
