"""The page Add data: uploads, the files that wait for a word, and the refresh.

What is read, written and decided is `pipelines/adding.py`'s; here it is shown, and a person's clicks are handed on.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import streamlit as st

from dashboards.components.add_draft import draft_of
from dashboards.components.add_known import known_of
from dashboards.components.add_shared import costs
from dashboards.components.add_waiting import list_lines_to_correct, waiting_file
from dashboards.components.formats import plain, plural
from dashboards.components.page import TOLD
from dashboards.components.words import one
from pipelines.adding import AddingError, Looked, Run, base_is_told, look, not_known, start, take_in, tell_base
from pipelines.settings import Settings, load_settings
from pipelines.waiting_files import Waiting, waiting

TYPES = [
    "csv",
    "tsv",
    "txt",
    "xlsx",
    "xls",
    "xml",
    "ods",
    "json",
    "jsonl",
    "ndjson",
    "parquet",
    "htm",
    "html",
    "zip",
    "gz",
    "zst",
]
STATES = {
    "new": ":blue[new]",
    "changed": ":blue[to be read again]",
    "held": ":orange[held]",
    "filtered": ":orange[may be filtered]",
    "rejected": ":orange[rows rejected]",
    "assumed": ":blue[currency assumed]",
}
SHOWN = 20
MOST_CURRENCIES = 4
RUN, SAVED = "adding_run", "adding_saved"


def add_data() -> None:
    """The page, also of a home that has published nothing."""
    settings = load_settings()
    st.title("Add data", anchor=False)
    st.markdown(
        ":gray[Drop the exports of your CRM, your billing system or your call tracker, as the system wrote them. "
        "Nothing leaves this machine.]"
    )
    if _is_running(settings):
        return
    _drop(settings)
    _ended(settings)
    files = waiting(settings)
    if not files:
        st.caption("No file waits for a word: drop one, or open the Overview.")
    for file in files[:SHOWN]:
        _file(settings, file)
    if len(files) > SHOWN:
        st.caption(f"… and {len(files) - SHOWN} more; they are shown as these are done.")
    list_lines_to_correct(settings)
    _refresh(settings, files)
    st.caption("A dash – means not known.")


def _drop(settings: Settings) -> None:
    with st.container(border=True, key="card-drop"):
        st.markdown("#### 1. Drop files")
        uploads = st.file_uploader(
            "Exports",
            label_visibility="collapsed",
            type=TYPES,
            accept_multiple_files=True,
            key=f"adding_files_{st.session_state.get('adding_turn', 0)}",
        )
        with st.popover("Two systems of one vendor?", type="tertiary"):
            system = st.text_input(
                "Which system are they from?",
                key="adding_system",
                help="Files of one system share their ids. Without a name it is the vendor's.",
                max_chars=40,
            )
            st.caption("Name it before you drop its files, where two companies' systems are of one vendor.")
        if uploads:
            told: list[tuple[str, str]] = []
            taken: list[str] = []
            for upload in uploads:
                try:
                    taken.append(plain(take_in(settings, upload.name, upload, system).name))
                except (AddingError, OSError) as error:
                    told.append(("error", f"{plain(upload.name[:80])} was not taken: {plain(error)}."))
            if taken:
                told.insert(0, ("success", f"In the landing folder: {', '.join(taken)}."))
            st.session_state[SAVED] = told
            # The uploader starts empty: what it held is in the landing folder.
            st.session_state["adding_turn"] = st.session_state.get("adding_turn", 0) + 1
            st.rerun()
        for kind, text in st.session_state.pop(SAVED, []):
            {"success": st.success, "error": st.error}[kind](text)


def _file(settings: Settings, file: Waiting) -> None:
    with st.container(border=True, key=f"card-file-{file.name}"):
        st.markdown(f"#### :material/description: {plain(file.name)} · {STATES[file.state]}")
        with st.spinner("Reading …"):
            looked = _looked(settings, file)
        if looked is None:
            return
        for known in looked.known:
            known_of(settings, file, known, looked)
        if looked.known or not looked.unknown:
            _trial(looked)
            costs(looked.costs, f"costs-{file.name}")
            waiting_file(settings, file, looked, TYPES)
        for part in looked.unknown:
            draft_of(settings, file, part)


def _looked(settings: Settings, file: Waiting) -> Looked | None:
    """What a file is, read once as long as neither it nor a contract changes."""
    contracts = sorted((path.name, path.stat().st_mtime_ns) for path in settings.contracts_dir.glob("*.yml"))
    try:
        stamp = (str(file.path), file.path.stat().st_mtime_ns, tuple(contracts), file.state)
        memory: dict[str, tuple[Any, Looked]] = st.session_state.setdefault("adding_looked", {})
        if file.name not in memory or memory[file.name][0] != stamp:
            memory[file.name] = stamp, look(settings, file.path)
    except (AddingError, OSError) as error:
        st.error(plain(error))
        return None
    return memory[file.name][1]


def _trial(looked: Looked) -> None:
    """What landing it gives."""
    if looked.rows_loaded or looked.rows_rejected:
        rejected = f", {plural(looked.rows_rejected, 'row')} rejected" if looked.rows_rejected else ", none rejected"
        st.markdown(f"**{plural(looked.rows_loaded, 'row')} would be loaded**{rejected}.")


def _base(settings: Settings, files: list[Waiting]) -> None:
    """Which currency totals are in, where the files' money is mostly in another."""
    counts: Counter[str] = Counter()
    seen: dict[str, tuple[Any, Looked]] = st.session_state.get("adding_looked", {})
    for file in files:
        if file.name in seen:
            counts.update(seen[file.name][1].currencies)
    ranked = [code for code, _ in counts.most_common()]
    if not files or not ranked or ranked[0] == settings.base_currency or base_is_told(settings):
        return
    money = ", ".join(f"{code} ({plural(rows, 'row')})" for code, rows in counts.most_common())
    chosen = st.radio(
        f"Totals are in {settings.base_currency}, and your files' money is in {money}. "
        "Which currency are your totals in?",
        list(dict.fromkeys([*ranked[:MOST_CURRENCIES], settings.base_currency])),
        index=None,
        key="adding_base",
        horizontal=True,
    )
    st.caption("Money in another currency counts by its exchange rate; without one it is told apart, in no total.")
    if chosen:
        try:
            tell_base(settings, chosen)
        except (AddingError, OSError) as error:
            st.error(plain(error))
            return
        st.rerun()


