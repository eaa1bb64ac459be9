"""What was computed again from raw, and whether it agrees: the proof of a publication, as Data health shows it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components.formats import plural
from dashboards.components.page import nothing, section
from dashboards.components.tables import Column, download, table
from dashboards.queries import data_health as health
from pipelines.delivery.sight import Sight


def unconfirmed(proven: dict[str, Any]) -> None:
    """Says first of all that a figure is not confirmed."""
    if proven["figures_apart"]:
        st.error(
            f"Of what was computed again from raw, {plural(proven['figures_apart'], 'figure')} can't be confirmed: the "
            "tab Proof names them. Look before you rely on these."
        )


def proof_tab(warehouse: str, sight: Sight, proven: dict[str, Any]) -> None:
    """The figures that were computed again from raw, and whether they agree."""
    about = (
        "Each publication's figures are computed again from raw by a program that shares no code with the models. "
        "`keybook verify` does it at any time."
    )
    with section("Proof", about, key="proof"):
        if not proven["figures"]:
            nothing("Nothing was computed again yet: the next refresh does it.")
            return
        table(
            health.proof(warehouse, sight),
            {
                "subject": Column("Subject", words="verification_subject"),
                "state": Column("Result", words="verification_state"),
                "table_name": Column("Table"),
                "measure": Column("Column"),
                "currency": Column("Currency"),
                "cells": Column("Figures", "count"),
                "cells_equal": Column("Agree", "count"),
                "largest_difference": Column("Largest difference", "money"),
                "first_cell": Column("Where", optional=True),
                "first_published": Column("Published", "money", optional=True),
                "first_recomputed": Column("Computed again", "money", optional=True),
                "verified_by": Column("How", words="verification_method"),
            },
            "proof",
            height=520,
        )
        download("Download as CSV", "proof", lambda: health.proof(warehouse, sight), "proof")
