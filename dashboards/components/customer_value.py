"""Sections of the page Revenue: what each account is worth, how it pays, and what winning and serving one costs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components import revenue_charts as charts
from dashboards.components.charts import ranked
from dashboards.components.formats import UNKNOWN, iso, money, number, plain, plural
from dashboards.components.page import current_page, nothing, open_account, section, whole_company
from dashboards.components.revenue_tables import VALUE_COLUMNS, WORTH_COLUMNS
from dashboards.components.tables import EVERY, MOST, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import one
from dashboards.queries import revenue


def missing_rates(count: Any) -> None:
    """Says so when amounts without a rate are left out: the newest documents that lack one, and what to do."""
    if not count:
        return
    said = f":material/warning: {plural(int(count), 'amount')} without an exchange rate left out."
    found = revenue.unrated(current_page().warehouse)
    if found:
        said += f" {one('receivable_finding_step', 'no_base_rate')}:" + "".join(
            f"\n- {money(row['amount'], row['currency'], 2)}, {iso(row['event_date'])}: {plain(row['_file'])}, "
            f"line {number(row['_row'])}"
            for row in found
        )
    st.caption(said)


def values_section() -> None:
    """What each account has been worth, and how it pays."""
    page = current_page()
    code = page.base_currency
    about = (
        f"In {code}. So far: cash applied − refunds − write-offs − cost; cash includes tax, which stands beside it. "
        "Predicted: margin a month ÷ (churn of the segment + discount), with the range of the churn. "
        "Recency, frequency and money by what was paid, 5 is best. Click a row to open the account."
    )
    with section("What an account is worth", about, key="values"):
        kinds = revenue.rfm_segments(page.warehouse, page.filters)
        if not kinds:
            nothing("No account.")
            return
        codes = [row["rfm_segment"] for row in kinds if row["rfm_segment"] != "never_paid"]
        chosen = st.selectbox(
            "How they pay",
            [None, *codes],
            key="revenue_rfm_chosen",
            format_func=lambda code: one("rfm_segment", code).capitalize() if code else "All",
            width=240,
        )
        data = revenue.values(page.warehouse, page.filters, chosen, MOST)
        picked = table(data, VALUE_COLUMNS, "revenue_values", pick="account_id", height=420)
        if not chosen:
            shown_of(data.num_rows, sum(row["accounts"] for row in kinds), "accounts")
        without = sum(1 for known in data.column("is_revenue_based").to_pylist() if known)
        if without:
            st.caption(
                f"{plural(without, 'account')} shown without any cost: none is known, so theirs are before costs."
            )
        missing_rates(sum(value or 0 for value in data.column("missing_rate_count").to_pylist()))
        download(
            "Download as CSV",
            "customer-value",
            lambda: revenue.values(page.warehouse, page.filters, chosen, EVERY),
            "revenue_values",
            VALUE_COLUMNS,
        )
        open_account(picked)
    worth_section()
    left, right = st.columns([2, 3], gap="small")
    with left, section("How they pay", "Accounts by recency, frequency and money paid (V17).", key="rfm"):
        said = [{**row, "rfm_segment": one("rfm_segment", row["rfm_segment"])} for row in kinds]
        ranked(said, "rfm_segment", "accounts", "accounts", key="revenue_rfm", alt_text="Accounts by how they pay")
    with (
        right,
        section("Revenue beside cost", "Of one account, added up from its first deal on (C18).", key="account-curve"),
    ):
        curve_of_one(data)


def worth_section() -> None:
    """What the accounts of each manager, team or segment are worth together."""
    page = current_page()
    about = f"In {page.base_currency}, all accounts of each: who they belong to on the as-of date (C10)."
    with section("By manager, team and segment", f"{about} {whole_company() or ''}", key="worth"):
        kinds = {"owner": "Manager", "team": "Team", "segment": "Segment"}
        kind = st.segmented_control(
            "Of", list(kinds), default="owner", key="revenue_worth", format_func=kinds.__getitem__, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        data = revenue.worth_of_groups(page.warehouse, kind or "owner")
        if not data.num_rows:
            nothing("No account.")
            return
        table(data, WORTH_COLUMNS, "revenue_worth_table", height="content" if data.num_rows < 11 else 420)


def curve_of_one(data: Any) -> None:
    """Revenue beside cost of one account, from its first month on."""
    page = current_page()
    code = page.base_currency
    names = {row["account_id"]: row["account_name"] or row["account_id"] for row in data.to_pylist()}
    account = st.selectbox("Account", list(names), key="revenue_account", format_func=lambda one: names.get(one, one))
    if account is None:
        return
    found = revenue.curve(page.warehouse, account)
    if not found:
        nothing("Nothing is known of this account by month.")
        return
    charts.curve(found, code or "base currency", key="revenue_curve", alt_text="Revenue and cost to date by month")
    last = found[-1]
    if last["revenue_to_cost"] is None:
        st.caption("No cost of this account is known, so there is no ratio.")
        return
    words = f"By {last['month']} every {code} of cost has brought {number(last['revenue_to_cost'], 2)} of revenue."
    if last["is_cost_from_first_deal"] is False:
        words += " Costs are known only from a later month than its first revenue: the ratio is too high."
    st.caption(words)


def acquisition_section() -> None:
    """What winning an account costs beside what serving one costs."""
    page = current_page()
    code = page.base_currency
    found = revenue.acquisition(page.warehouse)
    if found is None:
        return
    with section(
        "Winning and serving an account",
        f"Twelve months up to {found['month']}, in {code} (C11). Winning is what channels cost, without anybody's "
        "working time; serving is every cost that the plan charges to accounts, delivery included.",
        key="acquisition",
    ):
        mark = next(
            (m for m in revenue.references(page.warehouse) if m["column_name"] == "acquisition_to_serving"), None
        )
        times = found["acquisition_to_serving"]
        tiles(
            page.warehouse,
            [
                Tile("Cost of a new account", money(found["cost_per_new_account"], code),
                     versus=plural(found["new_accounts"], "new account")),
                Tile("Cost of serving one", money(found["cost_per_served_account"], code), versus="a year"),
                Tile("Winning ÷ serving", UNKNOWN if times is None else f"{number(times, 2)} times",
                     versus="not like for like", metric=("rpt_acquisition", "acquisition_to_serving", "C11")),
            ],
        )  # fmt: skip
        if mark:
            said = f"{number(mark['value'])} {plain(mark['label'])}. {plain(mark['source'])}."
            st.caption(f"For comparison and no target: {said}")
