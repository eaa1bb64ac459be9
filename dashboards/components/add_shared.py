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


def entity_words(entity_id: str) -> str:
    """An entity (`crm.deals`) as people say it."""
    return entity_id.rpartition(".")[2].replace("_", " ")


def column_words(column: str) -> str:
    """A column of ours (`crm.deals.closed_on`, or `closed_on` where one entity is spoken of) as people say it."""
    entity_id, _, name = column.rpartition(".")
    said = name.replace("_", " ")
    return f"{said} ({entity_words(entity_id)})" if entity_id else said


def columns(understood: int, kept: int, rows: Iterable[tuple[str, str, Iterable[str]]], key: str) -> DeltaGenerator:
    """What each column of a file is, folded; there is room for more below it."""
    folded = st.expander(f"{plural(understood, 'column')} understood, {kept} kept beside them")
    folded.dataframe(
        [
            {"Column of the file": header, "is": column_words(column), "such as": " · ".join(samples)}
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
