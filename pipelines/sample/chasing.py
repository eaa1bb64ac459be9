"""Whom to call about money first: the points of the worklist, from what happened in the sample's world.

As in `headlines.py` nothing here reads a file of the sample. What each component gives is the definition of the
parameters `worklist_*` with their defaults; points have one decimal, of which the score is the sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from statistics import median
from typing import NamedTuple

import numpy as np
import polars as pl

from pipelines.sample.activities import CALL
from pipelines.sample.calls import ANSWERED
from pipelines.sample.collection_files import promises
from pipelines.sample.indicators import Item, items, rate
from pipelines.sample.ledger import CHARGEBACK, REVERSAL
from pipelines.sample.scope import DAY
from pipelines.sample.side_billing import PAID
from pipelines.sample.world import World

# Most points for money, age, silence, promises and lateness beyond the account's own habit.
MONEY, AGE, SILENCE, PROMISE, HABIT = 35, 20, 15, 20, 10
AGE_DAYS, SILENT_DAYS, LATE_DAYS = 90, 30, 30
HABIT_DAYS, HABIT_PAYMENTS = 365, 3
EPOCH = date(1970, 1, 1)
Account = tuple[bool, int]  # whether it has a record in the CRM, and its place there or among the parties


class Promise(NamedTuple):
    """What somebody said that he would pay, and what was seen of it."""

    made: int
    until: int
    id: str
    state: str
    is_kept_late: bool
    left: Fraction


def account_of(world: World, party: int) -> Account:
    """Whose account a party is."""
    place = int(world.parties.true_account[party])
    return (True, place) if place >= 0 else (False, party)


def last_contacts(world: World) -> dict[Account, int]:
    """The last day on which somebody talked with an account: in a conversation, a logged call or a meeting (P14)."""
    calls, tasks, meetings = world.calls, world.tasks, world.meetings
    spoke = np.flatnonzero((calls.status == ANSWERED) & (calls.party >= 0))
    logged = np.flatnonzero((tasks.kind == CALL) & (tasks.is_done == 1))
    found: dict[Account, int] = {}
    for party, moment in (
        (calls.party[spoke], calls.started[spoke]),
        (tasks.party[logged], tasks.happened[logged]),
        (meetings.party, meetings.starts),
    ):
        for whose, when in zip(party.tolist(), (moment // DAY).tolist(), strict=True):
            if when <= world.scope.until_day:
                account = account_of(world, whose)
                found[account] = max(found.get(account, when), when)
    return found


def cash(world: World) -> dict[int, list[tuple[int, int]]]:
    """By invoice of the main system the cash that paid it, with a minus what went back: day and cents."""
    payments, others = world.ledger.payments, world.ledger.adjustments
    back = np.flatnonzero(np.isin(others.kind, [CHARGEBACK, REVERSAL]))
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for invoice, day, amount in (
        (payments.application_invoice, payments.application_day, payments.application_amount),
        (others.invoice[back], others.day[back], -others.amount[back]),
    ):
        for which, when, cents in zip(invoice.tolist(), day.tolist(), amount.tolist(), strict=True):
            found[which].append((when, cents))
    return {invoice: sorted(moves) for invoice, moves in found.items()}


def delays(world: World) -> Iterator[tuple[Account, int, int]]:
    """Every payment of a debt: whose it was, its day, and how many days past due, an instalment by its own day."""
    invoices = world.invoices
    for place, moves in cash(world).items():
        account, paid = account_of(world, int(invoices.party[place])), 0
        gross, issued, due = (int(found[place]) for found in (invoices.gross, invoices.issued, invoices.due))
        parts = [(gross // 3, issued + 30), (2 * (gross // 3), issued + 60)] if invoices.instalments[place] == 3 else []
        for day, cents in moves:
            if cents > 0:
                yield account, day, day - next((when for upto, when in parts if paid < upto), due)
            paid += cents
    cards = world.cards.invoices
    for place in np.flatnonzero(cards.state == PAID).tolist():
        day = int(cards.settled[place])
        yield account_of(world, int(cards.party[place])), day, day - int(cards.due[place])
    yield from _oldest_first(world)


def _oldest_first(world: World) -> Iterator[tuple[Account, int, int]]:
    """The branch's payments, each on what was owed when it came, the oldest due first; what is left waits."""
    side = world.branch
    for party in side.parties.tolist():
        events: list[tuple[int, int, int, int]] = []
        for documents, kind in ((side.openings, 0), (side.invoices, 1)):
            for place in np.flatnonzero(documents.party == party).tolist():
                due = int(documents.due[place]) if kind else -1
                events.append((int(documents.issued[place]), 0, due, int(documents.amount[place])))
        for place in np.flatnonzero(side.receipts.party == party).tolist():
            events.append((int(side.receipts.received[place]), 1, 0, int(side.receipts.amount[place])))
        debts: list[list[int]] = []
        money: list[int] = []
        for day, is_money, due, amount in sorted(events):
            if is_money:
                money.append(amount)
            else:
                debts = sorted([*debts, [due, amount]])
            while debts and money:
                part = min(debts[0][1], money[0])
                if debts[0][0] >= 0:  # an opening balance is late by nobody's day
                    yield account_of(world, party), day, day - debts[0][0]
                debts[0][1] -= part
                money[0] -= part
                debts, money = [debt for debt in debts if debt[1]], [rest for rest in money if rest]


