"""The team: what each person is held to, what was done, and the records that say so."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import OF_PAY, OF_PEOPLE, Filters, known_count, ratio, select

# What falls in the month, whether the norm is for its days or for the month.
_IN_MONTH = "day >= $month and day < $month + interval 1 month"

# The newest month that is over leads; the running one is no whole one.
MONTHS = """
    select cast(date_trunc('month', day) as date) as month,
        -- The report on a month's work is due in the next one.
        bool_and(is_complete) filter (where norm <> 'work_report') as is_complete
    from {rpt_team_norms}
    group by 1
    order by is_complete desc, month desc
"""

NORMS = f"""
    select employee_id, coalesce(employee_name, employee_id) as employee_name, team, norm, max(period) as period,
        max(target_rule) as target_rule, sum(target) as target, sum(actual) as actual,
        {ratio("sum(actual)", "sum(target)")} as attainment, sum(present_days) as present_days,
        sum(absent_days) as absent_days, sum(evidence_count) as evidence_count,
        count(*) filter (where target > 0) as periods,
        {known_count("is_reached", "target > 0")} as reached,
        employee_id || ' ' || norm as opened
    from {{rpt_team_norms}}
    where {_IN_MONTH} and {OF_PEOPLE}
    group by employee_id, employee_name, team, norm
    having sum(target) > 0
    order by employee_name, norm
"""

DAYS = f"""
    select strftime(day, '%Y-%m-%d') as day, coalesce(employee_name, employee_id) as employee_name, target, actual,
        attainment
    from {{rpt_team_norms}}
    where {_IN_MONTH} and norm = $norm and {OF_PEOPLE}
    order by day, employee_name
"""

EVIDENCE = f"""
    select occurred_on, day, evidence_kind, title, account_name, account_id, _file, _row
    from {{rpt_team_norm_evidence}}
    where {_IN_MONTH} and employee_id = $employee and norm = $norm
    order by occurred_on desc, evidence_kind, evidence_id
"""


@st.cache_data(show_spinner=False, max_entries=16)
def months(warehouse: str) -> list[date]:
    """Months of which norms are kept, the newest that is over first."""
    found: list[date] = select(warehouse, MONTHS).column("month").to_pylist()
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def norms(warehouse: str, filters: Filters, month: date) -> pa.Table:
    """One row a person and norm: what was due in the month and what was done (P13)."""
    return select(warehouse, NORMS, **filters.values(), month=month)


@st.cache_data(show_spinner=False, max_entries=64)
def days(warehouse: str, filters: Filters, month: date, norm: str) -> pa.Table:
    """The days of a month of one norm, a row a person and day."""
    return select(warehouse, DAYS, **filters.values(), month=month, norm=norm)


@st.cache_data(show_spinner=False, max_entries=64)
def evidence(warehouse: str, month: date, employee: str, norm: str) -> pa.Table:
    """The records that count for a person's norm in a month, the newest first."""
    return select(warehouse, EVIDENCE, month=month, employee=employee, norm=norm)


COMMISSION_MONTHS = """
    select distinct month
    from {rpt_commission}
    where month <= (select as_of_date from {rpt_run})
    order by month desc
"""


def _known(which: str) -> str:
    """SQL for what lines of commission come to: nothing where there is none, unknown where the amount of one is."""
    return f"""case when count(*) filter (where {which} and amount is null) = 0
            then coalesce(sum(amount) filter (where {which}), 0) end"""


# A person's month: what is paid is what cash made payable less what was clawed back.
COMMISSION = f"""
    select employee_id, coalesce(employee_name, employee_id) as employee_name, team,
        {_known("ledger = 'accrued'")} as accrued,
        {_known("ledger = 'payable'")} as payable,
        {_known("ledger = 'clawed_back'")} as clawed_back,
        {_known("ledger <> 'accrued'")} as to_pay,
        count(*) as lines, sum(missing_rate_count) as missing_rate_count, sum(unclosed_count) as unclosed_count,
        coalesce(bool_or(event_type = 'closed'), false) as is_corrected
    from {{rpt_commission}}
    where month = $month and {OF_PEOPLE} and {OF_PAY}
    group by employee_id, employee_name, team
    order by to_pay desc nulls last, employee_name
"""

