"""Subscriptions: what customers take every month, in terms that are renewed, grown, cut or left to end.

A term is a row: who renews, takes more or takes less gets a new one. Yearly terms say on which day they end; others run
until somebody changes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample import words
from pipelines.sample.invoices import EURO_PER_MILLE, monthly_product
from pipelines.sample.noise import Bools, Ints
from pipelines.sample.parties import FOREVER, Parties
from pipelines.sample.scope import Scope

RENEWS, GROWS, SHRINKS, LAPSES = range(4)
OUTCOMES = {"small": (0.54, 0.25, 0.08, 0.13), "large": (0.62, 0.28, 0.08, 0.02)}  # of every term
LARGE = 1.3  # multiple
MOST = 5.0  # larger customers take no more of what is taken every month
COMES_BACK = 0.25  # of those that lapsed
MONTHLY_WORTH = 90_000  # cents: about what a customer of multiple 1 takes


@dataclass(frozen=True)
class Subscriptions:
    """One entry a term, by its first day. Prices are cents a unit and month."""

    party: Ints
    product: Ints
    price: Ints
    quantity: Ints
    is_yearly: Bools  # billed once a year
    started: Ints
    ended: Ints  # the last day, -1 where none is agreed

    def worth(self, day: int) -> Ints:
        """What each term is worth a month on a day, in cents."""
        runs = (self.started <= day) & ((self.ended < 0) | (self.ended >= day))
        return np.where(runs, self.price * self.quantity, 0)


def make_subscriptions(scope: Scope, parties: Parties) -> Subscriptions:
    """The terms of two customers in three; some take a second service later."""
    noise = scope.noise
    chosen = np.flatnonzero(parties.is_customer & noise.chance("subscription", parties.count, 0.7))
    more = chosen[noise.chance("subscription/second", chosen, 0.4)]
    party = np.append(chosen, more)
    is_second = np.arange(len(party)) >= len(chosen)
    monthly = np.array([position for position, row in enumerate(words.PRODUCTS) if row[3]])
    product = monthly_product(scope, parties, party)
    product = np.where(is_second, monthly[(np.searchsorted(monthly, product) + 1) % len(monthly)], product)
    price = np.array([row[2] for row in words.PRODUCTS])[product] * 100
    price = np.where(parties.currency[party] == 1, price * EURO_PER_MILLE // 1000, price)
    price = price * (1000 - parties.discount_permille[party]) // 1000
    worth = (np.minimum(parties.multiple, MOST) * MONTHLY_WORTH).astype(np.int64)[party] // np.where(is_second, 3, 1)
    quantity = np.maximum(1, worth // price)

    begins = np.append(scope.month_starts, scope.until_day)
    first = np.minimum(parties.first_month[party], scope.months - 1)
    later = np.minimum(first + noise.whole("subscription/later", party, 2, max(4, scope.months - 2)), scope.months - 1)
    day_of_month = noise.whole("subscription/day", np.arange(len(party)), 0, 24)
    start = begins[np.where(is_second, later, first)] + day_of_month
    # What ran before the billing system came was entered on its first day, and ends when it would have.
    was_there = (parties.first_month[party] == 0) & ~is_second
    start = np.where(was_there, scope.start_day, start)
    leaves = np.where(
        parties.last_month[party] < scope.months,
        begins[np.minimum(parties.last_month[party], scope.months)] - 1,
        FOREVER,
    )
    is_agreed = noise.chance("subscription/agreed", np.arange(len(party)), 0.65)
    is_yearly = is_agreed & noise.chance("subscription/yearly", np.arange(len(party)), 0.2)

    found, line, term = [], np.arange(len(party)), 0
    while len(line):
        keys = line * 64 + term
        days = np.where(is_agreed[line], 364, noise.whole("subscription/runs", keys, 150, 420))
        if term == 0:
            days = np.where(was_there[line], noise.whole("subscription/rest", keys, 20, 364), days)
        end = np.minimum(start[line] + days, leaves[line])
        shown = np.where((end > scope.until_day) & ~is_agreed[line], -1, end)
        found.append(np.stack([line, price[line], quantity[line], start[line], shown]))
        of_small, of_large = (noise.pick("subscription/outcome", keys, OUTCOMES[size]) for size in ("small", "large"))
        outcome = np.where(parties.multiple[party[line]] > LARGE, of_large, of_small)
        outcome = np.where(end == leaves[line], LAPSES, outcome)
        comes_back = noise.chance("subscription/comes_back", keys, COMES_BACK) & (end < leaves[line])
        grown = np.maximum(
            quantity[line] * noise.whole("subscription/grows", keys, 112, 150) // 100, quantity[line] + 1
        )
        cut = np.maximum(quantity[line] * noise.whole("subscription/shrinks", keys, 50, 85) // 100, 1)
        quantity[line] = np.where(outcome == GROWS, grown, np.where(outcome == SHRINKS, cut, quantity[line]))
        price[line] = price[line] * (1000 + noise.whole("subscription/dearer", keys, 0, 30)) // 1000
        pause = np.where(outcome == LAPSES, noise.whole("subscription/pause", keys, 100, 200), 0)
        start[line] = end + 1 + pause
        goes_on = ((outcome != LAPSES) | comes_back) & (start[line] <= scope.until_day) & (start[line] < leaves[line])
        line, term = line[goes_on], term + 1
    line, price, quantity, started, ended = np.concatenate(found, axis=1)
    kept = (started <= scope.until_day) & ((ended < 0) | (ended > started))
    order = np.flatnonzero(kept)[np.lexsort((line[kept], started[kept]))]
    line = line[order]
    return Subscriptions(party[line], product[line], price[order], quantity[order], is_yearly[line], started[order],
                         ended[order])  # fmt: skip
