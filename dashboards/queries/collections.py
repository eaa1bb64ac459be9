"""Collections: whom to contact next, promises, what reminders bring, documents of deals, reconciliation."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, known_count, ratio, select

# An account is on the list of a currency when something of it is overdue in that currency.
_IN_CURRENCY = """
    ($currency = '*' or account_id in (
        select account_id
        from {rpt_receivable_aging}
        where as_of_date = (select max(as_of_date) from {rpt_receivable_aging})
            and currency = $currency and overdue_amount > 0
    ))
"""

_WORKLIST = f"""
    with chosen as ({ACCOUNTS}),

    accounts as (select account_id, account_name as name, owner_name as owner from {{rpt_accounts}}),

    found as (
        select worklist.* replace (
                coalesce(worklist.account_name, accounts.name, account_id) as account_name,
                coalesce(worklist.owner_name, accounts.owner) as owner_name
            )
        from {{rpt_collection_worklist}} as worklist
        left join accounts using (account_id)
        where {CHOSEN} and {_IN_CURRENCY}
    )
"""

WORKLIST = f"""
    {_WORKLIST}

    select rank, account_name, suggested_action, overdue_amount, oldest_days_overdue, reason, owner_name, contact_name,
        contact_title, contact_phone, contact_email, usual_channel, last_contact_on, last_promise_state, dunning_level,
        worklist_score, money_points, age_points, silence_points, promise_points, habit_points, collectible_amount,
        disputed_amount, money_rank, debtors, oldest_collectible_days, usual_delay_days, days_since_contact,
        last_promised_for, next_promised_for, next_dunning_level, missed_call_on, waiting_missed_calls, base_currency,
        account_id
    from found
    where not coalesce(is_disputed, false)
    order by rank
    limit $most
"""

DISPUTES = f"""
    {_WORKLIST}

    select account_name, suggested_action, disputed_amount, overdue_amount, oldest_days_overdue, owner_name,
        contact_name, contact_phone, contact_email, last_contact_on, next_dunning_level, account_id
    from found
    where disputed_amount > 0
    order by disputed_amount desc, account_name, account_id
    limit $most
"""

WORKLIST_TOTALS = f"""
    {_WORKLIST}

    select count(*) filter (not coalesce(is_disputed, false)) as debts,
        count(*) filter (not coalesce(is_disputed, false) and suggested_action <> 'find_customer') as accounts,
        sum(collectible_amount) as collectible_amount, sum(disputed_amount) as disputed_amount,
        sum(missing_rate_count) as missing_rate_count
    from found
"""

_PROMISED = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_promises}} as promises
        where {CHOSEN} and ($currency = '*' or currency = $currency)
            and (promised_for >= $since or state = 'open' or promised_for is null)
    )
"""

PROMISES = f"""
    {_PROMISED}

    select promised_for, account_name, coalesce(state, 'not known') as state, currency, amount, kept_amount,
        broken_value, invoice_number, made_on, kept_on, is_kept_late, has_call_that_day, closed_by, _file, _row,
        account_id
    from found
    where len($states) = 0 or list_contains($states, coalesce(state, 'not known'))
    order by case when state = 'open' then 0 else 1 end, promised_for desc, promise_id
    limit $most
"""

PROMISES_BY_MONTH = f"""
    {_PROMISED}

    select strftime(promised_for, '%Y-%m') as month, count(*) filter (state = 'kept') as kept,
        count(*) filter (state = 'partly') as partly, count(*) filter (state = 'broken') as broken,
        count(*) filter (state = 'open') as open
    from found
    where promised_for is not null and state in ('kept', 'partly', 'broken', 'open')
    group by 1
    order by 1
"""

PROMISE_TOTALS = f"""
    {_PROMISED}

    select count(*) as promises, count(*) filter (state = 'open') as open, count(*) filter (state = 'kept') as kept,
        count(*) filter (state in ('kept', 'partly', 'broken')) as due,
        {ratio("count(*) filter (state = 'kept')", "count(*) filter (state in ('kept', 'partly', 'broken'))")}
            as kept_ratio,
        count(*) filter (state is null) as unknown
    from found
"""

BROKEN_BY_CURRENCY = f"""
    {_PROMISED}

    select currency, sum(broken_value) as broken_value, count(*) filter (broken_value > 0) as promises
    from found
    group by currency
    having sum(broken_value) > 0
    order by currency
"""

DUNNING = """
    select 'Step ' || step || coalesce(', ' || channel, '') as label, step, channel, window_days, steps, steps_left_out,
        open_at_step, cash_after, rate, low, high, comparison_rate, difference, comparison_invoices, comparison_share,
        base_currency
    from {rpt_dunning_effect} as effects
    order by window_days, step, channel
"""

_DOCUMENTS = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_documents}} as documents
        where {CHOSEN} and ($currency = '*' or currency = $currency)
    )
