"""Requirements: what the source documents ask for, what meets it and what is missing."""

from __future__ import annotations

import streamlit as st

from dashboards.components.formats import number, percent, words
from dashboards.components.page import current_page, footnotes, header, nothing, section
from dashboards.components.tables import Column, download, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import requirements
from dashboards.queries.base import rows

STATES = {
    "met": "a tested model computes it and a page, report or command shows it",
    "partly": "some of it; the note says what is missing",
    "needs_feed": "built, and waits for an export that brings it",
    "not_built": "not built yet",
}

page = current_page()
header("Requirements", "What the five source documents ask for, what meets it, and what is missing.")
areas = rows(requirements.counts(page.warehouse))
if not areas:
    nothing("The register is empty.")
    footnotes()
    st.stop()
total = requirements.totals(page.warehouse)
tiles(
    page.warehouse,
    [
        Tile("Requirements", number(total["requirements"])),
        *(
            Tile(
                words(state).capitalize(),
                number(total[state]),
                versus=percent(total[f"{state}_ratio"], 0),
                note=meaning.capitalize() + ".",
            )
            for state, meaning in STATES.items()
        ),
    ],
)
with section("By area", "How many of each area are in which state.", key="requirement-areas"):
    table(
        requirements.counts(page.warehouse),
        {
            "area": Column("Area", pinned=True, width="medium"),
            "requirements": Column("Requirements", "count"),
            **{state: Column(words(state).capitalize(), "count", meaning) for state, meaning in STATES.items()},
        },
        "requirement_areas",
        height="content",
    )
with section("Register", "Each with the tables, pages and commands that meet it.", key="requirement-register"):
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input("Search", key="requirement_search", placeholder="Id, word, table or page", width=260)
        chosen_states = st.pills(
            "State", list(STATES), selection_mode="multi", format_func=words, key="requirement_states"
        )
        chosen_areas = st.multiselect(
            "Area", [row["area"] for row in areas], key="requirement_areas_chosen", placeholder="All", width=320
        )
    found = requirements.register(page.warehouse, tuple(chosen_areas), tuple(chosen_states), search.strip())
    if found.num_rows:
        place = found.column_names.index("state")
        shown = found.set_column(place, "state", [[words(value) for value in found.column("state").to_pylist()]])
        table(
            shown,
            {
                "requirement_id": Column("Id", pinned=True, width="small"),
                "requirement": Column("Requirement", width="large"),
                "state": Column("State"),
                "note": Column("What is missing, or how it is read", width="large"),
                "met_by": Column("Met by", width="large"),
                "feed": Column("Needs", width="medium"),
                "origin": Column("Source", help="S0 to S4: the documents that the list of requirements was read from."),
                "area": Column("Area"),
            },
            "requirement_register",
            height=720 if found.num_rows > 18 else "content",
        )
        st.caption(f"{found.num_rows:,} of {total['requirements']:,} requirements.")
        download("Download as CSV", "requirements", lambda: found, "requirements")
    else:
        nothing("No requirement matches. Take a filter away, or search for less.")
footnotes()
