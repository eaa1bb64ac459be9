"""What every page shows: the publication, the choices of the filters, the meaning of metrics."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.queries.base import EMPLOYEES, first, rows, select

PUBLICATION = """
    with files as (select count(distinct coalesce(file_sha256, file)) as files from {rpt_control_totals}),

    health as (
        select
            sum(files) as entity_files,
            sum(rows_loaded) as rows_loaded,
            sum(rows_rejected) as rows_rejected,
            cast(max(loaded_at) as timestamp) as loaded_at
        from {rpt_data_health}
    )

    select
        run.as_of_date, files, entity_files, rows_loaded, rows_rejected, loaded_at, run.base_currency,
        cast(run.known_at as timestamp) as known_at
    from files
    cross join health
    left join {rpt_run} as run on true
"""

# Of whose invoices lists of what is open are all that tells, and since when.
OPEN_ALONE = """
    select distinct contract, first_on
    from {rpt_landing_findings}
    where code = 'open_items_alone'
    order by contract, first_on
"""

CHOICES = f"""
    with employees as ({EMPLOYEES})

    select distinct 'manager' as kind, owner_id as value, coalesce(owner_name, owner_id) as label from {{rpt_accounts}}
    union
    select 'manager' as kind, employee_id as value, coalesce(employee_name, employee_id) as label from employees
    union
    select 'team' as kind, team as value, team as label from {{rpt_accounts}}
    union
    select 'team' as kind, team as value, team as label from employees where team is not null
    union
    select 'segment' as kind, segment as value, segment as label from {{rpt_accounts}}
    union
    select 'country' as kind, country as value, country as label from {{rpt_accounts}}
"""

CURRENCIES = """
    select distinct currency
    from {rpt_receivable_kpis}
    where currency is not null and not is_total
    order by currency
"""

METRICS = """
    select metric_id, name, formula, table_name, column_name, unit
    from {rpt_metric_catalogue}
    order by metric_id, table_name, column_name
"""

FINDINGS = "select page, cast(sum(findings) as bigint) as findings from {rpt_findings} group by page"


@st.cache_data(show_spinner=False, max_entries=8)
def findings(warehouse: str) -> dict[str, int]:
    """Page -> how many findings touch what it shows."""
    return {row["page"]: row["findings"] for row in rows(select(warehouse, FINDINGS))}


@st.cache_data(show_spinner=False, max_entries=8)
def publication(warehouse: str) -> dict[str, Any]:
    """As-of date, files, rejected rows, last landing, base currency."""
    return first(select(warehouse, PUBLICATION))


@st.cache_data(show_spinner=False, max_entries=8)
def open_alone(warehouse: str) -> list[dict[str, Any]]:
    """The contracts of whose invoices nothing but lists of open items tells, each with the day of its first list."""
    return rows(select(warehouse, OPEN_ALONE))


@st.cache_data(show_spinner=False, max_entries=8)
def choices(warehouse: str) -> dict[str, dict[str, str]]:
    """What each filter offers: value -> label; the value '' stands for what is not known."""
    offered: dict[str, dict[str, str]] = {"team": {}, "manager": {}, "segment": {}, "country": {}}
    for row in rows(select(warehouse, CHOICES)):
        offered[row["kind"]][row["value"] or ""] = row["label"] or ""
    for kind, labels in offered.items():
        unknown = labels.pop("", None) is not None
        every = list(labels.values())
        named = {value: f"{label} ({value})" if every.count(label) > 1 else label for value, label in labels.items()}
        offered[kind] = dict(sorted(named.items(), key=lambda item: item[1].casefold()))
        if unknown and offered[kind]:
            offered[kind][""] = "not_known"
    return offered


@st.cache_data(show_spinner=False, max_entries=8)
def currencies(warehouse: str) -> list[str]:
    """The document currencies of receivables."""
    return [row["currency"] for row in rows(select(warehouse, CURRENCIES))]


@st.cache_data(show_spinner=False, max_entries=8)
def metrics(warehouse: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(table, column) -> its entry in the metric catalogue."""
    return {(row["table_name"], row["column_name"]): row for row in rows(select(warehouse, METRICS))}
