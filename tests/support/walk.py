"""What money pays that no export applies, by the definition in docs/decisions.md, one piece after the other.

Debts are pieces of what is owed, each with its place; money are pieces that wait, in the order in which they came; what
paid is remembered as it happened. Nothing is quick here, and nothing is taken from the proof's walk or the models'.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
LAST = date.max
# The classes of what is owed, in the order in which money goes to them.
SETTLED, OWED, WRITTEN_OFF = range(3)


class Due(NamedTuple):
    """A debt's place: what was settled first, by that day, then by due date; what is owed again after what always was."""

    kind: int
    settled: date
    due: date
    issued: date
    name: str
    times: int = 0

    @classmethod
    def of(cls, name: str, issued: date, due: date, settled: date | None) -> Due:
        """The place of a document."""
        return cls(SETTLED if settled else OWED, settled or LAST, due, issued, name)

    def once_more(self) -> Due:
        """The place of what is owed again: as of any debt, right after its own."""
        return Due(OWED, LAST, self.due, self.issued, self.name, 1)

    def lost(self) -> Due:
        """The place of what was written off: after all else."""
        return Due(WRITTEN_OFF, LAST, self.due, self.issued, self.name)


class Move(NamedTuple):
    """Money put on a debt, or with a minus taken off it; `settled` is the day of its payment."""

    day: date
    debt: str | None
    money: str | None
    amount: Decimal
    settled: date


@dataclass
class Piece:
    """An amount of a debt (`place`), of money (`money`), or of money that paid a debt on a day."""

    amount: Decimal
    place: Due | None = None
    money: str | None = None
    day: date = LAST