def _refresh(settings: Settings, files: list[Waiting]) -> None:
    with st.container(border=True, key="card-refresh"):
        st.markdown("#### 2. Refresh")
        _base(settings, files)
        fresh = sum(file.state in ("new", "changed") for file in files)
        if fresh:
            said = f"{plural(fresh, 'file')} to be read. What still asks is held, and the rest is published."
        elif files:
            said = "There is nothing new to be read; what you said above counts from the next refresh on."
        else:
            said = "There is nothing new to be read."
        st.caption(said)
        if st.button(
            "Refresh now",
            key="adding_refresh",
            type="primary",
            icon=":material/sync:",
        ):
            st.session_state[RUN] = start(settings)
            st.rerun()


@st.fragment(run_every=2)
def _follow(settings: Settings, run: Run) -> None:
    """The refresh while it runs."""
    if run.code is not None:
        st.rerun()
    # Without `with`, which would say that it is done.
    status = st.status("Refreshing: files are landed, figures built and checked …", state="running", expanded=True)
    status.code("\n".join(run.lines()) or "Starting …", language=None)


def _is_running(settings: Settings) -> bool:
    """Shows a refresh that is under way, and nothing beside it: files are read by then."""
    run: Run | None = st.session_state.get(RUN)
    if run is None or run.code is not None:
        return False
    _follow(settings, run)
    st.caption("You land on the Overview once it is published.")
    return True


def _ended(settings: Settings) -> None:
    """What came of a refresh."""
    run: Run | None = st.session_state.get(RUN)
    if run is None:
        return
    if run.has_published:
        told = ["Published: these are your own numbers."]
        if lacking := not_known(settings):
            named = "; ".join(one("domain_lacking", domain) for domain in lacking)
            told.append(f"Not known yet: {named}. Drop such an export on the page Add data to know it.")
        if run.has_rejects:
            told.append("Some rows were rejected: the page Add data says which, why and what helps.")
        st.session_state.pop(RUN)
        st.session_state[TOLD] = {"overview": " ".join(told)}
        st.switch_page("app_pages/overview.py")
    st.error("Nothing was published; what was published before stands.")
    with st.expander("What the refresh said", expanded=True):
        st.code("\n".join(run.lines(200)), language=None)
