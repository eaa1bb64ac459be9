"""Debts of tests: what moves it, what was paid of it and stayed paid, and what was lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)
Key = tuple[str, str]


@dataclass(eq=False)
class Invoice:
    """One debt: its name, whose, in what, since when and due when, its events and what was paid; `sold` ones make loss history.

    `paid` holds cash (+) and what took it back (-): the day it counts on, the amount, the day of the payment behind it.
    """

    name: str
    account: str
    currency: str
    issued: date
    due: date
    gross: Decimal
    sold: bool = True
    events: list[tuple[date, Decimal]] = field(default_factory=list)
    paid: list[tuple[date, Decimal, date]] = field(default_factory=list)
    given_up: list[tuple[date, str, Decimal]] = field(default_factory=list)
    lost: list[tuple[date, Decimal]] = field(default_factory=list)

    def open_on(self, day: date) -> Decimal:
        """What is open at the end of a day, over-applied ones nothing."""
        return max(sum((amount for on, amount in self.events if on <= day), ZERO), ZERO)

    def kept(self, day: date) -> list[tuple[date, Decimal]]:
        """What was paid by the end of a day and not taken back by then: of its own payment first, then of the last."""
        known = sorted((move for move in self.paid if move[0] <= day), key=lambda move: move[0])
        left = [[on, amount] for on, amount, _ in known if amount > 0]
        for on, amount, settled in known:
            for own in (True, False):
                for place in reversed(range(len(left))):
                    if amount < 0 and left[place][0] <= on and (left[place][0] == settled) == own:
                        part = min(-amount, left[place][1])
                        left[place][1] -= part
                        amount += part
        return [(on, amount) for on, amount in left]


def total(movements: list[tuple[date, Decimal]], day: date) -> Decimal:
    """The sum of what lies up to a day."""
    return sum((amount for on, amount in movements if on <= day), Decimal(0))


@dataclass
class Item:
    """One invoice of the ledger: its instalments (due date, amount) and its events (date, amount)."""

    key: Key
    instalments: list[tuple[date, Decimal]]
    events: list[tuple[date, Decimal]] = field(default_factory=list)
    given_up: list[tuple[date, Decimal]] = field(default_factory=list)

    def open_on(self, day: date) -> Decimal:
        """Open(i, D)."""
        return total(self.events, day)

    def credit_on(self, day: date) -> Decimal:
        """What stands in the customer's favour: what is paid of a written-off debt is a recovery."""
        return max(-self.open_on(day) - total(self.given_up, day), Decimal(0))

    def give_up(self) -> None:
        """A write-off takes at most what is open at the end of its day."""
        self.given_up = [(on, min(amount, max(self.open_on(on), Decimal(0)))) for on, amount in self.given_up]
        self.events += [(on, -amount) for on, amount in self.given_up]

    def parts_on(self, day: date) -> list[tuple[date, Decimal]]:
        """What is open by due date: payments fill the instalments in order, so the last ones stay open."""
        left, parts = self.open_on(day), []
        for due, amount in reversed(self.instalments[1:]):
            part = min(max(left, Decimal(0)), amount)
            parts.append((due, part))
            left -= part
        parts.append((self.instalments[0][0], max(left, Decimal(0))))
        return parts
