"""What becomes of the invoices: payments, credit notes, refunds, write-offs, and what is left open.

Amounts are whole cents in the invoice's currency, days count from 1970-01-01; -1 stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.decline import paid_later
from pipelines.sample.invoices import Invoices
from pipelines.sample.noise import Bools, Floats, Ints
from pipelines.sample.parties import FOREVER, PAYERS, Parties
from pipelines.sample.scope import Scope, next_workday
from pipelines.sample.story import PART, Turns

# Days from the due date to the payment, evenly spaced quantiles; one row for each of PAYERS.
LAGS = (
    (-12, -8, -5, -3, -2, -1, 0, 0, 1, 3, 6),
    (-9, -5, -3, -1, 0, 0, 1, 3, 6, 12, 28),
    (0, 3, 6, 8, 11, 14, 18, 23, 29, 38, 60),
    (40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60),
)
SHORT_CENTS = (600, 3_500)  # what a bank keeps of a payment from abroad
METHODS = ("Bank Transfer", "Credit Card", "Check", "Direct Debit")


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
    """Payments by day, and their applications: `application_*` point to the payment by its position."""

    party: Ints
    received: Ints
    amount: Ints
    excess: Ints  # what was paid too much
    refunded: Ints  # of the excess, later
    refund_day: Ints
    method: Ints
    application_payment: Ints
    application_invoice: Ints
    application_day: Ints
    application_amount: Ints
    drawn_day: Ints  # when it would have been applied without a decline of the client


@dataclass(frozen=True)
class Adjustments:
    """Write-offs and chargebacks; the refunds stand with the payments."""

    is_write_off: Bools
    invoice: Ints
    payment: Ints
    day: Ints
    amount: Ints


@dataclass(frozen=True)
class Ledger:
    """Everything after the invoices, and the open amount of each invoice on the last day."""

    credit_notes: CreditNotes
    payments: Payments
    adjustments: Adjustments
    balance: Ints


def make_credit_notes(scope: Scope, invoices: Invoices) -> CreditNotes:
    """A credit note for one invoice in fifty: mostly a part of it, now and then the whole."""
    noise, count = scope.noise, invoices.count
    given = noise.chance("credit", count, 0.02) & invoices.is_issued & (invoices.instalments == 1)
    given &= (invoices.issued < scope.until_day - 12) & (invoices.disputed < 0) & (invoices.party > PART["credited"])
    story = invoices.party == PART["credited"]
    of_story = np.flatnonzero(story & invoices.is_issued & (invoices.issued < scope.until_day - 20))
    given[of_story[len(of_story) // 2]] = True
    invoice = np.flatnonzero(given)
    permille = np.where(noise.chance("credit/whole", invoice, 0.15), 1000, noise.whole("credit/part", invoice, 80, 350))
    issued = scope.workday(invoices.issued[invoice] + noise.whole("credit/after", invoice, 2, 9))
    net, tax = invoices.net[invoice] * permille // 1000, invoices.tax[invoice] * permille // 1000
    # One that is still on the client's account, as goodwill for the last invoice but one.
    source = of_story[-2]
    loose = (invoices.net[source] // 5, invoices.tax[source] // 5)
    return CreditNotes(
        party=np.append(invoices.party[invoice], PART["credited"]),
        invoice=np.append(invoice, -1),
        issued=np.append(issued, scope.workday(np.array([scope.until_day - 6]))),
        applied=np.append(np.minimum(issued + noise.whole("credit/applied", invoice, 0, 3), scope.until_day), -1),
        net=np.append(net, loose[0]),
        tax=np.append(tax, loose[1]),
    )


def _parts(scope: Scope, parties: Parties, turns: Turns, invoices: Invoices, payable: Ints) -> tuple[Ints, Ints, Ints]:
    """What is paid on each invoice and when, before payments are put together: invoice, day, amount."""
    noise, count = scope.noise, invoices.count
    lag = np.zeros(count)
    for payer in range(len(PAYERS)):
        chosen = parties.payer[invoices.party] == payer
        lag[chosen] = noise.curve("lag", np.flatnonzero(chosen), LAGS[payer])
    day = next_workday(np.maximum(invoices.due + np.floor(lag).astype(np.int64), invoices.issued + 1))
    day = np.where(invoices.resolved >= 0, np.maximum(day, invoices.resolved + 5), day)

    in_two = (invoices.instalments == 1) & noise.chance("paid_in_two", count, 0.06)
    half = invoices.last_of(PART["growing"], scope.until_day - 6)  # the story's invoice that is paid in part only
    in_two[half], day[half] = True, invoices.issued[half] + 3
    # Now and then the bank keeps its fee of what was paid.
    is_short = (invoices.instalments == 1) & ~in_two & (payable > 100_000) & (invoices.party > PART["steady"])
    is_short &= noise.chance("paid_short", count, 0.03)
    payable = payable - np.where(is_short, noise.whole("paid_short/by", count, *SHORT_CENTS), 0)
    first = np.where(invoices.instalments == 3, payable // 3, np.where(in_two, payable * 6 // 10, payable))
    second = np.where(invoices.instalments == 3, payable // 3, payable - first)
    third = payable - first - second
    later = day + noise.whole("paid_in_two/later", count, 10, 35)
    later[half] = scope.until_day + 10
    slip = day - invoices.due
    first_day = np.where(invoices.instalments == 3, np.maximum(invoices.issued + 30 + slip, invoices.issued + 1), day)
    second_day = np.where(invoices.instalments == 3, np.maximum(invoices.issued + 60 + slip, first_day), later)

    stops = np.full(parties.count, FOREVER)
    stops[PART["quiet"]] = turns.quiet_day - 50  # it owes what was issued in its last weeks
    stops[PART["bankrupt"]] = turns.bankrupt_day - 75
    paid = invoices.is_issued & (invoices.issued < stops[invoices.party])
    paid &= ~((invoices.disputed >= 0) & (invoices.resolved < 0)) & ~noise.chance("never_paid", count, 0.009)
    # The story's small parts need their invoices paid.
    paid |= invoices.is_issued & (invoices.party >= PART["overpaid"]) & (invoices.party <= PART["survivor"])
    paid[half] = True
    everything = np.arange(count)
    invoice = np.concatenate([everything, everything, everything])
    days = next_workday(np.concatenate([first_day, second_day, day]))
    amounts = np.concatenate([first, second, third])
    happens = np.concatenate([paid, paid, paid]) & (amounts > 0) & (days <= scope.until_day)
    happens &= days < parties.silent_day[invoices.party[invoice]] + 60
    happens &= ~((invoices.party[invoice] == PART["bankrupt"]) & (days > turns.bankrupt_day))
    return invoice[happens], days[happens], amounts[happens]


def make_payments(scope: Scope, parties: Parties, turns: Turns, invoices: Invoices, payable: Ints) -> Payments:
    """Payments, each for one invoice or for a few of one client that fell due together."""
    noise = scope.noise
    invoice, day, amount = _parts(scope, parties, turns, invoices, payable)
    party = invoices.party[invoice]
    order = np.lexsort((invoice, day, party))
    invoice, day, amount, party = invoice[order], day[order], amount[order], party[order]
    joined = np.append(False, (party[1:] == party[:-1]) & (day[1:] - day[:-1] <= 9) & (invoice[1:] != invoice[:-1]))
    joined &= noise.chance("payment/joined", len(day), 0.3)
    group = np.cumsum(~joined) - 1
    starts = np.flatnonzero(~joined)
    last = np.append(starts[1:], len(day)) - 1
    applied, total, payer = day[last], np.add.reduceat(amount, starts), party[starts]
    # Now and then the money waits a few days before somebody applies it.
    received = applied - np.where(noise.chance("payment/waits", len(starts), 0.05),
                                  noise.whole("payment/days", len(starts), 1, 6), 0)  # fmt: skip

    too_much = noise.chance("payment/excess", len(starts), 0.004)
    story = [
        int(np.flatnonzero((payer == PART[key]) & (applied < scope.until_day - 40))[-2])
        for key in ("overpaid", "refunded")
    ]
    too_much[story] = True
    excess = np.where(too_much, total * noise.whole("payment/excess_permille", len(starts), 80, 300) // 1000, 0)
    refund_day = next_workday(applied + noise.whole("refund/after", len(starts), 8, 30))
    is_refunded = too_much & noise.chance("refund", len(starts), 0.4) & (refund_day <= scope.until_day)
    is_refunded[story[0]], is_refunded[story[1]] = False, True

    drawn = applied
    later = paid_later(scope, parties, payer, applied)
    applied, received = applied + later, received + later
    refund_day = np.where(is_refunded & (later > 0), np.minimum(refund_day + later, scope.until_day), refund_day)

    by_day = np.lexsort((np.arange(len(starts)), received))
    position = np.empty(len(starts), dtype=np.int64)
    position[by_day] = np.arange(len(starts))
    return Payments(
        party=payer[by_day],
        received=received[by_day],
        amount=(total + excess)[by_day],
        excess=excess[by_day],
        refunded=np.where(is_refunded, excess, 0)[by_day],
        refund_day=np.where(is_refunded, refund_day, -1)[by_day],
        method=noise.pick("payment/method", len(starts), [0.72, 0.12, 0.04, 0.12])[by_day],
        application_payment=position[group],
        application_invoice=invoice,
        application_day=applied[group],
        application_amount=amount,
        drawn_day=drawn[group],
    )


def _chargebacks(scope: Scope, invoices: Invoices, payments: Payments) -> tuple[Ints, Ints]:
    """Which applications came back, and when: card payments of one invoice, the story's among them."""
    noise = scope.noise
    applications = np.bincount(payments.application_payment, minlength=len(payments.party))
    single = (applications == 1)[payments.application_payment]
    day, party = payments.application_day, invoices.party[payments.application_invoice]
    whole = payments.application_amount == invoices.gross[payments.application_invoice]
    back = noise.chance("chargeback", len(day), 0.002) & single & whole & (day < scope.until_day - 45)
    back &= party > PART["steady"]
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
    invoice, payment, amount = (
        payments.application_invoice[chosen], payments.application_payment[chosen], payments.application_amount[chosen]
    )  # fmt: skip
    # Nobody pays again what came back: it is given up half a year later.
    given_up = next_workday(back_day + scope.noise.whole("chargeback/given_up", chosen, 120, 200))
    old = given_up <= scope.until_day
    return Adjustments(
        is_write_off=np.repeat(np.array([True, False, True]), [len(lost), len(chosen), int(np.count_nonzero(old))]),
        invoice=np.concatenate([lost, invoice, invoice[old]]),
        payment=np.concatenate([np.full(len(lost), -1), payment, np.full(np.count_nonzero(old), -1)]),
        day=np.concatenate([off_day[lost], back_day, given_up[old]]),
        amount=np.concatenate([left[lost], amount, amount[old]]),
    )


