"""The cash forecast: expected by week, by account and by invoice, and how well it did from past month ends."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, rows, select

CURRENCIES = f"""
    with chosen as ({ACCOUNTS})

    select currency, count(distinct account_id) as accounts
    from {{rpt_cash_expectations}}
    where {CHOSEN} and ($currency = '*' or currency = $currency)
    group by currency
    order by accounts desc, currency
"""

# The band of a sum stands in the publication for all accounts together; for a part of them it is not known.
WEEKS = f"""
    with chosen as ({ACCOUNTS})

    select strftime(week_start, '%Y-%m-%d') as week, expected_amount, low, high, promised_amount
    from {{rpt_cash_forecast_weeks}}
    where $everything and currency = $one_currency
    union all
    select strftime(week_start, '%Y-%m-%d'), sum(expected_amount), null, null, sum(promised_amount)
    from {{rpt_cash_forecast}}
    where not $everything and {CHOSEN} and currency = $one_currency
    group by week_start
    order by week
"""

# An invoice's rows carry its open amount each, so what is open is the sum of their parts.
PARTS = """
        sum(expected_amount) as open_amount,
        sum(expected_amount) filter (outcome = 'paid') as within_amount,
        sum(promised_amount) as promised_amount,
        sum(expected_amount) filter (outcome = 'later') as later_amount,
        sum(expected_amount) filter (outcome = 'never') as never_amount,
        sum(expected_amount) filter (outcome = 'unforeseen') as unforeseen_amount
"""

BY_CURRENCY = f"""
    with chosen as ({ACCOUNTS})

    select currency, count(distinct account_id) as accounts, {PARTS}
    from {{rpt_cash_expectations}}
    where {CHOSEN} and ($currency = '*' or currency = $currency)
    group by currency
    order by currency
"""

BY_ACCOUNT = f"""
    with chosen as ({ACCOUNTS})

    select account_id, max(account_name) as account_name, currency, {PARTS}
    from {{rpt_cash_expectations}}
    where {CHOSEN} and currency = $one_currency
    group by account_id, currency
    order by within_amount desc nulls last, account_id
    limit $most
"""

INVOICES = f"""
    with chosen as ({ACCOUNTS})

    select
        coalesce(invoice_number, 'opening_balance') as invoice_number, instalment_number, account_id, account_name,
        currency, due_on, days_overdue,
        max(open_amount) as open_amount,
        sum(expected_amount) filter (outcome = 'paid' and ($week is null or week_start = $week)) as week_amount,
        sum(promised_amount) filter ($week is null or week_start = $week) as promised_amount,
        expected_on, early_on, late_on, paid_share, promised_for, basis, _file, _row
    from {{rpt_cash_expectations}}
    where {CHOSEN} and currency = $one_currency
    group by all
    having $week is null or week_amount is not null
    order by week_amount desc nulls last, invoice_number, instalment_number
    limit $most
"""

BACKTEST = """
    select
        strftime(origin, '%Y-%m-%d') as origin, method, invoices, invoices_still_open, mean_absolute_error_days,
        amount_error_ratio, within_band_ratio, expected_amount, paid_amount, weeks, overall_error_days,
        overall_amount_error_ratio, overall_within_band_ratio, overall_invoices, base_currency, missing_rate_count
    from {rpt_forecast_backtest}
    order by origin desc, method desc
"""


@st.cache_data(show_spinner=False, max_entries=64)
def currencies(warehouse: str, filters: Filters) -> list[str]:
    """The currencies in which anything is open, that of most accounts first."""
    return [row["currency"] for row in rows(select(warehouse, CURRENCIES, **filters.values()))]


@st.cache_data(show_spinner=False, max_entries=64)
def weeks(warehouse: str, filters: Filters, currency: str) -> pa.Table:
    """Expected by week in one currency; with low and high when no account is left out."""
    return select(warehouse, WEEKS, one_currency=currency, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_currency(warehouse: str, filters: Filters) -> pa.Table:
    """What is open and what is expected of it, one row per currency."""
    return select(warehouse, BY_CURRENCY, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_account(warehouse: str, filters: Filters, currency: str, most: int) -> pa.Table:
    """The same, one row per account, in one currency; most expected first."""
    return select(warehouse, BY_ACCOUNT, one_currency=currency, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def invoices(warehouse: str, filters: Filters, currency: str, week: date | None, most: int) -> pa.Table:
    """The invoices behind a week, or behind the whole forecast; `week_amount` is what is expected of each in it."""
    return select(warehouse, INVOICES, one_currency=currency, week=week, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=16)
def backtest(warehouse: str) -> list[dict[str, Any]]:
    """How far each method lay from what happened, a row an origin and method, newest origin first."""
    return rows(select(warehouse, BACKTEST))
