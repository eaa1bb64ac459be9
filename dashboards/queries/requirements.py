"""The register of requirements: what the source documents ask for, and what meets it."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import first, ratio, select

STATES = ("met", "partly", "needs_feed", "not_built")
_IN = "count(*) filter (state = '{}')"

COUNTS = """
    select area, count(*) as requirements, count(*) filter (state = 'met') as met,
        count(*) filter (state = 'partly') as partly, count(*) filter (state = 'needs_feed') as needs_feed,
        count(*) filter (state = 'not_built') as not_built
    from {rpt_requirements}
    group by area
    order by min(position)
"""

TOTALS = f"""
    select count(*) as requirements,
        {", ".join(f"{_IN.format(state)} as {state}" for state in STATES)},
        {", ".join(f"{ratio(_IN.format(state), 'count(*)')} as {state}_ratio" for state in STATES)}
    from {{rpt_requirements}}
"""

REGISTER = """
    select requirement_id, area, requirement, state, coalesce(note, '') as note, coalesce(feed, '') as feed,
        coalesce(met_by, '') as met_by, origin
    from {rpt_requirements}
    where (len($areas) = 0 or list_contains($areas, area)) and (len($states) = 0 or list_contains($states, state))
        and (
            $search = ''
            or contains(lower(concat_ws(' ', requirement_id, requirement, note, feed, met_by)), lower($search))
        )
    order by position
"""


@st.cache_data(show_spinner=False, max_entries=8)
def counts(warehouse: str) -> pa.Table:
    """How many requirements of each area are in which state."""
    return select(warehouse, COUNTS)


@st.cache_data(show_spinner=False, max_entries=8)
def totals(warehouse: str) -> dict[str, Any]:
    """How many requirements there are in which state, and their shares."""
    return first(select(warehouse, TOTALS))


@st.cache_data(show_spinner=False, max_entries=64)
def register(warehouse: str, areas: tuple[str, ...], states: tuple[str, ...], search: str) -> pa.Table:
    """The requirements that match, in the order of their ids; an empty choice lets everything pass."""
    return select(warehouse, REGISTER, areas=list(areas), states=list(states), search=search)
