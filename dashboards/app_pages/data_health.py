"""Data health: what was landed, how fresh it is, whether it ties to the files, and what was refused and why."""

from __future__ import annotations

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import number
from dashboards.components.page import drop_in, footnotes, header, here, nothing, section
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import health
from dashboards.queries.base import catalogue, rows

TABLES = ("rpt_data_health", "rpt_control_totals", "rpt_rejected_rows", "rpt_schema_events")

page = here()
header("Data health", "A row of an export is loaded or rejected with its line and reason; nothing disappears.")
totals = health.totals(page.warehouse)
checks = health.control_totals(page.warehouse)
if not totals["rows_read"] and not checks["checks"]:
    drop_in("any", "rpt_data_health", "rpt_control_totals")
    footnotes(*TABLES)
    st.stop()
tiles(
    page.warehouse,
    [
        Tile("Sources", number(totals["sources"])),
        Tile("Files", number(page.publication["files"] or page.publication["entity_files"])),
        Tile("Rows read", number(totals["rows_read"])),
        Tile(
            "Rows loaded",
            number(totals["rows_loaded"]),
            versus=f"{number(totals['rows_superseded'])} later replaced" if totals["rows_superseded"] else None,
            note="Of rows that came twice, the newest counts.",
        ),
        Tile("Rows rejected", number(totals["rows_rejected"])),
        Tile("Totals that differ", number(checks["different"]), versus=f"of {number(checks['checks'])} compared"),
    ],
)

sources, rejected, control, findings = st.tabs(["Sources", "Rejected rows", "Control totals", "Findings and columns"])
with (
    sources,
    section("Sources", "Rows read are rows loaded plus rows rejected, for each source and entity.", key="sources"),
):
    table(
        health.sources(page.warehouse),
        {
            "source": Column("Source", pinned=True),
            "domain": Column("Domain"),
            "entity": Column("Entity"),
            "freshness_state": Column("Freshness"),
            "newest_event_at": Column("Newest event", "time"),
            "loaded_at": Column("Landed", "time"),
            "files": Column("Files", "count"),
            "rows_read": Column("Read", "count"),
            "rows_loaded": Column("Loaded", "count"),
            "rows_rejected": Column("Rejected", "count"),
            "rows_superseded": Column("Replaced", "count", "A newer row of the same key counts instead."),
            "match_coverage": Column("Matched", "ratio", "The share that reaches one account."),
        },
        "health_sources",
        height="content",
    )
    download("Download as CSV", "sources", lambda: health.sources(page.warehouse), "sources")

with rejected:
    reasons = rows(health.reasons(page.warehouse))
    if not reasons:
        with section("Rejected rows", key="no-rejects"):
            nothing("No row was rejected.", "rpt_rejected_rows")
    else:
        with section("Why", "The ten most frequent reasons.", key="reasons"):
            charts.ranked(
                reasons,
                "reason",
                "rejected",
                "Rows",
                colour="orange",
                key="reasons",
                alt_text="Rejected rows by reason",
            )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            search = st.text_input(
                "Search", key="reject_search", placeholder="Column, value or reason", width=280
            ).strip()
            files = tuple(
                st.multiselect(
                    "Files", health.rejected_files(page.warehouse), key="reject_files", placeholder="All", width=380
                )
            )
        found = health.rejected(page.warehouse, files, search, MOST)
        with section(
            "Rows", "Mend them in the source, export again and drop the file in: the new row counts.", key="rejects"
        ):
            table(
                found,
                {
                    "file": Column("File", pinned=True, width="medium"),
                    "line": Column("Line", "count"),
                    "entity": Column("Entity"),
                    "column_name": Column("Column"),
                    "value": Column("Value"),
                    "reason": Column("Reason", width="large"),
                    "row_text": Column("The row as it stands in the file", width="large"),
                    "landed_at": Column("Landed", "time"),
                },
                "rejected_rows",
            )
            shown_of(found.num_rows, health.rejected_count(page.warehouse, files, search), "rejected rows")
            download(
                "Download as CSV",
                "rejected-rows",
                lambda: health.rejected(page.warehouse, files, search, EVERY),
                "rejects",
            )

with (
    control,
    section(
        "Control totals",
        "What each file adds up to, against what became of it. A difference that isn't zero stops publishing.",
        key="control",
    ),
):
    data = health.control(page.warehouse, MOST)
    if data.num_rows:
        if checks["without_total"]:
            st.caption(f"For {number(checks['without_total'])} totals the file's own sum is not known.")
        table(
            data,
            {
                "file": Column("File", pinned=True, width="medium"),
                "entity": Column("Entity"),
                "measure": Column("Measure"),
                "currency": Column("Currency"),
                "file_total": Column("In the file", "money"),
                "loaded": Column("Loaded", "money"),
                "rejected": Column("Rejected", "money"),
                "superseded": Column("Replaced", "money"),
                "difference": Column("Difference", "money"),
            },
            "control_totals",
            height=520 if data.num_rows > 13 else "content",
        )
        shown_of(data.num_rows, checks["checks"], "totals")
        download("Download as CSV", "control-totals", lambda: health.control(page.warehouse, EVERY), "control")
    else:
        nothing("No totals yet.", "rpt_control_totals")

with findings:
    with section("Findings", "Files that were held, and data that contradicts itself.", key="findings"):
        found = health.findings(page.warehouse, MOST)
        if found.num_rows:
            table(
                found,
                {
                    "severity": Column("Severity"),
                    "message": Column("What", width="large"),
                    "file": Column("File", width="medium"),
                    "part": Column("Part"),
                },
                "findings",
            )
        elif "rpt_landing_findings" in catalogue(page.warehouse):
            nothing("No findings.")
        else:
            nothing("", "rpt_landing_findings")
    with section("Columns that changed", "New, missing, renamed and re-typed columns of the exports.", key="schema"):
        events = health.schema_events(page.warehouse, MOST)
        if events.num_rows:
            table(
                events,
                {
                    "file": Column("File", width="medium"),
                    "contract": Column("Contract"),
                    "column_name": Column("Column"),
                    "event": Column("Event"),
                    "action": Column("What Keybook did", width="large"),
                },
                "schema_events",
            )
        else:
            nothing("Every file has the columns that its contract names.", "rpt_schema_events")
footnotes(*TABLES)
