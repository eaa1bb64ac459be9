"""Balances, ageing and cash: R1 to R5 and R17, of the day, by account and currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import duckdb

from pipelines.verification.compare import Cells, Figure, Key, nonzero, published
from pipelines.verification.documents import ZERO, Books
from pipelines.verification.rates import Rates
from pipelines.verification.rows import Raw

# R5: the edges, by days overdue; what is due today is not overdue.
BUCKETS = (("days_over_120", 121), ("days_91_120", 91), ("days_61_90", 61), ("days_31_60", 31), ("days_1_30", 1))
BALANCES = ("open_amount", "overdue_amount", "credit_amount", "unapplied_amount")
COLUMNS = ("not_due", *(name for name, _ in BUCKETS), *BALANCES)


def bucket(days_overdue: int) -> str:
    """The bucket of what is so many days overdue."""
    return next((name for name, least in BUCKETS if days_overdue >= least), "not_due")


def balances(books: Books, day: date) -> dict[str, Cells]:
    """By column, account and currency: what is open, overdue, over-applied and unapplied at a day's end."""
    found: dict[str, dict[Key, Decimal]] = {name: defaultdict(Decimal) for name in COLUMNS}
    for debt in books.debts.values():
        key = books.account(debt.customer), debt.currency
        for due, part in debt.parts_on(day):
            found[bucket((day - due).days)][key] += part
            found["open_amount"][key] += part
            found["overdue_amount"][key] += part if due < day else ZERO
        found["credit_amount"][key] += max(-debt.open_on(day), ZERO)
    for customer, currency, on, amount in books.unapplied:
        if on <= day:
            found["unapplied_amount"][books.account(customer), currency] += amount
    return {name: nonzero(cells) for name, cells in found.items()}


def unknown_months(since: date, until: date, day: date) -> Iterator[date]:
    """The months to which a payment may belong that came between two days: none where they are of one month."""
    month = since.replace(day=1)
    while month <= min(until, day):
        following = (month + timedelta(days=31)).replace(day=1)
        if since < month or min(following - timedelta(days=1), day) < until:
            yield month
        month = following


class Owed:
    """What is owed on the day, and the cash of each month: added up over the books of shares of the company."""

    def __init__(self, raw: Raw, rates: Rates) -> None:
        """Begins with nothing."""
        self.day, self.base, self.rates = raw.run.as_of, raw.run.base_currency, rates
        self.balances: dict[str, dict[Key, Decimal]] = {name: defaultdict(Decimal) for name in COLUMNS}
        self.months: dict[Key, Decimal] = defaultdict(Decimal)
        # Of which nobody knows what came in.
        self.unknown: set[Key] = set()
        self.by_account: dict[Key, Decimal] = defaultdict(Decimal)

    def add(self, books: Books) -> None:
        """The books of a share, settled."""
        for name, cells in balances(books, self.day).items():
            for key, amount in cells.items():
                self.balances[name][key] += amount or ZERO
        for customer, currency, on, amount in books.cash:
            if on <= self.day:
                month = on.replace(day=1)
                self.months[month, currency] += amount
                if (rate := self.rates.on(currency, on)) is not None:
                    self.by_account[month, books.account(customer)] += amount * rate
        for currency, since, until in books.undated:
            self.unknown |= {(month, currency) for month in unknown_months(since, until, self.day)}

    def collected(self) -> Cells:
        """What came in, by month and currency; None where a payment of no known day may belong."""
        return {**nonzero(self.months), **dict.fromkeys(self.unknown)}

    def figures(self, publication: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
        """All of it beside what is published."""
        keys: tuple[str, ...] = ("account_id", "currency")
        said = published(publication, "rpt_receivable_aging", keys, COLUMNS, f"as_of_date = date '{self.day}'")
        for name in COLUMNS:
            subject = "balances" if name in BALANCES else "aging"
            yield Figure(subject, "rpt_receivable_aging", name, keys, said[name], nonzero(self.balances[name]))
        keys, table = ("month", "currency"), "rpt_receivable_kpis"
        said = published(publication, table, keys, ["collected"], "not is_total", keep_unknown=True)
        yield Figure("collected", table, "collected", keys, said["collected"], self.collected())
        keys, table = ("month", "account_id"), "rpt_account_monthly"
        said = published(publication, table, keys, ["collected"])
        yield Figure("collected", table, "collected", keys, said["collected"], nonzero(self.by_account), self.base)
