"""Service: what clients wait for, what to do first, and what came of it."""

from __future__ import annotations

import streamlit as st

from dashboards.components.formats import number, percent
from dashboards.components.page import current_page, footnotes, header
from dashboards.components.service_sections import (
    NOT_TOLD,
    causes_section,
    churn_section,
    class_section,
    commitments_section,
    open_section,
    stock_section,
    times_section,
    voice_section,
)
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import service

page = current_page()
header("Service", "What clients wait for, what to do first, and what came of it.")
total = service.one(page.warehouse, "TOTALS", page.filters)
if total["cases"]:
    history = total["with_history"] > 0
    tiles(
        page.warehouse,
        [
            Tile(
                "Open cases",
                number(total["open"]),
                versus=f"the oldest {number(total['oldest_days'])} days" if total["open"] else None,
                metric=("rpt_claims", "is_open", "E1"),
            ),
            Tile(
                "Late for their class",
                number(total["late"]),
                versus=f"target not known of {number(total['without_target'])}" if total["without_target"] else None,
                metric=("rpt_claims", "is_late", "E14"),
            ),
            Tile(
                "To escalate",
                number(total["to_escalate"]),
                versus=f"{number(total['escalated'])} escalated" if history else "escalations not known",
                metric=("rpt_claims", "next_step", "E12"),
            ),
            Tile(
                "Closed in time",
                percent(total["within_share"], 0),
                versus=f"of {number(total['judged'])} that are decided",
                metric=("rpt_claims", "is_within", "E14"),
            ),
            Tile(
                "Reopened",
                number(total["reopened"] if history else None),
                versus=f"of {number(total['opened'])} opened in the period",
                metric=("rpt_claims", "reopened_count", "E1"),
            ),
        ],
    )
    left, right = st.columns([2, 1], gap="small")
    with left:
        open_section(page)
    with right:
        class_section(page)
    times_section(page)
    causes_section(page)
else:
    with st.container(border=True, key="card-no-cases"):
        st.markdown("#### No cases yet")
        st.caption("Claims, their times and causes. " + NOT_TOLD.format(file="crm_cases"))
churn_section(page)
commitments_section(page)
stock_section(page)
voice_section(page)
footnotes()
