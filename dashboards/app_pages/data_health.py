"""Data health: what was landed, how fresh it is, whether it ties to the files, and what was refused and why."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboards.components.formats import number, plural, size
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.plausibility import unlikely_figures
from dashboards.components.proof import proof_tab, unconfirmed
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.touching import touching
from dashboards.components.words import one
from dashboards.queries import data_health as health
from dashboards.queries.data_health import Former, Rejects
from pipelines.settings import load_settings

page = current_page()
header("Data health", "A row of an export is loaded or rejected with its line and reason; nothing disappears.")
totals = health.totals(page.warehouse)
checks = health.control_totals(page.warehouse)
proven = health.proof_totals(page.warehouse)
if not totals["rows_read"] and not checks["checks"]:
    drop_in("any")
    footnotes()
    st.stop()
tiles(
    page.warehouse,
    [
        Tile(
            "Files",
            number(page.publication["files"] or page.publication["entity_files"]),
            versus=f"from {plural(totals['sources'], 'source')}",
        ),
        Tile("Rows read", number(totals["rows_read"])),
        Tile(
            "Rows loaded",
            number(totals["rows_loaded"]),
            versus=f"{number(totals['rows_superseded'])} later replaced" if totals["rows_superseded"] else None,
            note="Of rows that came twice, the newest counts.",
        ),
        Tile("Rows rejected", number(totals["rows_rejected"])),
        Tile(
            "Rows gone",
            number(totals["rows_vanished"]),
            note="Rows that the newest full export of their system no longer holds: they count no longer.",
        ),
        Tile("Totals that differ", number(checks["different"]), versus=f"of {number(checks['checks'])} compared"),
        Tile(
            "Proven figures",
            number(proven["cells_equal"]),
            versus=f"of {number(proven['cells'])} agree" if proven["figures"] else None,
            note="From raw, by other means than the figures themselves: see the tab Proof.",
        ),
    ],
)
unconfirmed(proven)

touched = touching(page.warehouse)


def several(
    label: str, choices: dict[str, int], key: str, width: int = 260, group: str | None = None
) -> tuple[str, ...]:
    """A choice of several values, each with its rows; codes are said in the words of their group. None means all."""
    return tuple(
        st.multiselect(
            label,
            list(choices),
            format_func=lambda choice: f"{one(group, choice) if group else choice} ({choices[choice]:,})",
            key=key,
            placeholder="All",
            width=width,
        )
    )


def sources_tab() -> None:
    """Each source and entity, and what raw takes on disk."""
    about = "Rows read are rows loaded plus rows rejected, for each source and entity."
    gone = {"rows_vanished": Column("Gone", "count", "The newest full export no longer holds them.")}
    former = {"superseded_bytes": Column("Former", "bytes", "By the share of rows that count no longer.")}
    with section("Sources", about, key="sources"):
        table(
            health.sources(page.warehouse),
            {
                "source": Column("Source", pinned=True),
                "domain": Column("Domain"),
                "entity": Column("Entity"),
                "freshness_state": Column("Freshness"),
                "newest_event_at": Column("Newest event", "date"),
                "usual_pause_days": Column(
                    "Usually quiet, days",
                    "count",
                    "Between two of its days of events; late after that.",
                ),
                "loaded_at": Column("Landed", "date"),
                "files": Column("Files", "count"),
                "rows_read": Column("Read", "count"),
                "rows_loaded": Column("Loaded", "count"),
                "rows_rejected": Column("Rejected", "count"),
                "rows_superseded": Column("Replaced", "count", "A newer row of the same key counts instead."),
                **(gone if totals["rows_vanished"] else {}),
                "match_coverage": Column("Matched", "ratio", "The share that reaches one account."),
                "raw_bytes": Column("On disk", "bytes", optional=True),
                **(former if totals["superseded_bytes"] else {}),
            },
            "health_sources",
            height="content",
        )
        download("Download as CSV", "sources", lambda: health.sources(page.warehouse), "sources")
    if totals["raw_bytes"] is None:
        return
    with section("Disk", key="disk"):
        days = load_settings().keep_superseded_days
        st.markdown(
            f"The raw store takes **{size(totals['raw_bytes'])}**; **{size(totals['superseded_bytes'])}** of it are of "
            "rows that count no longer, by their share of the rows."
        )
        if days is None:
            st.caption(
                "They stay for ever: `keep_superseded_days` isn't set in `keybook.toml`. With it, a file of which no "
                "row counts any more is taken out so many days after it was landed; what was known before then "
                "can't be looked at any more."
            )
        else:
            st.caption(
                f"A file of which no row counts any more is taken out {plural(days, 'day')} after it was landed: "
                "`keep_superseded_days` in `keybook.toml`. What a publication counts is never touched."
            )


def rejected_tab() -> None:
    """The quarantine: why rows were rejected, the rows themselves, and what to do next."""
    choices = health.rejected_choices(page.warehouse)
    if not choices["reason"]:
        with section("Rejected rows", key="no-rejects"):
            nothing("No row was rejected.")
        return
    columns = {
        "file": Column("File", pinned=True),
        "part": Column("Sheet or member", optional=True),
        "line": Column("Line", "count", width="small"),
        "column_name": Column("Column"),
        "value": Column("Value"),
        "row_text": Column("The row as it stands in the file", width=480),
        "reason": Column("Reason", width="large", words="rejection"),
        "entity": Column("Entity", width="small"),
        "contract": Column("Contract", optional=True),
        "landed_at": Column("Landed", "time"),
    }
    with section("Why", "The most frequent reasons first.", key="reasons"):
        table(
            health.reasons(page.warehouse, MOST),
            {
                "reason": Column("Reason", width=560, words="rejection"),
                "column_name": Column("Column"),
                "rejected": Column("Rows", "count", width="small"),
                "files": Column("Files", "count", width="small"),
                "contract": Column("Contract", optional=True),
            },
            "reject_reasons",
            height="content" if len(choices["reason"]) < 8 else 320,
        )
    with section("What to do next", key="next"):
        named = ", ".join(f"`{contract}`" for contract in list(choices["contract"])[:4])
        st.markdown(
            "1. **The value is wrong in the system:** correct it there, export again and drop the file in. "
            "The new row counts; the rejected one stays here.\n"
            "2. **The value is right, and Keybook reads it wrongly:** mend the contract"
            + (f" ({named})" if named else "")
            + " in `pipelines/sources/`; `keybook detect FILE` shows how it reads each column.\n"
            "3. **It is a word of your own company's:** say what it means under `words` in a file of the contract's "
            "name in `contracts/` of the home, such as `words: {crm.deals.status: {Contract signed: won}}`.\n"
            "4. Run `keybook retry`: it reads the files again that a changed contract concerns, and says how many rows "
            "load now. Then `keybook refresh`."
        )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = Rejects(
            page.filters.sight,
            files=several("Files", choices["file"], "reject_files", 230),
            entities=several("Entities", choices["entity"], "reject_entities", 160),
            columns=several("Columns", choices["column_name"], "reject_columns", 170),
            reasons=several("Reasons", choices["reason"], "reject_reasons_chosen", 270, "rejection"),
            search=st.text_input("Search", key="reject_search", placeholder="Any text of the row", width=200).strip(),
        )
    found = health.rejected(page.warehouse, wanted, MOST)
    with section("Rows", "Each with the text of its file.", key="rejects"):
        table(found, columns, "rejected_rows")
        shown_of(found.num_rows, health.rejected_count(page.warehouse, wanted), "rejected rows")
        every = partial(health.rejected, page.warehouse, wanted, EVERY)
        download("Download as CSV", "rejected-rows", every, "rejects", columns)


def former_tab() -> None:
    """Versions of rows that count no longer, with what they said."""
    states = health.superseded_states(page.warehouse)
    about = "What was reported once and is known otherwise now: each version of a row with what it said."
    with section("Rows that count no longer", about, key="former"):
        if not states:
            nothing("Every row that was landed counts: none was changed, deleted or left out by a newer export.")
            return
        by_state: dict[str, int] = {}
        by_entity: dict[str, int] = {}
        for row in states:
            by_state[row["state"]] = by_state.get(row["state"], 0) + row["superseded"]
            by_entity[row["entity"]] = by_entity.get(row["entity"], 0) + row["superseded"]
        st.markdown(
            "\n".join(f"- **{count:,}**: {one('superseded_state', state)}" for state, count in by_state.items())
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            chosen = several("What became of them", by_state, "former_states", group="superseded_state")
            entities = several("Entities", by_entity, "former_entities")
            search = st.text_input("Search", key="former_search", placeholder="Key, text or file", width=260).strip()
        wanted = Former(page.filters.sight, chosen, entities, search)
        found = health.superseded(page.warehouse, wanted, MOST)
        table(
            found,
            {
                "row_key": Column("Row", pinned=True),
                "entity": Column("Entity", width="small"),
                "system": Column("System", width="small"),
                "state": Column("Became", words="superseded_state"),
                "content": Column("What it said", width="large"),
                "file": Column("File"),
                "part": Column("Sheet or member", optional=True),
                "line": Column("Line", "count", width="small"),
                "newer_file": Column("Newer file"),
                "newer_line": Column("Its line", "count", width="small"),
                "known_at": Column("Known since", "time"),
                "superseded_at": Column("Until", "time"),
            },
            "former_rows",
        )
        shown_of(found.num_rows, health.superseded_count(page.warehouse, wanted), "rows")
        download(
            "Download as CSV",
            "rows-that-count-no-longer",
            lambda: health.superseded(page.warehouse, wanted, EVERY),
            "former",
        )


def receivables_tab() -> None:
    """Billing rows that could not be posted, and balances that are not what their export says."""
    reasons = health.receivable_reasons(page.warehouse)
    about = (
        "Billing rows that could not be posted, and balances of exports that are not what their documents leave open."
    )
    with section("Findings in receivables", about, key="receivable-reasons"):
        if not reasons.num_rows:
            nothing("Every billing row is posted, and every balance that an export carries is ours.")
            return
        table(
            reasons,
            {
                "reason": Column("What is odd", width=480, words="receivable_finding"),
                "findings": Column("Rows", "count", width="small"),
                "currency": Column("Currency", width="small"),
                "amount": Column("Amount", "money"),
                "difference": Column("Difference", "money", "Of balances: the export's less ours.", optional=True),
            },
            "receivable_reasons",
            height="content",
        )
        st.markdown(
            "\n".join(
                f"- **{one('receivable_finding', reason)}.** *What to do:* {one('receivable_finding_step', reason)}."
                for reason in dict.fromkeys(row["reason"] for row in reasons.to_pylist())
            )
        )
    counted: dict[str, int] = {}
    for row in reasons.to_pylist():
        counted[row["reason"]] = counted.get(row["reason"], 0) + row["findings"]
    with section("By document", "A click on a row opens its account.", key="receivable-findings"):
        chosen = tuple(
            st.multiselect(
                "What is odd",
                list(counted),
                default=touched.among(counted),
                format_func=lambda reason: f"{one('receivable_finding', reason)} ({counted[reason]:,})",
                key="receivable_reason",
                placeholder="All",
                width=420,
            )
        )
        found = health.receivable_findings(page.warehouse, chosen, MOST)
        columns = {
            "row_id": Column("Document", pinned=True),
            "entity": Column("Entity", width="small"),
            "reason": Column("What is odd", width="large", words="receivable_finding"),
            "step": Column("What to do", width="large", words="receivable_finding_step"),
            "account_name": Column("Account"),
            "event_date": Column("Date", "date"),
            "currency": Column("Currency", width="small"),
            "amount": Column("Amount", "money", "Of a balance: the one that its export reports."),
            "our_amount": Column("Ours", "money", "What the document's events leave open.", optional=True),
            "difference": Column("Difference", "money", "The export's less ours.", optional=True),
            "_file": Column("File"),
            "_row": Column("Line", "count", width="small"),
        }
        open_account(table(found, columns, "receivable_findings", pick="account_id"))
        shown_of(found.num_rows, sum(counted[reason] for reason in chosen or counted), "findings")
        download(
            "Download as CSV",
            "receivable-findings",
            lambda: health.receivable_findings(page.warehouse, chosen, EVERY),
            "receivable_findings",
            columns,
        )


def control_tab() -> None:
    """Each file's totals against what became of it."""
    about = "What each file adds up to, against what became of it. A difference that isn't zero stops publishing."
    with section("Control totals", about, key="control"):
        data = health.control(page.warehouse, page.filters.sight, MOST)
        if data.num_rows:
            if checks["without_total"]:
                st.caption(f"For {number(checks['without_total'])} totals the file's own sum is not known.")
            table(
                data,
                {
                    "file": Column("File", pinned=True, width="medium"),
                    "entity": Column("Entity"),
                    "measure": Column("Measure"),
                    "currency": Column("Currency"),
                    "file_total": Column("In the file", "money"),
                    "loaded": Column("Loaded", "money"),
                    "rejected": Column("Rejected", "money"),
                    "superseded": Column("Replaced", "money"),
                    "difference": Column("Difference", "money"),
                },
                "control_totals",
                height=520 if data.num_rows > 13 else "content",
            )
            shown_of(data.num_rows, checks["checks"], "totals")
            download(
                "Download as CSV",
                "control-totals",
                lambda: health.control(page.warehouse, page.filters.sight, EVERY),
                "control",
            )
        else:
            nothing("No totals yet.")


