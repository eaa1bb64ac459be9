"""What moved the open pipeline between two week ends: one chart, and the deals behind it."""

from __future__ import annotations

import streamlit as st

from dashboards.components import money_charts
from dashboards.components.formats import plural
from dashboards.components.page import PageContext, nothing, open_account, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import one, placed
from dashboards.queries import pipeline
from dashboards.queries.base import rows

# Days from the Monday of the first week to that of the last.
SPANS = {"The last whole week": 0, "4 weeks": 21, "13 weeks": 84}
ORDER = ("opened", "won", "lost", "re_owned", "pulled_in", "slipped", "grown", "shrunk", "currency", "not_known")


def bridge_section(page: PageContext) -> None:
    """The bridge (P20) of the chosen weeks and quarter, and what moved in them."""
    code = page.base_currency or ""
    with section("What moved the pipeline", "Opening and movements add up to closing (P20).", key="bridge"):
        left, right = st.columns([2, 1])
        span = left.segmented_control(
            "Weeks", list(SPANS), default="4 weeks", key="bridge_span", required=True, label_visibility="collapsed"
        )
        quarter = right.selectbox(
            "Expected to close in",
            ["", *pipeline.quarters(page.warehouse)],
            format_func=lambda chosen: placed(chosen) if chosen else "Any quarter",
            key="bridge_quarter",
            label_visibility="collapsed",
        )
        back = SPANS[str(span)]
        found = {row["movement"]: row for row in rows(pipeline.bridge(page.warehouse, page.filters, back, quarter))}
        if not found:
            nothing("No week is complete yet.")
            return
        steps = [(_name("opening"), found.get("opening", {}).get("amount"), True)]
        amounts = {kind: found[kind]["amount"] for kind in ORDER if kind in found}
        steps += [(_name(kind), amount, False) for kind, amount in amounts.items() if amount]
        steps.append((_name("closing"), found.get("closing", {}).get("amount"), True))
        money_charts.waterfall(
            steps,
            code,
            more_is_better=True,
            key="bridge",
            alt_text="What moved the open pipeline",
        )
        days = [row[name] for row in found.values() for name in ("first_week", "last_day")]
        counted = ", ".join(f"{_name(kind)} {plural(found[kind]['deals'], 'deal')}" for kind in amounts)
        lacking = sum(found[kind]["missing_amount_count"] for kind in amounts)
        st.caption(
            f"{min(days)} to {max(days)}, in {code}. {counted[:1].upper()}{counted[1:]}."
            + (f" {plural(lacking, 'movement')} without a known amount." if lacking else "")
        )
        data = pipeline.moved(page.warehouse, page.filters, back, quarter)
        picked = table(
            data,
            {
                "week_start": Column("Week of", "date"),
                "deal_name": Column("Deal", width="medium"),
                "movement": Column("What happened", words="pipeline_movement"),
                "employee_name": Column("Manager"),
                "expected_quarter": Column("Expected in", words="placeholder"),
                "amount": Column(f"Amount, {code}", "money", "Added to the open pipeline, or taken from it."),
                "_file": Column("File", help="The export that the deal came from."),
                "_row": Column("Line", "count", "The line in that file."),
            },
            "bridge_deals",
            pick="account_id",
        )
        download("Download as CSV", "pipeline-movements", lambda: data, "bridge")
    open_account(picked)


def _name(movement: str) -> str:
    return one("pipeline_movement", movement)
