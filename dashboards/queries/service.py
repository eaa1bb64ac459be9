"""Service: open cases by what to do first, times against targets, causes, churn, what clients wait for, their voice."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, known_count, ratio, rows_of_chosen, select

_CLAIMS = rows_of_chosen("{rpt_claims}")

_WITHIN = "count(*) filter (closed_on >= $since and is_within)"
_JUDGED = "count(*) filter (closed_on >= $since and is_within is not null)"

TOTALS = f"""
    {_CLAIMS}

    select count(*) as cases, count(*) filter (is_open) as open, count(*) filter (is_open and is_late) as late,
        count(*) filter (is_open and is_late is null) as without_target,
        count(*) filter (is_open and next_step = 'escalate') as to_escalate,
        {known_count("is_escalated", "is_open")} as escalated, max(age_days) as oldest_days,
        count(*) filter (opened_on >= $since) as opened,
        {_JUDGED} as judged,
        {ratio(_WITHIN, _JUDGED)} as within_share,
        count(reopened_count) as with_history,
        count(*) filter (opened_on >= $since and reopened_count > 0) as reopened
    from found
"""

OPEN = f"""
    {_CLAIMS}

    select next_step, account_name, cause, service_class, age_days, due_on, owner_name, escalated_on, reopened_count,
        department, opened_on, status, case_id, account_id
    from found
    where is_open
    order by work_rank
    limit $most
"""

OPEN_BY_CLASS = f"""
    {_CLAIMS}

    select coalesce(service_class, 'not_known') as service_class, count(*) filter (is_late) as late,
        count(*) filter (not is_late) as in_time, count(*) filter (is_late is null) as without_target
    from found
    where is_open
    group by 1
    order by min(target_days) nulls last, 1
"""

CAUSES = f"""
    {_CLAIMS}

    select coalesce(cause, 'not_known') as cause, count(*) as cases, count(*) filter (is_late) as late
    from found
    where opened_on >= $since
    group by 1
    order by count(*) desc, 1
    limit 12
"""

DEPARTMENTS = f"""
    {_CLAIMS}

    select department, count(*) as cases, count(*) filter (is_open) as open,
        {ratio("count(*) filter (is_within)", "count(is_within)")} as within_share,
        case when count(reopened_count) > 0 then count(*) filter (reopened_count > 0) end as reopened
    from found
    where opened_on >= $since
    group by department
    order by count(*) desc, department
"""

TIMES = """
    select strftime(month, '%Y-%m') as month, service_class, cases_opened, cases_closed, case_days_median, case_target,
        case_within_target, case_business_minutes_median, cases_reopened, cases_escalated
    from {rpt_tier_service} as services
    where month >= $since and cases_opened > 0
    order by month desc, class_rank
"""

DEPARTED = f"""
    with chosen as ({ACCOUNTS})

    select left_on, coalesce(account_name, account_id) as account_name, claims_before, open_claims, stayed_with_claims,
        stayed_accounts, revenue_12m,
        last_band, owner_name, returned_on, account_id
    from {{rpt_health_departures}} as departures
    where {CHOSEN} and left_on >= $since
    order by left_on desc, account_name
"""

DEPARTED_TOTALS = f"""
    with chosen as ({ACCOUNTS})

    select count(*) as departures, count(claims_before) as told, count(*) filter (claims_before > 0) as with_claims,
        count(*) filter (open_claims > 0) as with_open,
        {ratio("count(*) filter (claims_before > 0)", "count(claims_before)")} as with_claims_share,
        {ratio("sum(stayed_with_claims)", "sum(stayed_accounts)")} as stayed_share
    from {{rpt_health_departures}} as departures
    where {CHOSEN} and left_on >= $since
"""

_COMMITMENTS = rows_of_chosen("{rpt_commitments}")

KEPT = f"""
    {_COMMITMENTS}

    select kind, count(*) as commitments, count(*) filter (state = 'overdue') as overdue,
        count(*) filter (state = 'open') as open,
        {ratio("count(*) filter (is_in_time)", "count(is_in_time)")} as in_time_share,
        {ratio("count(*) filter (is_whole)", "count(is_whole)")} as whole_share,
        {ratio("count(*) filter (is_on_time_in_full)", "count(is_on_time_in_full)")} as on_time_in_full_share,
        {ratio("sum(buffer_days)", "count(buffer_days)")} as buffer_days,
        {ratio("sum(buffer_days_used)", "count(buffer_days_used)")} as buffer_days_used,
        case when kind = 'change' then count(*) filter (not is_approved) end as unapproved,
        case when kind = 'change' then count(*) filter (is_done_unapproved) end as done_unapproved,
        {known_count("is_over_budget", "kind = 'project'")} as over_budget
    from found
    where promised_on >= $since or made_on >= $since or state in ('overdue', 'open')
    group by kind
    order by kind
"""

WAITED_FOR = f"""
    {_COMMITMENTS}

    select state, promised_on, kind, account_name, title, project, days_late, internal_on, is_approved, budget_used,
        owner_name, commitment_id, account_id
    from found
    where state in ('overdue', 'open')
    order by promised_on nulls last, kind, account_name, commitment_id
    limit $most
"""

_STOCK_OUTS = rows_of_chosen("{rpt_stock_outs}")

DEMAND = f"""
    {_STOCK_OUTS}

    select currency, count(*) as requests, count(*) filter (outcome = 'open') as open,
        count(*) filter (not is_saved) as lost, {ratio("count(*) filter (is_saved)", "count(is_saved)")} as saved_share,
        {ratio("count(*) filter (is_requested_in_time)", "count(is_requested_in_time)")} as requested_share,
        count(*) filter (is_analogue_offered) as offered,
        {ratio("sum(days_to_tell)", "count(days_to_tell)")} as days_to_tell,
        sum(amount) filter (not is_saved) as lost_amount
    from found
    where asked_on >= $since or outcome = 'open'
    group by currency
    order by count(*) desc, currency
"""

OUT_OF_STOCK = f"""
    {_STOCK_OUTS}

    select asked_on, account_name, product_name, quantity, amount, currency, days_to_tell, expected_on, days_to_request,
        is_requested_in_time, is_analogue_offered, owner_name, account_id
    from found
    where outcome = 'open'
    order by asked_on, account_name
    limit $most
"""

_VOICES = rows_of_chosen("{rpt_client_voices}")

ANSWERS = f"""
    {_VOICES}

    select kind, count(score) as answers, count(*) filter (is_off_scale) as off_scale,
        {ratio("count(*) filter (points > 0) - count(*) filter (points < 0)", "count(points)")} as points
    from found
    where kind <> 'risk' and said_on >= $since
    group by kind
    order by kind
"""

SIGNALS = f"""
    {_VOICES}

    select said_on, account_name, words, said_by, owner_name, account_id
    from found
    where is_standing
    order by said_on, account_name
"""


@st.cache_data(show_spinner=False, max_entries=64)
def one(warehouse: str, name: str, filters: Filters) -> dict[str, Any]:
    """A query of this module of one row, by its name."""
    return first(select(warehouse, globals()[name], **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def found(warehouse: str, name: str, filters: Filters, most: int = 0) -> pa.Table:
    """A query of this module, by its name."""
    return select(warehouse, globals()[name], **filters.values(), most=most)
