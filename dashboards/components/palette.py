"""The colours of the theme that the browser shows."""

from __future__ import annotations

import streamlit as st

from pipelines.charts.palette import AGEING_DARK, AGEING_LIGHT, DARK, LIGHT


def is_dark() -> bool:
    """Whether the browser shows the dark theme."""
    return st.context.theme.type == "dark"


def colours() -> dict[str, str]:
    """Name -> colour, for the theme in use."""
    return DARK if is_dark() else LIGHT


def ageing() -> tuple[str, ...]:
    """Six colours, from not due to the oldest."""
    return AGEING_DARK if is_dark() else AGEING_LIGHT
