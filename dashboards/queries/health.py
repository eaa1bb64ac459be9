"""Data health: what was landed, how fresh it is, what was rejected and why, whether totals tie to the files."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import first, select

SOURCES = """
    select source, domain, entity, freshness_state, files, rows_read, rows_loaded, rows_rejected, rows_superseded,
        match_coverage, cast(newest_event_at as timestamp) as newest_event_at, cast(loaded_at as timestamp) as loaded_at
    from {rpt_data_health}
    order by rows_rejected desc nulls last, source, entity
"""

TOTALS = """
    select sum(rows_read) as rows_read, sum(rows_loaded) as rows_loaded, sum(rows_rejected) as rows_rejected,
        sum(rows_superseded) as rows_superseded, count(distinct source) as sources
    from {rpt_data_health}
"""

CONTROL = """
    select file, entity, measure, currency, file_total, loaded, rejected, superseded, difference
    from {rpt_control_totals}
    order by difference <> 0 desc, file, entity, measure, currency
    limit $most
"""

CONTROL_TOTALS = """
    select count(*) as checks, count(distinct file) as files,
        count(*) filter (difference <> 0) as different, count(*) filter (difference is null) as without_total
    from {rpt_control_totals}
"""

_REJECTED = """
    from {rpt_rejected_rows}
    where (len($files) = 0 or list_contains($files, file))
        and ($search = ''
            or contains(lower(coalesce(reason, '')), lower($search))
            or contains(lower(coalesce(value, '')), lower($search))
            or contains(lower(coalesce(column_name, '')), lower($search)))
"""

REJECTED = f"""
    select file, line, entity, column_name, value, reason, row_text, cast(landed_at as timestamp) as landed_at
    {_REJECTED}
    order by file, line, column_name
    limit $most
"""

REJECTED_COUNT = f"select count(*) as rejected {_REJECTED}"

REASONS = """
    select coalesce(reason, 'Not known') as reason, count(*) as rejected
    from {rpt_rejected_rows}
    group by 1
    order by rejected desc, reason
    limit 10
"""

FILES = "select distinct file from {rpt_rejected_rows} order by file"

FINDINGS = """
    select severity, message, file, part
    from {rpt_landing_findings}
    order by severity, file, part
    limit $most
"""

SCHEMA_EVENTS = """
    select file, contract, column_name, event, action
    from {rpt_schema_events}
    order by file, event, column_name
    limit $most
"""


@st.cache_data(show_spinner=False, max_entries=16)
def sources(warehouse: str) -> pa.Table:
    """Each source and entity: how many files and rows, how fresh."""
    return select(warehouse, SOURCES)


@st.cache_data(show_spinner=False, max_entries=16)
def totals(warehouse: str) -> dict[str, Any]:
    """Rows read, loaded, rejected and superseded over all sources."""
    return first(select(warehouse, TOTALS))


@st.cache_data(show_spinner=False, max_entries=16)
def control(warehouse: str, most: int) -> pa.Table:
    """Each file's totals against the warehouse, differences first."""
    return select(warehouse, CONTROL, most=most)


@st.cache_data(show_spinner=False, max_entries=16)
def control_totals(warehouse: str) -> dict[str, Any]:
    """How many totals were compared, how many differ."""
    return first(select(warehouse, CONTROL_TOTALS))


@st.cache_data(show_spinner=False, max_entries=64)
def rejected(warehouse: str, files: tuple[str, ...], search: str, most: int) -> pa.Table:
    """The rejected rows with their own text, at most so many."""
    return select(warehouse, REJECTED, files=list(files), search=search, most=most)


@st.cache_data(show_spinner=False, max_entries=64)
def rejected_count(warehouse: str, files: tuple[str, ...], search: str) -> int:
    """How many rejected rows match."""
    return int(first(select(warehouse, REJECTED_COUNT, files=list(files), search=search))["rejected"])


@st.cache_data(show_spinner=False, max_entries=16)
def reasons(warehouse: str) -> pa.Table:
    """The ten most frequent reasons."""
    return select(warehouse, REASONS)


@st.cache_data(show_spinner=False, max_entries=16)
def rejected_files(warehouse: str) -> list[str]:
    """The files with rejected rows."""
    return [row["file"] for row in select(warehouse, FILES).to_pylist()]


@st.cache_data(show_spinner=False, max_entries=16)
def findings(warehouse: str, most: int) -> pa.Table:
    """What a person should know about a file, or about a source that contradicts itself."""
    return select(warehouse, FINDINGS, most=most)


@st.cache_data(show_spinner=False, max_entries=16)
def schema_events(warehouse: str, most: int) -> pa.Table:
    """Columns that were new, missing, renamed or re-typed."""
    return select(warehouse, SCHEMA_EVENTS, most=most)
