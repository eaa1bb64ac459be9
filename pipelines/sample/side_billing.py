"""Two small billing systems beside the main one, whose exports do not say which payment paid what.

`cards` bills online plans, which a card pays on the day: it says when an invoice was settled, and what is left of it.
`branch` is a business that was bought and kept its own books: customers pay there the oldest first. What they owed when
the sample begins stands in opening balances. Amounts are whole cents, days count from 1970-01-01; -1 stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample.noise import Ints
from pipelines.sample.parties import Parties
from pipelines.sample.scope import Scope, next_workday
from pipelines.sample.story import CAST
from pipelines.sample.words import COUNTRY_OF

CURRENCIES = ("USD", "EUR", "GBP")
PLANS = (4_900, 11_900, 24_900, 59_900)
OPEN, PAID, VOID, DRAFT, UNCOLLECTIBLE = range(5)
TERMS = 30
CARD_DAYS = 7
MOST = 300  # customers of each: small systems stay small however large the company is


@dataclass(frozen=True)
class Documents:
    """One entry an invoice, a credit note or an opening balance, by day."""

    party: Ints
    issued: Ints
    due: Ints
    amount: Ints
    left: Ints  # what is open on the last day
    settled: Ints
    state: Ints
    currency: Ints


@dataclass(frozen=True)
class Receipts:
    """One entry a payment, by day; one that failed brought nothing."""

    party: Ints
    received: Ints
    amount: Ints
    refunded_day: Ints  # the whole was given back
    is_failed: Ints
    currency: Ints


@dataclass(frozen=True)
class SideBilling:
    """A billing system and who is billed there."""

    parties: Ints
    invoices: Documents
    credit_notes: Documents
    openings: Documents
    receipts: Receipts


def _monthly(scope: Scope, parties: Parties, stream: str, chosen: Ints, share: float) -> tuple[Ints, Ints]:
    """A document a month on each customer's own day: the customer's place among the chosen, and the day."""
    place, month = np.divmod(np.arange(len(chosen) * scope.months), scope.months)
    party = chosen[place]
    day = scope.month_starts[month] + scope.noise.whole(f"{stream}/day", party, 0, 26)
    happens = (month >= parties.first_month[party]) & (month < parties.last_month[party]) & (day <= scope.until_day)
    happens &= scope.noise.chance(f"{stream}/happens", party * 1000 + month, share)
    order = np.lexsort((place[happens], day[happens]))
    return place[happens][order], day[happens][order]


def _documents(party: Ints, issued: Ints, due: Ints, amount: Ints, left: Ints, settled: Ints, state: Ints,
               currency: Ints) -> Documents:  # fmt: skip
    return Documents(party, issued, due, amount, left, settled, state, currency)


def _customers(parties: Parties, count: int, may: Ints) -> Ints:
    """As many customers of the CRM as are asked for, none of the story's."""
    known = np.flatnonzero(parties.is_customer & parties.is_crm & (may == 1) & (np.arange(parties.count) >= len(CAST)))
    return known[:: max(1, len(known) // count)][:count]


def make_cards(scope: Scope, parties: Parties) -> SideBilling:
    """Online plans, billed every month and paid by card: a few cards fail, a few are charged twice by mistake."""
    noise, until = scope.noise, scope.until_day
    chosen = _customers(parties, min(max(4, scope.accounts // 6), MOST), np.ones(parties.count, dtype=np.int64))
    place, issued = _monthly(scope, parties, "cards", chosen, 1.0)
    party, keys = chosen[place], np.arange(len(place))
    code = np.where(parties.country[party] == COUNTRY_OF["GB"], CURRENCIES.index("GBP"), parties.currency[party])
    seats = noise.whole("cards/seats", party, 1, 6)
    seats = seats + (issued > scope.start_day + 300) * noise.whole("cards/more", party, 0, 2)
    amount = np.array(PLANS)[noise.whole("cards/plan", party, 0, len(PLANS) - 1)] * seats

    is_draft = (issued > until - 3) & noise.chance("cards/draft", keys, 0.3)
    is_void = ~is_draft & noise.chance("cards/void", keys, 0.012)
    never = ~is_draft & ~is_void & noise.chance("cards/never", keys, 0.015)
    wait = np.where(noise.chance("cards/fails", keys, 0.05), 3, 0)
    settled = issued + wait
    pays = ~is_draft & ~is_void & ~never & (settled <= until)
    given_up = never & (issued + 60 <= until)
    state = np.select([is_draft, is_void, given_up, pays], [DRAFT, VOID, UNCOLLECTIBLE, PAID], OPEN)
    notes = np.flatnonzero(pays & noise.chance("cards/note", keys, 0.015))
    credited = np.zeros(len(keys), dtype=np.int64)
    credited[notes] = amount[notes] // 5
    left = np.where(state == OPEN, amount, 0)

    twice = np.flatnonzero(pays & (issued < until - 20) & noise.chance("cards/twice", keys, 0.012))
    failed = np.flatnonzero((pays & (wait > 0)) | never)
    paid = np.flatnonzero(pays)
    of = np.concatenate([paid, twice, failed])
    kind = np.repeat(np.arange(3), [len(paid), len(twice), len(failed)])
    received = np.where(kind == 2, issued[of], settled[of])
    back = np.where(kind == 1, received + noise.whole("cards/back", of, 2, 9), -1)
    order = np.lexsort((kind, of, received))
    of, kind, received, back = of[order], kind[order], received[order], back[order]
    nothing = np.zeros(len(notes), dtype=np.int64)
    empty = np.zeros(0, dtype=np.int64)
    return SideBilling(
        parties=chosen,
        invoices=_documents(party, issued, issued + CARD_DAYS, amount, left, np.where(pays, settled, -1), state, code),
        credit_notes=_documents(party[notes], issued[notes], notes, credited[notes], nothing, issued[notes],
                                nothing + PAID, code[notes]),
        openings=_documents(*[empty] * 8),
        receipts=Receipts(party[of], received, amount[of] - credited[of], back, (kind == 2).astype(np.int64), code[of]),
    )  # fmt: skip


def make_branch(scope: Scope, parties: Parties) -> SideBilling:
    """The branch's books: every payment pays the oldest debt first, some in part, some before there is a debt."""
    noise, until = scope.noise, scope.until_day
    in_dollars = (parties.currency == 0) & (parties.true_account == np.arange(parties.count))
    chosen = _customers(parties, min(max(3, scope.accounts // 10), MOST), in_dollars.astype(np.int64))
    place, issued = _monthly(scope, parties, "branch", chosen, 0.7)
    party, keys = chosen[place], np.arange(len(place))
    issued = scope.workday(issued)
    amount = (parties.multiple[party] * noise.curve("branch/amount", keys, [18_000, 45_000, 80_000, 160_000])).astype(
        np.int64
    )
    were_there = chosen[parties.first_month[chosen] == 0]
    owed = were_there[(were_there == were_there[:1]) | noise.chance("branch/opening", were_there, 0.6)]
    opening = (parties.multiple[owed] * noise.curve("branch/opening_size", owed, [40_000, 90_000, 200_000])).astype(
        np.int64
    )
    opening_due = scope.start_day - noise.whole("branch/opening_due", owed, 2, 25)

    left, opening_left, paid = np.zeros(len(keys), dtype=np.int64), opening.copy(), []
    for customer in chosen.tolist():
        mine = np.flatnonzero(party == customer)
        mine = mine[np.lexsort((mine, issued[mine]))]
        first = np.flatnonzero(owed == customer)
        debts = [(int(opening_due[n]), int(opening[n])) for n in first] + [
            (int(issued[n]) + TERMS, int(amount[n])) for n in mine
        ]
        lag = int(noise.whole("branch/lag", np.array([customer]), -4, 25)[0])
        rest = money = 0
        for turn, (due, owes) in enumerate(debts):
            key = np.array([customer * 1000 + turn])
            wait = lag + int(noise.whole("branch/wait", key, 0, 9)[0])
            day = int(next_workday(np.array([max(due + wait, scope.start_day)]))[0])
            share = 100 if noise.uniform("branch/part", key)[0] > 0.12 else 60
            due_now = (owes + rest) * share // 100
            rest = owes + rest - due_now
            if day > until:
                break
            paid.append((customer, day, due_now))
            money += due_now
        if noise.uniform("branch/ahead", np.array([customer]))[0] < 0.35 and len(debts) > 2:
            # A payment in advance, which the next invoices use up.
            paid.append((customer, int(issued[mine[1]]) - 6, int(amount[mine[1]]) // 2))
            money += paid[-1][2]
        for n in first:
            opening_left[n] = max(opening[n] - money, 0)
            money = max(money - int(opening[n]), 0)
        for n in mine:
            left[n] = max(int(amount[n]) - money, 0)
            money = max(money - int(amount[n]), 0)
    rows = np.array(sorted(paid, key=lambda row: (row[1], row[0])), dtype=np.int64).reshape(-1, 3)
    dollars = np.zeros(len(keys), dtype=np.int64)
    empty = np.zeros(0, dtype=np.int64)
    return SideBilling(
        parties=chosen,
        invoices=_documents(party, issued, issued + TERMS, amount, left, dollars - 1, dollars + OPEN, dollars),
        credit_notes=_documents(*[empty] * 8),
        openings=_documents(owed, 0 * owed + scope.start_day - 1, opening_due, opening, opening_left, 0 * owed - 1,
                            0 * owed, 0 * owed),
        receipts=Receipts(rows[:, 0], rows[:, 1], rows[:, 2], 0 * rows[:, 0] - 1, 0 * rows[:, 0], 0 * rows[:, 0]),
    )  # fmt: skip
