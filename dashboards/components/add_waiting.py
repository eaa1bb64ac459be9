"""A file that was landed and still waits for a person, on the page Add data: held, filtered, or with rejected rows."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboards.components.add_shared import entity_words, write
from dashboards.components.formats import plain, plural
from pipelines.adding import MOST_REJECTED, AddingError, Looked
from pipelines.settings import Settings
from pipelines.waiting_files import Waiting, accept, correct, correct_line, rejected_lines, would_be_gone

# So many rejected rows are said in sentences.
FEW = 3


def waiting_file(settings: Settings, file: Waiting, looked: Looked, types: list[str]) -> None:
    """Why it waits, and what a person can do about it here."""
    said = dict.fromkeys([*(text for _, text in looked.held), *(text for _, text in file.held)])
    for text in said:
        st.warning(plain(text), icon=":material/pan_tool:")
    if file.state == "held" and file.is_settled_by_a_word:
        st.caption("Is it what it looks like: of that system, and all of it to be taken as it is?")
        if st.button("Yes, take it as it is", key=f"accept-{file.name}"):
            write(partial(accept, settings, file.path))
    for contract in looked.choices:
        if st.button(f"It is {contract}", key=f"accept-{file.name}-{contract}"):
            write(partial(accept, settings, file.path, contract))
    if file.state == "filtered":
        _filtered(settings, file)
    if looked.rejected:
        _rejected(file, looked)
    if looked.rejected or file.held:
        _corrected(settings, file, types)


def _filtered(settings: Settings, file: Waiting) -> None:
    """What a full export lacks, and the word that it is whole."""
    lacks = f"{file.gone:,} of the {file.before:,} rows"
    st.warning(
        f"Read as all that the system has, it lacks {lacks} of {plain(entity_words(file.entity))} that were there "
        "before. They stay, because it may be a filtered view.",
        icon=":material/filter_alt:",
    )
    gone = would_be_gone(settings, file)
    with st.expander(f"{plural(file.gone, 'row')} that would be gone", expanded=file.gone <= 10):
        st.dataframe(gone, hide_index=True, key=f"gone-{file.name}")
        if file.gone > len(gone):
            st.caption(f"The first {len(gone)} of {file.gone:,}.")
    if st.button(f"It holds all: take {plural(file.gone, 'row')} away", key=f"whole-{file.name}"):
        write(partial(accept, settings, file.path))
    st.caption("If it is filtered, nothing needs doing: its own rows count, and the next whole export settles it.")


def _rejected(file: Waiting, looked: Looked) -> None:
    """Each rejected row with its place and what helps: a few as sentences, many as a table."""
    with st.expander(f"{plural(looked.rows_rejected, 'row')} rejected: where, why and what helps", expanded=True):
        for row in looked.rejected[:FEW]:
            place = " · ".join(filter(None, [row.part, f"line {row.line}" if row.line else "", row.column]))
            value = f" says “{plain(row.value[:80])}”" if row.value else ""
            st.markdown(f"- **{plain(place)}**{value}: {plain(row.why)}.  \n  :material/build: {plain(row.remedy)}")
        if len(looked.rejected) > FEW:
            st.dataframe(
                [
                    {
                        "Line": row.line,
                        "Column": row.column,
                        "It says": row.value,
                        "Why": row.why,
                        "What helps": row.remedy,
                        "Sheet": row.part,
                        "File": file.name,
                    }
                    for row in looked.rejected
                ],
                hide_index=True,
                column_config={"Line": st.column_config.NumberColumn(width=60, format="%d")},
                key=f"rejected-{file.name}",
            )
        if looked.rows_rejected > MOST_REJECTED:
            st.caption(f"The first {MOST_REJECTED} of {looked.rows_rejected:,}.")


def _corrected(settings: Settings, file: Waiting, types: list[str]) -> None:
    """A corrected file instead of this one."""
    with st.popover("Give a corrected file", icon=":material/upload_file:"):
        st.caption(f"It counts instead of {plain(file.name)}, which stays in the landing folder and is read no more.")
        turn = st.session_state.get("adding_turn", 0)
        upload = st.file_uploader("Corrected file", type=types, key=f"corrected-{file.name}-{turn}")
    if upload is None:
        return
    try:
        taken = correct(settings, file, upload.name, upload)
    except (AddingError, OSError) as error:
        st.error(plain(error))
        return
    st.session_state["adding_turn"] = turn + 1
    st.session_state["adding_saved"] = [("success", f"{plain(taken.name)} counts instead of {plain(file.name)}.")]
    st.rerun()


def list_lines_to_correct(settings: Settings) -> None:
    """The lines of the home's lists that could not be read, to be corrected where they stand."""
    lines = rejected_lines(settings)
    if not lines:
        return
    with st.container(border=True, key="card-lists"):
        st.markdown("#### :material/list_alt: Lines of your lists that could not be read")
        for found in lines:
            row = found.rejected
            column = f" · {plain(row.column)}" if row.column else ""
            st.markdown(f"**lists/{plain(found.path.name)} · line {row.line}**{column}: {plain(row.why)}.")
            text = st.text_input("The line", value=found.text, key=f"line-{found.path.name}-{row.line}")
            if st.button("Write this line", key=f"write-{found.path.name}-{row.line}", disabled=text == found.text):
                write(partial(correct_line, found, text))
