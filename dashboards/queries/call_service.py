"""Calls: service by team and queue, when calls come, the CRM's log against the call tracker's, what sources brought."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import OF_PEOPLE, OF_TEAMS, Filters, first, ratio, select

# Days on which the wait of a call is not known are those with answered calls: what the others tell is no share of all.
LEVEL = f"""case when sum(unknown_wait) + sum(unknown_status) = 0
            then {ratio("sum(answered_in_time)", "sum(service_calls)")} end as service_level"""

SERVICE = f"""
    select {LEVEL},
        max(service_level_goal) as service_level_goal
    from {{rpt_call_service}}
    where day >= $since and {OF_TEAMS}
"""

SERVICE_TEAMS = f"""
    select coalesce(team, 'no_team_named') as team, sum(offered) as offered, sum(answered_in_time) as answered_in_time,
        sum(service_calls) as service_calls, {LEVEL},
        count(*) filter (where is_goal_met) as goal_days, count(is_goal_met) as service_days,
        sum(abandoned) as abandoned, sum(short_abandoned) as short_abandoned, sum(voicemail) as voicemail,
        sum(unknown_wait) + sum(unknown_status) as unknown_calls, sum(out_of_hours) as out_of_hours
    from {{rpt_call_service}}
    where day >= $since and {OF_TEAMS}
    group by 1
    order by offered desc, 1
"""

# Queues are of no team: a call that nobody took has an agent as little as one.
QUEUES = f"""
    select coalesce(queue, 'no_queue_told') as queue, sum(offered) as offered,
        sum(answered_in_time) as answered_in_time, sum(service_calls) as service_calls,
        {LEVEL},
        {ratio("sum(answer_seconds)", "sum(waits_told)")} as answer_seconds_average,
        sum(abandoned) as abandoned, sum(short_abandoned) as short_abandoned, sum(moved_on) as moved_on,
        sum(voicemail) as voicemail, sum(unknown_wait) + sum(unknown_status) as unknown_calls,
        sum(out_of_hours) as out_of_hours
    from {{rpt_call_queues}}
    where day >= $since and exists (select 1 from {{rpt_call_queues}} as told where told.queue is not null)
    group by 1
    order by offered desc, 1
"""

HOURS = f"""
    select weekday, hour_of_day, sum(inbound) as inbound, sum(missed) as missed,
        {ratio("sum(answered)", "sum(offered)")} as answer_rate
    from {{rpt_call_hours}}
    where month >= $since and {OF_TEAMS}
    group by 1, 2
    order by 1, 2
"""

ACTIVITY = f"""
    select coalesce(agent_name, employee_id, 'no_agent_named') as employee, sum(conversations) as conversations,
        sum(inbound) as inbound, sum(outbound) as outbound, sum(outbound_connected) as outbound_connected,
        {ratio("sum(outbound)", "sum(outbound_connected)")} as attempts_per_connect, sum(out_of_hours) as out_of_hours,
        {ratio("sum(out_of_hours)", "sum(conversations)")} as out_of_hours_share, sum(repeat_calls) as repeat_calls,
        {ratio("sum(repeat_calls)", "sum(known_callers)")} as repeat_share, sum(unmatched_calls) as unmatched_calls,
        sum(talk_seconds) as talk_seconds, sum(unmatched_talk_seconds) as unmatched_talk_seconds
    from {{rpt_call_activity}}
    where month >= $since and {OF_PEOPLE}
    group by 1
    order by conversations desc, 1
"""

RESULTS = f"""
    select told_by, coalesce(employee_name, nullif(employee_id, 'unassigned'), 'no_agent_named') as employee,
        coalesce(nullif(source, 'unknown'), 'not_known') as source, result, sum(calls) as calls,
        sum(talk_seconds) as talk_seconds
    from {{rpt_call_results}}
    where month >= $since and {OF_PEOPLE}
    group by all
    order by told_by desc, employee, calls desc, source, result
"""

GAPS = f"""
    select coalesce(employee_name, employee_id, 'no_agent_named') as employee, sum(logged_calls) as logged_calls,
        sum(logged_not_dialled) as logged_not_dialled, sum(logged_undecided) as logged_undecided,
        sum(dialled_calls) as dialled_calls, sum(dialled_not_logged) as dialled_not_logged,
        sum(dialled_without_account) as dialled_without_account, sum(lengths_compared) as lengths_compared,
        sum(duration_differs) as duration_differs, sum(logged_more_than_once) as logged_more_than_once
    from {{rpt_crm_call_gaps}}
    where day >= $since and {OF_PEOPLE}
    group by 1
    order by logged_not_dialled desc, dialled_not_logged desc, 1