COMMISSION_LINES = f"""
    select occurred_on, ledger, event_type, deal_name, account_name, base_amount, share, rate, amount, plan_version,
        closed_month, cash_application_id, account_id, _file, _row
    from {{rpt_commission}}
    where month = $month and employee_id = $employee and {OF_PAY}
    order by occurred_on desc, ledger, line_id
"""

# The month as it stands, as rows of the list commission_closings.
CLOSING = f"""
    select month, employee_id, ledger, {_known("true")} as amount, cast(null as date) as closed_on
    from {{rpt_commission}}
    where month = $month and {OF_PEOPLE} and {OF_PAY}
    group by month, employee_id, ledger
    order by employee_id, ledger
"""


@st.cache_data(show_spinner=False, max_entries=16)
def commission_months(warehouse: str) -> list[date]:
    """Months that have lines of commission, the newest first."""
    found: list[date] = select(warehouse, COMMISSION_MONTHS).column("month").to_pylist()
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def commission(warehouse: str, filters: Filters, month: date) -> pa.Table:
    """One row a person: the ledgers of a month (P21)."""
    return select(warehouse, COMMISSION, **filters.values(), month=month)


@st.cache_data(show_spinner=False, max_entries=64)
def commission_lines(warehouse: str, filters: Filters, month: date, employee: str) -> pa.Table:
    """The lines of a person's month, the newest first."""
    return select(warehouse, COMMISSION_LINES, **filters.values(), month=month, employee=employee)


@st.cache_data(show_spinner=False, max_entries=64)
def closing(warehouse: str, filters: Filters, month: date) -> pa.Table:
    """A month's sums, as the list of closed months takes them."""
    return select(warehouse, CLOSING, **filters.values(), month=month)


# Months that are over and that every feed has told.
SCORECARD_MONTHS = """
    select distinct month
    from {rpt_team_scorecard}
    where is_complete
    order by month desc
"""

SCORECARD = f"""
    select coalesce(employee_name, employee_id) as employee_name, team, revenue, revenue_growth, target, attainment,
        quota, quota_band, misses_in_a_row, is_quota_missed_again, new_contracts, card_timeliness, card_on_time_ratio,
        accounts, load_band, response_minutes_median, dso_days, promises_due, promises_kept_ratio, lost_accounts,
        overdue_ratio, collected, profit, profit_target, profit_attainment, representation_cost, representation_budget,
        case when {OF_PAY} then bonus end as bonus,
        case when {OF_PAY} then commission_payable end as commission_payable
    from {{rpt_team_scorecard}}
    where month = $month and employee_id <> 'unassigned' and {OF_PEOPLE}
    order by attainment desc nulls last, employee_name
"""


TALKS = f"""
    select coalesce(employee_name, employee_id) as employee_name, team, weekly_contact_accounts, two_way_contacts,
        connected_share, decision_maker_talk_share, planned_activities, planned_done_ratio, logged_calls,
        call_outcome_ratio, emails_received, email_reply_minutes_median, meetings_held, meetings_recorded_ratio,
        meetings_next_step_ratio, meetings_made, meetings_by_call, birthdays, birthdays_reached_ratio
    from {{rpt_team_scorecard}}
    where month = $month and employee_id <> 'unassigned' and {OF_PEOPLE}
    order by weekly_contact_accounts desc nulls last, employee_name
"""


@st.cache_data(show_spinner=False, max_entries=64)
def talks(warehouse: str, filters: Filters, month: date) -> pa.Table:
    """One row a person: how clients were spoken with in a month."""
    return select(warehouse, TALKS, **filters.values(), month=month)


@st.cache_data(show_spinner=False, max_entries=16)
def scorecard_months(warehouse: str) -> list[date]:
    """Months that have a scorecard and are over, the newest first."""
    found: list[date] = select(warehouse, SCORECARD_MONTHS).column("month").to_pylist()
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def scorecard(warehouse: str, filters: Filters, month: date) -> pa.Table:
    """One row a person: turnover, plan, card, load and losses of a month."""
    return select(warehouse, SCORECARD, **filters.values(), month=month)
