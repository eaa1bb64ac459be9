"""Names and values in two columns, for a handful of facts that need no table."""

from __future__ import annotations

import html
from typing import Any

import streamlit as st

from dashboards.components.formats import UNKNOWN


def facts(pairs: list[tuple[str, Any]], *, ruled: bool = False) -> None:
    """Shows the pairs; `ruled` draws lines between them, values to the right. Text is escaped, never rendered."""
    cells = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(UNKNOWN if value in (None, '') else str(value))}</dd>"
        for name, value in pairs
    )
    st.html(f'<dl class="keybook-facts{" keybook-ruled" if ruled else ""}">{cells}</dl>')
