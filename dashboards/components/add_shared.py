"""What the parts of the page Add data share: a click that writes something, and columns with three of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import streamlit as st

from dashboards.components.formats import plain, plural
from pipelines.adding import AddingError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


def write(said: Callable[[], object]) -> None:
    """Writes what was said and shows the page anew, or says why it cannot be written."""
    try:
        said()
    except (AddingError, OSError) as error:
        st.error(plain(error))
        return
    st.session_state.pop("adding_looked", None)
    st.rerun()


def columns(understood: int, kept: int, rows: Iterable[tuple[str, str, Iterable[str]]], key: str) -> DeltaGenerator:
    """What each column of a file is, folded; there is room for more below it."""
    folded = st.expander(f"{plural(understood, 'column')} understood, {kept} kept beside them")
    folded.dataframe(
        [
            {"Column of the file": header, "is": column, "such as": " · ".join(samples)}
            for header, column, samples in rows
        ],
        hide_index=True,
        key=key,
    )
    return folded


def costs(said: list[str], key: str) -> None:
    """What the columns cost that are not in a file, folded."""
    if said:
        with st.expander(f"What it lacks, and what that costs: {plural(len(said), 'column')}", key=key):
            st.markdown("\n".join(f"- {plain(each)}" for each in said))
