"""Statements: what moved an account in a period, what it owes at its end, and both as a document to send."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import cast

import pyarrow as pa
import streamlit as st

from dashboards.components.formats import BUCKET_WORDS, money, plain, words
from dashboards.components.page import current_page, drop_in, footnotes, header, nothing, section
from dashboards.components.tables import MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import statements
from pipelines.reports.statements.making import FORMATS, MIME, file_name, make
from pipelines.reports.statements.reading import BUCKETS, KINDS, Asked, Statement, StatementError
from pipelines.words import languages

KIND_WORDS = {"activity": "Statement of account", "outstanding": "Open items", "act": "Reconciliation act"}

page = current_page()


def remember() -> None:
    """Puts the account into the address, by its id, so that a statement can be linked to."""
    st.query_params["account"] = st.session_state["statement_account"]


def choose(last: date) -> Asked | None:
    """Whose statement, in which currency, of which days."""
    accounts = statements.offered(page.warehouse, page.filters)
    if not accounts:
        nothing("No account that the filters leave has movements. Take a filter away.")
        return None
    asked_for = st.query_params.get("account")
    if asked_for in accounts:
        st.session_state["statement_account"] = asked_for
    elif asked_for:
        st.info("The address names an account that has no movements here, or that the filters leave out.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        account = st.selectbox(
            "Account",
            list(accounts),
            key="statement_account",
            format_func=lambda value: f"{accounts[value]['account_name'] or value}",
            help="Type to search. Accounts with at least one invoice or payment.",
            on_change=remember,
            persist_state="session",
            width=340,
        )
        if account is None:
            return None
        # A key an account, so that the choice is never a currency that the account doesn't have.
        currency = st.selectbox(
            "Currency", accounts[account]["currencies"], key=f"statement_currency_{account}", width=120
        )
        first_day = st.date_input(
            "From", value=last.replace(day=1), max_value=last, key="statement_from", format="YYYY-MM-DD", width=150
        )
        last_day = st.date_input("To", value=last, max_value=last, key="statement_to", format="YYYY-MM-DD", width=150)
    return Asked(account, cast(str, currency), first_day, last_day)


def documents(found: Statement) -> None:
    """The buttons that save it as a document."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        kind = st.selectbox(
            "Document", KINDS, key="statement_kind", format_func=lambda value: KIND_WORDS[value], width=240
        )
        language = st.selectbox(
            "Language",
            list(languages()),
            key="statement_language",
            format_func=lambda code: languages()[code].name,
            width=150,
        )
        for shape in FORMATS:
            st.download_button(
                shape.upper(),
                data=partial(make, found, kind, language, shape),
                file_name=file_name(found, kind, language, shape),
                mime=MIME[shape],
                key=f"statement_{shape}",
                icon=":material/download:",
                on_click="ignore",
            )
    if not found.company:
        st.caption("Your company's name is not set: put `company_name` into `keybook.toml` to have it on documents.")


def figures(found: Statement) -> None:
    """Opening, turnovers and closing."""
    code, totals = found.asked.currency, found.totals
    amounts = {
        "Brought forward": (totals.opening, f"at the beginning of {found.asked.from_on}"),
        "Debits": (totals.debits, "invoices and what adds to the debt"),
        "Credits": (totals.credits, "payments, credit notes and what lowers it"),
        "Closing": (totals.closing, f"at the end of {found.asked.to_on}"),
    }
    metric = ("rpt_statement_lines", "running_balance", "R31")
    tiles(
        page.warehouse,
        [Tile(label, money(amount, code, 2), versus=note, metric=metric) for label, (amount, note) in amounts.items()],
        least_width=210,
    )


def movements(asked: Asked) -> None:
    """The lines with their running balance."""
    with section(
        "Movements",
        f"Debits add to what the account owes, credits lower it; in {plain(asked.currency)}.",
        key="statement-lines",
    ):
        data = statements.lines(page.warehouse, asked)
        shown = data.slice(0, MOST)
        shown = shown.set_column(
            shown.column_names.index("kind"), "kind", [[words(kind) for kind in shown.column("kind").to_pylist()]]
        )
        table(
            shown,
            {
                "occurred_on": Column("Date", "date"),
                "kind": Column("What"),
                "document": Column("Document", width="medium"),
                "due_on": Column("Due", "date", optional=True),
                "debit": Column("Debit", "money"),
                "credit": Column("Credit", "money"),
                "running_balance": Column("Balance", "money", "R31: the last one is the closing balance."),
                "allocation": Column("Known by", help="explicit, or inferred from a settled date or a balance."),
                "is_dated": Column("Day known", "bool", "If not, it had come by the date; a balance alone tells it."),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            },
            "statement_lines",
            height=560 if shown.num_rows > 14 else "content",
        )
        shown_of(shown.num_rows, data.num_rows, "lines")
        if data.num_rows < 2:
            st.caption("Nothing moved in this period.")
        name = file_name_of_lines(asked)
        download("Download as CSV", name, lambda: statements.lines(page.warehouse, asked), "statement_lines")


def file_name_of_lines(asked: Asked) -> str:
    """What the CSV is called."""
    kept = "".join(sign if sign.isalnum() else "_" for sign in f"{asked.account_id}-{asked.currency}")
    return f"statement-{kept}-{asked.from_on}_{asked.to_on}"


def ageing(found: Statement) -> None:
    """What is open at the period's end by age, and what is taken off it."""
    parts = found.ageing
    with section(
        f"Open at the end of {found.asked.to_on}, in {plain(found.asked.currency)}",
        "By days overdue on that day (R5). Open less overpaid less not yet applied is the closing balance.",
        key="statement-ageing",
    ):
        amounts = dict(zip(BUCKETS, parts.buckets, strict=True)) | {
            name: getattr(parts, name) for name in ("open_amount", "credit_amount", "unapplied_amount", "net_amount")
        }
        columns = {name: Column(BUCKET_WORDS[name], "money") for name in BUCKETS} | {
            "open_amount": Column("Open", "money", "R1: the buckets add up to it."),
            "credit_amount": Column("Less overpaid", "money", "Over-applied and negative invoices."),
            "unapplied_amount": Column("Less not applied", "money", "R2: paid, not yet set against an invoice."),
            "net_amount": Column("Balance", "money", "R3: the closing balance."),
        }
        table(pa.table({name: [amount] for name, amount in amounts.items()}), columns, "statement_ageing")


def statement_page(last: date) -> None:
    """One account's statement."""
    with section("Whose, and of which days", key="statement-choice"):
        asked = choose(last)
        if asked is None:
            return
        try:
            found = statements.statement(page.warehouse, asked)
        except StatementError as error:
            st.warning(plain(f"{error}."))
            return
        documents(found)
    figures(found)
    movements(asked)
    ageing(found)


header("Statements", "What moved an account, what it owes, and both as a document that you can send.")
day = statements.last_day(page.warehouse)
if day is None:
    drop_in("billing")
else:
    statement_page(day)
footnotes()
