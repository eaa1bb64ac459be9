"""Account health: bands over weeks, the accounts in danger, one account's measures, the back-test, silence."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import ACCOUNTS, CHOSEN, Filters, first, select

BANDS = f"""
    with chosen as ({ACCOUNTS})

    select strftime(as_of_date, '%Y-%m-%d') as week,
        count(*) filter (band = 'red') as red, count(*) filter (band = 'yellow') as yellow,
        count(*) filter (band = 'green') as green, count(*) filter (band is null) as unknown
    from {{rpt_account_health}}
    where {CHOSEN} and status = 'active' and as_of_date >= $since
    group by as_of_date
    order by as_of_date
"""

_NEWEST = f"""
    with chosen as ({ACCOUNTS}),

    health as (select * from {{rpt_account_health}} where is_newest and {CHOSEN}),

    before as (
        select account_id, score as score_before
        from {{rpt_account_health}}
        where as_of_date = (select max(as_of_date) from {{rpt_account_health}} where as_of_date <= $compared)
    ),

    found as (
        select health.*, accounts.owner_name, accounts.revenue_12m, accounts.open_amount, accounts.overdue_amount,
            accounts.is_key_account, before.score_before
        from health
        left join {{rpt_accounts}} as accounts on health.account_id = accounts.account_id
        left join before on health.account_id = before.account_id
    )
"""

NEWEST_TOTALS = f"""
    {_NEWEST}

    select count(*) as accounts, count(*) filter (band = 'red') as red, count(*) filter (band = 'yellow') as yellow,
        count(*) filter (band = 'green') as green, count(*) filter (band is null) as unknown,
        count(*) filter (band = 'red' and is_key_account) as red_key,
        sum(revenue_12m) filter (band = 'red') as red_revenue, sum(open_amount) filter (band = 'red') as red_open,
        sum(revenue_12m) filter (band = 'yellow') as yellow_revenue, count(band) as scored
    from found
"""

WORST = f"""
    {_NEWEST}

    select account_name, band, score, score_before, revenue_12m, open_amount, overdue_amount, reasons, status,
        is_key_account, coverage, cash_score, contact_score, deal_score, service_score, owner_name, last_contact_on,
        last_invoice_on, overdue_share, payment_delay, broken_promises,
        disputed_share, contact_trend, unhandled_missed, recent_win, revenue_trend, pending_cases, oldest_case,
        days_since_contact, usual_contact_gap, days_since_invoice, usual_invoice_gap, account_id
    from found
    where list_contains($bands, coalesce(band, 'unknown')) and (not $only_active or status = 'active')
    order by case when $only_active and band = 'red' then 0 else 1 end, revenue_12m desc nulls last,
        open_amount desc nulls last, score, account_name
    limit $most
"""

NAMES = f"""
    with chosen as ({ACCOUNTS})

    select account_id, account_name, score, band
    from {{rpt_account_health}}
    where is_newest and {CHOSEN}
    order by score nulls last, account_name, account_id
"""

COURSE = """
    select strftime(as_of_date, '%Y-%m-%d') as week, score, cash_score, contact_score, deal_score, service_score, band,
        coverage, reasons
    from {rpt_account_health}
    where account_id = $account and as_of_date >= $since
    order by as_of_date
"""

WEEKS = """
    select distinct strftime(as_of_date, '%Y-%m-%d') as week
    from {rpt_account_health_measures}
    where account_id = $account
    order by week desc
"""

MEASURES = """
    select measure_group, measure, value, unit, points, weight, contribution, lost_points, measure as meaning,
        zero_at, full_at, evidence, evidence_events
    from {rpt_account_health_measures}
    where account_id = $account and as_of_date = cast($week as date)
    order by case when points is null then 1 else 0 end, lost_points desc nulls last, measure_group, measure
"""

EVIDENCE = """
    select cast(occurred_at as timestamp) as occurred_at, event_type, title, state, stage, direction, channel,
        reminder_level, promised_for, amount, currency, _file, _row
    from {rpt_account_timeline}
    where account_id = $account and cast(occurred_at as date) <= cast($week as date)
        and list_contains(string_split($events, ','), event_type)
    order by occurred_at desc
    limit $most
"""

BACKTEST = """
    select method, threshold, band, departures, flagged_before, flagged_late, recall, recall_by_pause,
        lead_days_median, alarms, alarms_before, alarms_late, alarms_false, alarms_open, precision, base_rate, accounts,
        account_weeks, horizon_days
    from {rpt_health_backtest}
    order by case method when 'score' then 0 when 'silence' then 1 else 2 end, threshold
