"""What pays what: applications and adjustments as the export has them, and first in, first out where it has none.

The order of certainty, and what is taken back from where, are those of `docs/decisions.md` (the ledger).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from pipelines.verification.allocation import LAST, Allocation
from pipelines.verification.assumption import Events, Place, Walks, add
from pipelines.verification.carried import parted
from pipelines.verification.documents import (
    ZERO,
    Applied,
    Books,
    Debt,
    Held,
    Money,
    give_up,
    is_balance_given_up,
    named,
    recover,
)
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw, Row

# Money has four decimals.
PLACES = Decimal("0.0001")


def rounded(amount: Decimal | None) -> Decimal | None:
    """An amount that an exchange gave, as it is posted."""
    return None if amount is None else amount.quantize(PLACES, ROUND_HALF_UP)


class Settlement:
    """Settles the debts of a company's books, in place."""

    def __init__(self, raw: Raw, books: Books, rates: Rates) -> None:
        """Posts everything: applications, adjustments, what is assumed, recoveries."""
        self.raw, self.books, self.rates = raw, books, rates
        # What happens to each piece of money: applications first, then what is taken back.
        self.events: Events = defaultdict(list)
        # What of it applications spent, and at which rate they paid each debt in another currency.
        self.spent: dict[str, Decimal] = defaultdict(Decimal)
        self.rates_paid: dict[str, list[tuple[date, str, Decimal]]] = defaultdict(list)
        # Write-offs of debts that no walk follows: they take what is open once all else is posted.
        self.late: list[tuple[date, str, Debt, Decimal]] = []
        applications = list(raw.rows("billing.applications"))
        adjustments = list(raw.rows("billing.adjustments"))
        has_payments = raw.systems("billing.payments")
        lag = timedelta(days=raw.parameters["settlement_lag_days"])
        self.walks = Walks(books, set(self._appliers(applications, has_payments)), lag)
        for row in parted(applications, books):
            self._apply(row, row["_system"] in has_payments)
        for row in adjustments:
            row["occurred_on"] = row["occurred_on"] or raw.day(row["_known_at"])
            # Two systems may write of one account; each has ids of its own.
            row["adjustment_id"] = named(row["_system"], row["adjustment_id"])
        given = [
            row | {"amount": abs(row["amount"])}
            for row in sorted(adjustments, key=lambda row: (row["occurred_on"], row["adjustment_id"]))
            if row["adjustment_kind"] and row["amount"] is not None
        ]
        for row in given:
            self._adjust(row, of_money=True)
        # What applications paid is known before anything is assumed of it.
        whole = [books.money[name] for name in self.events]
        for money in sorted(whole, key=lambda money: (not money.is_cash, self.walks.is_loose_money(money))):
            self._follow(money)
        for row in given:
            self._adjust(row, of_money=False)
        self.walks.follow(self.events, self.spent)
        for day, _, debt, amount in sorted(self.late, key=lambda late: late[:2]):
            give_up(debt, day, min(amount, max(debt.open_on(day), ZERO)))
        for debt in books.debts.values():
            recover(debt)

    def _appliers(self, rows: list[Row], has_payments: set[str]) -> Iterable[Place]:
        """Whose payments the export applies, be it in vain: their money is for nothing else."""
        for row in rows:
            if row["payment_id"] if row["_system"] in has_payments else not row["credit_note_id"]:
                payment = self.books.named.get("payment " + named(row["_system"], row["payment_id"]))
                invoice = self.books.named.get(named(row["_system"], row["invoice_id"]))
                yield from (place for place in (payment, invoice) if place)

    def _apply(self, row: Row, has_payments: bool) -> None:
        system, books = row["_system"], self.books
        debt = books.debts.get(named(system, row["invoice_id"]))
        amount, own = row["amount"], row["payment_amount"]
        if debt is None or debt.voided or (amount is None and own is None):
            return
        payment = "payment " + named(system, row["payment_id"]) if row["payment_id"] else ""
        name = named(system, row["credit_note_id"])
        if not has_payments and payment not in books.named and not row["credit_note_id"]:
            # Applications are the only trace of the money.
            seen = row["applied_on"] or self.raw.day(row["_known_at"])
            paid = own if amount is None else amount
            self._unseen(debt, max(seen, debt.issued), paid)
            if row["applied_on"] is None and paid > 0:
                books.undated.append((debt.currency, debt.issued, max(seen, debt.issued)))
            return
        if payment and (has_payments or payment in books.named):
            name = payment
        money = books.money.get(name)
        if money is None:
            return
        day = max(row["applied_on"] or money.came, money.came, debt.issued)
        if day >= money.ends:
            return
        if own is None:
            own = rounded(self.rates.convert(amount, debt.currency, money.currency, day))
        if amount is None and own is not None:
            amount = rounded(self.rates.convert(own, money.currency, debt.currency, day))
        if own is None or amount is None:
            return
        application = named(system, row["application_id"])
        self.events[name].append((day, 0, application, Applied(day, application, debt.id, amount, own)))

    def _unseen(self, debt: Debt, day: date, amount: Decimal) -> None:
        """Money that is known by what it paid alone."""
        self.walks.paid.add(debt.id)
        debt.events.append((day, -amount))
        self.books.cash.append((debt.customer, debt.currency, day, amount))

    def _adjust(self, row: Row, of_money: bool) -> None:
        """A write-off, or money that went back: of a payment (`of_money`), of an invoice, or of a customer."""
        books, kind, amount, day = self.books, row["adjustment_kind"], row["amount"], row["occurred_on"]
        system = row["_system"]
        name = named(system, row["invoice_id"]) if row["invoice_id"] else None
        debt = books.debts.get(name) if name else None
        payment = "payment " + named(system, row["payment_id"]) if row["payment_id"] else None
        money = books.money.get(payment) if payment else None
        if debt and debt.voided:
            debt = None
        if payment in books.named and money is None and kind != "write_off":
            # Of a payment that never came nothing can go back.
            return
        if not payment or payment not in books.named:
            money = None
        customer, own = books.named.get(name or "", (books.customer(row), ""))
        currency = row["currency"] or own or (money.currency if money else self.raw.run.default_currency)
        if kind == "write_off":
            if debt and not of_money:
                # It is worth what it was on its own day, like all that is no application.
                part = self.rates.convert(amount, currency, debt.currency, day)
                self._write_off(debt, max(day, debt.issued), part, row["adjustment_id"])
            return
        if of_money != bool(money):
            return
        if money:
            # Nothing goes back before it came; it is worth what it was on its day, or told in the invoice's currency
            # what of the payment paid that.
            part = self.rates.convert(amount, currency, money.currency, day)
            told = amount if debt and currency == debt.currency != money.currency else None
            if part is not None or told is not None:
                back = row | {"occurred_on": max(day, money.came), "amount": part, "told": told}
                self.events[money.id].append((back["occurred_on"], 1, row["adjustment_id"], back))
            return
        if debt:
            part = self.rates.convert(amount, currency, debt.currency, day)
            if part is not None:
                self._owes_again(debt, row, day, part)
            return
        note = name if name in books.money else None
        if kind == "reversal" and note is None:
            # One that names nothing reverses nothing.
            return
        changed = self.rates.convert(amount, currency, own, day) if own else amount
        if changed is None:
            return
        amount, currency = changed, own or currency
        if kind != "reversal":
            # A credit note is no cash, nor is what is taken back of one.
            books.cash.append((customer, currency, day, -amount))
        whose = self.walks.debtor(customer, currency)
        if self.walks.is_loose(*whose):
            self.walks.give_back(whose, day, row, amount, note)
            return
        books.unapplied.append((customer, currency, day, -amount))
        # Nor is it there any more for what its document calls settled.
        self.walks.walked.add(whose)
        self.walks.step(
            *whose, day, 5,
            lambda walk: add(walk, walk.goes_back(day, amount, note, is_refund=kind == "refund")),
            row["adjustment_id"],
        )  # fmt: skip

    def _owes_again(self, debt: Debt, row: Row, day: date, amount: Decimal) -> None:
        """An adjustment of an invoice that names no payment."""
        at, whose, place = max(day, debt.issued), (debt.customer, debt.currency), self.walks.place(debt)
        if row["adjustment_kind"] == "reversal":
            debt.events.append((at, amount))
            if place:
                self.walks.step(*whose, at, 4, lambda walk: walk.owes_again(at, place, amount))
            return
        if place and self.walks.is_loose(*whose):
            self.books.cash.append((*whose, day, -amount))
            self.walks.give_back(whose, at, row, amount, None, debt)
        else:
            # Cash is in the currency in which the invoice was paid last.
            same = (day, debt.currency, Decimal(1))
            _, currency, rate = max((paid for paid in self.rates_paid[debt.id] if paid[0] <= day), default=same)
            back = amount if currency == debt.currency else (amount * rate).quantize(PLACES, ROUND_HALF_UP)
            self.books.cash.append((debt.customer, currency, day, -back))
            debt.events.append((at, amount))

    def _write_off(self, debt: Debt, day: date, part: Decimal | None, name: str) -> None:
        if part is None:
            return
        debt.to_give_up += part
        if place := self.walks.place(debt):

            def step(walk: Allocation) -> None:
                # What no money asks for is left by a balance: it is given up of what is open then.
                found = ZERO if is_balance_given_up(debt) else walk.gives_up(day, place, part)
                if found:
                    give_up(debt, day, found)
                self.late.append((day, name, debt, part - found))

            self.walks.step(debt.customer, debt.currency, day, 6, step, name)
        else:
            self.late.append((day, name, debt, part))

    def _follow(self, money: Money) -> None:
        """What one piece of money paid and what of it went back, in the order in which it happened."""
        books, left = self.books, money.amount
        paid: list[Held] = []
        is_loose = self.walks.is_loose_money(money)
        for day, _, _, what in sorted(self.events[money.id], key=lambda event: event[:3]):
            if isinstance(what, Applied):
                # What holds nothing carries what a credit gave.
                own = max(min(what.own, left), ZERO) if what.own > 0 and money.amount else what.own
                if not own:
                    continue
                amount = what.amount if own == what.own else what.amount * own / what.own
                left -= own
                self.walks.paid |= {what.debt} if money.is_cash else set()
                self.spent[money.id] += own
                debt = books.debts[what.debt]
                debt.events.append((day, -amount))
                if money.is_cash and amount:
                    self.rates_paid[debt.id].append((day, money.currency, own / amount))
                books.moves(money, day, -own)
                if money.amount:
                    paid.append(Held(day, what.name, debt, amount, own, (amount, own)))
                self._note_applied(money, debt, day, amount, own)
            elif is_loose:
                self._take_back_loose(money, what)
            else:
                left = self._take_back(money, what, left, paid)

    def _note_applied(self, money: Money, debt: Debt, day: date, amount: Decimal, own: Decimal) -> None:
        """A credit note's application leaves less to be paid, until the note is void."""
        place = self.walks.place(debt)
        if place and not money.is_cash:
            self.walks.step(debt.customer, debt.currency, day, 3, lambda walk: walk.loses(day, place, amount))
        if money.ends < LAST:
            debt.events.append((money.ends, amount))
            self.books.moves(money, money.ends, own)
            if place:
                end = money.ends
                self.walks.step(debt.customer, debt.currency, end, 3, lambda walk: walk.owes_again(end, place, amount))

    def _take_back(self, money: Money, row: Row, left: Decimal, paid: list[Held]) -> Decimal:
        """An adjustment of a payment whose applications are known; returns what is left of the money."""
        books, day = self.books, row["occurred_on"]
        amount = row["amount"]
        invoice = named(row["_system"], row["invoice_id"]) if row["invoice_id"] else None
        of_invoice = [held for held in paid if held.debt.id == invoice and held.posted[0] > 0]
        if row["told"] is not None and of_invoice:
            worth, own = (sum((held.posted[side] for held in of_invoice), ZERO) for side in (0, 1))
            amount = (row["told"] * own / worth).quantize(PLACES, ROUND_HALF_UP)
        if amount is None:
            return left
        rest = amount

        def unspent() -> None:
            nonlocal rest, left
            part = max(min(rest, left), ZERO)
            if part:
                books.moves(money, day, -part)
                left -= part
                rest -= part

        def spent(only: str | None = None) -> None:
            nonlocal rest
            for held in sorted(paid, key=lambda held: (held.day, held.name), reverse=True):
                take = min(rest, held.own)
                if take > 0 and only in (None, held.debt.id):
                    back = held.amount * take / held.own
                    held.debt.events.append((max(day, held.debt.issued), back))
                    held.amount -= back
                    held.own -= take
                    rest -= take

        if invoice:
            spent(invoice)
        for step in (unspent, spent) if row["adjustment_kind"] == "refund" else (spent, unspent):
            step()
        books.cash.append((money.customer, money.currency, day, rest - amount))
        return left

    def _take_back_loose(self, money: Money, row: Row) -> None:
        day, amount = row["occurred_on"], row["amount"]
        if amount is None:
            return
        self.books.cash.append((money.customer, money.currency, day, -amount))
        debt = self.books.debts.get(named(row["_system"], row["invoice_id"]))
        if debt and (debt.voided or not self.walks.place(debt)):
            debt = None
        self.walks.give_back(self.walks.debtor(money.customer, money.currency), day, row, amount, money.id, debt)
