"""The team: what each person is held to, what was done, and the records that say so."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import Filters, ratio, select

_CHOSEN = """
    (len($teams) = 0 or list_contains($teams, coalesce(team, '')))
    and (len($managers) = 0 or list_contains($managers, employee_id))
"""
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
        count(*) filter (where actual >= target and target > 0) as reached,
        employee_id || ' ' || norm as opened
    from {{rpt_team_norms}}
    where {_IN_MONTH} and {_CHOSEN}
    group by employee_id, employee_name, team, norm
    having sum(target) > 0
    order by employee_name, norm
"""

DAYS = f"""
    select strftime(day, '%Y-%m-%d') as day, coalesce(employee_name, employee_id) as employee_name, target, actual,
        attainment
    from {{rpt_team_norms}}
    where {_IN_MONTH} and norm = $norm and {_CHOSEN}
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