"""

DEPARTURES = f"""
    with chosen as ({ACCOUNTS})

    select account_name, left_on, outcome, lead_days, last_score, last_band, last_reasons, revenue_12m, flagged_on,
        recognised_on, returned_on, silence_lead_days, overdue_lead_days, owner_name, account_id
    from {{rpt_health_departures}}
    where {CHOSEN}
    order by left_on desc, account_name
    limit $most
"""

SILENT = f"""
    with chosen as ({ACCOUNTS})

    select silence_rank, account_name, next_action, is_key_account, tier, days_since_contact, cadence_days,
        cadence_rule, open_amount, overdue_amount, days_to_renewal, open_deals, open_deals_amount,
        attempts_without_reply, is_fatigued, health_band, silence_score, cadence_points, receivable_points,
        renewal_points, pipeline_points, last_contact_on, owner_name, account_id
    from {{rpt_silent_accounts}}
    where is_silent and {CHOSEN}
    order by silence_rank
    limit $most
"""

TALK_NEXT = f"""
    with chosen as ({ACCOUNTS})

    select talk_rank, account_name, talk_score, overdue_amount, days_since_contact, days_to_renewal, open_deals,
        open_deals_amount, is_silent, is_key_account, owner_name, account_id
    from {{rpt_silent_accounts}}
    where {CHOSEN}
    order by talk_rank
    limit 15
"""

SILENT_TOTALS = f"""
    with chosen as ({ACCOUNTS})

    select count(*) as clients, count(*) filter (is_silent) as silent,
        count(*) filter (is_silent and is_key_account) as silent_key,
        sum(open_amount) filter (is_silent) as open_amount,
        count(*) filter (is_fatigued) as fatigued
    from {{rpt_silent_accounts}}
    where {CHOSEN}
"""


@st.cache_data(show_spinner=False, max_entries=64)
def bands(warehouse: str, filters: Filters) -> pa.Table:
    """How many active accounts stood in each band at each week's end of the period."""
    return select(warehouse, BANDS, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def totals(warehouse: str, filters: Filters, compared: str) -> dict[str, Any]:
    """The newest week: accounts by band, and what those in danger bring in and owe."""
    return first(select(warehouse, NEWEST_TOTALS, compared=compared, **filters.values()))


@st.cache_data(show_spinner=False, max_entries=64)
def worst(
    warehouse: str, filters: Filters, chosen: tuple[str, ...], compared: str, most: int, only_active: bool = False
) -> pa.Table:
    """Accounts of the newest week in the chosen bands, the most revenue first; `compared` is a day of another week.

    With `only_active` those that have left are left out, and red comes first.
    """
    asked = {"bands": list(chosen), "compared": compared, "most": most, "only_active": only_active}
    return select(warehouse, WORST, **asked, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def names(warehouse: str, filters: Filters) -> pa.Table:
    """The accounts that have a row in the newest week, the lowest score first."""
    return select(warehouse, NAMES, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def course(warehouse: str, filters: Filters, account: str) -> pa.Table:
    """One account's scores by week of the period."""
    return select(warehouse, COURSE, account=account, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def weeks(warehouse: str, account: str) -> pa.Table:
    """The weeks in which the account's score opens to its measures, the newest first."""
    return select(warehouse, WEEKS, account=account)


@st.cache_data(show_spinner=False, max_entries=64)
def measures(warehouse: str, account: str, week: str) -> pa.Table:
    """The measures of an account's score as of a day, those that cost most first."""
    return select(warehouse, MEASURES, account=account, week=week)


@st.cache_data(show_spinner=False, max_entries=64)
def evidence(warehouse: str, account: str, week: str, events: str, most: int) -> pa.Table:
    """Rows of the timeline up to a day, of the event types that a measure comes from."""
    return select(warehouse, EVIDENCE, account=account, week=week, events=events, most=most)


@st.cache_data(show_spinner=False, max_entries=8)
def backtest(warehouse: str) -> pa.Table:
    """What alarms would have told, by method and threshold (V18)."""
    return select(warehouse, BACKTEST)


@st.cache_data(show_spinner=False, max_entries=64)
def departures(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Accounts that left, the newest first, and whether they were flagged."""
    return select(warehouse, DEPARTURES, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def silent(warehouse: str, filters: Filters, most: int) -> pa.Table:
    """Silent accounts by rank (N9)."""
    return select(warehouse, SILENT, most=most, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def talk_next(warehouse: str, filters: Filters) -> pa.Table:
    """With whom to talk next, silent or not (A14)."""
    return select(warehouse, TALK_NEXT, **filters.values())


@st.cache_data(show_spinner=False, max_entries=64)
def silent_totals(warehouse: str, filters: Filters) -> dict[str, Any]:
    """How many are silent, and what they owe."""
    return first(select(warehouse, SILENT_TOTALS, **filters.values()))
