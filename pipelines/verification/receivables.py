"""Balances, ageing and cash: R1 to R5 and R17, of the day, by account and currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
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


class Owed:
    """What is owed on the day, and the cash of each month: added up over the books of shares of the company."""

    def __init__(self, raw: Raw, rates: Rates) -> None:
        """Begins with nothing."""
        self.day, self.base, self.rates = raw.run.as_of, raw.run.base_currency, rates
        self.balances: dict[str, dict[Key, Decimal]] = {name: defaultdict(Decimal) for name in COLUMNS}
        self.months: dict[Key, Decimal] = defaultdict(Decimal)
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

    def figures(self, publication: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
        """All of it beside what is published."""
        keys: tuple[str, ...] = ("account_id", "currency")
        said = published(publication, "rpt_receivable_aging", keys, COLUMNS, f"as_of_date = date '{self.day}'")
        for name in COLUMNS:
            subject = "balances" if name in BALANCES else "aging"
            yield Figure(subject, "rpt_receivable_aging", name, keys, said[name], nonzero(self.balances[name]))
        for table, keys, where, cells, currency in (
            ("rpt_receivable_kpis", ("month", "currency"), "not is_total", self.months, ""),
            ("rpt_account_monthly", ("month", "account_id"), "true", self.by_account, self.base),
        ):
            said = published(publication, table, keys, ["collected"], where)
            yield Figure("collected", table, "collected", keys, said["collected"], nonzero(cells), currency)
