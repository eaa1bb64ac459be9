"""Invoices and their lines. Money is in whole cents, so that every sum is exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.sample import words
from pipelines.sample.noise import Bools, Floats, Ints, spread
from pipelines.sample.parties import SIZES, Parties
from pipelines.sample.scope import Scope
from pipelines.sample.story import PART, Turns

EURO_PER_MILLE = 920  # a list price in euro is this much of the one in dollars
OFTEN = (0.26, 0.2, 0.16, 0.12, 0.1, 0.09, 0.07)  # how often each of a customer's further products is ordered
BASE_INVOICE = 150_000  # cents: what an invoice to a customer of multiple 1 is about


@dataclass(frozen=True)
class Invoices:
    """One entry an invoice, by customer and then by day; `order` sorts them by day as their numbers run."""

    party: Ints
    issued: Ints
    due: Ints
    net: Ints
    tax: Ints
    first_line: Ints
    lines: Ints
    is_draft: Bools
    is_void: Bools
    disputed: Ints  # the day; -1 for never
    resolved: Ints
    instalments: Ints  # 3 for those paid by instalments, else 1
    number: Ints  # running number by day

    @property
    def count(self) -> int:
        """All invoices, drafts and voided ones among them."""
        return len(self.party)

    @property
    def gross(self) -> Ints:
        """With tax."""
        return self.net + self.tax

    @property
    def is_issued(self) -> Bools:
        """True for what is a receivable: neither a draft nor voided."""
        return ~(self.is_draft | self.is_void)

    def last_of(self, party: int, before: int) -> int:
        """The customer's last invoice before a day."""
        return int(np.flatnonzero((self.party == party) & (self.issued < before))[-1])


@dataclass(frozen=True)
class Lines:
    """One entry a line, in the invoices' order."""

    invoice: Ints
    product: Ints
    quantity: Ints
    price: Ints
    net: Ints
    tax: Ints
    list_price: Ints


def activity(scope: Scope, parties: Parties) -> Floats:
    """How many invoices each customer gets in each month, as a weight; one row per customer."""
    months = np.arange(scope.months)
    active = (months >= parties.first_month[:, None]) & (months < parties.last_month[:, None])
    return active * parties.is_customer[:, None] * parties.frequency[:, None] * scope.growth()


def _quantities(scope: Scope, parties: Parties, party: Ints, month: Ints, number: Ints) -> tuple[Ints, Ints]:
    """How many lines each invoice has, and what the whole is meant to come to in dollar cents."""
    noise, count = scope.noise, len(party)
    lines = 1 + noise.pick("invoice/lines", count, [0.5, 0.34, 0.16])
    wobble = noise.curve("invoice/size", count, [0.65, 0.85, 0.95, 1.05, 1.2, 1.6])
    aim = parties.multiple[party] * BASE_INVOICE * wobble * (1 + 0.08 * month / (scope.months - 1))
    return lines, (aim * number).astype(np.int64)


