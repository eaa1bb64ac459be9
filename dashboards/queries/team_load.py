"""Team: how the months of people with many accounts go, and what a week of calls is followed by."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import select

QUALITY = """
    select measure, load_band, employees, employee_months, endless_months, accounts_average, value, low, high,
        correlation, correlation_low, correlation_high, reading
    from {rpt_load_quality} as loads
    order by measure, load_band <> 'all', accounts_average, load_band
"""

EFFORT = """
    select outcome, lag_weeks, slope, low, high, reading, employees, employee_weeks, calls, base_currency
    from {rpt_effort_outcome} as efforts
    order by outcome, lag_weeks
"""


@st.cache_data(show_spinner=False, max_entries=16)
def quality(warehouse: str) -> pa.Table:
    """Response, days of sales and lost accounts by load band (N10)."""
    return select(warehouse, QUALITY)


@st.cache_data(show_spinner=False, max_entries=16)
def effort(warehouse: str) -> pa.Table:
    """Cash and won deals in the weeks after one more call (N20)."""
    return select(warehouse, EFFORT)
