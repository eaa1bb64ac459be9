"""Receivables: how old the debt is, whose it is, how fast it is paid, and what moved it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.components import charts, money_charts, receivable_risk
from dashboards.components.formats import BUCKET_WORDS, against, days, money, number, percent, points, signed, words
from dashboards.components.page import (
    are_days_unknown,
    current_page,
    drop_in,
    footnotes,
    header,
    nothing,
    open_account,
    say_open_alone,
    section,
    whole_company,
)
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import in_place
from dashboards.queries import receivables
from dashboards.queries.base import ALL, rows

page = current_page()
chosen = page.filters.currency
code = page.base_currency if chosen == ALL else chosen
kpis = rows(receivables.kpis(page.warehouse, page.filters))
by_currency = rows(receivables.ageing_by_currency(page.warehouse, page.filters))
whole = "all currencies" if chosen == ALL else "invoices"
single = receivables.one_currency(by_currency, chosen, page.base_currency)


def kpi_tile(label: str, column: str, metric_id: str, good: Any, kind: str) -> Tile:
    """A metric at the as-of date, against the month before."""
    now = kpis[-1] if kpis else {}
    change = None if undated else now.get(f"{column}_change")
    texts = {
        "money": (money(now.get(column), code), signed(change)),
        "days": (days(now.get(column)), signed(change, 1)),
        "ratio": (percent(now.get(column)), points(change)),
    }
    value, delta = texts[kind]
    return Tile(
        label,
        value,
        delta,
        None if change is None else against(now["before"]),
        good,
        [] if undated else [row[column] for row in kpis],
        ("rpt_receivable_kpis", column, metric_id),
        whole_company(),
    )


def ageing_tab() -> None:
    """Buckets at the as-of date by currency, over time, and by account."""
    left, right = st.columns([2, 3], gap="small")
    with (
        left,
        section("At the as-of date", f"Open by days overdue, {whole} in {code or 'base currency'}.", key="ageing-now"),
    ):
        if chosen == ALL:
            parts = rows(receivables.ageing_base(page.warehouse, page.filters))
            amounts = {row["aging_bucket"]: row["amount"] for row in parts}
            unknown = sum(row["missing_rate_count"] for row in parts)
        else:
            amounts, unknown = by_currency[0] if by_currency else {}, 0
        if amounts:
            money_charts.ageing_columns(
                amounts, code or "", key="ageing_now", alt_text="Open receivables by days overdue"
            )
        else:
            nothing("Nothing is owed.")
        if unknown:
            st.caption(f"{number(unknown)} open invoices have no exchange rate and are not in these columns.")
    with right, section("Month by month", f"Open at each month end, of invoices in {single}.", key="ageing-history"):
        history = rows(receivables.ageing_history(page.warehouse, page.filters, single or ""))
        if undated:
            nothing("What was open at earlier month ends is not known.")
        elif history:
            money_charts.ageing_history(
                history, single or "", key="ageing_history", alt_text="Open by age at month ends"
            )
        else:
            nothing("No month of this period has open receivables.")
    buckets = {bucket: Column(label, "money") for bucket, label in BUCKET_WORDS.items()}
    rest = {
        "open_amount": Column("Open", "money", "R1: the buckets add up to it."),
        "overdue_amount": Column("Overdue", "money", "R4"),
        "credit_amount": Column("Credit", "money", "Over-applied and negative invoices, shown positive."),
        "unapplied_amount": Column("Unapplied", "money", "R2: paid, not yet set against an invoice."),
        "net_amount": Column("Net", "money", "R3: open less credit and unapplied."),
    }
    with section("By currency", "Each on its own: currencies are never added.", key="ageing-currency"):
        if len(by_currency) > 1:
            parts = [{"label": row["currency"], **row} for row in by_currency]
            money_charts.ageing_bar(
                parts, key="ageing_mix", alt_text="What each currency's receivables are made of, by age"
            )
        table(
            receivables.ageing_by_currency(page.warehouse, page.filters),
            {"currency": Column("Currency", pinned=True), "accounts": Column("Accounts", "count"), **buckets, **rest},
            "ageing_currency",
            height="content",
        )
    about = f"Days since due and since issue, of invoices in {single}; the list `aging_edges` sets the edges."
    with section("By your own edges", about, key="ageing-own"):
        own = rows(receivables.own_ageing(page.warehouse, page.filters, single or ""))
        if own:
            money_charts.own_ageing(own, single or "", key="ageing_own", alt_text="Open by days, by your own edges")
        else:
            nothing("Nothing is owed in this currency.")
    with section("By account", "Most overdue first. Click a row to open the account.", key="ageing-account"):
        data = receivables.ageing_by_account(page.warehouse, page.filters, MOST)
        columns = {"currency": Column("Currency"), "account_name": Column("Account", width="medium")}
        picked = table(data, columns | buckets | rest, "ageing_accounts", pick="account_id")
        shown_of(data.num_rows, sum(row["accounts"] for row in by_currency), "accounts and currencies")
        download(
            "Download as CSV",
            "ageing",
            lambda: receivables.ageing_by_account(page.warehouse, page.filters, EVERY),
            "ageing",
        )
        open_account(picked)


def invoices_tab() -> None:
    """Every open invoice and instalment, with its file and line."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        search = st.text_input("Search", key="invoice_search", placeholder="Invoice or account", width=280).strip()
        buckets = tuple(
            st.pills("Age", list(BUCKET_WORDS), selection_mode="multi", key="invoice_buckets", format_func=words)
        )
    total = receivables.open_invoices_total(page.warehouse, page.filters, buckets, search)
    found = receivables.open_invoices(page.warehouse, page.filters, buckets, search, MOST)
    about = f"{number(total['invoices'])} open, {money(total['open_amount_base'], page.base_currency, 2)}"
    about += f"; {number(total['disputed'])} disputed" if total["disputed"] else ""
    if total["missing_rate_count"]:
        about += f"; {number(total['missing_rate_count'])} without an exchange rate are not in the sum"
    with section("Open invoices", about + ". Oldest first; click a row to open the account.", key="invoices"):
        if not found.num_rows:
            nothing("No open invoice matches.")
            return
        in_words = found.set_column(
            found.column_names.index("aging_bucket"),
            "aging_bucket",
            [[words(value) for value in found.column("aging_bucket").to_pylist()]],
        )
        picked = table(
            in_words,
            {
                "days_overdue": Column("Days overdue", "count"),
                "invoice_number": Column("Invoice", words="placeholder"),
                "instalment_number": Column("Instalment"),
                "account_name": Column("Account", width="medium"),
                "due_on": Column("Due", "date"),
                "aging_bucket": Column("Age"),
                "currency": Column("Currency"),
                "open_amount": Column("Open", "money", "In the invoice's currency."),
                "open_amount_base": Column(f"Open, {page.base_currency or 'base'}", "money"),
                "gross_amount": Column("Gross", "money"),
                "issued_on": Column("Issued", "date"),
                "is_disputed": Column("Disputed", "bool"),
                "dunning_level": Column("Reminders", "count", "R25"),
                "late_interest": Column("Late interest", "money", "R27"),
                "allocation": Column("Allocation"),
                "_file": Column("File", help="The export that it came from."),
                "_row": Column("Line", "count", "The line in that file."),
            },
            "open_invoices",
            pick="account_id",
            height=520 if found.num_rows > 13 else "content",
        )
        shown_of(found.num_rows, total["invoices"], "open invoices")
        download(
            "Download as CSV",
            "open-invoices",
            lambda: in_place(
                receivables.open_invoices(page.warehouse, page.filters, buckets, search, EVERY), "invoice_number"
            ),
            "invoices",
        )
        open_account(picked)