"""

GAP_CALLS = f"""
    select account_id, cast(occurred_at as timestamp) as occurred_at,
        coalesce(employee_name, employee_id, 'no_agent_named') as employee, account_name, logs, logged_seconds,
        talk_seconds, _file, _row
    from {{rpt_crm_call_gap_calls}} as calls
    where gap = $gap and day >= $since and {OF_PEOPLE}
    order by calls.occurred_at desc, call_id
    limit $most
"""

# Where there is no source its kind says so.
_SOURCE = "case when source_kind = 'named' then source end"

# Talk that is not known in a month, or an amount without a rate, makes a figure of the whole period unknown.
ATTRIBUTION = f"""
    select {_SOURCE} as source, source_kind, case when count(leads) = count(*) then sum(leads) end as leads,
        sum(deals) as deals, sum(won_amount) as won_amount, sum(invoiced) as invoiced,
        sum(cash_applied) as cash_applied, sum(written_off) as written_off, sum(cost) as cost,
        case when sum(missing_rate_count) = 0 then {ratio("sum(cost)", "sum(deals)")} end as cost_per_deal,
        sum(missing_rate_count) as missing_rate_count
    from {{rpt_call_attribution}}
    where month >= $since and model = $model
    group by source_kind, source
    order by sum(cash_applied) desc nulls last, 1, 2
"""

ATTRIBUTION_MONTHS = f"""
    select strftime(month, '%Y-%m') as month, {_SOURCE} as source, source_kind, leads, deals, won_amount,
        invoiced, cash_applied, written_off, cost, cost_per_lead, cost_per_deal, payback_months, is_young,
        is_complete
    from {{rpt_call_attribution}} as credited
    where credited.month >= $since and model = $model
    order by credited.month desc, cash_applied desc nulls last, 2, 3
"""

SOURCE_NAMES = """
    select feed, name, case when is_listed then source end as source, state, uses, last_on
    from {rpt_source_names} as names
    order by state = 'joined', uses desc, feed, name_key
"""


@st.cache_data(show_spinner=False, max_entries=64)
def service(warehouse: str, filters: Filters) -> dict[str, Any]:
    """The service level of the period (K19), of the days and teams whose waits are known."""
    return first(select(warehouse, SERVICE, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def service_teams(warehouse: str, filters: Filters) -> pa.Table:
    """The same a team."""
    return select(warehouse, SERVICE_TEAMS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def service_queues(warehouse: str, filters: Filters) -> pa.Table:
    """The same a queue, of all teams; no rows where no export tells queues."""
    return select(warehouse, QUEUES, since=filters.since)


@st.cache_data(show_spinner=False, max_entries=64)
def hours(warehouse: str, filters: Filters) -> pa.Table:
    """Inbound calls by weekday and hour."""
    return select(warehouse, HOURS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def activity(warehouse: str, filters: Filters) -> pa.Table:
    """Conversations either way, an employee."""
    return select(warehouse, ACTIVITY, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def results(warehouse: str, filters: Filters) -> pa.Table:
    """What came of calls, by whoever tells, employee, source and result (A13)."""
    return select(warehouse, RESULTS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def gaps(warehouse: str, filters: Filters) -> pa.Table:
    """The CRM's logged calls against the call tracker's, an employee (K17, N5)."""
    return select(warehouse, GAPS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def gap_calls(warehouse: str, filters: Filters, gap: str, most: int) -> pa.Table:
    """The calls behind one kind of gap, the newest first."""
    return select(warehouse, GAP_CALLS, gap=gap, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def attribution(warehouse: str, filters: Filters, model: str) -> pa.Table:
    """What the touches of the period's months brought by one model of attribution, by source (K21)."""
    return select(warehouse, ATTRIBUTION, model=model, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def attribution_months(warehouse: str, filters: Filters, model: str) -> pa.Table:
    """The same a month, with payback."""
    return select(warehouse, ATTRIBUTION_MONTHS, model=model, **filters.values())


@st.cache_data(show_spinner=False, max_entries=16)
def source_names(warehouse: str) -> pa.Table:
    """Every name of a source, those that meet nothing first."""
    return select(warehouse, SOURCE_NAMES)