def findings_tab() -> None:
    """What was odd about figures and files, and columns that changed."""
    unlikely_figures(page.warehouse, touched.page)
    with section(
        "Findings",
        "Files that were held, data that contradicts itself, ids in your own lists that nothing has.",
        key="findings",
    ):
        found = health.findings(page.warehouse, touched.page, MOST)
        if found.num_rows:
            columns = {
                "severity": Column("Severity"),
                "code": Column("What", width="large", words="finding"),
                "file": Column("File", width="medium"),
                "part": Column("Part"),
            }
            table(found, columns, "findings")
            every = partial(health.findings, page.warehouse, touched.page, EVERY)
            download("Download as CSV", "findings", every, "findings", columns)
        else:
            nothing("No findings.")
    with section("Columns that changed", "New, missing, renamed and re-typed columns of the exports.", key="schema"):
        events = health.schema_events(page.warehouse, MOST)
        if events.num_rows:
            table(
                events,
                {
                    "file": Column("File", width="medium"),
                    "contract": Column("Contract"),
                    "column_name": Column("Column"),
                    "event": Column("Event", words="schema_event"),
                    "action": Column("What Keybook did", width="large", words="schema_action"),
                },
                "schema_events",
            )
        else:
            nothing("Every file has the columns that its contract names.")
    about = "Exports keep no history of these: as of a past day too they are as the newest export has them."
    with section("Known as now", about, key="known_now"):
        table(
            health.known_now(page.warehouse),
            {
                "entity": Column("Entity"),
                "column_name": Column("Column"),
                "why": Column("Why", width="large", words="known_now"),
            },
            "known_now",
            height=320,
        )


def parameters_tab() -> None:
    """The norms, buckets and thresholds that figures rest on."""
    about = "To change one, write it into `lists/parameters.csv` of the home; `keybook lists` makes the file."
    with section("Parameters", about, key="parameters"):
        table(
            health.parameters(page.warehouse),
            {
                "parameter": Column("Parameter", pinned=True),
                "value": Column("Value", "number"),
                "default_value": Column("Default", "number"),
                "unit": Column("Unit", width="small"),
                "is_own": Column("Changed", "bool"),
                "meaning": Column("What it does", width="large"),
                "origin": Column("Where the value is from", width="medium"),
                "_file": Column("File", optional=True),
                "_row": Column("Line", "count", width="small", optional=True),
            },
            "parameters",
        )


TABS = {
    "Sources": sources_tab,
    "Rejected rows": rejected_tab,
    "Control totals": control_tab,
    "Proof": lambda: proof_tab(page.warehouse, page.filters.sight, proven),
    "Former rows": former_tab,
    "Receivables": receivables_tab,
    "Parameters": parameters_tab,
    "Findings and columns": findings_tab,
}
for tab, show in zip(st.tabs(list(TABS), default=touched.tab), TABS.values(), strict=True):
    with tab:
        show()
footnotes()