def trends_tab() -> None:
    """DSO, the overdue ratio, how customers pay, and the table of every metric."""
    note = whole_company()
    left, right = st.columns(2, gap="small")
    with (
        left,
        section("Days sales outstanding", note or "Countback (R8), simple (R7) and best possible (R9).", key="dso"),
    ):
        if any(row["dso_simple"] is not None or row["dso_countback"] is not None for row in kpis):
            charts.lines(
                kpis,
                {"dso_countback": "Countback", "dso_simple": "Simple", "best_possible_dso": "Best possible"},
                ["blue", "violet", "teal"],
                "Days",
                key="dso",
                alt_text="Days sales outstanding by month",
                axis_format=",.0f",
            )
        else:
            nothing("Not enough sales to compute it.")
    with right, section("Overdue ratio", note or "Overdue of open, at each month end (R6).", key="overdue"):
        if any(row["overdue_ratio"] is not None for row in kpis):
            charts.lines(
                kpis,
                {"overdue_ratio": "Overdue", "disputed_share": "Disputed"},
                ["orange", "violet"],
                "Share of open",
                key="overdue_ratio",
                fmt=".1%",
                axis_format=".0%",
                alt_text="Overdue and disputed share by month",
            )
        else:
            nothing("Nothing was open.")
    left, right = st.columns(2, gap="small")
    no_payments = "No payments in this period."
    if any(row["undated_payment_count"] for row in kpis):
        no_payments = "Exports tell of payments by balances alone: on which day they came is not known."
    with left, section("How customers pay", note or "Days from invoice to cash (R13), days late (R12).", key="paying"):
        if any(row["average_payment_days"] is not None for row in kpis):
            charts.lines(
                kpis,
                {"average_payment_days": "To cash", "average_days_delinquent": "Late"},
                ["blue", "orange"],
                "Days",
                key="paying",
                alt_text="Payment days and days late by month",
                axis_format=",.0f",
            )
        else:
            nothing(no_payments)
    with (
        right,
        section("Paid on time", note or "Of the amount that was paid, what came by its due date (R14).", key="ontime"),
    ):
        if any(row["on_time_ratio_amount"] is not None for row in kpis):
            charts.lines(
                kpis,
                {"on_time_ratio_amount": "By amount", "on_time_ratio_count": "By count"},
                ["teal", "grey"],
                "Share on time",
                key="ontime",
                fmt=".1%",
                axis_format=".0%",
                alt_text="Share paid on time by month",
            )
        else:
            nothing(no_payments)
    with section("Every metric by month", f"In {code or 'base currency'}.", key="kpis"):
        data = receivables.kpis(page.warehouse, page.filters)
        table(
            data,
            {
                "month": Column("Month", pinned=True),
                "sales": Column("Sales", "money"),
                "collected": Column("Collected", "money", "R17"),
                "open_amount": Column("Open", "money", "R1"),
                "overdue_amount": Column("Overdue", "money", "R4"),
                "overdue_ratio": Column("Overdue ratio", "ratio", "R6"),
                "dso_simple": Column("DSO simple", "days", "R7"),
                "dso_average": Column("DSO average", "days", "R7, average receivables"),
                "dso_countback": Column("DSO countback", "days", "R8"),
                "dso_weighted": Column("DSO weighted", "days", "R11"),
                "best_possible_dso": Column("Best possible", "days", "R9"),
                "delinquent_days": Column("Delinquent days", "days", "R10"),
                "turnover": Column("Turnover", "real", "R16"),
                "provision": Column("Provision", "money", "R20"),
                "bad_debt_ratio": Column("Bad debt", "ratio", "R21"),
                "top10_share": Column("Top 10 share", "ratio", "R29"),
            },
            "kpi_table",
        )
        download("Download as CSV", "receivable-metrics", lambda: data, "kpis")


