"""What is assumed of money that no application puts on an invoice: a walk for each customer and currency.

What happens is collected as steps, in any order, and followed day by day once all of it is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from pipelines.verification.allocation import LAST, Allocation, Due, Move
from pipelines.verification.documents import ZERO, Applied, Books, Debt, Money, is_balance_given_up, is_nobody
from pipelines.verification.rows import Row

Place = tuple[str, str]
# What has no name of its own comes after what has one.
LATER = "\uffff"
# What happens to each piece of money, by its name: applications and what was taken back of it.
Events = dict[str, list[tuple[date, int, str, Row | Applied]]]


class Walks:
    """The steps of all customers and currencies, and what they come to."""

    def __init__(self, books: Books, applied: set[Place], lag: timedelta) -> None:
        """Takes a company's books, whose payments its exports apply, and how long what is settled waits."""
        self.books, self.applied, self.lag = books, applied, lag
        self.steps: dict[Place, list[tuple[date, int, str, Callable[[Allocation], None]]]] = defaultdict(list)
        # Debts that applications say what paid them: nothing more is assumed of these.
        self.paid: set[str] = set()
        # Who has debts that wait for money, or got money back, and who has money that may pay them.
        self.walked: set[Place] = set()
        self.moneyed: set[Place] = set()
        # Account and currency -> under which numbers it owes.
        self.owing: dict[Place, set[str]] = defaultdict(set)
        for debt in books.debts.values():
            if not is_nobody(debt.customer):
                self.owing[books.account(debt.customer), debt.currency].add(debt.customer)

    def is_loose(self, customer: str, currency: str) -> bool:
        """Whether nothing in the exports applies a customer's payments, so that they are assumed to pay in order."""
        return (customer, currency) not in self.applied

    def is_loose_money(self, money: Money) -> bool:
        """Whether it is somebody's whose payments nothing applies."""
        return self.is_loose(*self.debtor(money.customer, money.currency)) and not is_nobody(money.customer)

    def debtor(self, customer: str, currency: str) -> Place:
        """Whose walk a customer's money is in: of a number that owes nothing, the one that its account owes under.

        Unless applications say what the first pays, and nothing of what the other's money pays.
        """
        debtors = self.owing.get((self.books.account(customer), currency), set())
        if len(debtors) == 1 and not is_nobody(customer):
            (other,) = debtors
            if self.is_loose(customer, currency) or not self.is_loose(other, currency):
                return other, currency
        return customer, currency

    def place(self, debt: Debt) -> Due | None:
        """A debt's place among those that wait for money that says nothing of what it is for.

        Where a customer's payments have applications, only what its document calls settled asks for more.
        """
        if debt.gross <= 0 or debt.id in self.paid:
            return None
        if not debt.settled and not self.is_loose(debt.customer, debt.currency):
            return None
        return Due(False, debt.settled or LAST, debt.due, debt.issued, debt.id)

    def step(
        self, customer: str, currency: str, day: date, order: int, what: Callable[[Allocation], None], name: str = LATER
    ) -> None:
        """Something that happens to a customer's debts and money; of one day in this order, then by name."""
        self.steps[customer, currency].append((day, order, name, what))

    def give_back(
        self, whose: Place, day: date, row: Row, amount: Decimal, money: str | None, debt: Debt | None = None
    ) -> None:
        """A step that takes back of money that says nothing of what it paid, as an adjustment says."""
        is_refund = row["adjustment_kind"] == "refund"
        is_payment = money is not None and self.books.money[money].is_cash

        def taken(walk: Allocation) -> None:
            left = amount
            if debt and not money and whose not in self.moneyed:
                # No money of theirs is known: it is owed again.
                debt.events.append((day, amount))
                if place := self.place(debt):
                    walk.reopens(place, amount)
                return
            for move in walk.goes_back(day, amount, money, is_refund=is_refund, debt=debt.id if debt else None):
                left += move.amount
                if move.debt:
                    self.books.debts[move.debt].events.append((move.day, -move.amount))
                else:
                    self.books.unapplied.append((*whose, move.day, move.amount))
            if left and is_payment:
                # More than the payment had is no cash.
                self.books.cash.append((*whose, day, left))
            elif left:
                self.books.unapplied.append((*whose, day, -left))

        self.walked.add(whose)
        self.step(*whose, day, 5, taken, row["adjustment_id"])

    def follow(self, happened: Events, spent: dict[str, Decimal]) -> None:
        """Walks through what happened to each customer whose payments have no applications, which `spent` as much."""
        books = self.books
        for place, debt in sorted((place, debt) for debt in books.debts.values() if (place := self.place(debt))):
            self._debt_steps(place, debt)
            self.walked.add((debt.customer, debt.currency))
        free = {money.id: money.amount - spent.get(money.id, ZERO) for money in books.money.values()}
        for name, events in happened.items():
            for *_, what in events:
                if not isinstance(what, Applied) and not self.is_loose_money(books.money[name]):
                    free[name] -= what["amount"] or ZERO
        unused = {money.id for money in books.money.values() if free[money.id] == money.amount}
        self.walked |= {
            self.debtor(money.customer, money.currency) for money in books.money.values() if money.amount < 0
        }
        # Of one day, credit notes go before cash, then by id: which file said it first tells nothing.
        for money in sorted(books.money.values(), key=lambda money: (money.is_cash, money.id)):
            self._money_steps(money, free[money.id], self.debtor(money.customer, money.currency), money.id in unused)
        for (customer, currency), steps in self.steps.items():
            walk = Allocation()
            for *_, happens in sorted(steps, key=lambda step: step[:3]):
                happens(walk)
            for move in walk.moves:
                self._post(customer, currency, move)

    def _debt_steps(self, place: Due, debt: Debt) -> None:
        who, day = (debt.customer, debt.currency), debt.issued
        left = ZERO
        if debt.reported and not debt.settled:
            # No more can have been paid than the balance leaves.
            left = min(max(debt.reported[1], ZERO), debt.gross)
        self.step(*who, day, 1, lambda walk: walk.owes(day, place, debt.gross - left))
        if debt.voided:
            gone = debt.voided
            self.step(*who, gone, 7, lambda walk: walk.loses(gone, place, None))
        if debt.settled and not debt.voided:
            at = max(debt.settled, day)
            self.step(*who, max(debt.settled + self.lag, day), 8, lambda walk: walk.ends(at, place))
        elif debt.reported:
            seen = max(debt.reported[0], day)

            def told(walk: Allocation) -> None:
                # A balance that is the one before what was written off leaves less.
                walk.ends(seen, place, left, debt.to_give_up if is_balance_given_up(debt) else ZERO)

            self.step(*who, seen, 9, told)

    def _money_steps(self, money: Money, free: Decimal, who: Place, is_whole: bool) -> None:
        came, end = money.came, money.ends
        # Where payments have applications, a balance says nothing.
        reported = money.reported if not money.settled and self.is_loose(money.customer, money.currency) else None
        left = min(max(reported[1], ZERO), free) if reported else ZERO
        # A payment is used by what it pays, and a note that became void was not used up.
        told = money.settled or (reported[0] if reported else None)
        used = told if not money.is_cash and end == LAST else None
        if is_nobody(money.customer):
            # It pays nothing of anybody's, but its own document says what became of it.
            if used and is_whole:
                used = max(used, came)
                self._post(*who, Move(used, None, money.id, free - left, used))
            return
        if free >= 0:
            self.moneyed |= {who} if free else set()
            self.step(*who, came, 2, lambda walk: walk.comes(came, money.id, free - left))
        elif money.amount < 0:
            self.step(*who, came, 5, lambda walk: add(walk, walk.goes_back(came, -free, None, is_refund=True)))
        if end < LAST:
            self.step(*who, end, 7, lambda walk: add(walk, walk.goes_back(end, free, money.id, is_refund=False)))
        if used and (is_whole or who in self.walked):
            # Where there are debts that it may have paid, these have time to be settled too.
            used = max(used + (self.lag if money.settled and who in self.walked else timedelta()), came)
            self.step(*who, used, 8, lambda walk: walk.uses_up(used, money.id))

    def _post(self, customer: str, currency: str, move: Move) -> None:
        if move.debt:
            debt = self.books.debts[move.debt]
            debt.events.append((move.day, -move.amount))
            if move.money is None and move.amount > 0 and not debt.settled:
                # A balance says by when it was paid, and not since when.
                self.books.undated.append((currency, debt.issued, move.day))
        else:
            # What a credit note was used for unseen looks as if cash had paid it.
            self.books.cash.append((customer, currency, move.day, -move.amount))
        if move.money is None:
            self.books.cash.append((customer, currency, move.day, move.amount))
        else:
            self.books.unapplied.append((customer, currency, move.day, -move.amount))


def add(walk: Allocation, moves: list[Move]) -> None:
    """What money that went back no longer pays, as moves of the walk."""
    walk.moves += [move for move in moves if move.debt]
