"""How the invoices are paid: credit notes that lower them, and payments."""

from __future__ import annotations

import numpy as np

from pipelines.sample.decline import paid_later
from pipelines.sample.invoices import Invoices
from pipelines.sample.ledger import METHODS, CreditNotes, Payments
from pipelines.sample.noise import Bools, Ints
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


def _parts(
    scope: Scope, parties: Parties, turns: Turns, invoices: Invoices, payable: Ints
) -> tuple[Ints, Ints, Ints, Bools]:
    """What is paid on each invoice and when, before payments are put together: invoice, day, amount.

    The last is true for those that the bank takes back some days later, which are paid again.
    """
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
    invoice, days, amounts = invoice[happens], days[happens], amounts[happens]
    returned = (amounts == invoices.gross[invoice]) & (days < scope.until_day - 45)
    returned &= (invoices.party[invoice] > PART["steady"]) & noise.chance("payment/returned", invoice, 0.006)
    again = np.flatnonzero(returned)
    paid_again = next_workday(days[again] + noise.whole("payment/again", invoice[again], 10, 30))
    return (
        np.append(invoice, invoice[again]), np.append(days, paid_again), np.append(amounts, amounts[again]),
        np.append(returned, np.zeros(len(again), bool)),
    )  # fmt: skip


def _payer(parties: Parties, scope: Scope, party: Ints, day: Ints) -> Ints:
    """Who pays: the parent pays for one of its group, from the middle of the time on."""
    for_other = (party == PART["nordic_group_2"]) & (day > (scope.start_day + scope.until_day) // 2)
    return np.where(for_other, parties.parent[party], party)


def _put_on_too_much(invoices: Invoices, invoice: Ints, total: Ints, eligible: Bools) -> Ints:
    """What two clients paid above their invoices, and the bookkeeper put on them all the same."""
    found = np.flatnonzero(eligible & (invoices.instalments[invoice] == 1))
    chosen = found[[len(found) // 3, 2 * len(found) // 3]]
    over = np.zeros(len(invoice), dtype=np.int64)
    over[chosen] = total[chosen] // 8
    return over


def make_payments(scope: Scope, parties: Parties, turns: Turns, invoices: Invoices, payable: Ints) -> Payments:
    """Payments, each for one invoice or for a few of one client that fell due together."""
    noise = scope.noise
    invoice, day, amount, returned = _parts(scope, parties, turns, invoices, payable)
    party = _payer(parties, scope, invoices.party[invoice], day)
    order = np.lexsort((invoice, day, party))
    invoice, day, amount, party = (values[order] for values in (invoice, day, amount, party))
    returned = returned[order]
    of_returned = np.isin(invoice, invoice[returned])
    joined = np.append(False, (party[1:] == party[:-1]) & (day[1:] - day[:-1] <= 9) & (invoice[1:] != invoice[:-1]))
    joined &= noise.chance("payment/joined", len(day), 0.3) & ~(of_returned | np.append(False, of_returned[:-1]))
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

    # Some pay in advance: the money waits for the invoice.
    single = np.append(starts[1:], len(day)) - starts == 1
    ahead = single & ~of_returned[starts] & ~too_much & (payer > PART["steady"])
    ahead &= noise.chance("payment/ahead", len(starts), 0.012)
    billed = invoices.issued[invoice[starts]]
    applied = np.where(ahead, billed + 1, applied)
    in_advance = np.maximum(billed - noise.whole("payment/in_advance", len(starts), 4, 20), scope.start_day)
    received = np.where(ahead, in_advance, received)

    over = _put_on_too_much(
        invoices, invoice[starts], total, single & ~of_returned[starts] & ~too_much & ~ahead & (payer > PART["steady"])
        & (applied < scope.until_day - 40),
    )  # fmt: skip
    amount[starts] += over

    drawn = applied
    later = np.where(ahead | of_returned[starts], 0, paid_later(scope, parties, payer, applied))
    applied, received = applied + later, received + later
    refund_day = np.where(is_refunded & (later > 0), np.minimum(refund_day + later, scope.until_day), refund_day)

    is_returned = returned[starts]
    returned_day = next_workday(received + noise.whole("payment/returned_after", len(starts), 2, 6))
    returned_day = np.where(is_returned, np.maximum(returned_day, applied + 1), -1)
    method = np.where(
        is_returned, METHODS.index("Direct Debit"), noise.pick("payment/method", len(starts), [0.72, 0.12, 0.04, 0.12])
    )

    by_day = np.lexsort((np.arange(len(starts)), received))
    position = np.empty(len(starts), dtype=np.int64)
    position[by_day] = np.arange(len(starts))
    return Payments(
        party=payer[by_day],
        received=received[by_day],
        amount=(total + excess + over)[by_day],
        excess=excess[by_day],
        over=over[by_day],
        refunded=np.where(is_refunded, excess, 0)[by_day],
        refund_day=np.where(is_refunded, refund_day, -1)[by_day],
        returned_day=returned_day[by_day],
        method=method[by_day],
        application_payment=position[group],
        application_invoice=invoice,
        application_day=applied[group],
        application_amount=amount,
        drawn_day=drawn[group],
        recovers=np.zeros(len(invoice), dtype=bool),
    )
