"""Matches: how much of the money and of the minutes reached an account, what did not, and what a person may decide."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.components.formats import money, number, percent, plain, plural
from dashboards.components.match_decisions import buttons
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import one, said
from dashboards.queries import matches

MEASURES = {
    "open_receivables": "Open receivables",
    "revenue_12m": "Revenue, 12 m",
    "open_pipeline": "Open pipeline",
    "won_deals": "Won deals, 12 m",
    "call_minutes": "Minutes of talk",
    "conversations": "Conversations",
}
# What the tables below hold as codes.
WORDED = {
    "why_not": Column("Why not linked", width="large", words="why_not_linked"),
    "evidence": Column("Evidence", width="large", words="match_evidence"),
    "rule": Column("Rule", words="identity_rule"),
    "kind": Column("Kind", width=130, words="match_kind"),
}
LIST = "lists/account_links.csv"

page = current_page()
base = page.base_currency
header("Matches", "One account out of several systems: how much reached one, by which rule, and what did not.")
covered = matches.coverage(page.warehouse)
if not covered:
    drop_in("any")
    footnotes()
    st.stop()


def amount(row: dict[str, Any], column: str) -> str:
    """A measure's amount in its own unit."""
    if row["unit"] == "money":
        return money(row[column], base)
    return number(row[column]) + (" min" if row["unit"] == "minutes" and row[column] is not None else "")


def rest(row: dict[str, Any]) -> str:
    """What the share leaves out, or, where a part is not known, all that is."""
    known = f"Known: {amount(row, 'matched')} matched," if row["matched_share"] is None else "Of the rest"
    return f"{known} {amount(row, 'ambiguous')} is ambiguous, {amount(row, 'unmatched')} unmatched."


tiles(
    page.warehouse,
    [
        Tile(
            MEASURES[row["measure"]],
            percent(row["matched_share"]),
            versus=f"of {amount(row, 'total')}",
            metric=("rpt_match_coverage", "matched_share", "N17"),
            note=rest(row),
        )
        for row in covered
        if row["source"] == "ALL"
    ],
    least_width=135,
)


def unmatched(kind: str, most: int) -> pa.Table:
    """Records without an account; those that no export gives a name say what they are."""
    found = matches.unmatched(page.warehouse, kind, most)
    names = [
        row["name"] or (None if row["kind"] == "phone" else one("unmatched_name", row["kind"]))
        for row in found.to_pylist()
    ]
    return found.set_column(found.column_names.index("name"), "name", pa.array(names, pa.string()))


def unmatched_tab() -> None:
    """The biggest records that reached no account with a CRM record."""
    counts = matches.unmatched_counts(page.warehouse)
    about = "Records that reached no account with a CRM record, the most money first, then the most minutes (N17)."
    with section("Biggest unmatched", about + " A click on a row opens the nearest account.", key="unmatched"):
        if not counts:
            nothing("Everything reached an account that has a record in the CRM.")
            return
        kind = st.segmented_control(
            "Kind",
            ["", *counts],
            default="",
            format_func=lambda chosen: f"{one('match_kind', chosen)} ({counts[chosen]:,})" if chosen else "All",
            key="unmatched_kind",
        )
        found = unmatched(kind or "", MOST)
        picked = table(
            found,
            {
                "rank": Column("#", "count", width=50),
                "name": Column("Name", width=170),
                "shown_id": Column("Record", width=110),
                "kind": WORDED["kind"],
                "open_amount": Column(f"Open, {base}", "money"),
                "revenue_12m": Column("Revenue 12 m", "money"),
                "deal_amount": Column("Deals", "money", "The open pipeline and the deals won in 12 months."),
                "call_minutes": Column("Minutes", "real"),
                "conversations": Column("Calls", "count"),
                "nearest_account_name": Column("Nearest account", width=150, optional=True),
                "nearest_score": Column("How likely", "ratio", optional=True),
                "why_not": WORDED["why_not"],
                "source": Column("Source"),
            },
            "unmatched",
            pick="nearest_account_id",
        )
        shown_of(found.num_rows, sum(counts.values()) if not kind else counts[kind], "records")
        download(
            "Download as CSV",
            "unmatched",
            lambda: unmatched(kind or "", EVERY),
            "unmatched",
            WORDED,
        )
        open_account(picked)


