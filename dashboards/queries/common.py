"""What every page shows: the publication, the choices of the filters, the meaning of metrics."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.queries.base import first, rows, select

PUBLICATION = """
    with as_of as (
        select max(as_of_date) as as_of_date
        from (
            select max(as_of_date) as as_of_date from {rpt_receivable_aging}
            union all
            select max(as_of_date) as as_of_date from {rpt_pipeline}
        )
    ),

    files as (select count(distinct file) as files from {rpt_control_totals}),

    health as (
        select
            sum(files) as entity_files,
            sum(rows_loaded) as rows_loaded,
            sum(rows_rejected) as rows_rejected,
            cast(max(loaded_at) as timestamp) as loaded_at
        from {rpt_data_health}
    ),

    base as (
        select coalesce(
            (select max(base_currency) from {rpt_accounts}),
            (select max(base_currency) from {rpt_account_monthly}),
            (select max(base_currency) from {rpt_receivable_kpis})
        ) as base_currency
    )

    select as_of_date, files, entity_files, rows_loaded, rows_rejected, loaded_at, base_currency
    from as_of, files, health, base
"""

CHOICES = """
    select distinct coalesce(team, '') as team, coalesce(owner_id, '') as owner_id,
        coalesce(owner_name, owner_id, '') as owner_name, coalesce(segment, '') as segment,
        coalesce(country, '') as country
    from {rpt_accounts}
"""

CURRENCIES = """
    select distinct currency
    from {rpt_receivable_kpis}
    where currency is not null and currency <> 'ALL'
    order by currency
"""

METRICS = """
    select metric_id, name, formula, table_name, column_name, unit
    from {rpt_metric_catalogue}
    order by metric_id, table_name, column_name
"""

LANDED = """
    select
        coalesce(sum(rows_loaded) filter (entity like 'crm%'), 0) > 0 as crm,
        coalesce(sum(rows_loaded) filter (entity like 'billing%'), 0) > 0 as billing,
        coalesce(sum(rows_loaded) filter (entity like 'calls%'), 0) > 0 as calls
    from {rpt_data_health}
"""


@st.cache_data(show_spinner=False, max_entries=8)
def publication(warehouse: str) -> dict[str, Any]:
    """As-of date, files, rejected rows, last landing, base currency."""
    return first(select(warehouse, PUBLICATION))


@st.cache_data(show_spinner=False, max_entries=8)
def choices(warehouse: str) -> dict[str, dict[str, str]]:
    """What each filter offers: value -> label; the value '' stands for what is not known."""
    found = rows(select(warehouse, CHOICES))
    names = {row["owner_id"]: row["owner_name"] for row in found}
    shared = {name for name in names.values() if list(names.values()).count(name) > 1}
    labels = {key: f"{name} ({key})" if name in shared else name for key, name in names.items()}
    offered = {
        column: {row[column]: row[column] for row in found if row[column]} for column in ("team", "segment", "country")
    }
    offered["manager"] = {key: label for key, label in labels.items() if key}
    for column, key in (("team", "team"), ("manager", "owner_id"), ("segment", "segment"), ("country", "country")):
        offered[column] = dict(sorted(offered[column].items(), key=lambda item: item[1].casefold()))
        if offered[column] and any(not row[key] for row in found):
            offered[column][""] = "Not known"
    return offered


@st.cache_data(show_spinner=False, max_entries=8)
def currencies(warehouse: str) -> list[str]:
    """The document currencies of receivables."""
    return [row["currency"] for row in rows(select(warehouse, CURRENCIES))]


@st.cache_data(show_spinner=False, max_entries=8)
def metrics(warehouse: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(table, column) -> its entry in the metric catalogue."""
    return {(row["table_name"], row["column_name"]): row for row in rows(select(warehouse, METRICS))}
