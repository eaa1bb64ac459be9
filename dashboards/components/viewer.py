"""Who looks, as far as a proxy with sign-in says it, and whose commission they may see."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from pipelines.delivery.sight import Sight, sight
from pipelines.settings import Settings


def said(header: str) -> list[str]:
    """Every value of a header of the request that this page was opened with."""
    return list(st.context.headers.get_all(header))


def address(settings: Settings) -> str | None:
    """The mail address of who looks; None where the header is not there, or twice: one may be the browser's own."""
    if not settings.dashboard_user_header:
        return None
    values = said(settings.dashboard_user_header)
    return values[0].strip() or None if len(values) == 1 else None


def seen_by(settings: Settings) -> Sight:
    """Whose commission who looks may see now."""
    return sight(settings, address(settings), datetime.now(UTC).date())
