"""Collections: whom to contact next and why, promises, what reminders bring, missing documents, reconciliation."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components import collection_columns as columns
from dashboards.components.calls_and_payment import calls_and_payment
from dashboards.components.formats import money, number, percent, plain, plural, words
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, open_account, section
from dashboards.components.response_chart import responses
from dashboards.components.tables import EVERY, MOST, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import one, said
from dashboards.queries import collections
from dashboards.queries.base import ALL, rows

FIRST = 3
STATES = {"open": "open", "kept": "kept", "partly": "kept in part", "broken": "broken", "cancelled": "cancelled"}
ACT_STATES = {
    "gap": "closings differ",
    "no_act": "no act",
    "sent": "not signed",
    "agreed": "agreed",
    "signed": "signed, a closing is not known",
}

page = current_page()
base = page.base_currency
totals = collections.worklist_totals(page.warehouse, page.filters)
promised = collections.promise_totals(page.warehouse, page.filters)
paper = collections.document_totals(page.warehouse, page.filters)
covered = rows(collections.coverage(page.warehouse, page.filters))


def in_words(data: Any, column: str, known: dict[str, str]) -> Any:
    """The table with a column's fixed names in words."""
    texts = [None if value is None else known.get(value, words(value)) for value in data.column(column).to_pylist()]
    return data.set_column(data.column_names.index(column), column, [texts])


def card(row: dict[str, Any]) -> None:
    """One of the first accounts of the list: what to do, why, and whom to reach how."""
    with st.container(border=True, key=f"card-next-{row['rank']}", height="stretch"):
        st.markdown(f"##### {row['rank']}. {plain(row['account_name'])}")
        action = " ".join(said("collection_action", row["suggested_action"], row))
        st.markdown(f"**{plain(action)}**")
        reasons = said("collection_reason", row["reason"], row)
        st.markdown("\n".join(f"- {plain(reason)}" for reason in reasons))
        person = ", ".join(plain(part) for part in (row["contact_name"], row["contact_title"]) if part)
        reach = " · ".join(plain(part) for part in (row["contact_phone"], row["contact_email"]) if part)
        usual = f"usually by {plain(words(row['usual_channel']))}" if row["usual_channel"] else ""
        st.markdown(f":material/person: {person or 'No contact on record'}" + (f", {usual}" if usual else ""))
        if reach:
            st.markdown(f":material/call: {reach}")
        if st.button("Open account", key=f"next_{row['rank']}", icon=":material/open_in_new:", type="tertiary"):
            open_account(row["account_id"])


def worklist_tab() -> None:
    """The first accounts as cards, the list, and disputes apart."""
    found = collections.worklist(page.warehouse, page.filters, MOST)
    firsts = rows(found.slice(0, FIRST))
    if firsts:
        with st.grid(len(firsts), min_column_width=260, gap="small"):
            for row in firsts:
                card(row)
    about = f"{plural(totals['accounts'] or 0, 'account')}, {money(totals['collectible_amount'], base)} to ask for."
    if totals["missing_rate_count"]:
        about += f" {number(totals['missing_rate_count'])} overdue items have no exchange rate and are not in the sums."
    with section("Whom to contact next", about + " Click a row to open the account.", key="worklist"):
        if not found.num_rows:
            nothing("Nobody owes anything overdue that could be asked for.")
        else:
            picked = table(
                in_words(found, "last_promise_state", STATES),
                columns.worklist(base),
                "worklist",
                pick="account_id",
                height=460 if found.num_rows > 11 else "content",
            )
            shown_of(found.num_rows, totals["debts"] or 0, "accounts")
            download(
                "Download as CSV",
                "collection-worklist",
                lambda: collections.worklist(page.warehouse, page.filters, EVERY),
                "worklist",
                columns.worklist(base),
            )
            open_account(picked)
    disputed = collections.disputes(page.warehouse, page.filters, MOST)
    if disputed.num_rows:
        with section(
            "Disputes to settle",
            f"{money(totals['disputed_amount'], base)} overdue is disputed: no reason to chase, but to settle (R36).",
            key="disputes",
        ):
            picked = table(
                disputed,
                columns.disputes(base),
                "disputes",
                pick="account_id",
                height="content",
            )
            open_account(picked)


