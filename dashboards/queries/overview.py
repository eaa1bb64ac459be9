"""The overview: money by month, what needs attention, retention and concentration."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, ALL, CHOSEN, OF_CURRENCY, Filters, select

# In base currency. Revenue is net of tax, by document date (V1).
MONTHLY_BASE = f"""
    with chosen as ({ACCOUNTS})

    select
        strftime(month, '%Y-%m') as month,
        sum(net_revenue) as revenue,
        sum(collected) as collected,
        sum(open_amount_end) as open_amount,
        sum(overdue_amount_end) as overdue_amount,
        sum(won_amount) as won_amount,
        sum(won_deals) as won_deals,
        sum(two_way_contacts) as two_way_contacts,
        sum(missing_rate_count) as missing_rate_count,
        bool_and(is_complete) as is_complete,
        strftime(month - interval 1 month, '%Y-%m') as before
    from {{rpt_account_monthly}} as monthly
    where {CHOSEN} and month >= $since
    group by month
    order by month
"""

# Which months are over and told by billing to their end: the same for every account and currency.
_MONTHS = "months as (select month, bool_and(is_complete) as is_complete from {rpt_account_monthly} group by month)"

# One document currency: balances from the ageing at month ends and at the as-of date, flows from the movements.
MONTHLY_CURRENCY = f"""
    with chosen as ({ACCOUNTS}),

    month_ends as (
        select as_of_date, date_trunc('month', as_of_date) as month, sum(open_amount) as open_amount,
            sum(overdue_amount) as overdue_amount
        from {{rpt_receivable_aging}} as aging
        where {CHOSEN} and currency = $currency and as_of_date >= $since
        group by as_of_date
        qualify as_of_date = max(as_of_date) over (partition by date_trunc('month', as_of_date))
    ),

    flows as (
        select month, sum(invoiced) as invoiced, sum(collected) as collected
        from {{rpt_receivable_movements}} as movements
        where {CHOSEN} and currency = $currency and month >= $since
        group by month
    ),

    {_MONTHS}

    select
        strftime(month, '%Y-%m') as month,
        flows.invoiced as revenue,
        flows.collected,
        month_ends.open_amount,
        month_ends.overdue_amount,
        cast(null as decimal(38, 4)) as won_amount,
        cast(null as bigint) as won_deals,
        cast(null as bigint) as two_way_contacts,
        0 as missing_rate_count,
        coalesce(months.is_complete, false) as is_complete,
        strftime(month - interval 1 month, '%Y-%m') as before
    from flows
    full join month_ends using (month)
    left join months using (month)
    order by month
"""

# The same of the whole company: as the metrics have it.
MONTHLY_CURRENCY_ALL = f"""
    with {_MONTHS}

    select strftime(month, '%Y-%m') as month, sales as revenue, collected, open_amount, overdue_amount,
        cast(null as decimal(38, 4)) as won_amount, cast(null as bigint) as won_deals,
        cast(null as bigint) as two_way_contacts, 0 as missing_rate_count,
        coalesce(months.is_complete, false) as is_complete, strftime(month - interval 1 month, '%Y-%m') as before
    from {{rpt_receivable_kpis}} as kpis
    left join months using (month)
    where {OF_CURRENCY} and kpis.month >= $since
    order by kpis.month
"""

ATTENTION = f"""
    with chosen as ({ACCOUNTS})

    select worklist.rank, worklist.account_id, accounts.account_name, accounts.owner_name, worklist.overdue_amount,
        worklist.oldest_days_overdue, worklist.last_contact_on, worklist.last_promise_state, worklist.dunning_level,
        worklist.suggested_action, worklist.reason, worklist.collectible_amount, worklist.disputed_amount,
        worklist.money_rank, worklist.debtors, worklist.oldest_collectible_days, worklist.usual_delay_days,
        worklist.days_since_contact, worklist.last_promised_for, worklist.next_promised_for,
        worklist.next_dunning_level, worklist.base_currency
    from {{rpt_collection_worklist}} as worklist
    left join {{rpt_accounts}} as accounts using (account_id)
    where {CHOSEN}
    order by worklist.rank
    limit $most
"""

STATUS = f"""
    with chosen as ({ACCOUNTS})

    select coalesce(status, 'not known') as status, count(*) filter (is_named) as accounts,
        case when count(is_key_account) > 0 then count(*) filter (is_key_account) end as key_accounts,
        sum(revenue_12m) as revenue_12m,
        sum(open_amount) as open_amount, sum(overdue_amount) as overdue_amount,
        sum(unapplied_amount) as unapplied_amount
    from {{rpt_accounts}} as accounts
    where {CHOSEN}
    group by 1
    order by accounts desc
"""

CONCENTRATION = """
    select strftime(month, '%Y-%m') as month, top1_share, top5_share, top10_share, hhi, clients_for_80_percent,
        key_account_share
    from {rpt_concentration}
    where month >= $since
    order by month
"""

RETENTION = """
    select strftime(month, '%Y-%m') as month, basis, nrr, grr, logo_churn, repeat_purchase_ratio, quick_ratio
    from {rpt_revenue_retention}
    where month >= $since and is_complete
    order by month, basis
"""


@st.cache_data(show_spinner=False, max_entries=64)
def monthly(warehouse: str, filters: Filters) -> pa.Table:
    """Revenue, collected, open and overdue a month, for the accounts and the currency that were chosen."""
    one = MONTHLY_CURRENCY if filters.narrows_accounts else MONTHLY_CURRENCY_ALL
    query = MONTHLY_BASE if filters.currency == ALL else one
    return select(warehouse, query, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def worklist(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """The accounts to call first about money, at most so many."""
    return select(warehouse, ATTENTION, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_status(warehouse: str, filters: Filters) -> pa.Table:
    """How many accounts are active, paused and lost, with their sums in base currency."""
    return select(warehouse, STATUS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def concentration(warehouse: str, filters: Filters) -> pa.Table:
    """How much of the revenue the largest accounts bring, of the whole company."""
    return select(warehouse, CONCENTRATION, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def retention(warehouse: str, filters: Filters) -> pa.Table:
    """Revenue retention a month and basis, of the whole company."""
    return select(warehouse, RETENTION, **filters.values())
