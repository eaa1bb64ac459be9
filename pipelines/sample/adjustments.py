"""What happens to debts that are not simply paid: chargebacks, returned payments, write-offs, recoveries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.sample.invoices import Invoices
from pipelines.sample.ledger import CHARGEBACK, METHODS, REVERSAL, WRITE_OFF, Adjustments, Ledger, Payments, summed
from pipelines.sample.noise import Ints
from pipelines.sample.parties import Parties
from pipelines.sample.payments import SHORT_CENTS, make_credit_notes, make_payments
from pipelines.sample.scope import Scope, next_workday
from pipelines.sample.story import PART, Turns


def _chargebacks(scope: Scope, invoices: Invoices, payments: Payments) -> tuple[Ints, Ints]:
    """Which applications came back, and when: card payments of one invoice, the story's among them."""
    noise = scope.noise
    applications = np.bincount(payments.application_payment, minlength=len(payments.party))
    single = (applications == 1)[payments.application_payment]
    day, party = payments.application_day, invoices.party[payments.application_invoice]
    whole = payments.application_amount == invoices.gross[payments.application_invoice]
    back = noise.chance("chargeback", len(day), 0.002) & single & whole & (day < scope.until_day - 45)
    back &= (party > PART["steady"]) & (payments.returned_day[payments.application_payment] < 0)
    back[np.flatnonzero((party == PART["chargeback"]) & single & whole & (day < scope.until_day - 45))[-1]] = True
    chosen = np.flatnonzero(back)
    payments.method[payments.application_payment[chosen]] = METHODS.index("Credit Card")
    return chosen, scope.workday(day[chosen] + noise.whole("chargeback/after", chosen, 12, 30))


def _written_off(scope: Scope, turns: Turns, invoices: Invoices, payments: Payments, left: Ints) -> Ints:
    """The day on which what is left of each invoice is given up; -1 for never.

    The bankrupt client's debt goes on one day, what a bank kept of a payment some weeks after it, and what nobody has
    paid for the better part of a year when somebody looks through the old debts. What is disputed stays.
    """
    noise, count = scope.noise, invoices.count
    last_paid = np.full(count, -1)
    np.maximum.at(last_paid, payments.application_invoice, payments.application_day)
    is_rest = (last_paid >= 0) & (left <= SHORT_CENTS[1])
    after = np.where(is_rest, last_paid + noise.whole("write_off/rest", count, 15, 50),
                     invoices.due + noise.whole("write_off/after", count, 190, 330))  # fmt: skip
    day = np.where(invoices.party == PART["bankrupt"], turns.write_off_day, next_workday(after))
    gone = (
        invoices.is_issued & (left > 0) & (day <= scope.until_day) & (invoices.resolved < 0) & (invoices.disputed < 0)
    )
    gone |= (invoices.party == PART["bankrupt"]) & invoices.is_issued & (left > 0)
    return np.where(gone, day, -1)


def _adjustments(scope: Scope, turns: Turns, invoices: Invoices, payments: Payments, left: Ints) -> Adjustments:
    """Debts that are written off, and card payments that are charged back."""
    chosen, back_day = _chargebacks(scope, invoices, payments)
    off_day = _written_off(scope, turns, invoices, payments, left)
    lost = np.flatnonzero(off_day >= 0)
    back = (
        payments.application_invoice[chosen],
        payments.application_payment[chosen],
        payments.application_amount[chosen],
    )
    # Nobody pays again what came back: it is given up half a year later.
    given_up = next_workday(back_day + scope.noise.whole("chargeback/given_up", chosen, 120, 200))
    old = given_up <= scope.until_day
    returned = np.flatnonzero(payments.returned_day[payments.application_payment] >= 0)
    taken = payments.application_payment[returned]
    nobody = np.full(len(lost) + np.count_nonzero(old), -1)
    sizes = np.array([len(lost), np.count_nonzero(old), len(chosen), len(returned)], dtype=np.int64)
    return Adjustments(
        kind=np.repeat(np.array([WRITE_OFF, WRITE_OFF, CHARGEBACK, REVERSAL]), sizes),
        invoice=np.concatenate([lost, back[0][old], back[0], payments.application_invoice[returned]]),
        payment=np.concatenate([nobody, back[1], taken]),
        day=np.concatenate([off_day[lost], given_up[old], back_day, payments.returned_day[taken]]),
        amount=np.concatenate([left[lost], back[2][old], back[2], payments.application_amount[returned]]),
    )


def _recovered(scope: Scope, invoices: Invoices, payments: Payments, others: Adjustments) -> Payments:
    """The payments, and those that came in after all for debts that had been written off."""
    noise = scope.noise
    off = np.flatnonzero(others.is_write_off & (others.amount > SHORT_CENTS[1]))
    invoice, given_up = others.invoice[off], others.day[off]
    day = next_workday(given_up + noise.whole("recovery/after", invoice, 15, 80))
    pays = (
        (day <= scope.until_day) & (invoices.party[invoice] > PART["steady"]) & noise.chance("recovery", invoice, 0.4)
    )
    invoice, day, amount = invoice[pays], day[pays], others.amount[off][pays]
    amount = amount * noise.whole("recovery/part", invoice, 50, 100) // 100
    none, nothing, count = np.full(len(invoice), -1), np.zeros(len(invoice), dtype=np.int64), len(payments.party)
    added = {
        "party": invoices.party[invoice], "received": day, "amount": amount, "excess": nothing, "refunded": nothing,
        "refund_day": none, "returned_day": none, "method": nothing,
        "application_payment": np.arange(count, count + len(invoice)), "application_invoice": invoice,
        "application_day": day, "application_amount": amount, "drawn_day": day,
        "recovers": np.ones(len(invoice), dtype=bool),
    }  # fmt: skip
    return replace(payments, **{name: np.append(getattr(payments, name), values) for name, values in added.items()})


def make_ledger(scope: Scope, parties: Parties, turns: Turns, invoices: Invoices) -> Ledger:
    """All that follows the invoices, up to the last day."""
    credit = make_credit_notes(scope, invoices)
    is_applied = credit.invoice >= 0
    credited = summed(credit.invoice[is_applied], (credit.net + credit.tax)[is_applied], invoices.count)
    payments = make_payments(scope, parties, turns, invoices, invoices.gross - credited)
    paid = np.where(payments.returned_day[payments.application_payment] >= 0, 0, payments.application_amount)
    left = invoices.gross - credited - summed(payments.application_invoice, paid, invoices.count)
    left = np.where(invoices.is_issued, left, 0)
    others = _adjustments(scope, turns, invoices, payments, left)
    came_back = others.kind == CHARGEBACK
    balance = left + summed(others.invoice[came_back], others.amount[came_back], invoices.count)
    balance = balance - summed(others.invoice[others.is_write_off], others.amount[others.is_write_off], invoices.count)
    return Ledger(credit, _recovered(scope, invoices, payments, others), others, balance)