def promises_tab() -> None:
    """What became of promises, by month and one by one."""
    left, right = st.columns([3, 2], gap="small")
    with left, section("What became of promises", "By the month of the promised day (R22).", key="promises-months"):
        by_month = rows(collections.promises_by_month(page.warehouse, page.filters))
        if by_month:
            charts.bars(
                by_month,
                {"kept": "Kept", "partly": "In part", "broken": "Broken", "open": "Open"},
                ["teal", "sand", "orange", "grey"],
                "Promises",
                key="promises_months",
                alt_text="Promises kept, kept in part, broken and open by month",
            )
        else:
            nothing("No promises in this period.")
    with right, section("Broken value", "Promised less received by the day, by currency (R23).", key="promises-value"):
        broken = rows(collections.broken_by_currency(page.warehouse, page.filters))
        if not broken:
            nothing("No promise of this period was broken.")
        for row in broken:
            st.metric(
                plain(row["currency"]),
                money(row["broken_value"], row["currency"]),
                delta=plural(row["promises"], "promise"),
                delta_color="off",
                delta_arrow="off",
            )
        if promised["unknown"]:
            st.caption(
                f"{plural(promised['unknown'], 'promise')} can't be judged: the invoice stands in no export, "
                "or nobody knows the amount."
            )
    picked_states = tuple(
        st.pills("State", list(STATES), selection_mode="multi", key="promise_states", format_func=STATES.__getitem__)
    )
    data = collections.promises(page.warehouse, page.filters, picked_states, MOST)
    with section("Promises", "Open ones first, then the newest. Click a row to open the account.", key="promises"):
        if not data.num_rows:
            nothing("No promise matches.")
            return
        picked = table(
            in_words(data, "state", STATES),
            columns.PROMISES,
            "promises",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "promises",
            lambda: collections.promises(page.warehouse, page.filters, picked_states, EVERY),
            "promises",
        )
        open_account(picked)


def reminders_tab() -> None:
    """What reminders bring beside untouched invoices of the same age and size."""
    data = collections.dunning(page.warehouse)
    every = rows(data)
    windows = sorted({row["window_days"] for row in every})
    with section(
        "What reminders bring",
        "Share of the open amount that was paid within the window after a step, beside invoices of the same age and "
        "size that got no reminder then (R26). Of the whole company. A comparison, no experiment: few untouched "
        "invoices say little.",
        key="reminders",
    ):
        if not every:
            nothing("No reminders in the exports.")
            return
        window = st.segmented_control(
            "Window",
            windows,
            default=windows[:2][-1],
            key="window",
            format_func=lambda days: f"{days} days",
            required=True,
        )
        shown = [row for row in every if row["window_days"] == window and row["rate"] is not None]
        if shown:
            responses(
                shown, key="responses", alt_text="Share paid after each step of dunning and of untouched invoices"
            )
        else:
            nothing("No step has had so many days since.")
        table(
            data,
            columns.dunning(base),
            "dunning",
            height="content",
        )
        download("Download as CSV", "dunning-effect", lambda: data, "dunning")


def documents_tab() -> None:
    """Won deals whose documents are not all there."""
    if paper["are_invoices_linked"] is False:
        st.caption("No invoice in the exports names its deal, so nobody knows what is invoiced of one.")
    counts = rows(collections.documents_missing(page.warehouse, page.filters))
    with section(
        "What is missing", f"Of {plural(paper['due'] or 0, 'won deal')} that are due, by document (R35).", key="missing"
    ):
        if counts:
            charts.ranked(
                [{**row, "missing": one("missing_document", row["missing"])} for row in counts],
                "missing",
                "deals",
                "Deals",
                key="missing",
                colour="orange",
                alt_text="Deals that lack a document, by document",
            )
        else:
            nothing("Every won deal that is due has its documents.")
    names = [str(row["missing"]) for row in counts]
    picked_name = (
        st.pills("Missing", names, key="missing_document", format_func=lambda code: one("missing_document", code))
        if names
        else None
    )
    data = collections.documents(page.warehouse, page.filters, picked_name or "", MOST)
    with section("Deals without all documents", "The oldest first. Click a row to open the account.", key="documents"):
        if not data.num_rows:
            nothing("No deal matches.")
            return
        picked = table(
            data,
            columns.DOCUMENTS,
            "documents",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "deal-documents",
            lambda: collections.documents(page.warehouse, page.filters, picked_name or "", EVERY),
            "documents",
            columns.DOCUMENTS,
        )
        open_account(picked)


