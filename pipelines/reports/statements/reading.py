"""What a statement says, read from the published warehouse: table macros and reporting tables, nothing worked out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import duckdb

Kind = Literal["activity", "outstanding", "act"]
KINDS: tuple[Kind, ...] = ("activity", "outstanding", "act")
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_91_120", "days_over_120")
# Lines that no row of an export states: the invoice alone shows them.
INFERRED = ("settled_date", "balance_only")

_AS_OF = "select max(as_of_date) from reporting.rpt_statement_lines"

_CURRENCIES = (
    "select distinct currency from reporting.rpt_statement_lines where account_id = $account order by currency"
)

# By id, or by name as a person writes it.
_FOUND = """
    select distinct account_id, account_name
    from reporting.rpt_statement_lines
    where account_id = $wanted or lower(account_name) = lower($wanted)
    order by account_id
"""

_NEAREST = """
    select account_id, max(account_name) as account_name
    from reporting.rpt_statement_lines
    group by account_id
    order by greatest(
        jaro_winkler_similarity(lower(account_id), lower($wanted)),
        coalesce(jaro_winkler_similarity(lower(max(account_name)), lower($wanted)), 0),
        case when contains(lower(max(account_name)), lower($wanted)) then 1 else 0 end
    ) desc, account_name, account_id
    limit $most
"""

_LINES = """
    select occurred_on, kind, document, due_on, allocation, debit, credit, running_balance, is_dated
    from account_statement($account, $from_on, $to_on)
    where currency = $currency
    order by line_number, line_id nulls first
"""

_TOTALS = """
    select opening, debits, credits, closing
    from account_statement_totals($account, $from_on, $to_on)
    where currency = $currency
"""

_AGEING = f"""
    select {", ".join(BUCKETS)}, open_amount, credit_amount, unapplied_amount, net_amount
    from receivable_aging($to_on)
    where account_id = $account and currency = $currency
"""

_OPEN = """
    select invoice_number, document_kind, instalment_number, issued_on, due_on, days_overdue, instalment_amount,
        open_amount, max(instalment_number) over (partition by invoice_id) > 1 as is_instalment
    from open_invoices($to_on)
    where account_id = $account and currency = $currency
    order by due_on, invoice_number, instalment_number
"""


class StatementError(Exception):
    """A statement cannot be made of what was asked for; the message says why and what to ask for."""


@dataclass(frozen=True)
class Asked:
    """Whose statement, of which days (both included)."""

    account_id: str
    currency: str
    from_on: date
    to_on: date


@dataclass(frozen=True)
class Line:
    """A movement of the account, or the balance brought forward; amounts in the statement's currency."""

    occurred_on: date
    kind: str
    document: str | None
    due_on: date | None
    allocation: str | None
    debit: Decimal
    credit: Decimal
    balance: Decimal
    is_dated: bool = True

    @property
    def is_inferred(self) -> bool:
        """Whether only the invoice shows it."""
        return self.allocation in INFERRED


@dataclass(frozen=True)
class Totals:
    """Opening + debits − credits = closing (R31)."""

    opening: Decimal = Decimal(0)
    debits: Decimal = Decimal(0)
    credits: Decimal = Decimal(0)
    closing: Decimal = Decimal(0)


@dataclass(frozen=True)
class Ageing:
    """What is open at the end of the last day, by days overdue (R5), and what is taken off it (R1 to R3)."""

    buckets: tuple[Decimal, ...] = (Decimal(0),) * len(BUCKETS)
    open_amount: Decimal = Decimal(0)
    credit_amount: Decimal = Decimal(0)
    unapplied_amount: Decimal = Decimal(0)
    net_amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class OpenItem:
    """An invoice's instalment that is open at the end of the last day."""

    document: str | None
    kind: str
    instalment: int | None
    issued_on: date
    due_on: date
    days_overdue: int
    amount: Decimal
    open_amount: Decimal


