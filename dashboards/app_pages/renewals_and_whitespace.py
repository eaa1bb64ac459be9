"""Renewals and whitespace: which contracts end when, how many are renewed, and what could be offered to whom."""

from __future__ import annotations

import streamlit as st

from dashboards.components import charts
from dashboards.components import health_columns as columns
from dashboards.components.formats import money, number, percent, plural
from dashboards.components.page import (
    current_page,
    drop_in,
    footnotes,
    header,
    nothing,
    open_account,
    section,
    whole_company,
)
from dashboards.components.tables import EVERY, MOST, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import one
from dashboards.queries import growth
from dashboards.queries.base import rows

KINDS = {"contract": "Contracts", "addendum": "Addenda", "subscription": "Subscriptions"}

page = current_page()
base = page.base_currency
due = growth.renewal_totals(page.warehouse, page.filters)
space = growth.whitespace_totals(page.warehouse, page.filters, ())
rates = rows(growth.rates(page.warehouse, page.filters))


def renewals_tab() -> None:
    """The calendar, the rate by quarter, and the list."""
    left, right = st.columns(2, gap="small")
    with left, section("What ends when", "Not renewed yet, by the month of the last day and health.", key="calendar"):
        months = rows(growth.calendar(page.warehouse, page.filters))
        if months:
            charts.bars(
                months,
                {"endangered": "Red", "watched": "Yellow", "healthy": "Green or no score"},
                ["orange", "sand", "teal"],
                "Contracts",
                key="calendar",
                alt_text="Contracts to renew by month and health band",
            )
        else:
            nothing("No contract ends in the next twelve months.")
    with right, section("Renewal rate", "Renewed, of what was decided, by quarter of the last day (C12).", key="rates"):
        if whole := whole_company():
            st.caption(whole)
        quarters = sorted({row["quarter"] for row in rates})
        # A line that ends earlier would have no name.
        last = quarters[-1] if quarters else ""
        kinds = [kind for kind in KINDS if any(row["term_kind"] == kind and row["quarter"] == last for row in rates)]
        if quarters:
            by_quarter = [
                {
                    "quarter": quarter,
                    **{row["term_kind"]: row["renewal_rate"] for row in rates if row["quarter"] == quarter},
                }
                for quarter in quarters
            ]
            charts.lines(
                by_quarter,
                {kind: KINDS[kind] for kind in kinds},
                ["blue", "violet", "teal"][: len(kinds)],
                "Share",
                key="rates",
                index="quarter",
                fmt=".0%",
                axis_format=".0%",
                alt_text="Renewal rate by quarter",
            )
        else:
            nothing("Nothing that ended in this period is decided.")
    picked = st.pills(
        "Ends within",
        list(columns.WINDOW_WORDS),
        selection_mode="multi",
        default=["past", "last", "second", "first"],
        key="windows",
        format_func=columns.WINDOW_WORDS.__getitem__,
    )
    windows = tuple(picked) or tuple(columns.WINDOW_WORDS)
    data = growth.renewals(page.warehouse, page.filters, windows, MOST)
    with section("To renew", "By the last day. Click a row to open the account.", key="renewals"):
        if not data.num_rows:
            nothing("Nothing is to be renewed in these windows.")
            return
        account = table(
            data,
            columns.renewals(base),
            "renewals",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        download(
            "Download as CSV",
            "renewals",
            lambda: growth.renewals(page.warehouse, page.filters, windows, EVERY),
            "renewals",
            columns.renewals(base),
        )
        open_account(account)


def whitespace_tab() -> None:
    """What the segment buys and the account does not, and what holds an offer back."""
    picked = tuple(
        st.multiselect("Products", growth.products(page.warehouse), key="products", placeholder="All products")
    )
    totals = growth.whitespace_totals(page.warehouse, page.filters, picked)
    left, right = st.columns(2, gap="small")
    with (
        left,
        section(
            "Worth by product",
            f"What the segment's middle buyer spends a year, {base or 'base'}; dark: may be offered now (V14).",
            key="space-products",
        ),
    ):
        products = rows(growth.by_product(page.warehouse, page.filters, picked))
        if products:
            charts.ranked(
                products,
                "product_name",
                "expected_value",
                "A year",
                key="space",
                part=("candidate_value", "may be offered now"),
                names=("All gaps", "may be offered now"),
                alt_text="Value of the whitespace by product",
            )
        else:
            nothing("No product of a segment is missing anywhere.")
    with right, section("What holds offers back", "Accounts, by reason of the gate (N12).", key="gates"):
        reasons = rows(growth.gates(page.warehouse, page.filters, picked))
        if reasons:
            charts.ranked(
                [{**row, "reason": one("gate_reason", row["reason"])} for row in reasons],
                "reason",
                "accounts",
                "Accounts",
                key="gates",
                colour="orange",
                label_limit=240,
                alt_text="Accounts by what holds an offer back",
            )
        else:
            nothing("Nothing holds an offer back.")
    only = st.toggle("Only what may be offered now", value=True, key="only_candidates")
    data = growth.whitespace(page.warehouse, page.filters, picked, only, MOST)
    with section(
        "Whitespace",
        "Products that the segment buys and the account never bought. Click a row to open the account.",
        key="whitespace",
    ):
        if not data.num_rows:
            nothing("No offer passes the gate.")
            return
        account = table(
            data,
            columns.whitespace(base),
            "whitespace",
            pick="account_id",
            height=460 if data.num_rows > 11 else "content",
        )
        shown_of(data.num_rows, (totals["candidates"] if only else totals["gaps"]) or 0, "gaps")
        download(
            "Download as CSV",
            "whitespace",
            lambda: growth.whitespace(page.warehouse, page.filters, picked, only, EVERY),
            "whitespace",
            columns.whitespace(base),
        )
        open_account(account)


header("Renewals and whitespace", "What ends soon, what was renewed, and what could be offered to whom.")
if not (due["terms"] or space["gaps"]):
    drop_in("contracts")
    footnotes()
    st.stop()
# Renewals count at once, lapses after the days of grace: before these are over a quarter shows the early ones only.
decided = [row for row in rates if row["is_complete"] and row["term_kind"] == "contract"]
newest = decided[-1] if decided else None
tiles(
    page.warehouse,
    [
        Tile(
            "Ends in 30 days",
            number(due["last_notice"] if due["terms"] else None),
            versus=f"{number(due['second_notice'])} in 60, {number(due['first_notice'])} in 90; "
            f"{number(due['past'])} past"
            if due["terms"]
            else "No contract or subscription tells its end.",
            metric=("rpt_renewals", "days_to_end", "C12"),
        ),
        Tile(
            "Revenue behind them",
            money((due["revenue_12m"] or 0) if due["terms"] else None, base),
            versus=f"{plural(due['red'] or 0, 'contract')} in red" if due["terms"] else None,
            note="12 months' revenue of the accounts whose contracts end within 90 days or have ended.",
        ),
        Tile(
            f"Renewed in {newest['quarter']}" if newest else "Renewed",
            percent(newest["renewal_rate"], 0) if newest else number(None),
            versus=f"{number(newest['undecided'])} not decided" if newest else None,
            metric=("rpt_renewal_rates", "renewal_rate", "C12"),
        ),
        Tile(
            "May be offered now",
            number(space["candidates"]),
            versus=f"to {plural(space['accounts'] or 0, 'account')}",
            metric=("rpt_whitespace", "is_candidate", "N12"),
        ),
        Tile(
            "Worth a year",
            money(space["candidate_value"] or 0, base),
            versus=f"of {money(space['expected_value'] or 0, base)} in all",
            metric=("rpt_whitespace", "expected_value", "V14"),
        ),
    ],
)
tabs = {"Renewals": renewals_tab, "Whitespace": whitespace_tab}
for tab, show in zip(st.tabs(list(tabs)), tabs.values(), strict=True):
    with tab:
        show()
footnotes()
