"""Headlines made of several things: how much is late, how long debts stand, on whom revenue rests.

As in `headlines.py` nothing here reads a file of the sample: what is open, sold and overdue comes from what happened.
Shares and days are plain numbers; money is in ten-thousandths of the base currency.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from pipelines.sample import words
from pipelines.sample.noise import Ints
from pipelines.sample.plan_files import POUND_PERMILLE
from pipelines.sample.side_billing import CURRENCIES, DRAFT, VOID
from pipelines.sample.world import World

WINDOW = 90  # days that sales are set against debts for
TOTAL = "ALL"


class Item(NamedTuple):
    """A part of a debt with a day of its own on which it is due: cents that are open of it on the last day.

    A document is named by its system, its kind and its place there.
    """

    document: tuple[str, str, int]
    party: int
    currency: str
    due: int
    open: int
    is_disputed: bool


class Sale(NamedTuple):
    """A document as it was sold: cents, with and without tax; a credit note's with a minus."""

    party: int
    currency: str
    day: int
    gross: int
    net: int


def rate(world: World, currency: str, day: int) -> int:
    """Ten-thousandths of the base currency for one unit."""
    euro = int(world.rates.on(np.array([day]))[0])
    return {"USD": 10_000, "EUR": euro, "GBP": euro * POUND_PERMILLE // 1000}[currency]


def items(world: World) -> Iterator[Item]:
    """Everything that is open on the last day; of an instalment plan the parts that came first are paid first."""
    invoices, balance = world.invoices, world.ledger.balance
    for place in np.flatnonzero(balance > 0).tolist():
        party, gross, left = int(invoices.party[place]), int(invoices.gross[place]), int(balance[place])
        issued, due = int(invoices.issued[place]), int(invoices.due[place])
        third = gross // 3
        parts = [(due, gross)]
        if invoices.instalments[place] == 3:
            parts = [(issued + 30, third), (issued + 60, third), (due, gross - 2 * third)]
        is_disputed = bool(invoices.disputed[place] >= 0 and invoices.resolved[place] < 0)
        for when, amount in reversed(parts):
            part = min(left, amount)
            left -= part
            if part:
                currency = words.CURRENCIES[int(world.parties.currency[party])]
                yield Item(("billing", "invoice", place), party, currency, when, part, is_disputed)
    for system, side in (("cards", world.cards), ("branch", world.branch)):
        for kind, found in (("invoice", side.invoices), ("opening", side.openings)):
            for place in np.flatnonzero(found.left > 0).tolist():
                yield Item(
                    (system, kind, place), int(found.party[place]), CURRENCIES[int(found.currency[place])],
                    int(found.due[place]), int(found.left[place]), is_disputed=False,
                )  # fmt: skip


def sales(world: World) -> Iterator[Sale]:
    """Every invoice that stands and every credit note; an opening balance was sold before the books begin."""
    invoices, notes, code = world.invoices, world.ledger.credit_notes, world.parties.currency
    for found, day, net, tax, sign in (
        (np.flatnonzero(invoices.is_issued), invoices.issued, invoices.net, invoices.tax, 1),
        (np.arange(len(notes.party)), notes.issued, notes.net, notes.tax, -1),
    ):
        party: Ints = invoices.party if sign > 0 else notes.party
        for place in found.tolist():
            whose, amount = int(party[place]), int(net[place])
            gross = amount + int(tax[place])
            yield Sale(whose, words.CURRENCIES[int(code[whose])], int(day[place]), sign * gross, sign * amount)
    for side in (world.cards, world.branch):
        for documents, sign in ((side.invoices, 1), (side.credit_notes, -1)):
            for place in np.flatnonzero(~np.isin(documents.state, [DRAFT, VOID])).tolist():
                amount = sign * int(documents.amount[place])
                yield Sale(int(documents.party[place]), CURRENCIES[int(documents.currency[place])],
                           int(documents.issued[place]), amount, amount)  # fmt: skip


def exposure(world: World) -> pl.DataFrame:
    """By currency, and of all in the base currency, on the last day: how much of what is open is overdue, and DSO.

    DSO is what is open over the sales of the last 90 days, each of them in the total at its own day's rate, times 90.
    """
    until = world.scope.until_day
    open_, late, sold = (defaultdict[str, float](float) for _ in range(3))
    for item in items(world):
        for currency, worth in ((item.currency, 1.0), (TOTAL, rate(world, item.currency, until) / 10_000)):
            open_[currency] += item.open * worth
            late[currency] += item.open * worth * (item.due < until)
    for sale in sales(world):
        if until - WINDOW < sale.day <= until:
            sold[sale.currency] += sale.gross
            sold[TOTAL] += sale.gross * rate(world, sale.currency, sale.day) / 10_000
    names = [*CURRENCIES, TOTAL]
    return pl.DataFrame({
        "currency": names,
        "overdue_ratio": [late[name] / open_[name] if open_[name] else None for name in names],
        "dso": [open_[name] / sold[name] * WINDOW if sold[name] > 0 else None for name in names],
    })  # fmt: skip


def concentration(world: World) -> pl.DataFrame:
    """On whom the revenue of the last twelve months rests: shares of the first accounts, and the sum of squared shares.

    Whoever has no record in the CRM is an account by himself.
    """
    scope, of = world.scope, world.parties.true_account
    since = int(scope.month_starts[max(scope.months - 12, 0)])
    revenue = defaultdict[tuple[bool, int], int](int)
    for sale in sales(world):
        if sale.day >= since:
            account = int(of[sale.party])
            worth = (sale.net * rate(world, sale.currency, sale.day) + 50) // 100
            revenue[account >= 0, account if account >= 0 else sale.party] += worth
    ranked = sorted((amount for amount in revenue.values() if amount > 0), reverse=True)
    total = sum(ranked)
    shares = [amount / total for amount in ranked]
    needed = next(place for place in range(len(ranked) + 1) if 10 * sum(ranked[:place]) >= 8 * total)
    return pl.DataFrame({
        "revenue": [total], "clients": [len(ranked)], "clients_for_80_percent": [needed],
        **{f"top{most}_share": [sum(shares[:most])] for most in (1, 5, 10)},
        "hhi": [sum(share * share for share in shares)],
    })  # fmt: skip
