"""What a customer's money is taken to have paid where no application says so, followed day by day.

From the definition: money pays what is owed at the moment when it comes, the oldest due first; what is left waits for
the next invoice; nothing is spent twice. What goes back of a payment is owed again, and is there to be paid again.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)
LAST = date.max
# More than any document is.
EVERYTHING = Decimal(10**15)


class Move(NamedTuple):
    """Money put on a debt, or with a minus taken off it; `settled` is the day of its payment."""

    day: date
    debt: str | None
    money: str | None
    amount: Decimal
    settled: date


class Due(NamedTuple):
    """The place of a debt: what was settled goes first, by that day; then by due date.

    What is owed again (`is_again`) comes right after what was always owed of its document.
    """

    is_written_off: bool
    settled: date
    due: date
    issued: date
    name: str
    is_again: bool = False

    def again(self) -> Due:
        """The place of what is owed again after it was paid."""
        return self._replace(is_written_off=False, settled=LAST, is_again=True)

    def given_up(self) -> Due:
        """The place of what was written off."""
        return self._replace(is_written_off=True, settled=LAST, is_again=False)


@dataclass
class Paid:
    """What a piece of money has paid of a debt."""

    money: str | None
    debt: Due
    amount: Decimal
    day: date


@dataclass
class Allocation:
    """One customer's debts and money in one currency, as they come."""

    owed: dict[Due, Decimal] = field(default_factory=dict)
    waiting: dict[str, Decimal] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    # What of each document is open, whatever asks for it: below zero where more was credited than it was, or than
    # unseen money left of it. What is written off is not open, whatever came of that; `lost` is all that ever was.
    stands: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    lost: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    # What of a balance was written off: a credit note is for that before money is free.
    given: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    # The places of debts, the first on top; one that nothing is owed at any more is passed over.
    _order: list[Due] = field(default_factory=list)

    def _owes(self, debt: Due, amount: Decimal) -> None:
        if debt not in self.owed:
            heapq.heappush(self._order, debt)
        self.owed[debt] = self.owed.get(debt, ZERO) + amount

    def _first(self) -> Due:
        while self._order[0] not in self.owed:
            heapq.heappop(self._order)
        return self._order[0]

    def spend(self, day: date) -> None:
        """Waiting money, the first first, pays what is owed, the oldest due first."""
        while self.owed and self.waiting:
            debt, money = self._first(), next(iter(self.waiting))
            amount = min(self.owed[debt], self.waiting[money])
            self.paid.append(Paid(money, debt, amount, day))
            self.moves.append(Move(day, debt.name, money, amount, day))
            lower(self.owed, debt, amount)
            lower(self.waiting, money, amount)
            self.stands[debt.name] -= ZERO if debt.is_written_off else amount

    def owes(self, day: date, debt: Due, amount: Decimal) -> None:
        """A debt comes."""
        self.stands[debt.name] += amount
        if amount > 0:
            self._owes(debt, amount)
            self.spend(day)

    def owes_again(self, day: date, debt: Due, amount: Decimal) -> None:
        """Something else than money leaves more to be paid: a settlement tells of it where it does not come before."""
        is_told = debt.settled < LAST and day <= max(debt.settled, debt.issued)
        self._reopens(debt, debt if is_told else debt.again(), amount)
        self.spend(day)

    def reopens(self, debt: Due, amount: Decimal) -> None:
        """What had paid it went back."""
        self._reopens(debt, debt.again(), amount)

    def _reopens(self, debt: Due, place: Due, amount: Decimal) -> None:
        # What is open is never less than nothing: what was credited beyond that is filled first; then what was
        # recovered of a write-off is lost again; the rest is owed.
        beyond = min(amount, max(-self.stands[debt.name], ZERO))
        again = min(amount - beyond, self.lost[debt.name] - self.owed.get(debt.given_up(), ZERO))
        for whose, part in ((debt.given_up(), again), (place, amount - beyond - again)):
            if part > 0:
                self._owes(whose, part)
        self.stands[debt.name] += amount - again

    def _lowers(self, debt: Due, amount: Decimal) -> tuple[Decimal, Decimal]:
        """Takes off what is owed, then off what a balance leaves besides; how much of either."""
        taken = ZERO
        beside = self.stands[debt.name]
        for place in (debt, debt.again()):
            beside -= self.owed.get(place, ZERO)
            part = min(amount - taken, self.owed.get(place, ZERO))
            lower(self.owed, place, part)
            taken += part
        left = min(amount - taken, max(beside, ZERO))
        self.stands[debt.name] -= taken + left
        return taken, left

    def comes(self, day: date, money: str, amount: Decimal) -> None:
        """Money comes."""
        if amount > 0:
            self.waiting[money] = self.waiting.get(money, ZERO) + amount
            self.spend(day)

    def loses(self, day: date, debt: Due, amount: Decimal | None) -> None:
        """A credit note was applied to it, or (no amount) it is void: what was too much for it is free again."""
        rest = EVERYTHING if amount is None else amount
        rest -= sum(self._lowers(debt, rest))
        lost = min(rest, self.owed.get(debt.given_up(), ZERO))
        lower(self.owed, debt.given_up(), lost)
        rest -= lost
        # As far as nothing was credited beyond the document yet.
        given = min(rest, max(self.given[debt.name] + min(self.stands[debt.name], ZERO), ZERO))
        self.stands[debt.name] -= rest - self._frees(day, debt, rest - given, recovered=True)
        self.spend(day)

    def _frees(self, day: date, debt: Due, most: Decimal, *, recovered: bool = False) -> Decimal:
        """Money that had paid a debt waits again, what paid last first; that of a recovery only where asked for."""
        rest = most
        for held in reversed([held for held in self.paid if held.debt.name == debt.name and held.money]):
            part = min(rest, held.amount)
            if part > 0 and held.money and (recovered or not held.debt.is_written_off):
                held.amount -= part
                rest -= part
                self.moves.append(Move(day, debt.name, held.money, -part, held.day))
                self.waiting[held.money] = self.waiting.get(held.money, ZERO) + part
        return most - rest

    def gives_up(self, day: date, debt: Due, amount: Decimal) -> Decimal:
        """Written off: only money that nothing else needs goes there, and what had paid as much of it is free again.

        Returns how much of it there was to give up, beside what a balance leaves that no money asks for.
        """
        part, left = self._lowers(debt, amount)
        self.given[debt.name] += left
        part += self._frees(day, debt, amount - part - left)
        if part > 0:
            self.lost[debt.name] += part
            self._owes(debt.given_up(), part)
            self.spend(day)
        return part

    def ends(self, day: date, debt: Due, left: Decimal = ZERO, given: Decimal = ZERO) -> None:
        """Its document says that it was settled: what no money has paid was paid by money that nobody exported.

        What is owed again is not of that: neither a settlement nor a balance is known to tell of what went back. What a
        balance leaves is open from now on, and no money asks for it; but for `given`, which was written off of it.
        """
        rest = self.owed.pop(debt, ZERO)
        self.stands[debt.name] += left - rest
        given = min(given, max(self.stands[debt.name] - self.owed.get(debt.again(), ZERO), ZERO))
        self.given[debt.name] += given
        self.stands[debt.name] -= given
        if rest:
            self.paid.append(Paid(None, debt, rest, day))
            self.moves.append(Move(day, debt.name, None, rest, day))

    def uses_up(self, day: date, money: str) -> None:
        """Its export says that it is used up: what nothing known has used of it was for something unseen."""
        rest = self.waiting.pop(money, ZERO)
        if rest:
            self.moves.append(Move(day, None, money, rest, day))

    def goes_back(
        self, day: date, amount: Decimal, money: str | None, *, is_refund: bool, debt: str | None = None
    ) -> list[Move]:
        """Takes back what paid the debt that is named, if one is; then what waits or what was paid, the last first.

        A refund takes what waits first, a chargeback what was paid; of no money that is named, any.
        """
        taken: list[Move] = []
        reopened: list[tuple[Due, Decimal]] = []

        def unspent(names: Iterable[str]) -> None:
            nonlocal amount
            for name in names:
                part = min(amount, self.waiting.get(name, ZERO))
                if part > 0:
                    lower(self.waiting, name, part)
                    taken.append(Move(day, None, name, -part, day))
                    amount -= part

        def is_reached(held: Paid) -> bool:
            if money:
                return held.money == money
            return held.debt.name == debt if debt else held.money is not None

        def spent(only: str | None = None) -> None:
            nonlocal amount
            for held in reversed(self.paid):
                part = min(amount, held.amount)
                if part > 0 and is_reached(held) and only in (None, held.debt.name):
                    held.amount -= part
                    amount -= part
                    taken.append(Move(day, held.debt.name, held.money, -part, held.day))
                    reopened.append((held.debt, part))

        own = [money] if money else []
        if debt:
            spent(debt)
        if is_refund:
            unspent([*own, *self.waiting])
            spent()
        else:
            spent()
            unspent(own or [*self.waiting])
        for place, part in reopened:
            self.reopens(place, part)
        self.spend(day)
        return taken


def lower(amounts: dict[Any, Decimal], name: Any, amount: Decimal) -> None:
    """Takes an amount off; what is nothing is no entry."""
    if name in amounts:
        amounts[name] -= amount
        if not amounts[name]:
            del amounts[name]
