"""Statements of account: whom they can be of, their lines, and the documents that are made of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, cursor, rows, select
from pipelines.reports.statements import reading
from pipelines.reports.statements.reading import Asked, Statement
from pipelines.settings import load_settings

OFFERED = f"""
    with chosen as ({ACCOUNTS})

    select account_id, max(account_name) as account_name, list(distinct currency order by currency) as currencies
    from {{rpt_statement_lines}}
    where {CHOSEN}
    group by account_id
    order by account_name nulls last, account_id
"""

LINES = """
    select occurred_on, kind, document, due_on, debit, credit, running_balance, allocation, is_dated,
        _file, _row
    from account_statement($account, $from_on, $to_on)
    where currency = $one_currency
    order by line_number, line_id nulls first
"""


@st.cache_data(show_spinner=False, max_entries=16)
def offered(warehouse: str, filters: Filters) -> dict[str, dict[str, Any]]:
    """Account id -> its name and currencies, of the accounts with movements that the filters leave."""
    return {row["account_id"]: row for row in rows(select(warehouse, OFFERED, **filters.values()))}


@st.cache_data(show_spinner=False, max_entries=32)
def lines(warehouse: str, asked: Asked) -> pa.Table:
    """The lines of a statement, the balance brought forward first, each with its file and line."""
    return select(
        warehouse,
        LINES,
        account=asked.account_id,
        one_currency=asked.currency,
        from_on=asked.from_on,
        to_on=asked.to_on,
    )


@st.cache_data(show_spinner=False, max_entries=32)
def statement(warehouse: str, asked: Asked) -> Statement:
    """What a document says of the account.

    Raises:
        StatementError: the days cannot be told.
    """
    return reading.read(cursor(warehouse), asked, load_settings().company_name)


@st.cache_data(show_spinner=False, max_entries=64)
def has_lines(warehouse: str, account: str) -> bool:
    """Whether anything ever moved the account."""
    return bool(reading.currencies(cursor(warehouse), account))


def last_day(warehouse: str) -> date | None:
    """The day up to which a statement can go."""
    return reading.as_of(cursor(warehouse))
