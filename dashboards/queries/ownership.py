"""Who looks after which accounts, who stands in, hand-overs, time beside revenue, coverage and service by class."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, OF_PEOPLE, Filters, first, ratio, rows_of_chosen, select

_OWNED = rows_of_chosen("{rpt_account_ownership}")

OWNED_TOTALS = f"""
    {_OWNED}

    select count(*) as accounts, count(*) filter (is_key_account) as key_accounts,
        count(*) filter (is_key_account and is_uncovered) as uncovered_keys,
        count(*) filter (is_uncovered) as uncovered,
        count(*) filter (is_key_account and lacks_dedicated) as shared_keys,
        count(*) filter (is_handover_late) as late_handovers,
        count(first_won_on) as handed_over,
        sum(plan_items) as plan_items, sum(startup_answers) as startup_answers
    from found
"""

OWNED = f"""
    {_OWNED}

    select account_name, is_key_account, tier, owner_name, owner_since, owner_changes_12m, owner_other_accounts,
        is_owner_away, covered_by_name, is_uncovered, uncovered_days, next_uncovered_on, open_deals,
        open_deals_of_others, manager_name, sold_by_name, first_won_on, days_won_to_assigned, days_won_to_contact,
        is_handover_late, startup_answers, is_startup_late, plan_progress, plan_items_overdue, next_plan_item,
        next_plan_due_on, account_id
    from found
    where not $key_only or is_key_account
    order by is_key_account desc, is_uncovered desc, uncovered_days desc, revenue_12m desc nulls last, account_name
    limit $most
"""

# D12: the same accounts added up by where they belong.
ROLLUPS = {
    unit: f"""
    {_OWNED}

    select coalesce({column}, 'not_known') as unit, count(*) as accounts,
        count(*) filter (is_key_account) as key_accounts, count(*) filter (is_large) as large_accounts,
        count(*) filter (status = 'active') as active_accounts, sum(open_deals) as open_deals,
        count(*) filter (is_uncovered) as uncovered, sum(revenue_12m) as revenue_12m
    from found
    group by 1
    order by sum(revenue_12m) desc nulls last, 1
    """
    for unit, column in {
        "Region": "region",
        "Country": "country",
        "Team": "team",
        "Supervisor": "manager_name",
        "Group": "group_name",
    }.items()
}

HANDOVERS = f"""
    with chosen as ({ACCOUNTS})

    select changed_on, coalesce(account_name, account_id) as account_name, is_key_account, previous_owner_name,
        new_owner_name, contacts_before, contacts_after, contacts_change, missed_calls_before, missed_calls_after,
        payment_delay_days_before, payment_delay_days_after, days_to_first_contact, days_without_owner, is_complete,
        days_after_seen, window_days, account_id
    from {{rpt_account_handovers}} as accounts
    where {CHOSEN}
    order by changed_on desc, account_name
    limit $most
"""

MANAGERS = f"""
    with chosen as ({ACCOUNTS})

    select employee_id, max(employee_name) as employee_name, max(misplaced_share) as misplaced_share,
        count(*) filter (is_owner) as accounts, sum(effort_hours) as hours,
        max(own_time_share) as own_share, sum(assumed_efforts) as assumed, sum(efforts) as efforts
    from {{rpt_effort}} as accounts
    where {CHOSEN}
    group by employee_id
    -- A book whose revenue is not known in part has no order and no shares.
    having count(*) filter (is_owner and revenue_12m > 0) > 1 and sum(effort_hours) > 0
        and count(*) filter (is_owner) = count(revenue_rank)
    order by sum(revenue_12m) filter (is_owner) desc
"""

BOOK = """
    select coalesce(account_name, account_id) as account_name, tier, is_key_account, revenue_12m,
        effort_hours as hours, revenue_share, effort_share, share_gap, two_way_contacts, revenue_rank,
        revenue_share_up_to, effort_share_up_to,
        account_id
    from {rpt_effort}
    where employee_id = $employee and is_owner
    order by revenue_rank nulls last, account_name, account_id
"""

# D1 and D17: how many accounts and assistants each has in the newest month.
LOAD = f"""
    select coalesce(employee_name, employee_id) as employee_name, team, accounts, load_band,
        direct_reports, is_above_span, open_amount, overdue_ratio
    from {{rpt_team_scorecard}}
    where month = (select max(month) from {{rpt_team_scorecard}}) and employee_id <> 'unassigned'
        and {OF_PEOPLE}
    order by accounts desc, employee_name
"""

COVERAGE = f"""
    select strftime(week_start, '%Y-%m-%d') as week, sum(key_accounts) as key_accounts,
        sum(called_accounts) as called_accounts, sum(contacted_accounts) as contacted_accounts,
        {ratio("sum(called_accounts)", "sum(key_accounts)")} as call_coverage,
        {ratio("sum(contacted_accounts)", "sum(key_accounts)")} as contact_coverage
    from {{rpt_key_account_coverage}}
    where {OF_PEOPLE} and week_start >= $since
    group by week_start
    order by week_start
"""

COVERAGE_BY_MANAGER = f"""
    select case when employee_id = 'unassigned' then 'no_owner' else coalesce(employee_name, employee_id) end
            as employee_name,
        key_accounts, called_accounts, contacted_accounts, call_coverage, contact_coverage
    from {{rpt_key_account_coverage}}
    where week_start = $week and {OF_PEOPLE}
    order by key_accounts desc, employee_name
"""

SERVICE = """
    select strftime(month, '%Y-%m') as month, service_class, missed_cases, called_back, callback_minutes_median,
        callback_target, callback_within_target, cases_opened, cases_closed, case_days_median, case_target,
        case_within_target
    from {rpt_tier_service}
    where month >= $since
    order by month desc, class_rank
"""


@st.cache_data(show_spinner=False, max_entries=64)
def owned_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many accounts are uncovered, shared, changed or came over late."""
    return first(select(warehouse, OWNED_TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def owned(warehouse: str, filters: Filters, key_only: bool, most: int) -> pa.Table:
    """Who looks after each account."""
    return select(warehouse, OWNED, key_only=key_only, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def rollup(warehouse: str, filters: Filters, unit: str) -> pa.Table:
    """Accounts added up by region, country, team, supervisor or group."""
    return select(warehouse, ROLLUPS[unit], **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def handovers(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Changes of owner with the days before and after."""
    return select(warehouse, HANDOVERS, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def managers(warehouse: str, filters: Filters) -> pa.Table:
    """Who has a book of accounts, and how far time is from following revenue in it."""
    return select(warehouse, MANAGERS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def book(warehouse: str, employee: str) -> pa.Table:
    """One employee's own accounts by revenue, with shares of time and revenue."""
    return select(warehouse, BOOK, employee=employee)


@st.cache_data(show_spinner=False, max_entries=64)
def load(warehouse: str, filters: Filters) -> pa.Table:
    """Accounts and assistants of each account manager, beside the band of their role and grade."""
    return select(warehouse, LOAD, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def coverage(warehouse: str, filters: Filters) -> pa.Table:
    """Key accounts with a connected call by week."""
    return select(warehouse, COVERAGE, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def coverage_by_manager(warehouse: str, filters: Filters, week: str) -> pa.Table:
    """The same of one week by employee."""
    return select(warehouse, COVERAGE_BY_MANAGER, week=week, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def service(warehouse: str, filters: Filters) -> pa.Table:
    """How fast each class is called back and its cases are closed, by month."""
    return select(warehouse, SERVICE, **filters.values())
