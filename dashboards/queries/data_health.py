"""Data health: what was landed, how fresh it is, what was rejected and why, whether totals tie to the files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.queries.base import first, rows, select
from pipelines.delivery.sight import Sight

SOURCES = """
    select source, domain, entity, freshness_state, usual_pause_days,
        files, rows_read, rows_loaded, rows_rejected, rows_superseded,
        rows_vanished, match_coverage, raw_bytes,
        superseded_bytes,
        cast(newest_event_at as timestamp) as newest_event_at, cast(loaded_at as timestamp) as loaded_at
    from {rpt_data_health}
    order by rows_rejected desc nulls last, source, entity
"""

TOTALS = """
    select sum(rows_read) as rows_read, sum(rows_loaded) as rows_loaded, sum(rows_rejected) as rows_rejected,
        sum(rows_superseded) as rows_superseded, sum(rows_vanished) as rows_vanished,
        cast(sum(raw_bytes) as bigint) as raw_bytes, cast(sum(superseded_bytes) as bigint) as superseded_bytes,
        count(distinct source) as sources
    from {rpt_data_health}
"""

# What people are paid stands in lists, too: what their lines say and add up to is for who may see everybody's.
_OPEN = "($pay_of_all or not contains(entity, 'commission_'))"

CONTROL = f"""
    select file, entity, measure, currency, file_total, loaded, rejected, superseded, difference
    from {{rpt_control_totals}}
    where {_OPEN} or measure = 'rows'
    order by difference <> 0 desc, file, entity, measure, currency
    limit $most
"""

CONTROL_TOTALS = """
    select count(*) as checks, count(distinct file) as files,
        count(*) filter (difference <> 0) as different, count(*) filter (difference is null) as without_total
    from {rpt_control_totals}
"""

PROOF = """
    select subject, table_name, measure, currency, state, cells, cells_equal, verified_by,
        case when is_open then largest_difference end as largest_difference,
        case when is_open then first_cell end as first_cell,
        case when is_open then first_published end as first_published,
        case when is_open then first_recomputed end as first_recomputed
    from (
        select *, $pay_of_all or not contains(table_name || ' ' || measure, 'commission') as is_open
        from {rpt_verification}
    ) as told
    order by state <> 'agrees' desc, subject, table_name, measure, currency
"""

PROOF_TOTALS = """
    select sum(cells) as cells, sum(cells_equal) as cells_equal, count(*) as figures,
        count(*) filter (state <> 'agrees') as figures_apart
    from {rpt_verification}
"""

_REJECTED = f"""
    from {{rpt_rejected_rows}}
    where {_OPEN} and (len($files) = 0 or list_contains($files, file))
        and (len($entities) = 0 or list_contains($entities, entity))
        and (len($columns) = 0 or list_contains($columns, coalesce(column_name, '')))
        and (len($reasons) = 0 or list_contains($reasons, reason))
        and ($search = ''
            or contains(lower(coalesce(row_text, '')), lower($search))
            or contains(lower(coalesce(reason, '')), lower($search))
            or contains(lower(coalesce(value, '')), lower($search))
            or contains(lower(coalesce(column_name, '')), lower($search)))
"""

REJECTED = f"""
    select file, nullif(part, '') as part, line, entity, column_name, value, reason, row_text, contract,
        field, expected, found, least, most, other_line, other_columns, cast(landed_at as timestamp) as landed_at
    {_REJECTED}
    order by count(*) over (partition by reason) desc, reason, file, 2, line, column_name
    limit $most
"""

REJECTED_COUNT = f"select count(*) as rejected {_REJECTED}"

CHOICES = """
    select file, entity, coalesce(column_name, '') as column_name, reason, contract,
        count(*) as rejected
    from {rpt_rejected_rows}
    group by all
"""

REASONS = """
    select reason, column_name, field, expected, least, most, contract,
        case when reason = 'other' then found end as found, cast(null as bigint) as other_line,
        cast(null as varchar) as other_columns, count(*) as rejected, count(distinct file) as files
    from {rpt_rejected_rows}
    group by all
    order by rejected desc, reason, column_name, contract
    limit $most
"""

FINDINGS = """
    select severity, code, file, part, contract, entity, column_name, name, said, line, last_line, row_count,
        other_count, limit_count, lowest, highest, first_on, last_on
    from {rpt_landing_findings}
    where $touching = '' or code in (
        select finding from {rpt_findings} where page = $touching and finding_source = 'files'
    )
    order by severity, file, part, code, column_name
    limit $most