def make_ledger(scope: Scope, parties: Parties, turns: Turns, invoices: Invoices) -> Ledger:
    """All that follows the invoices, up to the last day."""
    credit = make_credit_notes(scope, invoices)
    is_applied = credit.invoice >= 0
    credited = summed(credit.invoice[is_applied], (credit.net + credit.tax)[is_applied], invoices.count)
    payments = make_payments(scope, parties, turns, invoices, invoices.gross - credited)
    paid = summed(payments.application_invoice, payments.application_amount, invoices.count)
    open_now = np.where(invoices.is_issued, invoices.gross - credited - paid, 0)
    adjustments = _adjustments(scope, turns, invoices, payments, open_now)
    sign = np.where(adjustments.is_write_off, -1, 1)
    balance = open_now + summed(adjustments.invoice, sign * adjustments.amount, invoices.count)
    return Ledger(credit, payments, adjustments, balance)


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
    for invoice, happened, amount in (
        (
            credit.invoice[credit.invoice >= 0],
            credit.applied[credit.invoice >= 0],
            -(credit.net + credit.tax)[credit.invoice >= 0],
        ),
        (payments.application_invoice, payments.application_day, -payments.application_amount),
        (others.invoice, others.day, np.where(others.is_write_off, -1, 1) * others.amount),
    ):
        counts = happened <= when[invoice]
        left = left + summed(invoice[counts], amount[counts], invoices.count)
    return left
