"""Headline figures that leave their own history."""

from __future__ import annotations

from dashboards.components.page import nothing, section
from dashboards.components.tables import Column, table
from dashboards.queries import data_health as health


def unlikely_figures(warehouse: str, touching: str) -> None:
    """Figures that can hardly be so, held against their own history; of one page's tables where `touching` names it."""
    about = (
        "Headline figures of the last months that lie far from what is usual of their own history, or are gone: "
        "places to look at, no verdict."
    )
    with section("Figures that can hardly be so", about, key="plausibility"):
        found = health.plausibility(warehouse, touching)
        if not found.num_rows:
            nothing("Every watched figure is within what is usual of it.")
            return
        table(
            found,
            {
                "column_name": Column("Figure", pinned=True, words="figure"),
                "group_values": Column("Of", help="A currency, a team, a basis or a source; ALL is the company."),
                "period": Column("Month", "date"),
                "kind": Column("Why", width="medium", words="plausibility"),
                "value": Column("Value", "real"),
                "usual_value": Column("Usual", "real", "The median of the complete months before it."),
                "unit": Column("Counted in", width="small"),
                "currency": Column("Currency", width="small", optional=True),
            },
            "plausibility",
            height="content" if found.num_rows < 12 else 420,
        )
