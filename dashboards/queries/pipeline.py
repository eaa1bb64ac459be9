"""What moved the open pipeline between two week ends, and the deals behind it."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import OF_PEOPLE, Filters, select

# The weeks that end with the last complete one and begin so many days before it; no choice of a quarter is all of them.
_SPAN = """
    span as (
        select
            max(week_start) as last_week,
            max(week_start) - $back as first_week
        from {rpt_pipeline_bridge}
        where is_complete
    )
"""
_CHOSEN = f"""
    {OF_PEOPLE}
    and ($quarter = '' or expected_quarter = $quarter)
    and week_start between first_week and last_week
"""

QUARTERS = """
    select distinct expected_quarter from {rpt_pipeline_bridge}
    where is_complete and week_start >= (select max(week_start) from {rpt_pipeline_bridge} where is_complete) - 84
    order by expected_quarter
"""

BRIDGE = f"""
    with {_SPAN}

    select movement, sum(deals) as deals, sum(amount) as amount, sum(missing_amount_count) as missing_amount_count,
        min(week_start) as first_week, max(week_end) as last_day
    from {{rpt_pipeline_bridge}} cross join span
    where {_CHOSEN}
        and (movement <> 'opening' or week_start = first_week)
        and (movement <> 'closing' or week_start = last_week)
    group by movement
"""

MOVED = f"""
    with {_SPAN}

    select week_start, deal_name, movement, employee_name, expected_quarter, amount, account_id, _file, _row
    from {{rpt_pipeline_movements}} cross join span
    where {_CHOSEN}
    order by abs(amount) desc nulls last, week_start desc, deal_id
"""

FORECAST_HORIZONS = "select distinct weeks_ahead from {rpt_forecast_error} as errors order by weeks_ahead"

FORECAST_ERROR = f"""
    select case when is_total then 'everybody' when employee_id = 'unassigned' then 'no_owner'
            else coalesce(employee_name, employee_id) end as employee_name,
        category, category_basis, forecast, outcome, error_ratio, absolute_error_ratio, forecast_deals, won_deals,
        record_deals, origins, missing_amount_count, missing_rate_count
    from {{rpt_forecast_error}} as errors
    where weeks_ahead = $weeks and (is_total or {OF_PEOPLE})
    order by is_total desc, errors.employee_name, employee_id, category <> 'all', forecast desc nulls last, category
"""


@st.cache_data(show_spinner=False, max_entries=16)
def forecast_horizons(warehouse: str) -> pa.Table:
    """The horizons over which forecasts are held against what was won."""
    return select(warehouse, FORECAST_HORIZONS)


@st.cache_data(show_spinner=False, max_entries=64)
def forecast_error(warehouse: str, filters: Filters, weeks: int) -> pa.Table:
    """Everybody first, then each manager: forecast and outcome by category (P10)."""
    return select(warehouse, FORECAST_ERROR, **filters.values(), weeks=weeks)


@st.cache_data(show_spinner=False, max_entries=64)
def quarters(warehouse: str) -> list[str]:
    """Quarters in which deals of the last quarter of a year were expected to be closed."""
    found: list[str] = select(warehouse, QUARTERS).column("expected_quarter").to_pylist()
    return found


@st.cache_data(show_spinner=False, max_entries=64)
def bridge(warehouse: str, filters: Filters, back: int, quarter: str) -> pa.Table:
    """One row a movement of the weeks (P20), with the opening of the first and the closing of the last."""
    return select(warehouse, BRIDGE, **filters.values(), back=back, quarter=quarter)


@st.cache_data(show_spinner=False, max_entries=64)
def moved(warehouse: str, filters: Filters, back: int, quarter: str) -> pa.Table:
    """The deals that moved in these weeks, the largest movement first."""
    return select(warehouse, MOVED, **filters.values(), back=back, quarter=quarter)