def kept(world: World) -> dict[Account, list[Promise]]:
    """By account the promises that nobody took back or made anew: what was paid by their days, and after (R22)."""
    until, invoices, paid = world.scope.until_day, world.invoices, cash(world)
    place_of = {name: place for place, name in enumerate(world.ids.invoice)}
    party_of = {name: place for place, name in enumerate(world.ids.customer)}
    rows = [row for row in promises(world).iter_rows(named=True) if (row["made_on"] - EPOCH).days <= until]
    by_target: dict[str, dict[int, list[dict[str, object]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_target[row["invoice_id"] or f"all of {row['customer_id']}"][(row["made_on"] - EPOCH).days].append(row)
    found: dict[Account, list[Promise]] = defaultdict(list)
    for by_day in by_target.values():
        made_days = sorted(by_day)
        for number, made in enumerate(made_days):
            earlier = Fraction(0)
            for row in sorted(by_day[made], key=lambda row: (row["promised_for"], row["promise_id"])):
                party = party_of[str(row["customer_id"])]
                mine = (
                    [place_of[str(row["invoice_id"])]]
                    if row["invoice_id"]
                    else np.flatnonzero(invoices.party == party).tolist()
                )
                moves = sorted(move for place in mine for move in paid.get(place, []) if made <= move[0] <= until)
                promised = (row["promised_for"] - EPOCH).days  # type: ignore[operator]
                amount, ends = Fraction(str(row["amount"])), made_days[number + 1 : number + 2]
                if row["cancelled_on"] is not None:
                    ends.append((row["cancelled_on"] - EPOCH).days)  # type: ignore[operator]
                running, reached = Fraction(0), until + 10**6
                for day, cents in moves:
                    running += Fraction(cents, 100)
                    if running >= earlier + amount:
                        reached = min(reached, day)
                received = sum((Fraction(cents, 100) for day, cents in moves if day <= promised), Fraction(0))
                part = min(max(received - earlier, Fraction(0)), amount)
                earlier += amount
                if ends and min(ends) <= promised and min(ends) <= until and reached > min(ends):
                    continue
                state = (
                    "kept" if part >= amount else "open" if until <= promised else "partly" if part > 0 else "broken"
                )
                is_late = state in ("partly", "broken") and reached <= until
                found[account_of(world, party)].append(
                    Promise(made, promised, str(row["promise_id"]), state, is_late, (amount - part)
                            * rate(world, str(row["currency"]), until) / 10_000)
                )  # fmt: skip
    return found


def promise_share(given: list[Promise], collectible: Fraction) -> Fraction:
    """1 for a broken last promise, a half for one kept in part or late, taken off while one is awaited."""
    waiting = [promise.left for promise in given if promise.state == "open"]
    if waiting and sum(waiting) >= collectible / 2:
        return Fraction(-1)
    last = max(given)
    if last.is_kept_late:
        return Fraction(1, 2)
    return {"broken": Fraction(1), "partly": Fraction(1, 2)}.get(last.state, Fraction(0))


def points(weight: int, share: Fraction) -> int:
    """Tenths of points, half a tenth up."""
    tenths = abs(share) * weight * 10 + Fraction(1, 2)
    return int(tenths) * (1 if share >= 0 else -1)


def worklist(world: World) -> pl.DataFrame:
    """Every account with anything overdue on the last day, ranked: what may be asked for, and its points, in tenths.

    Money is in ten-thousandths of the base currency: what is overdue in a currency, converted whole. Who has no record
    in the CRM is named by its number in the main billing system.
    """
    until = world.scope.until_day
    overdue: dict[Account, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in items(world):
        if item.due < until:
            overdue[account_of(world, item.party)][item.currency].append(item)
    worth = {
        (account, skips): sum(
            (sum(item.open for item in found if not (item.is_disputed and skips)) * rate(world, currency, until) + 50)
            // 100
            for currency, found in by_currency.items()
        )
        for account, by_currency in overdue.items()
        for skips in (False, True)
    }
    spoken, given = last_contacts(world), kept(world)
    late: dict[Account, list[int]] = defaultdict(list)
    for account, day, past in delays(world):
        if until - HABIT_DAYS < day <= until:
            late[account].append(past)
    rows = []
    for account, by_currency in overdue.items():
        found = [item for items_of in by_currency.values() for item in items_of]
        asked = [until - item.due for item in found if not item.is_disputed]
        oldest, collectible = max(asked, default=0), worth[account, True]
        place = Fraction(sum(worth[other, True] <= collectible for other in overdue), len(overdue))
        silent = until - spoken[account] if account in spoken else SILENT_DAYS
        usual = Fraction(median(late[account])) if len(late[account]) >= HABIT_PAYMENTS else None
        beyond = Fraction(0) if usual is None else max(oldest - max(usual, Fraction(0)), Fraction(0))
        promised = given.get(account)
        shares = (
            (MONEY, place),
            (AGE, min(Fraction(oldest, AGE_DAYS), Fraction(1))),
            (SILENCE, min(Fraction(silent, SILENT_DAYS), Fraction(1))),
            (PROMISE, promise_share(promised, Fraction(collectible, 10_000)) if promised else Fraction(0)),
            (HABIT, min(beyond / LATE_DAYS, Fraction(1))),
        )  # fmt: skip
        won = [points(weight, share) if asked else 0 for weight, share in shares]
        name = (world.ids.account if account[0] else world.ids.customer)[account[1]]
        rows.append(
            (account[0], name, worth[account, False], collectible, len({item.document for item in found}),
             until - min(item.due for item in found), bool(asked), *won, sum(won))
        )  # fmt: skip
    names = ["is_known", "id", "overdue", "collectible", "invoices", "oldest_days", "is_asked",
             "money", "age", "silence", "promise", "habit", "score"]  # fmt: skip
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.sort(["is_asked", "score", "overdue", "id"], descending=[True, True, True, False])
