"""A person's decision on a proposal: written into the list account_links of the home, and taken out again."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards.components.formats import plain
from dashboards.components.words import one
from pipelines.lists import ListError, add_line, lists, remove_line, rows_of

LIST = "account_links"
# What a decision is about; the other columns of the list are for people.
ABOUT = ("system", "kind", "native_id", "decision", "account_id")
WHEN = "It counts from the next refresh on."


def _row(line: str) -> dict[str, str]:
    """A row of the list, as the warehouse writes its line."""
    return dict(zip(lists()[LIST].columns, next(csv.reader([line])), strict=True))


def _tell(kind: str, text: str) -> None:
    st.session_state["decision_said"] = (kind, text)


def _decide(folder: Path, line: str, said: str) -> None:
    written = _row(line) | {
        "reason": st.session_state.get("decision_reason", "").strip(),
        "decided_by": st.session_state.get("decision_by", "").strip(),
        "decided_on": date.today().isoformat(),
    }
    try:
        added = add_line(folder, LIST, written, same=ABOUT)
    except (ListError, OSError) as error:
        _tell("error", f"Nothing was written: {plain(str(error))}.")
        return
    if added is None:
        _tell("info", f"{said}: somebody has decided so already. {WHEN}")
        return
    st.session_state.setdefault("decisions_made", []).append((added, said))
    _tell("success", f"{said}. {WHEN}")


def _undo(folder: Path) -> None:
    line, said = st.session_state["decisions_made"].pop()
    try:
        gone = remove_line(folder, LIST, line)
    except (ListError, OSError) as error:
        st.session_state["decisions_made"].append((line, said))
        _tell("error", f"Nothing was taken back: {plain(str(error))}.")
        return
    _tell("info", f"Taken back: {said}." if gone else f"The line is no longer in the list: {said}.")


def waiting(folder: Path, row: dict[str, Any]) -> str | None:
    """What the list says of a proposal already, though the publication does not know it; None when nothing."""
    there = [tuple(known.get(column, "").strip() for column in ABOUT) for known in rows_of(folder, LIST)]
    for line, said in ((row["seed_line"], "linked"), (row["never_link_line"], "kept_apart")):
        wanted = _row(line)
        if tuple(wanted[column] for column in ABOUT) in there:
            return one("match_decision", said)
    return None


def buttons(folder: Path, row: dict[str, Any], record: str, account: str) -> None:
    """The two decisions on a proposal, what was done last, and its undo."""
    of = {"record": plain(record), "account": plain(account)}
    decided = waiting(folder, row)
    if decided:
        st.markdown(f":material/schedule: Decided: {decided}. {WHEN}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("Reason", key="decision_reason", width=260)
        st.text_input("Decided by", key="decision_by", width=180)
        st.button(
            one("match_button", "link"),
            key="decide_link",
            type="primary",
            icon=":material/link:",
            disabled=decided is not None,
            on_click=_decide,
            args=(folder, row["seed_line"], one("match_decision", "link", of)),
        )
        st.button(
            one("match_button", "keep_apart"),
            key="decide_never_link",
            icon=":material/link_off:",
            disabled=decided is not None,
            on_click=_decide,
            args=(folder, row["never_link_line"], one("match_decision", "keep_apart", of)),
        )
        if made := st.session_state.get("decisions_made"):
            st.button(
                one("match_button", "undo"),
                key="decision_undo",
                icon=":material/undo:",
                help=f"Takes the last decision of this session back: {made[-1][1]}.",
                on_click=_undo,
                args=(folder,),
            )
    if said := st.session_state.pop("decision_said", None):
        {"success": st.success, "info": st.info, "error": st.error}[said[0]](said[1])