def reconciliation_tab() -> None:
    """Coverage by month, and the acts that are missing, not signed or don't agree."""
    with section(
        "Coverage",
        "Accounts that signed an act of reconciliation in the month, of the active ones (R32); months that are over.",
        key="coverage",
    ):
        if any(row["coverage"] is not None for row in over):
            charts.lines(
                over,
                {"coverage": "Signed"},
                ["teal"],
                "Share of active accounts",
                key="coverage",
                fmt=".1%",
                axis_format=".0%",
                alt_text="Share of active accounts that signed an act of reconciliation, by month",
            )
        else:
            nothing("No account was active in this period.")
    picked_states = tuple(
        st.pills(
            "State",
            list(ACT_STATES),
            selection_mode="multi",
            default=["gap"],
            key="act_states",
            format_func=ACT_STATES.__getitem__,
        )
    )
    data = collections.acts(page.warehouse, page.filters, picked_states or tuple(ACT_STATES), MOST)
    with section(
        "Acts by month",
        "The month whose end an act states; the newest first. The gap is our closing less the client's.",
        key="acts",
    ):
        if not data.num_rows:
            nothing("No act matches.")
            return
        picked = table(
            in_words(data, "state", ACT_STATES),
            columns.ACTS,
            "acts",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "reconciliation",
            lambda: collections.acts(page.warehouse, page.filters, picked_states or tuple(ACT_STATES), EVERY),
            "acts",
        )
        open_account(picked)


header("Collections", "Whom to contact next, why and with what; and whether promises, documents and balances hold.")
if not any((totals["debts"], promised["promises"], paper["deals"], covered)):
    drop_in("billing")
    footnotes()
    st.stop()
# A month that is not over has only begun to collect signatures: the last whole one is told.
over = [row for row in covered if row["is_over"]]
whole = over[-1] if over else {}
tiles(
    page.warehouse,
    [
        Tile(
            "To contact",
            number(totals["accounts"]),
            note="Accounts with something overdue that is not disputed.",
        ),
        Tile(
            "To ask for",
            money(totals["collectible_amount"], base),
            metric=("rpt_collection_worklist", "collectible_amount", "R4"),
            note="Overdue and not disputed, in every currency that the accounts owe in.",
        ),
        Tile("Disputed", money(totals["disputed_amount"], base), note="R36: overdue and disputed."),
        Tile(
            "Promises kept",
            percent(promised["kept_ratio"], 0),
            versus=f"of {number(promised['due'])} due; {number(promised['open'])} open",
            metric=("rpt_promises", "state", "R22"),
        ),
        Tile(
            "Deals complete",
            percent(paper["complete_ratio"], 0),
            versus=f"of {number(paper['known'])} due",
            metric=("rpt_documents", "is_complete", "R35"),
        ),
        Tile(
            f"Reconciled in {whole.get('month', 'the month')}",
            percent(whole.get("coverage"), 0),
            versus=f"{number(whole.get('covered'))} of {number(whole.get('active'))} active" if whole else None,
            series=[row["coverage"] for row in over],
            metric=("rpt_reconciliation", "is_covered", "R32"),
        ),
    ],
)
if page.filters.currency != ALL:
    st.caption(
        f"The worklist shows accounts that owe overdue {plain(page.filters.currency)}, with all that they owe; "
        "promises, documents and acts are those in that currency."
    )
tabs = {
    "Worklist": worklist_tab,
    "Promises": promises_tab,
    "Reminders": reminders_tab,
    "Calls": lambda: calls_and_payment(page),
    "Documents": documents_tab,
    "Reconciliation": reconciliation_tab,
}
for tab, show in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
    with tab:
        show()
footnotes()
