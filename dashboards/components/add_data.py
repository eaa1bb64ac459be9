"""The page Add data: uploads, the files that wait for a word, and the refresh.

What is read, written and decided is `pipelines/adding.py`'s; here it is shown, and a person's clicks are handed on.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from dashboards.components.add_draft import draft_of
from dashboards.components.add_known import known_of
from dashboards.components.add_shared import write
from dashboards.components.formats import plain, plural
from dashboards.components.words import one
from pipelines.adding import AddingError, Looked, Run, Waiting, accept, look, not_known, start, take_in, waiting
from pipelines.settings import Settings, load_settings

TYPES = ["csv", "tsv", "txt", "xlsx", "xls", "ods", "json", "jsonl", "ndjson", "parquet", "zip", "gz"]
STATES = {
    "new": ":blue[new]",
    "changed": ":blue[to be read again]",
    "held": ":orange[held]",
    "rejected": ":orange[rows rejected]",
}
SHOWN = 20
RUN, SAVED = "adding_run", "adding_saved"


def add_data() -> None:
    """The page, also of a home that has published nothing."""
    settings = load_settings()
    st.title("Add data", anchor=False)
    st.markdown(
        ":gray[Drop the exports of your CRM, your billing system or your call tracker, as the system wrote them. "
        "Nothing leaves this machine.]"
    )
    _drop(settings)
    _running(settings)
    files = waiting(settings)
    if not files:
        st.caption("No file waits for a word: drop one, or open the Overview.")
    for file in files[:SHOWN]:
        _file(settings, file)
    if len(files) > SHOWN:
        st.caption(f"… and {len(files) - SHOWN} more; they are shown as these are done.")
    _refresh(settings, files)
    st.caption("A dash – means not known.")


def _drop(settings: Settings) -> None:
    with st.container(border=True, key="card-drop"):
        st.markdown("#### 1. Drop files")
        system = st.text_input(
            "Which system are they from?",
            key="adding_system",
            placeholder="only where there are two of one vendor, such as those of two companies",
            help="Files of one system share their ids. Without a name it is the vendor's.",
            max_chars=40,
        )
        uploads = st.file_uploader(
            "Exports",
            type=TYPES,
            accept_multiple_files=True,
            key=f"adding_files_{st.session_state.get('adding_turn', 0)}",
        )
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
            _trial(settings, file, looked)
        for part in looked.unknown:
            draft_of(settings, file, part)


def _looked(settings: Settings, file: Waiting) -> Looked | None:
    """What a file is, read once as long as neither it nor a contract changes."""
    contracts = sorted((path.name, path.stat().st_mtime_ns) for path in settings.contracts_dir.glob("*.yml"))
    try:
        stamp = (str(file.path), file.path.stat().st_mtime_ns, tuple(contracts), file.state)
        memory: dict[Any, Looked] = st.session_state.setdefault("adding_looked", {})
        if stamp not in memory:
            memory[stamp] = look(settings, file.path)
    except (AddingError, OSError) as error:
        st.error(plain(error))
        return None
    return memory[stamp]


def _trial(settings: Settings, file: Waiting, looked: Looked) -> None:
    """What landing it gives, and what a person may say of that."""
    if looked.rows_loaded or looked.rows_rejected:
        rejected = f", {plural(looked.rows_rejected, 'row')} rejected" if looked.rows_rejected else ", none rejected"
        st.markdown(f"**{plural(looked.rows_loaded, 'row')} would be loaded**{rejected}.")
    for _, said in looked.held:
        st.warning(plain(said), icon=":material/pan_tool:")
    for said in file.held:
        if said not in {text for _, text in looked.held}:
            st.warning(plain(said), icon=":material/pan_tool:")
    for said in looked.rejected:
        st.caption(f":material/rule: {plain(said)}")
    if file.state == "held" and not looked.held:
        st.caption("Is it what it looks like: a full export of that system, which lacks what is gone?")
        if st.button("Yes, it is what it looks like", key=f"accept-{file.name}"):
            write(partial(accept, settings, file.path))
    for contract in looked.choices:
        if st.button(f"It is {contract}", key=f"accept-{file.name}-{contract}"):
            write(partial(accept, settings, file.path, contract))


def _refresh(settings: Settings, files: list[Waiting]) -> None:
    with st.container(border=True, key="card-refresh"):
        st.markdown("#### 2. Refresh")
        run: Run | None = st.session_state.get(RUN)
        fresh = sum(file.state in ("new", "changed") for file in files)
        st.caption(
            f"{plural(fresh, 'file')} to be read. What still asks is held, and the rest is published."
            if fresh
            else "There is nothing new to be read; what you said above counts from the next refresh on."
        )
        if st.button(
            "Refresh now",
            key="adding_refresh",
            type="primary",
            icon=":material/sync:",
            disabled=run is not None and run.code is None,
        ):
            st.session_state[RUN] = start(settings)
            st.rerun()


@st.fragment(run_every=2)
def _follow(run: Run) -> None:
    """The refresh while it runs."""
    if run.code is not None:
        st.rerun()
    with st.status("Refreshing: files are landed, figures built and checked …", state="running", expanded=True):
        st.code("\n".join(run.lines()) or "Starting …", language=None)


def _running(settings: Settings) -> None:
    run: Run | None = st.session_state.get(RUN)
    if run is None:
        return
    if run.code is None:
        _follow(run)
        return
    if run.has_published:
        st.success("Published: the Overview shows your own numbers.", icon=":material/check_circle:")
        st.page_link("app_pages/overview.py", label="Open the Overview", icon=":material/dashboard:")
        if lacking := not_known(settings):
            named = "; ".join(one("domain_lacking", domain) for domain in lacking)
            st.info(f"Not known yet: {named}. Drop such an export to know it.", icon=":material/help:")
    else:
        st.error("Nothing was published; what was published before stands.")
    with st.expander("What the refresh said", expanded=not run.has_published):
        st.code("\n".join(run.lines(200)), language=None)
