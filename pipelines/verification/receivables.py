"""Balances, ageing and cash: R1 to R5 and R17, of the day, by account and currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb

from pipelines.verification.compare import Figure, Key
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


def balances(books: Books, day: date) -> dict[str, dict[Key, Decimal]]:
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
    return {name: {key: amount for key, amount in cells.items() if amount} for name, cells in found.items()}


def figures(raw: Raw, publication: duckdb.DuckDBPyConnection, books: Books, rates: Rates) -> Iterator[Figure]:
    """What is owed on the day, and the cash of each month."""
    day, base = raw.run.as_of, raw.run.base_currency
    found = balances(books, day)
    rows = publication.execute(
        f"select account_id, currency, {', '.join(COLUMNS)} from reporting.rpt_receivable_aging where as_of_date = ?",
        [day],
    ).fetchall()
    for place, name in enumerate(COLUMNS, start=2):
        published = {(row[0], row[1]): row[place] for row in rows if row[place]}
        subject = "balances" if name in BALANCES else "aging"
        yield Figure(subject, "rpt_receivable_aging", name, ("account_id", "currency"), published, found[name])

    months: dict[Key, Decimal] = defaultdict(Decimal)
    by_account: dict[Key, Decimal] = defaultdict(Decimal)
    for customer, currency, on, amount in books.cash:
        if on <= day:
            month = on.replace(day=1)
            months[month, currency] += amount
            if (rate := rates.on(currency, on)) is not None:
                by_account[month, books.account(customer)] += amount * rate
    rows = publication.execute(
        "select month, currency, collected from reporting.rpt_receivable_kpis where not is_total and collected <> 0"
    ).fetchall()
    yield Figure(
        "collected", "rpt_receivable_kpis", "collected", ("month", "currency"),
        {(month, currency): amount for month, currency, amount in rows},
        {key: amount for key, amount in months.items() if amount},
    )  # fmt: skip
    rows = publication.execute(
        "select month, account_id, collected from reporting.rpt_account_monthly where collected <> 0"
    ).fetchall()
    yield Figure(
        "collected", "rpt_account_monthly", "collected", ("month", "account_id"),
        {(month, account): amount for month, account, amount in rows},
        {key: amount for key, amount in by_account.items() if amount}, base,
    )  # fmt: skip