"""

DOCUMENTS = f"""
    {_DOCUMENTS}

    select won_on, account_name, deal_name, missing, currency, won_amount, invoiced_amount, unbilled_amount,
        invoice_lag_days, contract_signed_on, first_invoice_on, act_sent_on, act_signed_on, last_payment_on, _file,
        _row, account_id
    from found
    where is_due and missing is not null and ($missing = '' or list_contains(string_split(missing, ','), $missing))
    order by won_on, account_name, deal_id
    limit $most
"""

DOCUMENT_TOTALS = f"""
    {_DOCUMENTS}

    select count(*) as deals, count(*) filter (is_due) as due,
        count(*) filter (is_due and missing is not null) as lacking,
        {ratio(known_count("is_complete", "is_due"), "count(is_complete) filter (is_due)")} as complete_ratio,
        count(is_complete) filter (is_due) as known,
        bool_and(are_invoices_linked) as are_invoices_linked
    from found
"""

DOCUMENTS_MISSING = f"""
    {_DOCUMENTS}

    select missing, count(*) as deals
    from (
        select unnest(string_split(missing, ',')) as missing from found where is_due and missing is not null
    ) as parts
    group by missing
    order by deals desc, missing
"""

_ACTS = f"""
    with chosen as ({ACCOUNTS}),

    found as (
        select *
        from {{rpt_reconciliation}} as acts
        where {CHOSEN} and month >= $since
    )
"""

_COVERED = known_count("is_covered", "is_active", "distinct account_id")

# R32: accounts that signed an act within the month, of those that were active in it.
COVERAGE = f"""
    {_ACTS}

    select strftime(month, '%Y-%m') as month, count(distinct account_id) filter (is_active) as active,
        {_COVERED} as covered, {ratio(_COVERED, "count(distinct account_id) filter (is_active)")} as coverage,
        count(*) filter (state = 'gap') as gaps, bool_and(is_month_over) as is_over
    from found
    group by found.month
    order by found.month
"""

ACTS = f"""
    {_ACTS}

    select strftime(month, '%Y-%m') as month, account_name, state, currency, our_closing, client_closing, gap,
        act_sent_on, act_signed_on, document_number, _file, _row, account_id
    from found
    where list_contains($states, state) and ($currency = '*' or currency = $currency or currency is null)
    order by found.month desc, abs(gap) desc nulls last, account_name, account_id
    limit $most
"""


@st.cache_data(show_spinner=False, max_entries=64)
def worklist(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Accounts to contact, the first first; those whose overdue items are all disputed are left out."""
    return select(warehouse, WORKLIST, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def disputes(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Accounts with disputed overdue items, the largest amount first."""
    return select(warehouse, DISPUTES, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def worklist_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many accounts are on the list, and what they owe in base currency."""
    return first(select(warehouse, WORKLIST_TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def promises(warehouse: str, filters: Filters, states: tuple[str, ...], most: int) -> pa.Table:
    """Promises of the period: open ones first, then the newest."""
    return select(warehouse, PROMISES, states=list(states), most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def promises_by_month(warehouse: str, filters: Filters) -> pa.Table:
    """How many promises were due in each month, by what became of them."""
    return select(warehouse, PROMISES_BY_MONTH, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def promise_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """The kept rate by count (R22) and what it rests on."""
    return first(select(warehouse, PROMISE_TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def broken_by_currency(warehouse: str, filters: Filters) -> pa.Table:
    """The value of broken promises (R23), each currency for itself."""
    return select(warehouse, BROKEN_BY_CURRENCY, **filters.values())


@st.cache_data(show_spinner=False, max_entries=8)
def dunning(warehouse: str) -> pa.Table:
    """Each step, channel and window of dunning with its response and the comparison (R26)."""
    return select(warehouse, DUNNING)


@st.cache_data(show_spinner=False, max_entries=64)
def documents(warehouse: str, filters: Filters, missing: str, most: int) -> pa.Table:
    """Won deals whose documents are due and not all there, the oldest first; `missing` narrows to one document."""
    return select(warehouse, DOCUMENTS, missing=missing, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def document_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many deals are due, and how many of them are complete (R35)."""
    return first(select(warehouse, DOCUMENT_TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def documents_missing(warehouse: str, filters: Filters) -> pa.Table:
    """How many due deals lack which document."""
    return select(warehouse, DOCUMENTS_MISSING, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def coverage(warehouse: str, filters: Filters) -> pa.Table:
    """Reconciliation coverage by month (R32)."""
    return select(warehouse, COVERAGE, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def acts(warehouse: str, filters: Filters, states: tuple[str, ...], most: int) -> pa.Table:
    """Account months in the named states, the newest first, the largest gap first within a month."""
    return select(warehouse, ACTS, states=list(states), most=most, **filters.values())
