"""Renewals and whitespace: what ends when, what was renewed, and what could be offered to whom."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, select

RENEWALS = f"""
    with chosen as ({ACCOUNTS})

    select ends_on, account_name, renewal_window, days_to_end, state, term_kind, term_number, revenue_12m,
        monthly_amount, open_amount, overdue_amount, health_band, last_contact_on, owner_name, account_id
    from {{rpt_renewals}}
    where {CHOSEN} and list_contains($windows, renewal_window)
    order by ends_on, account_name, term_id
    limit $most
"""

RENEWAL_TOTALS = f"""
    with chosen as ({ACCOUNTS})

    select count(*) as terms,
        count(*) filter (renewal_window = 'last') as last_notice,
        count(*) filter (renewal_window = 'second') as second_notice,
        count(*) filter (renewal_window = 'first') as first_notice, count(*) filter (renewal_window = 'past') as past,
        sum(revenue_at_renewal) as revenue_12m,
        count(*) filter (renewal_window in ('first', 'second', 'last', 'past') and health_band = 'red') as red
    from {{rpt_renewals}}
    where {CHOSEN}
"""

CALENDAR = f"""
    with chosen as ({ACCOUNTS})

    select strftime(date_trunc('month', ends_on), '%Y-%m') as month,
        count(*) filter (coalesce(health_band, 'green') = 'green') as healthy,
        count(*) filter (health_band = 'yellow') as watched, count(*) filter (health_band = 'red') as endangered
    from {{rpt_renewals}}
    where {CHOSEN} and state not in ('renewed', 'lapsed') and days_to_end between -90 and 365
    group by 1
    order by 1
"""

RATES = """
    select strftime(quarter, '%Y') || ' Q' || quarter(quarter) as quarter, term_kind, renewal_rate, renewal_rate_amount,
        ended, renewed, lapsed, undecided, is_complete
    from {rpt_renewal_rates}
    where renewed + lapsed > 0 and quarter >= date_trunc('quarter', cast($since as date))
    order by rpt.quarter, term_kind
""".replace("{rpt_renewal_rates}", "{rpt_renewal_rates} as rpt")

_SPACE = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select * from {{rpt_whitespace}}
        where {CHOSEN} and (len($products) = 0 or list_contains($products, product_name))
    )
"""

WHITESPACE = f"""
    {_SPACE}

    select account_name, product_name, expected_value, is_candidate, gate_reason, segment, segment_share,
        segment_buyers, segment_accounts, health_band, decision_maker_reached_on, category, account_id, product_id
    from found
    where not $candidates or is_candidate
    order by is_candidate desc, expected_value desc nulls last, account_name, product_name
    limit $most
"""

WHITESPACE_TOTALS = f"""
    {_SPACE}

    select count(*) as gaps, count(*) filter (is_candidate) as candidates,
        count(distinct account_id) filter (is_candidate) as accounts,
        sum(expected_value) as expected_value, sum(expected_value) filter (is_candidate) as candidate_value
    from found
"""

BY_PRODUCT = f"""
    {_SPACE}

    select product_name, sum(expected_value) as expected_value,
        sum(expected_value) filter (is_candidate) as candidate_value, count(*) as gaps,
        count(*) filter (is_candidate) as candidates
    from found
    group by product_name
    order by expected_value desc nulls last, product_name
    limit 15
"""

GATES = f"""
    {_SPACE},

    accounts as (select distinct account_id, gate_reason from found where gate_reason is not null),

    reasons as (select account_id, unnest(string_split(gate_reason, ',')) as reason from accounts)

    select reason, count(distinct account_id) as accounts
    from reasons
    group by 1
    order by accounts desc, reason
"""

PRODUCTS = "select distinct product_name from {rpt_whitespace} order by product_name"


@st.cache_data(show_spinner=False, max_entries=64)
def renewals(warehouse: str, filters: Filters, windows: tuple[str, ...], most: int) -> pa.Table:
    """What is to be renewed, by its last day."""
    return select(warehouse, RENEWALS, windows=list(windows), most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def renewal_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How much is in each window."""
    return first(select(warehouse, RENEWAL_TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def calendar(warehouse: str, filters: Filters) -> pa.Table:
    """What is to be renewed by month, by the account's health."""
    return select(warehouse, CALENDAR, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def rates(warehouse: str, filters: Filters) -> pa.Table:
    """The renewal rate by quarter and kind, of the whole company."""
    return select(warehouse, RATES, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def whitespace(warehouse: str, filters: Filters, products: tuple[str, ...], candidates: bool, most: int) -> pa.Table:
    """Products that accounts never bought and their segment does; candidates first, the largest value first."""
    return select(warehouse, WHITESPACE, products=list(products), candidates=candidates, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def whitespace_totals(warehouse: str, filters: Filters, products: tuple[str, ...]) -> dict[str, Any]:
    """How many gaps there are, and what they are worth."""
    return first(select(warehouse, WHITESPACE_TOTALS, products=list(products), **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def by_product(warehouse: str, filters: Filters, products: tuple[str, ...]) -> pa.Table:
    """The value of the gaps by product."""
    return select(warehouse, BY_PRODUCT, products=list(products), **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def gates(warehouse: str, filters: Filters, products: tuple[str, ...]) -> pa.Table:
    """What holds offers back, by accounts."""
    return select(warehouse, GATES, products=list(products), **filters.values())


@st.cache_data(show_spinner=False, max_entries=8)
def products(warehouse: str) -> list[str]:
    """The products that somebody lacks."""
    return [row["product_name"] for row in select(warehouse, PRODUCTS).to_pylist() if row["product_name"]]
