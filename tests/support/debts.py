"""A debt in plain Python: its events, what is open of it by due date, and the cash that paid it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.support.walk import LAST

ZERO = Decimal(0)
Movement = tuple[date, Decimal]


def total(movements: Iterable[Movement], day: date) -> Decimal:
    """The sum of what lies up to a day."""
    return sum((amount for on, amount in movements if on <= day), ZERO)


@dataclass
class Debt:
    """One invoice, debit note or opening balance: its instalments (due date, amount) and its events (date, amount).

    `paid` holds the cash among the events: its place in them, and the day of the payment that it is or takes back.
    """

    account: str
    # The number under which it is owed.
    customer: str
    issued: date
    gross: Decimal
    instalments: list[Movement]
    is_opening: bool = False
    is_due_known: bool = True
    voided: date | None = None
    due: date = LAST
    settled: date | None = None
    written_off: list[Movement] = field(default_factory=list)
    events: list[Movement] = field(default_factory=list)
    paid: list[tuple[int, date]] = field(default_factory=list)
    # The day of the balance that its export reports, and that balance; all that was to be written off of it.
    reported: Movement | None = None
    to_give_up: Decimal = ZERO
    # Which of its events is cash of which a balance alone tells: nobody knows its day.
    undated: set[int] = field(default_factory=set)

    def open_on(self, day: date) -> Decimal:
        """Open(i, D)."""
        return total(self.events, day)

    def is_balance_given_up(self) -> bool:
        """Whether the balance is the one before what was written off: too high to be what that left, or just as much."""
        if not self.reported or self.settled:
            return False
        balance = max(self.reported[1], ZERO)
        return balance + self.to_give_up > self.gross or balance == self.to_give_up

    def split(self, balance: Decimal) -> list[Movement]:
        """A balance by due date: payments fill the instalments in order, so what is open lies on the last ones."""
        left, parts = balance, []
        for due, amount in reversed(self.instalments[1:]):
            part = min(max(left, ZERO), amount)
            parts.append((due, part))
            left -= part
        return [*parts, (self.instalments[0][0], left)]

    def parts_on(self, day: date) -> list[Movement]:
        """What is open by due date; over-applied money is none of it."""
        return [(due, max(part, ZERO)) for due, part in self.split(self.open_on(day))]

    def payments(self, since: date, until: date) -> list[Payment]:
        """The cash of the days after `since`, up to `until`, as it was known at the end of that day.

        What is taken back takes what its own payment gave, the last part first; then what else was paid last before it;
        never more than was paid. Of an opening balance without a due date nobody knows whether it was late.
        """
        if not self.is_due_known:
            return []
        order = sorted(range(len(self.events)), key=lambda place: (self.events[place][0], -self.events[place][1]))
        running, found, cash = ZERO, [], dict(self.paid)
        for place in order:
            before = dict_of(self.split(running))
            running += self.events[place][1]
            after = dict_of(self.split(running))
            day, amount = self.events[place]
            if place not in cash or day > until:
                continue
            if amount < 0:
                parts = [(due, before[due] - after[due]) for due in sorted(before) if before[due] != after[due]]
                found.append(Payment(day, (day - self.issued).days, [(day - due).days for due, _ in parts],
                                     [part for _, part in parts], place not in self.undated))  # fmt: skip
        for place in order:
            day, amount = self.events[place]
            if place not in cash or amount < 0 or day > until:
                continue
            own = [payment for payment in found if payment.day == cash[place]]
            others = [payment for payment in found if payment.day <= day and payment.day != cash[place]]
            for payment in [*reversed(own), *reversed(others)]:
                for number in reversed(range(len(payment.left))):
                    part = min(amount, payment.left[number])
                    payment.left[number] -= part
                    amount -= part
        return [payment for payment in found if payment.day > since]


@dataclass
class Payment:
    """Cash that was put on a debt: its day, days from issue, and of each part days from its due date and what is left."""

    day: date
    taken: int
    past: list[int]
    left: list[Decimal]
    is_dated: bool = True


def dict_of(parts: list[Movement]) -> dict[date, Decimal]:
    """Parts by due date."""
    found: dict[date, Decimal] = defaultdict(Decimal)
    for due, amount in parts:
        found[due] += amount
    return found
