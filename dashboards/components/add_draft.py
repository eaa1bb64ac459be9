"""A table that no contract knows, on the page Add data: a first contract, its questions, and what it would publish."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from dashboards.components.add_shared import column_words, columns, costs, entity_words, write
from dashboards.components.formats import plain, plural
from dashboards.components.words import language, one
from pipelines.adding import ANSWERS, AddingError, Draft, Question, drafted, use
from pipelines.settings import Settings
from pipelines.waiting_files import Waiting

NOT_SAID = ""
# So many answers are shown at once; more are a list.
FEW = 4
EXPORTS = {"partial": "What is missing from a newer file stays", "full": "A newer file holds all that there is"}
SYSTEM_HELP = "Files of one system share their ids: the invoices and the payments of one program."
EXPORT_HELP = "If the next file of this kind lacks a row: is it only not in that view, or is it gone from the system?"
CURRENCY_HELP = "Three letters, such as EUR: for rows that name none."


def draft_of(settings: Settings, file: Waiting, part: str) -> None:
    """The draft as the answers of this session make it; it is made anew with every answer."""
    place = f"{file.name}-{part}"
    given: dict[str, str] = st.session_state.setdefault(f"answers-{place}", {})
    for name in [*given]:
        # What a widget says counts; one that is no longer drawn keeps what it said.
        said = st.session_state.get(f"answer-{place}-{name}", given[name])
        given[name] = said if isinstance(said, str) and said else given[name]
    memory: dict[Any, Draft] = st.session_state.setdefault("adding_drafts", {})
    stamp = (place, file.path.stat().st_mtime_ns, tuple(sorted(given.items())))
    try:
        if stamp not in memory:
            memory[stamp] = drafted(settings, file.path, part, given)
    except AddingError as error:
        st.warning(plain(error), icon=":material/help:")
        return
    made = memory[stamp]
    titled = f" › {plain(part)}" if part else ""
    like = f"**{plain(entity_words(made.entity_id))}**"
    st.markdown(
        f":material/help: **No export that Keybook knows**{titled}. It looks like {like}: look below whether it is."
    )
    _questions(made, place, given)
    _shown(made)
    _columns(made, place, given)
    costs([cost.said(language()) for cost in made.costs], f"costs-{place}")
    _beside(made, place, given)
    ready = not made.open
    label = "Use this" if ready else f"{plural(len(made.open), 'question')} to be answered first"
    if st.button(label, key=f"use-{place}", type="primary", disabled=not ready):
        write(partial(use, settings, made))
    with st.expander("The contract as a file"):
        st.code(made.text, language="yaml")


def _answer(given: dict[str, str], place: str, name: str) -> None:
    """Takes what a widget says into the answers."""
    said = st.session_state[f"answer-{place}-{name}"]
    if said:
        given[name] = said
    else:
        given.pop(name, None)


def _said(choice: str) -> str:
    """An answer in words; one that is the file's own text as it is."""
    return one("draft_answer", ANSWERS[choice]) if choice in ANSWERS else choice or "–"


def _ask(label: str, options: list[str], place: str, name: str, given: dict[str, str], shown: str = "") -> None:
    key = f"answer-{place}-{name}"
    now = given.get(name, shown)
    if len(options) <= FEW:
        st.radio(
            label,
            options,
            index=options.index(now) if now in options else None,
            key=key,
            horizontal=True,
            format_func=_said,
            on_change=_answer,
            args=(given, place, name),
        )
        return
    choices = [NOT_SAID, *options]
    st.selectbox(
        label,
        choices,
        index=choices.index(now) if now in choices else 0,
        key=key,
        format_func=_said,
        on_change=_answer,
        args=(given, place, name),
    )


def _ask_several(label: str, options: list[str], place: str, name: str, given: dict[str, str]) -> None:
    """A question that takes several of the file's words, or none of them."""
    key = f"answer-{place}-{name}"

    def taken() -> None:
        chosen = [word for word in st.session_state[key] or [] if word != "none"]
        given.pop(name, None)
        if st.session_state[key]:
            given[name] = "\n".join(chosen) or "none"

    st.pills(
        label, options, selection_mode="multi", default=given.get(name, "").split("\n") if name in given else None,
        key=key, format_func=_said, on_change=taken,
    )  # fmt: skip


def _questions(made: Draft, place: str, given: dict[str, str]) -> None:
    # What was answered stays, to be seen and answered otherwise.
    asked: dict[str, Question] = st.session_state.setdefault(f"asked-{place}", {})
    now = {question.id: question for question in made.questions}
    asked |= now
    for question in [each for name, each in asked.items() if name in now or name in given]:
        label = plain(one("draft_question", question.code, question.facts))
        if question.code == "apart":
            _ask_several(label, list(question.options), place, question.id, given)
        elif question.options:
            _ask(label, list(question.options), place, question.id, given)
        else:
            key = f"answer-{place}-{question.id}"
            st.text_input(label, key=key, max_chars=3, on_change=_answer, args=(given, place, question.id))


def _shown(made: Draft) -> None:
    st.markdown("**What it would publish**")
    st.markdown("\n".join(f"- {plain(line)}" for line in made.preview.lines()))


def _columns(made: Draft, place: str, given: dict[str, str]) -> None:
    every = [*made.mapped, *made.unmapped]
    headers = list(dict.fromkeys(header for mapped in every for header in mapped.headers))
    rows = [(" + ".join(mapped.headers), mapped.column, mapped.samples) for mapped in every]
    with columns(len(made.mapped), len(made.unmapped), rows, f"drafted-{place}"):
        st.caption("Is one of them another? Choose the column of ours, then the file's.")
        column = st.selectbox(
            "Ours",
            [NOT_SAID, *made.columns],
            key=f"ours-{place}",
            format_func=lambda name: column_words(name) or "–",
        )
        if column:
            _ask(f"{plain(column_words(column)).capitalize()} is", ["none", *headers], place, f"column.{column}", given)


def _beside(made: Draft, place: str, given: dict[str, str]) -> None:
    asked = {question.id for question in made.questions}
    with st.container(horizontal=True, gap="small"):
        for name, label, length, told in (
            ("system", "System", 40, SYSTEM_HELP),
            ("currency", "Currency, if it says none", 3, CURRENCY_HELP),
        ):
            if name not in asked:
                key = f"answer-{place}-{name}"
                st.text_input(label, value=given.get(name, ""), key=key, max_chars=length, width=220, help=told,
                              on_change=_answer, args=(given, place, name))  # fmt: skip
        st.selectbox(
            "Full or filtered",
            list(EXPORTS),
            help=EXPORT_HELP,
            key=f"answer-{place}-export",
            format_func=EXPORTS.__getitem__,
            width=330,
            on_change=_answer,
            args=(given, place, "export"),
        )
