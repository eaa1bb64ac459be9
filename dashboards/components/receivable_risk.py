"""The tabs of the receivables page on what may be lost: the provision matrix, and how accounts pay."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import streamlit as st

from dashboards.components import charts
from dashboards.components.formats import BUCKET_WORDS, iso, money, number, words
from dashboards.components.page import PageContext, nothing, open_account, section, whole_company
from dashboards.components.palette import ageing
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.words import in_place, placed
from dashboards.queries import receivable_risk
from dashboards.queries.base import rows

BASIS_WORDS = {"segment": "Own history", "company": "Whole company", "none": "No history"}


def _falls_with_age(row: dict[str, Any]) -> bool:
    known = [row[bucket] for bucket in BUCKET_WORDS if row[bucket] is not None]
    return any(older < younger for younger, older in pairwise(known))


def provision_tab(page: PageContext, kpis: list[dict[str, Any]], code: str | None) -> None:
    """What of the receivables may be lost by the company's own history, and how debt ages on."""
    matrix = rows(receivable_risk.matrix(page.warehouse, page.filters))
    total = receivable_risk.matrix_total(page.warehouse, page.filters)
    left, right = st.columns(2, gap="small")
    with (
        left,
        section("Provision", whole_company() or f"At each month's end (R20), in {code or 'base currency'}.", key="ecl"),
    ):
        known = [row for row in kpis if row["provision"] is not None]
        if known:
            charts.bars(
                known, {"provision": "Provision"}, ["orange"], code or "", key="ecl", alt_text="Provision by month"
            )
        else:
            nothing("No history of losses yet: nothing that is old enough was ever paid or written off.")
    with right, section("Roll rates", "Of what was open, what had moved on a bucket 30 days later (R18).", key="rolls"):
        if not matrix:
            nothing("No receivables yet.")
        else:
            segment = st.selectbox(
                "Segment",
                [row["segment"] for row in matrix],
                key="roll_segment",
                format_func=placed,
                label_visibility="collapsed",
            )
            rolls = rows(receivable_risk.rolls(page.warehouse, page.filters, segment))
            moving = [bucket for bucket in list(BUCKET_WORDS)[:-1] if any(row[bucket] is not None for row in rolls)]
            if moving:
                charts.lines(
                    rolls,
                    {bucket: BUCKET_WORDS[bucket] for bucket in moving},
                    [ageing()[list(BUCKET_WORDS).index(bucket)] for bucket in moving],
                    "Rolled on",
                    key="rolls",
                    fmt=".1%",
                    axis_format=".0%",
                    alt_text="Roll rates by month",
                )
            else:
                nothing("Not known yet: no month's end is 30 days old, or nothing was open.")
    about = "No receivables yet."
    if matrix:
        about = (
            f"Provision rates by segment and age, as of {iso(total['as_of_date'])}: "
            f"{money(total['provision'], page.base_currency)} on "
            f"{money(total['open_amount'], page.base_currency)} open."
        )
    with section("Provision matrix", about, key="matrix"):
        if not matrix:
            nothing("Nothing is owed.")
            return
        table(
            receivable_risk.matrix(page.warehouse, page.filters),
            {
                "segment": Column("Segment", pinned=True, words="placeholder"),
                **{bucket: Column(label, "ratio") for bucket, label in BUCKET_WORDS.items()},
                "open_amount": Column("Open", "money", "R1"),
                "specific_provision": Column(
                    "Of it specific", "money", "Items with a rate of their own in lists/specific_provisions.csv."
                ),
                "provision": Column("Provision", "money", "R20"),
                "unprovided_amount": Column("Without a rate", "money", "No history says what of it may be lost."),
            },
            "matrix",
            height="content",
        )
        if any(_falls_with_age(row) for row in matrix):
            st.caption(
                "Where an older bucket has a lower rate than a younger one, few invoices grew that old or they were "
                "written off before. `lists/specific_provisions.csv` sets rates by hand."
            )
        if total["unprovided_amount"]:
            st.caption(
                f"{money(total['unprovided_amount'], page.base_currency)} of what is open has no loss rate "
                "and is not in the provision."
            )
        if total["missing_rate_count"]:
            st.caption("Currencies without an exchange rate are left out.")
    with section(
        "What the rates rest on",
        "Of invoices that had time to be paid or written off: what reached each age, what of it was lost (R19).",
        key="evidence",
    ):
        data = receivable_risk.evidence(page.warehouse, page.filters)
        for name, said in (("bucket", words), ("basis", lambda value: BASIS_WORDS.get(value, value))):
            place = data.column_names.index(name)
            data = data.set_column(place, name, [[said(value) for value in data.column(name).to_pylist()]])
        table(
            data,
            {
                "segment": Column("Segment", words="placeholder"),
                "bucket": Column("Age"),
                "open_amount": Column("Open", "money"),
                "reached_amount": Column("Ever reached", "money", "In base currency, at the rates of the issue dates."),
                "unresolved_amount": Column("Of it still open", "money", "Neither lost nor recovered.", optional=True),
                "lost_amount": Column("Written off", "money"),
                "loss_rate": Column("Loss rate", "ratio", "R19"),
                "history_invoices": Column("Invoices", "count", "What the rate rests on."),
                "basis": Column("Whose history", help="The whole company's where the segment has too few invoices."),
                "provision_rate": Column("Provision rate", "ratio", "With the forward-looking adjustment."),
                "provision": Column("Provision", "money", "R20"),
            },
            "evidence",
        )
        download("Download as CSV", "provision-matrix", lambda: in_place(data, "segment"), "evidence")