class Walk:
    """One customer's debts and money in one currency, as they come."""

    def __init__(self) -> None:
        """Nothing is owed and nothing waits."""
        self.debts: list[Piece] = []
        self.money: list[Piece] = []
        self.paid: list[Piece] = []
        self.moves: list[Move] = []
        # By document what it was, was credited, was reversed, and what a balance left; and what of it was written off.
        self.told: dict[str, list[Decimal]] = defaultdict(list)
        self.lost: dict[str, list[Decimal]] = defaultdict(list)
        # What of its balance was written off.
        self.given: dict[str, Decimal] = defaultdict(lambda: ZERO)

    def _pays(self, day: date) -> None:
        """As long as there is both, the first money pays the first debt."""
        self.debts = sorted((piece for piece in self.debts if piece.amount), key=lambda piece: piece.place or ())
        self.money = [piece for piece in self.money if piece.amount]
        while self.debts and self.money:
            debt, money = self.debts[0], self.money[0]
            part = min(debt.amount, money.amount)
            debt.amount -= part
            money.amount -= part
            self.paid.append(Piece(part, debt.place, money.money, day))
            self.moves.append(Move(day, debt.place.name if debt.place else None, money.money, part, day))
            self.debts = [piece for piece in self.debts if piece.amount]
            self.money = [piece for piece in self.money if piece.amount]

    @staticmethod
    def _take(pieces: Iterable[Piece], most: Decimal) -> list[tuple[Piece, Decimal]]:
        """Takes so much off pieces, one after the other; what of each."""
        taken = []
        for piece in pieces:
            part = min(piece.amount, most)
            if part > 0:
                piece.amount -= part
                most -= part
                taken.append((piece, part))
        return taken

    def _waits(self, name: str | None, amount: Decimal) -> None:
        """Money is there: with what waits of it already, or after all that waits."""
        waiting = next((piece for piece in self.money if piece.amount and piece.money == name), None)
        if waiting:
            waiting.amount += amount
        else:
            self.money.append(Piece(amount, money=name))

    def _frees(self, day: date, most: Decimal, is_meant: Callable[[Piece], bool]) -> Decimal:
        """Money that had paid waits again, what paid last first; how much."""
        taken = self._take([piece for piece in reversed(self.paid) if piece.money and is_meant(piece)], most)
        for piece, part in taken:
            self.moves.append(Move(day, piece.place.name if piece.place else None, piece.money, -part, piece.day))
            self._waits(piece.money, part)
        return sum((part for _, part in taken), ZERO)

    def _owed(self, *places: Due) -> list[Piece]:
        """What is owed in these places, in their order."""
        return [piece for place in places for piece in self.debts if piece.place == place]

    def _open(self, debt: Due) -> Decimal:
        """What is open of a document, less than nothing where it was credited too much: neither paid nor written off."""
        paid = sum((piece.amount for piece in self.paid if piece.place and piece.place.name == debt.name), ZERO)
        lost = sum((piece.amount for piece in self._owed(debt.lost())), ZERO)
        return sum(self.told[debt.name], ZERO) - paid - lost

    def owes(self, day: date, debt: Due, amount: Decimal) -> None:
        """A debt comes; of one of which a balance leaves a part, the rest."""
        self.told[debt.name].append(amount)
        if amount > 0:
            self.debts.append(Piece(amount, debt))
            self._pays(day)

    def _more(self, place: Due, amount: Decimal) -> None:
        """So much more is open, as far as anything is: what was recovered of a write-off is lost again, the rest is owed."""
        more = max(min(self._open(place), amount), ZERO)
        recovered = sum(self.lost[place.name], ZERO) - sum((piece.amount for piece in self._owed(place.lost())), ZERO)
        again = min(more, recovered)
        self.debts += [Piece(again, place.lost()), Piece(more - again, place)]

    def owes_again(self, day: date, debt: Due, amount: Decimal) -> None:
        """Something else than money leaves more to be paid; up to the day on which a document is settled that is of it."""
        is_before = debt.kind == SETTLED and day <= max(debt.settled, debt.issued)
        self.told[debt.name].append(amount)
        self._more(debt if is_before else debt.once_more(), amount)
        self._pays(day)

    def unpaid(self, debt: Due, amount: Decimal) -> None:
        """What nobody knows the payment of went back."""
        self.told[debt.name].append(amount)
        self._more(debt.once_more(), amount)

    def comes(self, day: date, money: str, amount: Decimal) -> None:
        """Money comes."""
        if amount > 0:
            self._waits(money, amount)
            self._pays(day)

    def loses(self, day: date, debt: Due, amount: Decimal | None) -> None:
        """It is credited, or void (no amount): less is owed; what had paid more than that is free."""
        most = Decimal(10**15) if amount is None else amount
        noted = max(-self._open(debt), ZERO)
        rest = most - sum(self._lowers(debt, most))
        rest -= sum((part for _, part in self._take(self._owed(debt.lost()), rest)), ZERO)
        # What of its balance was written off, and no note is for yet, comes before what had paid it.
        rest -= min(rest, max(self.given[debt.name] - noted, ZERO))
        self._frees(day, rest, lambda piece: bool(piece.place and piece.place.name == debt.name))
        self.told[debt.name].append(-most)
        self._pays(day)

    def _lowers(self, debt: Due, most: Decimal) -> tuple[Decimal, Decimal]:
        """Takes what is owed, and then of what is open besides, which a balance left: how much of each."""
        owed = self._owed(debt, debt.once_more())
        beside = max(self._open(debt) - sum((piece.amount for piece in owed), ZERO), ZERO)
        taken = sum((part for _, part in self._take(owed, most)), ZERO)
        return taken, min(most - taken, beside)

    def gives_up(self, day: date, debt: Due, amount: Decimal) -> Decimal:
        """Written off: what is owed, what a balance left, then what had paid it, which is free; how much but of a balance."""
        part, left = self._lowers(debt, amount)
        self.given[debt.name] += left
        part += self._frees(
            day,
            amount - part - left,
            lambda piece: bool(piece.place and piece.place.name == debt.name and piece.place.kind != WRITTEN_OFF),
        )
        self.told[debt.name].append(-left)
        self.lost[debt.name].append(part)
        if part:
            self.debts.append(Piece(part, debt.lost()))
            self._pays(day)
        return part

    def ends(self, day: date, debt: Due, left: Decimal = ZERO, given_up: Decimal = ZERO) -> None:
        """It is settled, or its balance is told: what no money has paid came in unseen; what is owed again did not.

        What the balance leaves is open, but for what was given up of it.
        """
        self.told[debt.name].append(left)
        for piece, part in self._take(self._owed(debt), Decimal(10**15)):
            self.paid.append(Piece(part, piece.place, None, day))
            self.moves.append(Move(day, debt.name, None, part, day))
        beside = self._open(debt) - sum((piece.amount for piece in self._owed(debt.once_more())), ZERO)
        gone = max(min(given_up, beside), ZERO)
        self.given[debt.name] += gone
        self.told[debt.name].append(-gone)

    def uses_up(self, day: date, money: str) -> None:
        """What of it waits was used for something unseen."""
        for _, part in self._take([piece for piece in self.money if piece.money == money], Decimal(10**15)):
            self.moves.append(Move(day, None, money, part, day))

    def goes_back(
        self, day: date, amount: Decimal, money: str | None, *, is_refund: bool, debt: str | None = None
    ) -> list[Move]:
        """Money goes back: of what paid the debt that is named; then a refund of what waits before what paid, else after."""
        found: list[Move] = []
        again: dict[Due, Decimal] = defaultdict(Decimal)
        waiting = [piece for piece in self.money if piece.money == money]
        if is_refund or not money:
            waiting += [piece for piece in self.money if piece.money != money]
        paying = [
            piece for piece in reversed(self.paid)
            if (piece.money == money if money else piece.place and piece.place.name == debt if debt else piece.money)
        ]  # fmt: skip
        named = [piece for piece in paying if debt and piece.place and piece.place.name == debt]
        for pieces in (named, *((waiting, paying) if is_refund else (paying, waiting))):
            for piece, part in self._take(pieces, amount):
                amount -= part
                if piece.place:
                    found.append(Move(day, piece.place.name, piece.money, -part, piece.day))
                    again[piece.place.once_more()] += part
                else:
                    found.append(Move(day, None, piece.money, -part, day))
        for place, part in again.items():
            self._more(place, part)
        self._pays(day)
        return found
