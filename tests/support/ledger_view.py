"""What a report shows of a ledger: its balances and key figures (R1 to R17), in one currency or in all by each day's rate.

Nothing here is quick and nothing is taken from the SQL: a share or a mean is added up from its parts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from tests.support.debts import ZERO
from tests.support.ledger import MOVES, Book, Rate
from tests.support.oracle import days, months_before, parameter

STOCKS = ("open_amount", "credit_amount", "unapplied_amount")


class View:
    """What a report shows: one currency as it is, or several in the base currency at each day's rate.

    Debts open on a day are taken at that day's rate, what happened on a day at the rate of that day. Sums leave out what
    has no rate and are unknown where all of it has none; what is made of several sums is unknown where any lacks a part.
    """

    def __init__(self, books: list[tuple[Book, Rate]], begun: date) -> None:
        """Takes ledgers, each with the rate of its currency on a day, and the first day of all that is on record."""
        self.books, self.begun = books, begun
        self.daily = cache(self.daily_of)

    def stock(self, name: str, day: date) -> Decimal:
        """A balance at a day's end."""
        return sum((book.stock(name, day) * (rate(day) or 0) for book, rate in self.books), ZERO)

    def owed(self, day: date) -> Decimal:
        """What is open less credit notes that wait."""
        return sum((book.owed(day) * (rate(day) or 0) for book, rate in self.books), ZERO)

    def daily_of(self, name: str) -> dict[date, Decimal]:
        """What happened on each day."""
        found: dict[date, Decimal] = defaultdict(Decimal)
        for book, rate in self.books:
            for day, amount in book.flows[name]:
                found[day] += amount * (rate(day) or 0)
        return found

    def flow(self, name: str, since: date, until: date) -> Decimal:
        """What happened after a day, up to another."""
        return sum((amount for day, amount in self.daily(name).items() if since < day <= until), ZERO)

    def unrated(self, since: date, until: date) -> int:
        """Days of currencies on which there was something and no rate."""
        number = 0
        for book, rate in self.books:
            moved = defaultdict[tuple[str, date], Decimal](Decimal)
            for name in (*MOVES, "written_off"):
                for on, amount in book.flows[name]:
                    moved[name, on] += amount
            busy = {on for (_, on), amount in moved.items() if amount}
            busy |= {payment.day for debt in book.debts.values() for payment in debt.payments(since, until)}
            for day in (since + days(place) for place in range(1, (until - since).days + 1)):
                number += rate(day) is None and (day in busy or self.lacks_rate(day, [(book, rate)]))
        return number

    def lacks_stock(self, day: date) -> bool:
        """Whether what is owed on a day is not known: a part has no rate, or a payment of no known day may have come."""
        return self.lacks_rate(day) or self.is_undated(day)

    def is_undated(self, day: date) -> bool:
        """Whether a payment that only a later day's balance tells may have come by a day on which its document was there."""
        return any(
            debt.issued <= day < debt.events[place][0]
            for book, _ in self.books
            for debt in book.debts.values()
            for place in debt.undated
        )

    def lacks_rate(self, day: date, books: list[tuple[Book, Rate]] | None = None) -> bool:
        """Whether anything that stands open, unapplied or over-applied on a day has no rate."""
        return any(
            rate(day) is None and any(book.stock(name, day) for name in STOCKS)
            for book, rate in (self.books if books is None else books)
        )

    def lacks(self, name: str, since: date, until: date) -> bool:
        """Whether a part of what happened after a day, up to another, has no rate."""
        return any(
            rate(day) is None and sum(amount for on, amount in book.flows[name] if on == day) != 0
            for book, rate in self.books
            for day in {on for on, _ in book.flows[name] if since < on <= until}
        )

    def lacks_payments(self, since: date, until: date) -> bool:
        """Whether a payment of a window has no rate."""
        return any(
            rate(payment.day) is None
            for book, rate in self.books
            for debt in book.debts.values()
            for payment in debt.payments(since, until)
        )

    def countback(self, day: date) -> float | None:
        """R8: back from the day, each day's net sales are taken off what is open until one covers the rest."""
        left, sales = self.owed(day), self.daily("sales")
        if self.lacks_stock(day):
            return None
        if left <= 0:
            return 0.0
        back = 0
        while sales and day - days(back) >= min(sales):
            sold = sales.get(day - days(back), ZERO)
            if self.lacks("sales", day - days(back + 1), day - days(back)):
                return None
            if sold >= left:
                return back + float(left / sold)
            left -= sold
            back += 1
        return None

    def weighted(self, since: date, day: date) -> float | None:
        """R11: each part of each invoice of the window times the days that it was open, over what was invoiced."""
        weights, invoiced = ZERO, ZERO
        for book, rate in self.books:
            for debt in book.debts.values():
                is_void = debt.voided is not None and debt.voided <= day
                if debt.is_opening or is_void or debt.gross <= 0 or not since < debt.issued <= day:
                    continue
                if (at := rate(debt.issued)) is None:
                    return None
                if any(not payment.is_dated for payment in debt.payments(date.min, day)):
                    return None
                invoiced += debt.gross * at
                lived = range((day - debt.issued).days)
                weights += at * sum((max(debt.open_on(debt.issued + days(n)), ZERO) for n in lived), ZERO)
        return share(weights, invoiced)

    def undated(self, since: date, until: date) -> int:
        """Payments of a window of which a balance alone tells: nobody knows their day."""
        return sum(
            not payment.is_dated
            for book, _ in self.books
            for debt in book.debts.values()
            for payment in debt.payments(since, until)
        )

    def behaviour(self, since: date, day: date) -> dict[str, float | None]:
        """R12 to R14: of the cash paid in the window, and for R12 of what is overdue at its end."""
        grace, sums = parameter("on_time_grace_days"), defaultdict[str, Decimal](Decimal)
        for book, rate in self.books:
            now = rate(day) or ZERO
            for debt in book.debts.values():
                for due, part in debt.parts_on(day):
                    if due < day:
                        sums["overdue"] += part * now
                        sums["late"] += part * now * (day - due).days
                        sums["delay"] += part * now * (day - due).days
                for payment in debt.payments(since, day):
                    # What was taken back of it by the day is none of it, at the rate at which it was paid.
                    at, amount = rate(payment.day) or ZERO, sum(payment.left, ZERO)
                    sums["cash"] += amount * at
                    sums["dated"] += ZERO if debt.is_opening else amount * at
                    sums["taken"] += ZERO if debt.is_opening else amount * at * payment.taken
                    parts = list(zip(payment.left, payment.past, strict=True))
                    sums["late"] += sum((part * at * max(past, 0) for part, past in parts), ZERO)
                    sums["delay"] += sum((part * at * past for part, past in parts), ZERO)
                    sums["in time"] += sum((part * at for part, past in parts if past <= grace), ZERO)
                    # A count needs no rate; it is of the payments that were made.
                    sums["number"] += 1
                    sums["number in time"] += payment.past[0] <= grace
        undated, is_open = self.undated(since, day), not self.lacks_stock(day)
        is_paid = not undated and not self.lacks_payments(since, day)
        return {
            "average_days_delinquent": share(sums["late"], sums["cash"] + sums["overdue"], is_paid and is_open),
            "average_delay_days": share(sums["delay"], sums["cash"] + sums["overdue"], is_paid and is_open),
            "payment_count": float(sums["number"]),
            "average_payment_days": share(sums["taken"], sums["dated"], is_paid),
            "on_time_ratio_amount": share(sums["in time"], sums["cash"], is_paid),
            "on_time_ratio_count": share(sums["number in time"], sums["number"], not undated),
            "undated_payment_count": undated,
        }

    def kpis(self, day: date) -> dict[str, Any]:
        """A month's row of the key figures, which ends on a day (R1 to R17)."""
        window, before = parameter("dso_window_days"), day.replace(day=1) - days(1)
        start = day - days(window)
        open_amount, not_due = self.stock("open_amount", day), self.stock("not_due", day)
        sold = self.flow("sales", start, day)
        begin = self.owed(before) + self.flow("opening", before, day)
        month = self.flow("sales", before, day)
        collectable = begin + month - not_due + open_amount - self.owed(day)
        gone = begin + month - self.owed(day)

        is_open = not self.lacks_stock(day)
        is_window = is_open and self.begun <= start + days(1) and not self.lacks("sales", start, day)
        is_month = is_open and not self.lacks_stock(before)
        is_month = is_month and not any(self.lacks(name, before, day) for name in ("sales", "opening"))
        is_cash = is_month and not self.lacks("written_off", before, day)
        earliest = min(start, before, months_before(day, parameter("turnover_months")))

        def dso(amount: Decimal, is_known: bool = True) -> float | None:
            return float(amount / sold * window) if sold > 0 and is_window and is_known else None

        def of_month(name: str) -> Decimal | None:
            amount = self.flow(name, before, day)
            return amount if amount or not self.lacks(name, before, day) else None

        def of_day(name: str, less: str = "") -> Decimal | None:
            if self.is_undated(day):
                return None
            amount = self.stock(name, day) - self.stock(less, day)
            lacking = any(
                rate(day) is None and book.stock(name, day) != book.stock(less, day) for book, rate in self.books
            )
            return amount if amount or not lacking else None

        best, simple = dso(not_due), dso(open_amount)
        return self.behaviour(start, day) | {
            "open_amount": of_day("open_amount"),
            "overdue_amount": of_day("open_amount", less="not_due"),
            "credit_amount": of_day("credit_amount"),
            "unapplied_amount": of_day("unapplied_amount"),
            "sales": of_month("sales"),
            "collected": None if self.is_undated(before) or self.is_undated(day) else of_month("collected"),
            "written_off": of_month("written_off"),
            "missing_rate_count": self.unrated(earliest, day),
            "overdue_ratio": share(open_amount - not_due, open_amount, is_open),
            "dso_simple": simple,
            "dso_average": dso((self.stock("open_amount", start) + open_amount) / 2, not self.lacks_stock(start)),
            "dso_countback": self.countback(day),
            "dso_weighted": self.weighted(start, day),
            "best_possible_dso": best,
            "delinquent_days": None if simple is None or best is None else simple - best,
            "collection_effectiveness": share(100 * gone, collectable, is_month),
            "collection_effectiveness_cash": share(
                100 * (gone - self.flow("written_off", before, day)), collectable, is_cash
            ),
        }


def share(part: Decimal, whole: Decimal, is_known: bool = True) -> float | None:
    """A ratio; of nothing there is none, nor of what lacks a part."""
    return float(part / whole) if whole and is_known else None