def make_invoices(scope: Scope, parties: Parties, turns: Turns) -> tuple[Invoices, Lines]:
    """All invoices: laid out over customers and months by weight, then the story's exceptions."""
    noise, count = scope.noise, scope.invoices
    cell, within = spread(noise, "invoice", activity(scope, parties).ravel(), count)
    party, month = cell // scope.months, cell % scope.months
    issued = scope.workday(scope.month_starts[month] + (within * scope.month_lengths[month]).astype(np.int64))

    disputed = np.full(count, -1)
    times = np.ones(count, dtype=np.int64)
    big = int(np.flatnonzero((party == PART["disputed"]) & (issued < scope.until_day - 45))[-1])
    times[big] = 8
    is_disputed = noise.chance("invoice/disputed", count, 0.006) & (issued < scope.until_day - 60)
    disputed[is_disputed] = (issued + noise.whole("invoice/disputed_after", count, 4, 20))[is_disputed]
    resolved = np.where(is_disputed, disputed + noise.whole("invoice/resolved_after", count, 5, 35), -1)
    disputed[big], resolved[big] = issued[big] + 12, -1

    lines_of, aim = _quantities(scope, parties, party, month, times)
    lines = make_lines(scope, parties, party, lines_of, aim)
    first = np.cumsum(lines_of) - lines_of
    net, tax = np.add.reduceat(lines.net, first), np.add.reduceat(lines.tax, first)

    is_draft = (issued > scope.until_day - 6) & noise.chance("invoice/draft", count, 0.2)
    is_void = ~is_draft & noise.chance("invoice/void", count, 0.01)
    steady = np.flatnonzero(party == PART["steady"])
    # The story's own invoices stay what the story says.
    kept = (disputed >= 0) | (party < PART["steady"])
    is_draft &= ~kept
    is_void &= ~kept
    is_draft[steady[-1]], is_void[steady[len(steady) // 3]] = True, True

    by_parts = (
        ~is_draft & ~is_void & (disputed < 0) & (lines_of == 3) & noise.chance("invoice/instalments", count, 0.03)
    )
    group = np.flatnonzero(party == PART["rhine_group"])
    by_parts[group[len(group) // 2]] = True
    instalments = np.where(by_parts, 3, 1)
    due = issued + np.where(instalments == 3, 90, parties.terms[party])
    by_day = np.lexsort((np.arange(count), issued))
    number = np.empty(count, dtype=np.int64)
    number[by_day] = np.arange(1, count + 1)
    return Invoices(party, issued, due, net, tax, first, lines_of, is_draft, is_void, disputed, resolved, instalments,
                    number), lines  # fmt: skip


def make_lines(scope: Scope, parties: Parties, party: Ints, lines_of: Ints, aim: Ints) -> Lines:
    """Lines that come to about the aim: the customer's usual products at list price less the customer's discount."""
    noise = scope.noise
    invoice = np.repeat(np.arange(len(party)), lines_of)
    ordinal = np.arange(len(invoice)) - np.repeat(np.cumsum(lines_of) - lines_of, lines_of)
    who = party[invoice]
    # The first line is the monthly service; of the other products a customer buys some often, some now and then.
    slot = np.where(ordinal == 0, 0, 1 + noise.pick("line/slot", len(invoice), OFTEN))
    product = usual_product(scope, parties, who, slot)
    prices = np.array([row[2] for row in words.PRODUCTS]) * 100
    is_euro = parties.currency[who] == words.CURRENCIES.index("EUR")
    list_price = np.where(is_euro, prices[product] * EURO_PER_MILLE // 1000, prices[product])
    price = (list_price * (1000 - parties.discount_permille[who]) + 500) // 1000
    quantity = np.maximum(1, (aim[invoice] // lines_of[invoice] + price // 2) // price)
    net = quantity * price
    permille = np.array([place.tax_permille for place in words.COUNTRIES])[parties.country[who]]
    return Lines(invoice, product, quantity, price, net, (net * permille + 500) // 1000, list_price)


def usual_product(scope: Scope, parties: Parties, party: Ints, slot: Ints) -> Ints:
    """The product in each slot of each customer's usual ones; the first is a monthly service.

    Companies of a size choose from the same part of the catalogue.
    """
    size = np.searchsorted([SIZES[1], SIZES[0]], parties.multiple[party])
    choice = np.array(words.CHOICES)[size]
    place = scope.noise.whole("line/product", party * 8 + slot, 0, choice.shape[-1] - 1)
    place = np.where(slot == 0, place % words.MONTHLY_CHOICES, place)
    product: Ints = np.take_along_axis(choice, place[:, None], axis=1)[:, 0]
    return product


def monthly_product(scope: Scope, parties: Parties, party: Ints) -> Ints:
    """The product that stands on the first line of each customer's invoices."""
    return usual_product(scope, parties, party, np.zeros(len(party), dtype=np.int64))