"""

_SUPERSEDED = f"""
    from {{rpt_superseded_rows}}
    where {_OPEN} and (len($states) = 0 or list_contains($states, state))
        and (len($entities) = 0 or list_contains($entities, entity))
        and ($search = ''
            or contains(lower(coalesce(row_key, '')), lower($search))
            or contains(lower(coalesce(content, '')), lower($search))
            or contains(lower(coalesce(file, '')), lower($search)))
"""

SUPERSEDED = f"""
    select row_key, entity, system, state, content, file, nullif(part, '') as part, line, newer_file, newer_line,
        cast(known_at as timestamp) as known_at, cast(superseded_at as timestamp) as superseded_at
    {_SUPERSEDED}
    order by superseded_at desc, entity, row_key, known_at desc
    limit $most
"""

SUPERSEDED_COUNT = f"select count(*) as superseded {_SUPERSEDED}"

SUPERSEDED_STATES = """
    select state, entity, count(*) as superseded
    from {rpt_superseded_rows}
    group by all
    order by superseded desc, state, entity
"""

# Amounts of different currencies stand apart: a reason of two currencies has two rows.
RECEIVABLE_REASONS = """
    select reason, reason as step, currency, count(*) as findings, sum(amount) as amount, sum(difference) as difference
    from {rpt_receivable_findings}
    group by reason, currency
    order by findings desc, reason, currency
"""

RECEIVABLE_FINDINGS = """
    select row_id, entity, reason, reason as step, account_id, account_name, event_date, currency, amount, our_amount,
        difference, _file, _row
    from {rpt_receivable_findings}
    where (len($reasons) = 0 or list_contains($reasons, reason))
    order by reason, abs(coalesce(difference, amount)) desc nulls last, entity, row_id
    limit $most
"""

SCHEMA_EVENTS = """
    select file, contract, column_name, event, action, target
    from {rpt_schema_events}
    order by file, event, column_name
    limit $most
"""

PLAUSIBILITY = """
    select column_name, group_values, period, kind, unit, currency, value, usual_value, history_months
    from {rpt_plausibility}
    where $touching = '' or table_name in (
        select touches from {rpt_findings} where page = $touching and finding_source = 'figures'
    )
    order by kind = 'incomplete', period desc, table_name, column_name, group_values
"""

KNOWN_NOW = "select entity, column_name, why from {rpt_known_now} order by entity, column_name"


@st.cache_data(show_spinner=False, max_entries=16)
def plausibility(warehouse: str, touching: str) -> pa.Table:
    """Figures that leave their own history, the newest first; months that are not complete come last.

    Of one page's tables alone where `touching` names a page.
    """
    return select(warehouse, PLAUSIBILITY, touching=touching)


@st.cache_data(show_spinner=False, max_entries=16)
def known_now(warehouse: str) -> pa.Table:
    """The columns that have no history."""
    return select(warehouse, KNOWN_NOW)


PARAMETERS = """
    select parameter, value, default_value, unit, meaning, origin, is_own, _file, _row
    from {rpt_parameters}
    order by not is_own, parameter
"""


@st.cache_data(show_spinner=False, max_entries=16)
def parameters(warehouse: str) -> pa.Table:
    """Norms, buckets and thresholds with the values that count, the home's own first."""
    return select(warehouse, PARAMETERS)


@st.cache_data(show_spinner=False, max_entries=16)
def proof(warehouse: str, sight: Sight) -> pa.Table:
    """What was computed again from raw, and whether it agrees; differences first, those of pay for who may see it."""
    return select(warehouse, PROOF, pay_of_all=sight.everybody)


@st.cache_data(show_spinner=False, max_entries=16)
def proof_totals(warehouse: str) -> dict[str, Any]:
    """How many cells were computed again, and how many agree."""
    return first(select(warehouse, PROOF_TOTALS))


@st.cache_data(show_spinner=False, max_entries=16)
def sources(warehouse: str) -> pa.Table:
    """Each source and entity: how many files and rows, how fresh."""
    return select(warehouse, SOURCES)


@st.cache_data(show_spinner=False, max_entries=16)
def totals(warehouse: str) -> dict[str, Any]:
    """Rows read, loaded, rejected and superseded over all sources."""
    return first(select(warehouse, TOTALS))


@st.cache_data(show_spinner=False, max_entries=16)
def control(warehouse: str, sight: Sight, most: int) -> pa.Table:
    """Each file's totals against the warehouse, differences first."""
    return select(warehouse, CONTROL, pay_of_all=sight.everybody, most=most)


@st.cache_data(show_spinner=False, max_entries=16)
def control_totals(warehouse: str) -> dict[str, Any]:
    """How many totals were compared, how many differ."""
    return first(select(warehouse, CONTROL_TOTALS))


