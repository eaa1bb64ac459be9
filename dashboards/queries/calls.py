"""Calls: channels, answering by agent and day, missed calls. Each conversation is counted once (K1)."""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, EMPLOYEES, Filters, first, ratio, select

# K3: what came within opening hours; what came outside of them is counted beside it.
_ANSWER_RATE = ratio("sum(answered_in_hours)", "sum(offered_in_hours)")

_AGENTS = f"""
    owners as ({EMPLOYEES}),

    response as (
        select answers.*,
            coalesce(answers.agent_name, owners.employee_name, answers.employee_id, 'no_agent_named') as agent,
            owners.team as owner_team
        from {{rpt_call_response}} as answers
        left join owners using (employee_id)
        where (len($managers) = 0 or list_contains($managers, coalesce(answers.employee_id, '')))
            and (len($teams) = 0 or list_contains($teams, coalesce(owners.team, '')))
            and answers.day >= $since
    )
"""

TOTALS = f"""
    with {_AGENTS}

    select sum(inbound) as inbound, sum(answered) as answered, sum(missed) as missed, sum(abandoned) as abandoned,
        sum(out_of_hours) as out_of_hours, sum(answered_in_hours) as answered_in_hours,
        sum(offered_in_hours) as offered_in_hours, {_ANSWER_RATE} as answer_rate,
        sum(decided_missed) as decided_missed, sum(handled_missed) as handled_missed, min(day) as first_day,
        max(day) as last_day
    from response
"""

OVER_TIME = f"""
    with {_AGENTS}

    select strftime(date_trunc($unit, day), '%Y-%m-%d') as starts_on, sum(answered) as answered, sum(missed) as missed,
        sum(voicemail) as voicemail, sum(abandoned) as abandoned, sum(out_of_hours) as out_of_hours,
        {_ANSWER_RATE} as answer_rate
    from response
    group by 1
    order by 1
"""

# The newest days, one row per agent and day, as the model has it: ratios aren't added up.
AGENT_DAYS = f"""
    with {_AGENTS},

    newest as (select distinct day from response order by day desc limit $days)

    select strftime(day, '%Y-%m-%d') as day, agent, inbound, answered, missed, abandoned, out_of_hours,
        answered_in_hours, offered_in_hours, answer_rate, answer_rate_all, answer_seconds_average, handled_missed,
        waiting_missed, callback_minutes_median, callback_minutes_p90
    from response
    where day in (select day from newest)
    order by response.day desc, agent
"""

CHANNELS = f"""
    select coalesce(nullif(source, 'unknown'), 'Not known') as source, sum(calls) as calls, sum(answered) as answered,
        sum(missed) as missed, sum(out_of_hours) as out_of_hours, {_ANSWER_RATE} as answer_rate,
        sum(first_time_callers) as first_time_callers, sum(target_calls) as target_calls,
        sum(leads) as leads, sum(goals) as goals, sum(deals) as deals, sum(cost) as cost, sum(won_amount) as won_amount,
        sum(invoiced) as invoiced, sum(cash_applied) as cash_applied
    from {{rpt_call_channels}}
    where month >= $since
    group by 1
    order by calls desc, source
"""

CHANNEL_MONTHS = """
    select strftime(month, '%Y-%m') as month, coalesce(nullif(source, 'unknown'), 'Not known') as source,
        calls, newest_calls, answered, missed, out_of_hours, answer_rate, leads, cost, cost_per_lead, goals,
        cost_per_goal, deals, won_amount, invoiced, cash_applied, is_complete
    from {rpt_call_channels} as channels
    where channels.month >= $since
    order by channels.month desc, calls desc, source
"""

# Who still waits: the number is known and nobody has reached it since.
_WAITS = "{0}state in ('open', 'not_handled')"

MISSED = f"""
    with chosen as ({ACCOUNTS})

    select missed.account_id, cast(missed.started_at as timestamp) as started_at, missed.caller_number_masked,
        accounts.account_name, missed.overdue_amount, cast(missed.handled_at as timestamp) as handled_at,
        missed.handled_by, missed.state, missed.callback_minutes, missed.callback_minutes_plain
    from {{rpt_missed_calls}} as missed
    left join {{rpt_accounts}} as accounts on accounts.account_id = missed.account_id
    where ($everything or missed.account_id in (select account_id from chosen))
        and cast(missed.started_at as timestamp) >= $since
        and (not $unhandled_only or {_WAITS.format("missed.")})
    order by {_WAITS.format("missed.")} desc, missed.overdue_amount desc nulls last, missed.started_at desc
    limit $most
"""

MISSED_TOTALS = f"""
    with chosen as ({ACCOUNTS})

    select count(*) as cases, count(*) filter ({_WAITS.format("")}) as unhandled,
        count(*) filter ({_WAITS.format("")} and overdue_amount > 0) as unhandled_with_overdue,
        count(*) filter (account_id is null) as without_account
    from {{rpt_missed_calls}}
    where {CHOSEN} and cast(started_at as timestamp) >= $since
"""


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """Inbound calls of the period by what came of them."""
    return first(select(warehouse, TOTALS, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def over_time(warehouse: str, filters: Filters, unit: Literal["day", "week", "month"]) -> pa.Table:
    """Inbound calls a day, week or month, which `starts_on` begins."""
    return select(warehouse, OVER_TIME, unit=unit, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def agent_days(warehouse: str, filters: Filters, days: int) -> pa.Table:
    """Answering an agent and day, of the newest so many days."""
    return select(warehouse, AGENT_DAYS, days=days, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def channels(warehouse: str, filters: Filters) -> pa.Table:
    """What each source of calls brought in the period."""
    return select(warehouse, CHANNELS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def channel_months(warehouse: str, filters: Filters) -> pa.Table:
    """The same a month, with the cost of a lead."""
    return select(warehouse, CHANNEL_MONTHS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def missed(warehouse: str, filters: Filters, unhandled_only: bool, most: int) -> pa.Table:
    """Missed calls, those that nobody has reached since first, the most overdue debtor on top."""
    return select(warehouse, MISSED, unhandled_only=unhandled_only, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def missed_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many cases, and how many callers still wait."""
    return first(select(warehouse, MISSED_TOTALS, **filters.values()))