@dataclass(frozen=True)
class Statement:
    """Everything that a document says of one account in one currency."""

    asked: Asked
    account_name: str
    company: str
    lines: tuple[Line, ...]
    totals: Totals
    ageing: Ageing
    open_items: tuple[OpenItem, ...]

    def amounts(self) -> list[Decimal]:
        """Every amount of it: they decide how many decimals are shown."""
        ageing = self.ageing
        found = [amount for line in self.lines for amount in (line.debit, line.credit, line.balance)]
        found += [amount for item in self.open_items for amount in (item.amount, item.open_amount)]
        found += [*ageing.buckets, ageing.credit_amount, ageing.unapplied_amount, ageing.net_amount]
        return [*found, self.totals.opening, self.totals.closing]


def as_of(connection: duckdb.DuckDBPyConnection) -> date | None:
    """The last day that the warehouse knows of; None when no account was ever moved."""
    found: date | None = connection.execute(_AS_OF).fetchall()[0][0]
    return found


def currencies(connection: duckdb.DuckDBPyConnection, account_id: str) -> list[str]:
    """The currencies that the account was ever moved in."""
    return [row[0] for row in connection.execute(_CURRENCIES, {"account": account_id}).fetchall()]


def resolve(connection: duckdb.DuckDBPyConnection, wanted: str) -> tuple[str, str]:
    """The id and name of the account that a person names by id or name.

    Raises:
        StatementError: none has it, or several have; the nearest, or those, are named.
    """
    found = connection.execute(_FOUND, {"wanted": wanted}).fetchall()
    exact = [row for row in found if row[0] == wanted] or found
    if len(exact) == 1:
        return exact[0][0], exact[0][1] or exact[0][0]
    if exact:
        which = "; ".join(row[0] for row in exact)
        raise StatementError(f"{len(exact)} accounts are called {wanted!r}; ask by id: {which}")
    near = connection.execute(_NEAREST, {"wanted": wanted, "most": 5}).fetchall()
    offered = "; ".join(f"{name or account} ({account})" for account, name in near)
    raise StatementError(
        f"no account with movements has the id or name {wanted!r}"
        + (f"; the nearest are: {offered}" if offered else ", and there are no others: no billing export was landed")
    )


def read(connection: duckdb.DuckDBPyConnection, asked: Asked, company: str = "") -> Statement:
    """One account's statement in one currency.

    Raises:
        StatementError: the account has no movement in the currency, or the days cannot be told.
    """
    last = as_of(connection)
    if last is None or asked.to_on > last:
        raise StatementError(
            f"the warehouse is as of {last}; a statement can end on that day or before, not {asked.to_on}"
        )
    if asked.from_on > asked.to_on:
        raise StatementError(f"the first day, {asked.from_on}, comes after the last, {asked.to_on}")
    known = currencies(connection, asked.account_id)
    if asked.currency not in known:
        has = ", ".join(known) or "none"
        raise StatementError(f"{asked.account_id} has no movement in {asked.currency}; its currencies: {has}")
    name = resolve(connection, asked.account_id)[1]
    period = {
        "account": asked.account_id, "currency": asked.currency, "from_on": asked.from_on, "to_on": asked.to_on,
    }  # fmt: skip
    day = {name: value for name, value in period.items() if name != "from_on"}
    lines = [Line(*row) for row in connection.execute(_LINES, period).fetchall()]
    totals = [Totals(*row) for row in connection.execute(_TOTALS, period).fetchall()]
    ageing = [
        Ageing(tuple(row[: len(BUCKETS)]), *row[len(BUCKETS) :]) for row in connection.execute(_AGEING, day).fetchall()
    ]
    items = [
        OpenItem(number, kind, instalment if several else None, issued, due, late, amount, left)
        for number, kind, instalment, issued, due, late, amount, left, several in connection.execute(
            _OPEN, day
        ).fetchall()
    ]
    return Statement(
        asked=asked,
        account_name=name,
        company=company,
        lines=tuple(lines),
        totals=totals[0] if totals else Totals(),
        # Rows stand only where something is open, over-applied or unapplied: no row is nothing owed.
        ageing=ageing[0] if ageing else Ageing(),
        open_items=tuple(items),
    )
