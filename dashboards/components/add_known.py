"""A table that a contract knows, on the page Add data: what its columns are, and what of it nobody knows yet."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboards.components.add_shared import column_words, columns, entity_words, write
from dashboards.components.formats import plain, plural
from pipelines.adding import Known, Looked, meanings, teach
from pipelines.settings import Settings
from pipelines.waiting_files import Waiting

SKIP = "– not yet –"
UNKNOWN = "**What do these words mean?** Their rows are rejected until that is said."
ASSUMED = "**Which currency is this?** Until that is said, its rows are read in the default currency."


def known_of(settings: Settings, file: Waiting, known: Known, looked: Looked) -> None:
    """What it is, its mapping with three values a column, the words to be told and the order of its dates."""
    part = f" › {plain(known.part)}" if known.part else ""
    st.markdown(
        f":material/check: **{plain(known.title)}**{part} → {plain(', '.join(map(entity_words, known.entities)))}"
    )
    with columns(len(known.mapped), len(known.unmapped), known.mapped, f"mapping-{file.name}-{known.part}"):
        if known.unmapped:
            st.caption(f"Kept, but not used: {plain(', '.join(known.unmapped))}.")
    if looked.orders and looked.orders[0] == known.contract:
        _order(settings, file, known.contract, looked.orders[1])
    words = [word for word in looked.words if word[0] == known.contract]
    if words:
        _words(settings, file, known.contract, words, UNKNOWN)
    assumed = [key for key in looked.assumed if key[0] == known.contract]
    if assumed:
        _words(settings, file, known.contract, assumed, ASSUMED)


def _order(settings: Settings, file: Waiting, contract: str, orders: list[str]) -> None:
    chosen = st.radio(
        "Its dates read in two orders. Which is it?", orders, index=None, key=f"order-{file.name}", horizontal=True
    )
    if chosen and st.button("That is the order", key=f"order-said-{file.name}"):
        write(partial(teach, settings, contract, {}, chosen))


def _words(
    settings: Settings, file: Waiting, contract: str, words: list[tuple[str, str, str, int]], question: str
) -> None:
    st.markdown(question)
    meant: dict[str, dict[str, str]] = {}
    for _, column, word, rows in words[:20]:
        answer = st.selectbox(
            f"{plain(word)} ({plain(column_words(column.rpartition('.')[2]))}, {plural(rows, 'row')})",
            [SKIP, *meanings(column)],
            key=f"word-{file.name}-{column}-{word}",
        )
        if answer != SKIP:
            meant.setdefault(column, {})[word] = answer
    if st.button("That is what they mean", key=f"words-said-{file.name}-{contract}-{words[0][2]}", disabled=not meant):
        write(partial(teach, settings, contract, meant))
