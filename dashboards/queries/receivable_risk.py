"""Receivables at risk: the provision matrix and roll rates, how accounts pay, how much of their credit they use."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, select
from dashboards.queries.receivables import BUCKETS

# Segments that the filters leave; '' stands for accounts without one, which these reports call not_known.
_SEGMENT = "(len($segments) = 0 or list_contains($segments, case when segment = 'not_known' then '' else segment end))"

_NEWEST = "(select max(month) from {rpt_roll_rates})"

# One row per segment: the rate of each bucket as a column, and what is open and provided for in all of them.
MATRIX = f"""
    select segment,
        {", ".join(f"max(provision_rate) filter (where bucket = '{bucket}') as {bucket}" for bucket in BUCKETS)},
        sum(open_amount) as open_amount, sum(specific_provision) as specific_provision, sum(provision) as provision,
        sum(unprovided_amount) as unprovided_amount
    from {{rpt_roll_rates}} as rates
    where month = {_NEWEST} and {_SEGMENT}
    group by segment
    order by sum(open_amount) desc, segment
"""

MATRIX_TOTAL = f"""
    select sum(open_amount) as open_amount, sum(provision) as provision, sum(unprovided_amount) as unprovided_amount,
        sum(missing_rate_count) as missing_rate_count, max(as_of_date) as as_of_date
    from {{rpt_roll_rates}} as rates
    where month = {_NEWEST} and {_SEGMENT}
"""

EVIDENCE = f"""
    select segment, bucket, open_amount, loss_rate, basis, history_invoices, reached_amount, lost_amount,
        unresolved_amount, provision_rate, specific_provision, provision, unprovided_amount
    from {{rpt_roll_rates}} as rates
    where month = {_NEWEST} and {_SEGMENT}
    order by segment, bucket_number
"""

# The roll rate of each bucket as a column, month by month, of one segment; months that nobody knows yet are left out.
ROLLS = f"""
    select strftime(month, '%Y-%m') as month,
        {", ".join(f"max(roll_rate) filter (where bucket = '{bucket}') as {bucket}" for bucket in BUCKETS)}
    from {{rpt_roll_rates}} as rates
    where segment = $segment and month >= $since
    group by month
    having count(roll_rate) > 0
    order by month
"""

BY_RATING = f"""
    with chosen as ({ACCOUNTS})

    select coalesce(payment_rating, 'No payments') as rating, count(*) as accounts, sum(open_amount) as open_amount,
        sum(overdue_amount) as overdue_amount
    from {{rpt_receivable_accounts}} as accounts
    where {CHOSEN} and currency = $one_currency
    group by payment_rating
    order by payment_rating nulls last
"""

LIMITS = f"""
    with chosen as ({ACCOUNTS})

    select coalesce(account_name, account_id) as account_name, credit_used_ratio
    from {{rpt_receivable_accounts}} as accounts
    where {CHOSEN} and ($currency = '*' or currency = $currency) and credit_used_ratio > 0
    order by credit_used_ratio desc, account_id
    limit 8
"""

_BEHAVIOUR = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_receivable_accounts}} as accounts
        where {CHOSEN} and ($currency = '*' or currency = $currency)
    )
"""

BEHAVIOUR = f"""{_BEHAVIOUR}
    select account_id, currency, coalesce(account_name, account_id) as account_name, payment_rating,
        average_days_delinquent, delinquency_trend, average_payment_days, on_time_ratio_amount, promises_kept_ratio,
        open_amount, overdue_amount, disputed_amount, unbilled_amount, open_orders_amount, unapplied_amount,
        credit_used, credit_limit, credit_used_ratio, is_over_limit
    from found
    order by average_days_delinquent desc nulls last, overdue_amount desc, account_id, currency
    limit $most
"""

BEHAVIOUR_TOTAL = f"""{_BEHAVIOUR}
    select count(*) as rows, count(*) filter (is_over_limit) as over_limit, count(credit_limit) as limited,
        count(credit_limit) - count(is_over_limit) as limits_unknown,
        count(*) filter (delinquency_trend > 0) as worsening, count(delinquency_trend) as with_trend
    from found
"""


@st.cache_data(show_spinner=False, max_entries=64)
def matrix(warehouse: str, filters: Filters) -> pa.Table:
    """The provision matrix at the as-of date, one row per segment."""
    return select(warehouse, MATRIX, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def matrix_total(warehouse: str, filters: Filters) -> dict[str, Any]:
    """What is open, provided for and without a rate, of these segments."""
    return first(select(warehouse, MATRIX_TOTAL, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def evidence(warehouse: str, filters: Filters) -> pa.Table:
    """What each rate of the matrix rests on, one row per segment and bucket."""
    return select(warehouse, EVIDENCE, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def rolls(warehouse: str, filters: Filters, segment: str) -> pa.Table:
    """The roll rates of a segment, month by month."""
    return select(warehouse, ROLLS, segment=segment, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_rating(warehouse: str, filters: Filters, currency: str) -> pa.Table:
    """What is open by payment rating, in one currency."""
    return select(warehouse, BY_RATING, one_currency=currency, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def limits(warehouse: str, filters: Filters) -> pa.Table:
    """The accounts that use most of their credit limit."""
    return select(warehouse, LIMITS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def behaviour(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """How accounts pay, the latest payers first, at most so many rows."""
    return select(warehouse, BEHAVIOUR, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def behaviour_total(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many accounts and currencies there are, over their limit, and paying later and later."""
    return first(select(warehouse, BEHAVIOUR_TOTAL, **filters.values()))