def movements_tab() -> None:
    """From the opening to the closing balance, in one chart and month by month."""
    moves = receivables.movements(page.warehouse, page.filters, single or "")
    with section(
        "What moved the balance",
        f"{moves['first_month']} to {moves['last_month']}, of invoices in {single}."
        if moves["closing"] is not None
        else None,
        key="moves",
    ):
        if moves["closing"] is None:
            nothing("Nothing moved in this period.")
        else:
            changes = ("invoiced", "credited", "collected", "written_off", "refunded", "other")
            amounts = {name: moves[name] or Decimal(0) for name in changes}
            steps = [("Opening", moves["opening"], True)]
            steps += [(name.replace("_", " ").capitalize(), amounts[name], False) for name in changes if amounts[name]]
            steps.append(("Closing", moves["closing"], True))
            money_charts.waterfall(
                steps, single or "", key="moves", alt_text="Movements from opening to closing balance"
            )
    about = "What raises the debt is positive. Opening and movements add up to closing: open less credit and unapplied."
    with section("Month by month", about, key="moves-months"):
        data = receivables.movements_by_month(page.warehouse, page.filters, single or "")
        if not data.num_rows:
            nothing("Nothing moved in this period.")
            return
        moved = {name for name in data.column_names if any(data.column(name).to_pylist())}
        columns = {
            "month": Column("Month", pinned=True),
            "opening": Column("Opening", "money"),
            "invoiced": Column("Invoiced", "money", "Invoices and debit notes; void ones taken back."),
            "credited": Column("Credited", "money", "Credit notes, used or not."),
            "collected": Column("Collected", "money", "Payments received, set against an invoice or not."),
            "written_off": Column("Written off", "money"),
            "refunded": Column("Refunded", "money", "Money that we gave back."),
            "charged_back": Column("Charged back", "money", "Payments taken back by the bank or the payer."),
            "reversed": Column("Reversed", "money", "Reversals that name no payment."),
            "recovered": Column("Recovered", "money", "Written-off debts that were paid after all."),
            "brought_forward": Column("Brought forward", "money", "Opening balances of the books."),
            "transferred": Column("Paid for others", "money", "One account's money on another's invoice."),
            "closing": Column("Closing", "money", "R3"),
        }
        # What moved in no month of the period is no column.
        table(
            data,
            {name: column for name, column in columns.items() if name in moved | {"opening", "closing"}},
            "movements",
            height="content" if data.num_rows < 14 else 520,
        )
        download("Download as CSV", "movements", lambda: data, "movements")