@dataclass(frozen=True)
class Former:
    """Which versions that count no longer are asked for, and by whom; empty means all."""

    sight: Sight
    states: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    search: str = ""

    def values(self) -> dict[str, Any]:
        """The parameters that the query binds."""
        return {
            "states": list(self.states),
            "entities": list(self.entities),
            "search": self.search,
            "pay_of_all": self.sight.everybody,
        }


@dataclass(frozen=True)
class Rejects:
    """Which rejected rows are asked for, and by whom; empty means all."""

    sight: Sight
    files: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    search: str = ""

    def values(self) -> dict[str, Any]:
        """The parameters that the query binds."""
        return {
            "files": list(self.files),
            "entities": list(self.entities),
            "columns": list(self.columns),
            "reasons": list(self.reasons),
            "search": self.search,
            "pay_of_all": self.sight.everybody,
        }


@st.cache_data(show_spinner=False, max_entries=64)
def rejected(warehouse: str, wanted: Rejects, most: int) -> pa.Table:
    """The rejected rows with their own text, at most so many, the most frequent reasons first."""
    return select(warehouse, REJECTED, most=most, **wanted.values())


@st.cache_data(show_spinner=False, max_entries=64)
def rejected_count(warehouse: str, wanted: Rejects) -> int:
    """How many rejected rows match."""
    return int(first(select(warehouse, REJECTED_COUNT, **wanted.values()))["rejected"])


@st.cache_data(show_spinner=False, max_entries=16)
def rejected_choices(warehouse: str) -> dict[str, dict[str, int]]:
    """What rejected rows can be narrowed by: file, entity, column_name, reason, contract -> rows, most first."""
    names = ("file", "entity", "column_name", "reason", "contract")
    found: dict[str, Counter[str]] = {name: Counter() for name in names}
    for row in rows(select(warehouse, CHOICES)):
        for name in names:
            if row[name]:
                found[name][row[name]] += row["rejected"]
    return {name: dict(sorted(found[name].items(), key=lambda pair: (-pair[1], pair[0]))) for name in names}


@st.cache_data(show_spinner=False, max_entries=16)
def reasons(warehouse: str, most: int) -> pa.Table:
    """Why rows were rejected, by contract, the most frequent first."""
    return select(warehouse, REASONS, most=most)


@st.cache_data(show_spinner=False, max_entries=64)
def superseded(warehouse: str, wanted: Former, most: int) -> pa.Table:
    """Versions of rows that count no longer, with what they said, the latest first."""
    return select(warehouse, SUPERSEDED, most=most, **wanted.values())


@st.cache_data(show_spinner=False, max_entries=64)
def superseded_count(warehouse: str, wanted: Former) -> int:
    """How many of them match."""
    return int(first(select(warehouse, SUPERSEDED_COUNT, **wanted.values()))["superseded"])


@st.cache_data(show_spinner=False, max_entries=16)
def superseded_states(warehouse: str) -> list[dict[str, Any]]:
    """How many rows of each entity count no longer, and why."""
    return rows(select(warehouse, SUPERSEDED_STATES))


@st.cache_data(show_spinner=False, max_entries=16)
def receivable_reasons(warehouse: str) -> pa.Table:
    """What is odd with billing rows, what it means and what to do, by reason and currency."""
    return select(warehouse, RECEIVABLE_REASONS)


@st.cache_data(show_spinner=False, max_entries=64)
def receivable_findings(warehouse: str, reasons: tuple[str, ...], most: int) -> pa.Table:
    """The billing rows that are odd, the largest of each reason first."""
    return select(warehouse, RECEIVABLE_FINDINGS, reasons=list(reasons), most=most)


@st.cache_data(show_spinner=False, max_entries=16)
def findings(warehouse: str, touching: str, most: int) -> pa.Table:
    """What a person should know about files; of what touches one page where `touching` names it."""
    return select(warehouse, FINDINGS, touching=touching, most=most)


TOUCHING = """
    select finding_source, finding, cast(sum(findings) as bigint) as findings
    from {rpt_findings}
    where page = $touching
    group by finding_source, finding
    order by finding_source desc, findings desc, finding
"""


@st.cache_data(show_spinner=False, max_entries=32)
def touching_page(warehouse: str, touching: str) -> list[dict[str, Any]]:
    """The kinds of findings that touch what a page shows, where they stand, and how many there are of each."""
    return rows(select(warehouse, TOUCHING, touching=touching))


@st.cache_data(show_spinner=False, max_entries=16)
def schema_events(warehouse: str, most: int) -> pa.Table:
    """Columns that were new, missing, renamed or re-typed."""
    return select(warehouse, SCHEMA_EVENTS, most=most)
