"""Norms of the team: a map of person and norm, the days of one norm, and the records behind a figure."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import percent, plain, plural
from dashboards.components.page import PageContext, month_choice, nothing, open_account, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import one
from dashboards.queries import team
from dashboards.queries.base import rows

OPENED = "norm_opened"


def norms_section(page: PageContext) -> None:
    """What each person was held to in a month and what was done; a click on a row shows the records behind it (P13)."""
    with section("Norms", "Done of what was due, for the working days on which each was there (P13).", key="norms"):
        months = team.months(page.warehouse)
        if not months:
            nothing("No norm holds for anybody.")
            return
        month = month_choice("Month", months, "norm_month")
        data = team.norms(page.warehouse, page.filters, month)
        found = rows(data)
        if not found:
            nothing("No norm holds for these teams and managers.")
            return
        drawn = [row | {"norm": one("norm", row["norm"])} for row in found]
        charts.heat(
            drawn,
            "norm",
            "employee_name",
            "attainment",
            "Done of due",
            {"actual": "Done", "target": "Due", "present_days": "Days there"},
            key="norms",
            alt_text="Done of what was due by person and norm",
            across="Norm",
            down="Person",
        )
        columns = {
            "employee_name": Column("Person", pinned=True),
            "norm": Column("Norm", width="medium", words="norm"),
            "target": Column("Due", "real", "For the time that the person was there."),
            "actual": Column("Done", "count"),
            "attainment": Column("Done of due", "ratio", "P13"),
            "reached": Column("Times reached", "count", "Days or months in which all was done that was due."),
            "periods": Column("of", "count"),
            "target_rule": Column("Whose figure", words="norm_rule"),
            "absent_days": Column("Days away", "count"),
            "evidence_count": Column("Records", "count", "Click the row to see them."),
        }
        picked = table(data, columns, "norms", pick="opened")
        download("Download as CSV", "norms", lambda: data.drop_columns(["opened"]), "norms", columns)
        if picked:
            st.session_state[OPENED] = picked
        opened = next((row for row in found if row["opened"] == st.session_state.get(OPENED)), None)
        by_day = list(dict.fromkeys(row["norm"] for row in found if row["period"] == "day"))
    if opened:
        _evidence(page, month, opened)
    if by_day:
        with section("Day by day", "One norm, a square a working day; grey where nothing was due.", key="norm-days"):
            norm = st.segmented_control(
                "Norm", by_day, default=by_day[0], format_func=lambda code: one("norm", code), key="norm_by_day",
                required=True, label_visibility="collapsed",
            )  # fmt: skip
            charts.heat(
                rows(team.days(page.warehouse, page.filters, month, str(norm))),
                "day",
                "employee_name",
                "attainment",
                "Done of due",
                {"actual": "Done", "target": "Due"},
                key="norm_days",
                alt_text="Done of what was due by person and day",
                down="Person",
            )


def _evidence(page: PageContext, month: Any, opened: dict[str, Any]) -> None:
    data = team.evidence(page.warehouse, month, opened["employee_id"], opened["norm"])
    title = f"{plain(opened['employee_name'])}: {one('norm', opened['norm'])}, {month:%Y-%m}"
    about = f"{percent(opened['attainment'])} of what was due. {plural(data.num_rows, 'record')}, each with its line."
    with section(title, about, key="evidence"):
        if not data.num_rows:
            nothing("No record counts for it.")
            return
        columns = {
            "occurred_on": Column("Day", "date"),
            "evidence_kind": Column("What", words="norm_evidence"),
            "title": Column("Name in the export", width="medium", optional=True),
            "account_name": Column("Account", width="medium", optional=True),
            "_file": Column("File", help="The export or list that the record came from."),
            "_row": Column("Line", "count", "The line in that file."),
        }
        picked = table(data, columns, "evidence", pick="account_id")
        download("Download as CSV", "norm-evidence", lambda: data, "evidence", columns)
    open_account(picked)