def provision_tab() -> None:
    """The provision matrix and what it rests on."""
    receivable_risk.provision_tab(page, kpis, code)


def behaviour_tab() -> None:
    """How accounts pay and use their credit."""
    receivable_risk.behaviour_tab(page, single)


header("Receivables", "What is owed, how old it is, and how fast it turns into cash. Debt is gross of tax.")
if not by_currency and not kpis:
    drop_in("billing")
    footnotes()
    st.stop()
undated = are_days_unknown(kpis)
say_open_alone(page.warehouse)
tiles(
    page.warehouse,
    [
        kpi_tile("Open", "open_amount", "R1", "neither", "money"),
        kpi_tile("Overdue", "overdue_amount", "R4", "down", "money"),
        kpi_tile("Overdue ratio", "overdue_ratio", "R6", "down", "ratio"),
        kpi_tile("DSO, countback", "dso_countback", "R8", "down", "days"),
        kpi_tile("Days delinquent", "average_days_delinquent", "R12", "down", "days"),
        kpi_tile("Paid on time", "on_time_ratio_amount", "R14", "up", "ratio"),
    ],
)
if note := whole_company():
    st.caption(
        f"Tiles and trends: {note[0].lower()}{note[1:]} Ageing, invoices, movements and behaviour are narrowed, "
        "the provision matrix by segment only."
    )
shown = {
    "Ageing": ageing_tab,
    "Open invoices": invoices_tab,
    "Trends": trends_tab,
    "Movements": movements_tab,
    "Provision": provision_tab,
    "Payment behaviour": behaviour_tab,
}
for tab, show in zip(st.tabs(list(shown)), shown.values(), strict=True):
    with tab:
        show()
footnotes()
