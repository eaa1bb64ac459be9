"""Today: whom an account manager calls, why, and what finance would say of each."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, OF_PAY, Filters, first, select

# Unknown where that of one deal is: no invoice names a deal, or one lacks an amount or a rate.
_WHOLE = "case when count(waiting) = count(*) then sum(waiting) end"

# What waits on cash, of whom the filters leave and who looks may see.
_WAITED = f"""
    waited as (
        select account_id, {_WHOLE} as waiting
        from {{rpt_commission_deals}}
        where {OF_PAY} and (len($managers) = 0 or list_contains($managers, employee_id))
        group by account_id
    )
"""

# Who called in vain comes first, debtors before others; then the collection worklist, what is planned or due today, and
# who is silent for longer than the cadence.
_FOUND = f"""
    with chosen as ({ACCOUNTS}), {_WAITED},

    found as (
        select worklist.* exclude (
                account_id, account_name, owner_id, owner_name, team, base_currency, overdue_amount,
                oldest_days_overdue, missed_call_on, waiting_missed_calls, usual_channel, days_since_contact
            ),
            accounts.account_id, coalesce(accounts.account_name, accounts.account_id) as account_name,
            accounts.owner_name, accounts.base_currency, accounts.overdue_amount, accounts.oldest_days_overdue,
            accounts.credit_used_ratio, accounts.waiting_missed_calls, accounts.missed_call_on,
            accounts.days_since_contact, accounts.last_contact_on as last_spoken_on,
            case when accounts.next_contact_on = accounts.as_of_date then accounts.next_contact_type end
                as planned_type,
            case when accounts.next_contact_on = accounts.as_of_date then accounts.next_contact_subject end
                as planned_subject,
            case when accounts.next_task_on = accounts.as_of_date then accounts.next_task_subject end as task_subject,
            case when accounts.next_task_on = accounts.as_of_date then accounts.next_task_on end as task_on,
            coalesce(accounts.is_due_today, false) as is_planned,
            silent.next_action, silent.silence_rank, silent.usual_channel, waited.waiting
        from {{rpt_accounts}} as accounts
        left join {{rpt_collection_worklist}} as worklist
            on accounts.account_id = worklist.account_id and not coalesce(worklist.is_disputed, false)
        left join {{rpt_silent_accounts}} as silent on accounts.account_id = silent.account_id
        left join waited on accounts.account_id = waited.account_id
        where ($everything or accounts.account_id in (select account_id from chosen))
    ),

    wanted as (
        select *
        from found
        where rank is not null or waiting_missed_calls > 0 or is_planned or silence_rank is not null
    )
"""

TODAY = f"""
    {_FOUND}

    select *
    from wanted
    order by coalesce(waiting_missed_calls > 0, false) desc, rank nulls last, is_planned desc, silence_rank nulls last,
        account_name, account_id
    limit $most
"""

TOTALS = f"""
    {_FOUND}

    select count(*) as accounts, count(*) filter (waiting_missed_calls > 0) as callers,
        count(*) filter (rank is not null) as debtors,
        count(*) filter (
            last_promise_state = 'broken'
            and not list_contains(string_split(coalesce(reason, ''), ','), 'promise_kept_late')
        ) as broken,
        count(*) filter (is_planned) as planned, count(*) filter (silence_rank is not null) as silent,
        (select count(*) from {{rpt_accounts}}) as all_accounts
    from wanted
"""

_DEALS = f"""
    from {{rpt_commission_deals}}
    where {OF_PAY} and (len($managers) = 0 or list_contains($managers, employee_id))
        and (len($teams) = 0 or list_contains($teams, coalesce(team, '')))
        and coalesce(waiting > 0, true)
"""

WAITING = f"""
    select coalesce(account_name, account_id) as account_name, deal_name, employee_name, won_on, billed_amount,
        earned_amount, rate, share, payable, waiting, plan_version, account_id
    {_DEALS}
    order by waiting desc nulls last, won_on, deal_id
    limit $most
"""

WAITING_TOTAL = f"""
    select {_WHOLE} as waiting, count(*) as deals
    {_DEALS}
"""


@st.cache_data(show_spinner=False, max_entries=64)
def today(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Accounts to get in touch with on the as-of day, the first first."""
    return select(warehouse, TODAY, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many accounts are on the list, and why."""
    return first(select(warehouse, TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def waiting(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Won deals whose commission waits on cash, the largest first (P21)."""
    return select(warehouse, WAITING, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def waiting_total(warehouse: str, filters: Filters) -> dict[str, Any]:
    """What waits on cash together."""
    return first(select(warehouse, WAITING_TOTAL, **filters.values()))
