"""Key accounts: the list and its changes, checklists, schemes, stages, who looks after whom, and with how much time."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, ratio, rows_of_chosen, select

_NEWEST = "(select max(quarter) from {rpt_key_accounts})"

_LISTED = rows_of_chosen("{rpt_key_accounts}", "quarter = $quarter")

_LISTED_SHARE = ratio("sum(counted_revenue_12m) filter (is_listed)", "max(company_revenue_12m)")

QUARTERS = """
    select quarter, max(measured_on) as measured_on, max(list_size) as list_size,
        max(newly_known_criteria) as newly_known_criteria, max(measures_known) as measures_known
    from {rpt_key_accounts}
    group by quarter
    order by quarter desc
"""

TOTALS = f"""
    {_LISTED}

    select count(*) as accounts, count(*) filter (is_listed) as listed,
        count(*) filter (proposal = 'enter') as entering, count(*) filter (proposal = 'leave') as leaving,
        count(*) filter (is_review_due) as review_due, count(*) filter (is_drifting) as drifting,
        count(*) filter (is_large) as large, count(*) filter (is_large and not is_listed) as large_not_key,
        count(*) filter (is_listed and basis = 'decided') as decided,
        {_LISTED_SHARE} as listed_share, max(list_state) as list_state,
        max(criteria_needed) as criteria_needed, max(criteria_total) as criteria_total,
        (
            select max(threshold)
            from {{rpt_key_account_criteria}}
            where criterion = 'revenue_share' and quarter = $quarter
        ) as size_cut, max(fit_cut) as fit_cut, max(base_currency) as base_currency,
        max(measured_on) as measured_on, sum(missing_rate_count) as missing_rate_count
    from found
"""

CHANGES = f"""
    {_LISTED}

    select case
            when basis = 'decided' and is_listed and proposal = 'leave' then 'listed, though it should leave'
            when decision = 'leave' and proposal in ('enter', 'stay') then 'kept off'
            when proposal in ('enter', 'leave') then proposal
            else 'candidate'
        end as change,
        account_name, reason, owner_name, tier, relationship_stage, revenue_12m, criteria_met, criteria_total,
        criteria_needed, criteria_unknown, gained_criteria, lost_criteria, decision_reason, account_id
    from found
    where proposal in ('enter', 'leave') or is_candidate or (decision = 'leave' and proposal = 'stay')
    order by case change when 'enter' then 1 when 'leave' then 2 when 'candidate' then 4 else 3 end, list_rank
"""

LISTED = f"""
    {_LISTED}

    select account_name, criteria_met, criteria_total, basis, entered_in, tier, relationship_stage, owner_name,
        revenue_12m, revenue_share, open_deals, last_contact_on, criteria_known, drift_quarters, decision_reason,
        reason, criteria_needed, criteria_unknown, gained_criteria, lost_criteria, account_id
    from found
    where is_listed
    order by list_rank
"""

BY_QUARTER = f"""
    with chosen as ({ACCOUNTS})

    select strftime(quarter, '%Y') || '-Q' || quarter(quarter) as quarter,
        count(*) filter (is_listed and was_listed) as stayed, count(*) filter (is_listed and not was_listed) as entered,
        count(*) filter (was_listed and not is_listed) as departed,
        {_LISTED_SHARE} as listed_share
    from {{rpt_key_accounts}} as accounts
    where {CHOSEN}
    group by accounts.quarter
    order by accounts.quarter
"""

# Listed ones first, then what is proposed, then the rest: the order of a select box.
CHOICES = f"""
    {_LISTED}

    select account_id, account_name, is_listed, proposal, criteria_met, criteria_total, criteria_needed, criteria_known,
        relationship_stage, tier, revenue_12m
    from found
    order by is_listed desc, list_rank
    limit $most
"""

CRITERIA = """
    select criterion, criterion_name, theme, kind, is_met, value, threshold, unit, meaning, rated_on, rated_by, note
    from {rpt_key_account_criteria}
    where account_id = $account and quarter = $quarter
    order by is_met desc nulls last, theme, criterion_name
"""

STAGES = """
    select strftime(quarter, '%Y') || '-Q' || quarter(quarter) as quarter, relationship_stage, is_stage_changed, tier,
        is_listed, criteria_met, tenure_years, contracts, product_breadth, buying_centres, decision_maker_contacts,
        revenue_12m
    from {rpt_key_accounts} as accounts
    where account_id = $account
    order by accounts.quarter desc
"""

STAGE_COUNTS = f"""
    with chosen as ({ACCOUNTS})

    select strftime(quarter, '%Y') || '-Q' || quarter(quarter) as quarter,
        count(*) filter (relationship_stage = 'tactical') as tactical,
        count(*) filter (relationship_stage = 'operational') as operational,
        count(*) filter (relationship_stage = 'functional') as functional,
        count(*) filter (relationship_stage = 'strategic') as strategic
    from {{rpt_key_accounts}} as accounts
    where {CHOSEN} and (not $key_only or is_listed)
    group by accounts.quarter
    order by accounts.quarter
