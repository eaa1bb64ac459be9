"""The part of the plain ledger that follows money of which no export says what it paid (`tests.support.ledger`).

What happens to a customer's debts and money is collected as steps, and followed once all is known. The walk itself
is `tests.support.walk`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from tests.support.debts import ZERO, Debt, Movement
from tests.support.oracle import days, parameter
from tests.support.walk import LAST, Due, Move, Walk

Row = dict[str, Any]
# What has no name of its own comes after what has one.
LATER = "\uffff"


class Assumed:
    """What of a ledger's rows is assumed to have paid what, and what it posts."""

    system: str
    rows: dict[str, list[Row]]
    accounts: dict[str, str | None]
    debts: dict[str, Debt]
    received: dict[str, Row]
    credits: dict[str, tuple[str, date]]
    told: dict[str, tuple[date, Decimal]]
    # What of a credit note no application used, and when it is void; what of a payment was spent or went back.
    free: dict[str, Decimal]
    ends: dict[str, date]
    gone: dict[str, Decimal]
    # Documents that applications of payments say what paid; numbers whose payments nothing applies.
    applied: set[str]
    loose: set[str]
    # By account the numbers under which it owes; numbers of whom money went back, and of whom there is money.
    owing: dict[str, set[str]]
    giving: set[str]
    moneyed: set[str]
    steps: dict[str, list[tuple[date, int, str, Callable[[Walk], None]]]]
    unapplied: list[tuple[str, date, Decimal]]
    notes: list[Movement]
    flows: dict[str, list[Movement]]

    def of(self, entity: str) -> list[Row]:
        """The rows of an entity of billing."""
        return self.rows.get(f"billing.{entity}", [])

    def account(self, row: Row) -> str:
        """A row's account, as reports name it."""
        return f"{self.system}:{self.accounts.get(row['customer_id']) or row['customer_id']}"

    def debtor(self, row: Row) -> str:
        """For whose debts a row's money is: a number's that owes nothing for the one under which its account owes.

        Not where applications say what the first pays, and nothing of what the other's money pays.
        """
        customer: str = row["customer_id"]
        owing = self.owing.get(self.account(row), set())
        if len(owing) == 1 and (customer in self.loose or not owing & self.loose):
            return min(owing)
        return customer

    def place(self, invoice: str) -> Due | None:
        """An invoice's place among those that wait for money, where money is not applied by the export."""
        debt = self.debts[invoice]
        if debt.gross <= 0 or invoice in self.applied or not (debt.customer in self.loose or debt.settled):
            return None
        return Due.of(f"{self.system}:{invoice}", debt.issued, debt.due, debt.settled)

    def step(self, customer: str, day: date, order: int, what: Callable[[Walk], None], name: str = LATER) -> None:
        """Something that happens to a customer's debts and money; of one day in this order, then by name."""
        self.steps[customer].append((day, order, name, what))

    def allocate(self) -> None:
        """Follows every customer whose payments have no applications."""
        places = {place: self.debts[name] for name in self.debts if (place := self.place(name))}
        for place, debt in sorted(places.items(), key=lambda found: found[0]):
            whose, issued, most = debt.customer, debt.issued, debt.gross
            if debt.reported and not debt.settled:
                # No more can have been paid than the balance leaves; of that, what no money has paid came in unseen.
                left = min(max(debt.reported[1], ZERO), debt.gross)
                most -= left
                gone = debt.to_give_up if debt.is_balance_given_up() else ZERO
                seen = max(debt.reported[0], issued)
                self.step(whose, seen, 9, partial(Walk.ends, day=seen, debt=place, left=left, given_up=gone))
            self.step(whose, issued, 1, partial(Walk.owes, day=issued, debt=place, amount=most))
            if debt.voided:
                self.step(whose, debt.voided, 7, partial(Walk.loses, day=debt.voided, debt=place, amount=None))
            if debt.settled and not debt.voided:
                at = max(debt.settled, issued)
                end = max(debt.settled + days(parameter("settlement_lag_days")), issued)
                self.step(whose, end, 8, partial(Walk.ends, day=at, debt=place))
        owing = {debt.customer for debt in places.values()} | self.giving
        owing |= {self.debtor(row) for row in self.received.values() if row["amount"] < 0}
        # Of one day credit notes go before cash, then by id.
        for row in sorted(self.of("invoices"), key=lambda row: row["invoice_id"]):
            if row["invoice_id"] in self.credits:
                self.note_comes(row, self.debtor(row), owing)
        for name, row in sorted(self.received.items()):
            whose = self.debtor(row)
            amount = row["amount"] - (self.gone[name] if whose in self.loose else ZERO)
            if whose not in self.loose and amount >= 0:
                amount = max(amount - self.gone[name], ZERO)
            self.moneyed |= {whose} if amount > 0 else set()
            self.comes(f"payment {name}", whose, row["received_on"], amount)
        for customer, steps in self.steps.items():
            walk = Walk()
            for *_, what in sorted(steps, key=lambda step: step[:3]):
                what(walk)
            # What one payment pays of one debt on one day is one payment of it.
            together: dict[Any, Decimal] = defaultdict(Decimal)
            for move in walk.moves:
                together[(*move[:3], move.settled, move.amount > 0)] += move.amount
            for (day, debt_name, money, settled, _), amount in together.items():
                self.put(self.account({"customer_id": customer}), Move(day, debt_name, money, amount, settled))

    def comes(self, name: str, whose: str, day: date, amount: Decimal) -> None:
        """Money comes; with a minus it goes."""
        if amount >= 0:
            self.step(whose, day, 2, partial(Walk.comes, day=day, money=name, amount=amount))
        else:
            self.step(whose, day, 5, partial(self.pay_out, day=day, amount=-amount))

    def note_comes(self, row: Row, whose: str, owing: set[str]) -> None:
        """What of a credit note no application used, until it is void or its export calls it used up."""
        key, day = row["invoice_id"], row["issued_on"]
        name, free, end, left = f"note {key}", self.free[row["invoice_id"]], self.ends[row["invoice_id"]], ZERO
        told, settled = self.told.get(key), row.get("settled_on")
        used = None
        if end < LAST:
            self.step(whose, end, 7, partial(self.void_note, day=end, name=name, amount=free))
        elif settled:
            lag = days(parameter("settlement_lag_days")) if whose in owing else days(0)
            used = max(settled + lag, day)
        elif told and row["customer_id"] in self.loose:
            # What its balance leaves of a credit note is for nothing, the rest was used by then.
            left, used = min(max(told[1], ZERO), free), max(told[0], day)
        self.moneyed |= {whose} if free else set()
        self.comes(name, whose, day, free - left)
        if used and (whose in owing or free == abs(row["gross_amount"])):
            self.step(whose, used, 8, partial(Walk.uses_up, day=used, money=name))

    def void_note(self, walk: Walk, day: date, name: str, amount: Decimal) -> None:
        """A credit note that is void pays nothing any more."""
        walk.moves += [move for move in walk.goes_back(day, amount, name, is_refund=False) if move.debt]

    def pay_out(self, walk: Walk, day: date, amount: Decimal) -> None:
        """A payment with a minus: where it takes back what another had paid, it is the one that paid less."""
        walk.moves += [move for move in walk.goes_back(day, amount, None, is_refund=True) if move.debt]

    def put(self, account: str, move: Move) -> None:
        """Posts a move on its debt, and takes its money out of what is unapplied."""
        if move.debt is None:
            # A credit note was used up, nobody knows on what: some of what looks like cash was none.
            self.unapplied.append((account, move.day, -move.amount))
            self.notes.append((move.day, -move.amount))
            self.flows["collected"].append((move.day, -move.amount))
            return
        debt = self.debts[move.debt.removeprefix(f"{self.system}:")]
        if move.money is None and not debt.settled:
            debt.undated.add(len(debt.events))
        if move.money is None:
            self.flows["collected"].append((move.day, move.amount))
        else:
            self.unapplied.append((account, move.day, -move.amount))
        if (move.money or "").startswith("note "):
            self.notes.append((move.day, -move.amount))
        if not (move.money or "").startswith("note "):
            debt.paid.append((len(debt.events), move.settled))
        debt.events.append((move.day, -move.amount))

    def gives_back(self, row: Row, whose: str, day: date, money: str | None, place: Due | None) -> None:
        """Money goes back that nothing says the use of; where payments have applications it is no more than unapplied."""
        amount, is_refund = row["amount"], row["adjustment_kind"] == "refund"
        self.giving.add(whose)

        def happens(walk: Walk) -> None:
            if place and not money and whose not in self.moneyed:
                # No money of theirs is known.
                debt = self.debts[place.name.removeprefix(f"{self.system}:")]
                self.reopen(debt, day, amount, day)
                walk.unpaid(place, amount)
                return
            taken = walk.goes_back(day, amount, money, is_refund=is_refund, debt=place.name if place else None)
            if whose in self.loose:
                self.take_back(
                    row | {"occurred_on": day}, whose, taken, is_cash=bool(money and money.startswith("payment "))
                )
            else:
                walk.moves += [move for move in taken if move.debt]

        if whose not in self.loose:
            self.unapplied.append((self.account(row), day, -amount))
        self.step(whose, day, 5, happens, row["adjustment_id"])

    def take_back(self, row: Row, whose: str, taken: list[Move], is_cash: bool) -> None:
        """Posts what an adjustment took; more than there was lowers unapplied money, or of a payment is no cash."""
        left, account = row["amount"], self.account({"customer_id": whose})
        for move in taken:
            left += move.amount
            if move.debt:
                self.reopen(self.debts[move.debt.removeprefix(f"{self.system}:")], move.day, -move.amount, move.settled)
            else:
                self.unapplied.append((account, move.day, move.amount))
            if not move.debt and (move.money or "").startswith("note "):
                self.notes.append((move.day, move.amount))
        if left and is_cash:
            self.flows["collected"].append((row["occurred_on"], left))
        elif left:
            self.unapplied.append((account, row["occurred_on"], -left))

    def reopen(self, debt: Debt, day: date, amount: Decimal, settled: date) -> None:
        """A payment, or a part of one, that no longer pays."""
        debt.paid.append((len(debt.events), settled))
        debt.events.append((day, amount))