def behaviour_tab(page: PageContext, single: str | None) -> None:
    """How each account pays, whether it gets worse, and how much of its credit it uses."""
    total = receivable_risk.behaviour_total(page.warehouse, page.filters)
    left, right = st.columns(2, gap="small")
    with left, section("Open by rating", f"A pays within 30 days of due; of invoices in {single} (R28).", key="rating"):
        rated = rows(receivable_risk.by_rating(page.warehouse, page.filters, single or ""))
        if rated:
            parts = [row | {"label": f"{row['rating']} ({number(row['accounts'])})"} for row in rated]
            charts.ranked(
                parts,
                "label",
                "open_amount",
                single or "",
                key="rating",
                part=("overdue_amount", "Overdue"),
                names=("Open", "Overdue"),
                alt_text="Open and overdue amounts by payment rating",
            )
            st.caption("The number of accounts in brackets; the dark part is overdue.")
        else:
            nothing("No account owes or paid in this currency.")
    with (
        right,
        section("Credit limits", "Most of the limit used: open, unbilled and ordered, in percent (R24).", key="limits"),
    ):
        used = rows(receivable_risk.limits(page.warehouse, page.filters))
        if used:
            charts.ranked(
                used,
                "account_name",
                "credit_used_ratio",
                "Of the limit",
                fmt=".0%",
                key="limits",
                colour="orange",
                alt_text="Accounts that use most of their credit limit",
            )
            unknown = f" Of {number(total['limits_unknown'])} it is not known." if total["limits_unknown"] else ""
            over, limited = number(total["over_limit"]), number(total["limited"])
            st.caption(f"{over} of {limited} accounts with a limit are over it.{unknown}")
        else:
            nothing("No account with a credit limit uses any of it.")
    about = "Latest payers first. Click a row to open the account."
    if total["with_trend"]:
        about = f"{number(total['worsening'])} of {number(total['with_trend'])} with a trend are getting later. {about}"
    with section("Account by account", about, key="behaviour"):
        data = receivable_risk.behaviour(page.warehouse, page.filters, MOST)
        if not data.num_rows:
            nothing("No account owes or paid anything.")
            return
        picked = table(
            data,
            {
                "payment_rating": Column("Rating", help="R28: A to D by days late."),
                "account_name": Column("Account", width="medium"),
                "currency": Column("Currency"),
                "average_days_delinquent": Column("Days late", "days", "R12, over 12 months."),
                "delinquency_trend": Column("Trend", "real", "R37: days that each month adds; above 0 is worse."),
                "average_payment_days": Column("Days to cash", "days", "R13"),
                "on_time_ratio_amount": Column("On time", "ratio", "R14, by amount."),
                "promises_kept_ratio": Column("Promises kept", "ratio", "R22", optional=True),
                "open_amount": Column("Open", "money", "R1"),
                "overdue_amount": Column("Overdue", "money", "R4"),
                "credit_used_ratio": Column("Of limit", "ratio", "R24: credit used of the limit."),
                "is_over_limit": Column("Over", "bool"),
                "credit_limit": Column("Limit", "money", "0 is a limit; a dash is none."),
                "credit_used": Column("Credit used", "money", "Open + unbilled + ordered - unapplied, all currencies."),
                "disputed_amount": Column("Disputed", "money", "R36"),
                "unbilled_amount": Column("Unbilled", "money", "Won deals not yet invoiced, net of tax."),
                "open_orders_amount": Column("Ordered", "money"),
            },
            "behaviour",
            pick="account_id",
        )
        shown_of(data.num_rows, total["rows"], "accounts and currencies")
        download(
            "Download as CSV",
            "payment-behaviour",
            lambda: receivable_risk.behaviour(page.warehouse, page.filters, EVERY),
            "behaviour",
        )
        open_account(picked)