"""

STAGE_CHANGES = f"""
    with chosen as ({ACCOUNTS})

    select strftime(quarter, '%Y') || '-Q' || quarter(quarter) as quarter,
        coalesce(account_name, account_id) as account_name, stage_before, relationship_stage, is_listed, tenure_years,
        contracts, buying_centres, decision_maker_contacts, account_id
    from {{rpt_key_accounts}} as accounts
    where {CHOSEN} and is_stage_changed
    order by accounts.quarter desc, revenue_12m desc
    limit $most
"""

POINTS = f"""
    {_LISTED}

    select account_name, revenue_share, fit_share, revenue_12m, is_listed, is_large, criteria_met, criteria_total,
        coalesce(relationship_stage, 'none yet') as stage, account_id
    from found
    where revenue_12m > 0 and revenue_share is not null
    order by revenue_12m desc
"""

SCHEMES = """
    select scheme, max(scheme_name) as scheme_name, max(x_label) as x_label, max(y_label) as y_label
    from {rpt_account_classifications}
    group by scheme
    order by case when scheme = 'size_fit' then 0 else 1 end, scheme
"""

CLASSES = f"""
    with chosen as ({ACCOUNTS}),

    keys as (
        select account_id, is_listed, revenue_12m from {{rpt_key_accounts}} where quarter = {_NEWEST}
    )

    select coalesce(classes.class, 'Not known') as class, max(classes.action) as action, count(*) as accounts,
        count(*) filter (keys.is_listed) as key_accounts, sum(keys.revenue_12m) as revenue_12m,
        count(*) filter (classes.basis = 'given') as given
    from {{rpt_account_classifications}} as classes
    left join keys using (account_id)
    where classes.scheme = $scheme and ($everything or classes.account_id in (select account_id from chosen))
    group by 1
    order by sum(keys.revenue_12m) desc nulls last, 1
"""

CLASSED = f"""
    with chosen as ({ACCOUNTS})

    select coalesce(account_name, account_id) as account_name, class, action, basis, x_value, y_value, origin,
        account_id
    from {{rpt_account_classifications}} as classes
    where {CHOSEN} and scheme = $scheme
    order by class nulls last, account_name
    limit $most
"""


@st.cache_data(show_spinner=False, max_entries=64)
def quarters(warehouse: str) -> pa.Table:
    """The quarters kept, the newest first, with the day of their evidence."""
    return select(warehouse, QUARTERS)


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters, quarter: date) -> dict[str, Any]:
    """How many are listed, proposed, drifting and large in a quarter."""
    return first(select(warehouse, TOTALS, quarter=quarter, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def changes(warehouse: str, filters: Filters, quarter: date) -> pa.Table:
    """What is proposed, decided otherwise, or next in line, with reasons."""
    return select(warehouse, CHANGES, quarter=quarter, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def listed(warehouse: str, filters: Filters, quarter: date) -> pa.Table:
    """The list of a quarter."""
    return select(warehouse, LISTED, quarter=quarter, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def by_quarter(warehouse: str, filters: Filters) -> pa.Table:
    """Who stayed, came and left by quarter, and the list's share of revenue."""
    return select(warehouse, BY_QUARTER, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def choices(warehouse: str, filters: Filters, quarter: date, most: int) -> pa.Table:
    """The accounts whose checklist can be looked at, listed ones first."""
    return select(warehouse, CHOICES, quarter=quarter, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def criteria(warehouse: str, account: str, quarter: date) -> pa.Table:
    """The checklist of one account in a quarter."""
    return select(warehouse, CRITERIA, account=account, quarter=quarter)


@st.cache_data(show_spinner=False, max_entries=64)
def stages(warehouse: str, account: str) -> pa.Table:
    """One account's relationship stage by quarter, and what it rests on."""
    return select(warehouse, STAGES, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def stage_counts(warehouse: str, filters: Filters, key_only: bool) -> pa.Table:
    """Accounts at each stage by quarter."""
    return select(warehouse, STAGE_COUNTS, key_only=key_only, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def stage_changes(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Changes of stage, the newest first."""
    return select(warehouse, STAGE_CHANGES, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def points(warehouse: str, filters: Filters, quarter: date) -> pa.Table:
    """Size and fit of each account with revenue."""
    return select(warehouse, POINTS, quarter=quarter, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def schemes(warehouse: str) -> pa.Table:
    """The classification schemes in use."""
    return select(warehouse, SCHEMES)


@st.cache_data(show_spinner=False, max_entries=64)
def classes(warehouse: str, filters: Filters, scheme: str) -> pa.Table:
    """Accounts and revenue by class of a scheme."""
    return select(warehouse, CLASSES, scheme=scheme, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def classed(warehouse: str, filters: Filters, scheme: str, most: int) -> pa.Table:
    """Each account's class by a scheme."""
    return select(warehouse, CLASSED, scheme=scheme, most=most, **filters.values())