def proposals_tab() -> None:
    """What a person may decide, by a button or by the line to paste."""
    found = matches.proposals(page.warehouse, MOST)
    about = (
        "Pairs that are alike, but not surely one company. A click on a row shows what may be decided; a line in "
        f"`{LIST}` of the home wins over every rule from the next refresh on."
    )
    with section("Proposals", about, key="proposals"):
        if not found.num_rows:
            nothing("Nothing is in doubt: no record is like an account that it was not put on.")
            return
        numbered = found.append_column("line_number", [list(range(found.num_rows))])
        picked = table(
            numbered,
            {
                "name": Column("Record's name"),
                "account_name": Column("May be account"),
                "score": Column("How likely", "ratio"),
                "evidence": WORDED["evidence"],
                "why_not": WORDED["why_not"],
                "open_amount": Column(f"Open, {base}", "money"),
                "revenue_12m": Column("Revenue 12 m", "money"),
                "call_minutes": Column("Minutes", "real"),
                "kind": WORDED["kind"],
                "shown_id": Column("Record"),
                "system": Column("System", width="small"),
                "seed_line": Column("Line that links", width="medium"),
            },
            "proposals",
            pick="line_number",
            height="content" if found.num_rows < 9 else 330,
        )
        if picked is not None:
            st.session_state["proposal"] = picked
        place = st.session_state.get("proposal", 0)
        row = found.slice(place if place < found.num_rows else 0, 1).to_pylist()[0]
        speaks = "; ".join(said("match_evidence", row["evidence"], row))
        record, account = row["name"] or row["shown_id"], row["account_name"] or row["account_id"]
        st.markdown(f"**{plain(record)}** may be **{plain(account)}**: {plain(speaks)}.")
        buttons(page.lists, row, record, account)
        with st.expander("The lines, for whoever keeps the list by hand"):
            st.caption("The first puts it there, the second keeps the two apart for good.")
            st.code(row["seed_line"], language=None)
            st.code(row["never_link_line"], language=None)
        shown_of(found.num_rows, matches.proposals_count(page.warehouse), "proposals")
        download("Download as CSV", "proposals", lambda: matches.proposals(page.warehouse, EVERY), "proposals", WORDED)


def links_tab() -> None:
    """How many records each rule linked, and the links themselves."""
    by_rule = matches.rules(page.warehouse)
    with section("By rule", "How the records of each system came to their accounts.", key="rules"):
        if not by_rule.num_rows:
            nothing("No record was landed.")
            return
        table(
            by_rule,
            {
                "kind": WORDED["kind"],
                "rule": WORDED["rule"],
                "records": Column("Records", "count"),
                "with_crm_record": Column("On an account with a CRM record", "count"),
                "least_score": Column("Least score", "ratio"),
            },
            "match_rules",
            height="content",
        )
    about = "What was linked and why, the least sure first; CRM accounts that are simply themselves are left out."
    with section("Links", about, key="links"):
        titles = {row["rule"]: one("identity_rule", row["rule"]) for row in by_rule.to_pylist()}
        titles.pop("crm_account", None)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            rule = st.selectbox(
                "Rule",
                ["", *sorted(titles, key=titles.__getitem__)],
                format_func=lambda code: titles.get(code, "All"),
                key="link_rule",
                width=260,
            )
            search = st.text_input("Search", key="link_search", placeholder="Name, id or evidence", width=260).strip()
        found = matches.links(page.warehouse, rule, search, MOST)
        picked = table(
            found,
            {
                "name": Column("Record's name", pinned=True),
                "account_name": Column("Account"),
                "rule": WORDED["rule"],
                "score": Column("Score", "ratio"),
                "evidence": WORDED["evidence"],
                "kind": WORDED["kind"],
                "system": Column("System", width="small"),
                "native_id": Column("Id"),
                "_file": Column("File"),
                "_row": Column("Line", "count", width="small"),
            },
            "links",
            pick="account_id",
        )
        download(
            "Download as CSV", "links", lambda: matches.links(page.warehouse, rule, search, EVERY), "links", WORDED
        )
        open_account(picked)


def decisions_tab() -> None:
    """What people decided and what became of it."""
    found = matches.decisions(page.warehouse)
    with section(
        "Decisions", f"The rows of `{LIST}` that were published, those that change nothing first.", key="decisions"
    ):
        if not found.num_rows:
            nothing("Nobody has decided anything yet: every link is a rule's.")
            return
        table(
            found,
            {
                "kind": WORDED["kind"],
                "native_id": Column("Record"),
                "system": Column("System", width="small"),
                "decision": Column("Decision", width="small"),
                "given_account_id": Column("Account"),
                "account_name": Column("Its name"),
                "state": Column("What became of it", width="large", words="link_state"),
                "reason": Column("Reason", optional=True),
                "decided_by": Column("By", optional=True),
                "decided_on": Column("On", optional=True),
                "_file": Column("File"),
                "_row": Column("Line", "count", width="small"),
            },
            "decisions",
            height="content" if found.num_rows < 15 else 400,
        )


def sources_tab() -> None:
    """The coverage of each source."""
    about = "Matched, ambiguous and unmatched add up to the total; money in the base currency."
    with section("By source", about, key="coverage"):
        shown = [
            {
                "Measure": MEASURES[row["measure"]],
                "Source": "All" if row["source"] == "ALL" else row["source"],
                "Matched": percent(row["matched_share"]),
                **{name.capitalize(): amount(row, name) for name in ("total", "ambiguous", "unmatched")},
            }
            for row in covered
        ]
        st.dataframe(shown, hide_index=True, key="coverage_table", height="content")
        if lacking := sum(row["missing_rate_count"] for row in covered if row["source"] == "ALL"):
            st.caption(f"{plural(lacking, 'amount')} have no exchange rate and are left out.")
        unsaid = [
            f"{MEASURES[row['measure']]}: {number(row['missing_amount_count'])}"
            for row in covered
            if row["source"] == "ALL" and row["missing_amount_count"]
        ]
        if unsaid:
            st.caption(f"Records without an amount or a length are left out: {'; '.join(unsaid)}.")


tabs = {
    "Biggest unmatched": unmatched_tab,
    "Proposals": proposals_tab,
    "Links": links_tab,
    "Sources": sources_tab,
    "Decisions": decisions_tab,
}
for shown, draw in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
    with shown:
        draw()
footnotes()
