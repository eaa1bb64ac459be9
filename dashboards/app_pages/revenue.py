"""Revenue: what accounts bring and keep bringing, how much hangs on few, and what each one is worth."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components import revenue_charts as charts
from dashboards.components.customer_value import acquisition_section, missing_rates, values_section
from dashboards.components.formats import UNKNOWN, iso, money, number, percent, plain, plural
from dashboards.components.page import (
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
from dashboards.components.revenue_tables import GROUP_COLUMNS, MOVER_COLUMNS
from dashboards.components.tables import EVERY, MOST, download, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import revenue
from dashboards.queries.base import ALL

BASES = {"invoiced": "Invoiced", "mrr": "Subscriptions (MRR)"}
KINDS = {
    "segment": "Segment", "team": "Team", "owner": "Manager", "country": "Country", "currency": "Currency",
    "parent": "Parent",
}  # fmt: skip
MEASURED = {
    "invoiced": "Invoices net of tax less credit notes, by document date, each at its day's rate.",
    "mrr": "What the running subscriptions are worth a month, at the month end's rates.",
}
YEARS = {
    "invoiced": "the twelve months up to its end, against the twelve before",
    "mrr": "its end, against a year before",
}

page = current_page()
code = page.base_currency


def metric(column: str, name: str, table_name: str = "rpt_revenue_retention") -> tuple[str, str, str]:
    """Where a figure stands."""
    return table_name, column, name


def shown_tiles(months: list[dict[str, Any]], now: dict[str, Any], basis: str) -> None:
    """The year's retention, the variant of each churn named, and the month's movements in one figure each."""

    def series(column: str) -> list[Any]:
        return [row[column] for row in months if row["is_complete"]][-24:]

    year = f"of {YEARS[basis]}"
    unknown = None
    if now["nrr_12m"] is None and now["missing_rate_count_12m"]:
        unknown = f"Not known: {plural(now['missing_rate_count_12m'], 'amount')} of the two years without a rate."
    elif now["nrr_12m"] is None:
        unknown = "Not enough history for a year against a year."
    accounts = None if now["closing_accounts"] is None else plural(now["closing_accounts"], "account")
    won_and_lost = "won ÷ lost" if now["missing_rate_count"] or now["quick_ratio"] is not None else "nothing was lost"
    shown = [
        Tile(
            "Net retention, year",
            percent(now["nrr_12m"]),
            versus="new accounts left out",
            metric=metric("nrr_12m", "V4"),
            series=series("nrr_12m"),
            note=unknown or f"Without new accounts, {year}; what rates did is taken out.",
        ),
        Tile(
            "Gross retention, year",
            percent(now["grr_12m"]),
            versus="growth left out too",
            metric=metric("grr_12m", "V5"),
            series=series("grr_12m"),
            note=unknown or f"No account counts for more than it had, {year}.",
        ),
        Tile(
            "Logo churn, year",
            percent(now["logo_churn_12m"]),
            versus="lost ÷ had at the start",
            metric=metric("logo_churn_12m", "V6"),
            series=series("logo_churn_12m"),
            note=unknown or "The period variant: accounts that have nothing any more ÷ accounts that had any.",
        ),
    ]
    if basis == "mrr":
        shown += [
            Tile("MRR", money(now["closing_revenue"], code), metric=metric("closing_revenue", "V2"),
                 series=series("closing_revenue"), versus=accounts),
            Tile("Logo churn, month", percent(now["logo_churn"]), metric=metric("logo_churn", "V6"),
                 versus=f"day by day: {percent(now['logo_churn_daily'])}",
                 note="The period variant. Day by day is the second variant: each day's loss ÷ that day's accounts, "
                 "added up; it also sees who came and went within the month."),
            Tile("Quick ratio, month", UNKNOWN if now["quick_ratio"] is None else number(now["quick_ratio"], 1),
                 versus=won_and_lost,
                 metric=metric("quick_ratio", "V8")),
        ]  # fmt: skip
    else:
        shown += [
            Tile("Net revenue, month", money(now["net_revenue"], code),
                 metric=metric("net_revenue", "V1"), series=series("net_revenue"),
                 versus=accounts),
            Tile("Went quiet, month", number(now["noncontract_churned"]),
                 versus=f"of {number(now['noncontract_accounts'])} without a contract",
                 metric=metric("noncontract_churn", "V9"),
                 note="Churn without a contract: longer without an invoice than is usual for the account."),
            Tile("Repeat buyers", percent(now["repeat_purchase_ratio"], 0),
                 metric=metric("repeat_purchase_ratio", "V13"), versus="two invoices or more",
                 note=f"By won deals: {percent(now['repeat_deal_ratio'], 0)}."),
        ]  # fmt: skip
    tiles(page.warehouse, shown)


def year_section(now: dict[str, Any], basis: str) -> None:
    """From the revenue of a year ago to today's."""
    what = "MRR a year ago and now" if basis == "mrr" else "Twelve months against the twelve before"
    with section("What moved in a year", f"{what}, in {code}, at the same exchange rates (V3).", key="year"):
        if now["opening_revenue_12m"] is None:
            nothing("Shown for the whole company, once a year can be held against the one before.")
            return
        if now["missing_rate_count_12m"]:
            missing_rates(now["missing_rate_count_12m"])
            return
        charts.steps(
            [
                ("Before", now["opening_revenue_12m"], "blue"),
                ("New", now["new_12m"], "teal"),
                ("Back", now["reactivated_12m"], "teal"),
                ("Grown", now["expansion_12m"], "teal"),
                ("Shrunk", -now["contraction_12m"], "orange"),
                ("Lost", -now["churned_12m"], "orange"),
                ("Now", now["closing_revenue_12m"], "blue"),
            ],
            code or "base currency",
            key="revenue_year",
            alt_text="Revenue of a year before, what moved it, and revenue now",
        )


def months_section(months: list[dict[str, Any]], basis: str, kind: str | None, value: str | None) -> None:
    """Movements month by month."""
    about = f"In {code}, at the same exchange rates (V3). Months that are over."
    if basis == "invoiced":
        about += " Who has no invoice in a month counts as churned in it, and comes back with the next one."
    with section("Month by month", about, key="months"):
        first = page.filters.since.isoformat()[:7]
        complete = [
            row for row in months if row["is_complete"] and row["month"] >= first and not row["is_history_start"]
        ]
        if not any(row["opening_revenue"] or row["closing_revenue"] for row in complete):
            nothing("No revenue in this period.")
            return
        charts.movements(complete, code or "base currency", key="revenue_months", alt_text="Revenue movements by month")
        effect = revenue.currency_effect(page.warehouse, basis, kind, value, page.filters.since)
        st.caption(f"Exchange rates alone changed {money(effect, code)} in these months: in none of the columns.")
        missing_rates(sum(row["missing_rate_count"] for row in complete))
        if unpriced := max(row["unpriced_count"] or 0 for row in complete):
            st.caption(f":material/warning: {plural(unpriced, 'subscription or document')} without an amount left out.")


def groups_section(now: dict[str, Any], basis: str) -> None:
    """Retention by part of the accounts."""
    with section("By part of the accounts", f"The month {now['month']}, revenue in {code}.", key="groups"):
        kind = st.segmented_control(
            "By", list(KINDS), default="segment", key="revenue_kind", format_func=KINDS.__getitem__, required=True,
            label_visibility="collapsed",
        )  # fmt: skip
        data = revenue.groups(page.warehouse, basis, kind or "segment", now["month_start"])
        if not data.num_rows:
            nothing("No account has such a part.")
            return
        columns = {name: column for name, column in GROUP_COLUMNS.items() if basis == "invoiced" or name not in
                   ("noncontract_churned", "repeat_purchase_ratio")}  # fmt: skip
        table(data, columns, "revenue_groups", height="content" if data.num_rows < 11 else 420)


def movers_section(now: dict[str, Any], basis: str) -> None:
    """The accounts behind the movements."""
    about = f"Largest change first; in {code}, at the same exchange rates (V3). Click a row to open the account."
    with section("Who moved it", about, key="movers"):
        spans = ("year", "month") if now["opening_revenue_12m"] is not None else ("month",)
        span = st.segmented_control(
            "Over", spans, default=spans[0], key="revenue_span", required=True, label_visibility="collapsed",
            format_func={"year": "Over the year", "month": f"In {now['month']}"}.__getitem__,
        )  # fmt: skip
        is_year = span == "year"
        data = revenue.movers(page.warehouse, page.filters, basis, now["month_start"], is_year, MOST)
        if not data.num_rows:
            nothing("No account's revenue changed.")
            return
        picked = table(data, MOVER_COLUMNS, "revenue_movers", pick="account_id", height=420)
        download(
            "Download as CSV",
            "revenue-movements",
            lambda: revenue.movers(page.warehouse, page.filters, basis, now["month_start"], is_year, EVERY),
            "revenue_movers",
        )
        open_account(picked)


def cohorts_section() -> None:
    """What each month's new accounts bring, months later."""
    about = (
        "Accounts by the month of their first invoice: revenue months later ÷ revenue of that first month (V12), or "
        "the share that bought at all. 150% and more look alike. Cohorts of two years, months that are over."
    )
    with section("Cohorts", f"{about} {whole_company() or ''}", key="cohorts"):
        found = revenue.cohorts(page.warehouse)
        if not found:
            nothing("No month of invoices is over.")
            return
        by = st.segmented_control(
            "Kept", ["retention", "account_retention"], default="retention", key="revenue_cohorts", required=True,
            format_func={"retention": "Revenue kept", "account_retention": "Accounts that buy"}.__getitem__,
            label_visibility="collapsed",
        )  # fmt: skip
        for row in found:
            before = " and before" if row["is_history_start"] else ""
            row["name"] = f"{row['cohort']}{before} ({row['cohort_accounts']})"
        charts.cohorts(
            found, by or "retention", key="revenue_cohort_map", alt_text="Revenue kept by cohort and months since"
        )
        missing_rates(sum(row["missing_rate_count"] for row in found))


def concentration_section() -> None:
    """How much hangs on few accounts, and on the key accounts."""
    found = revenue.concentration(page.warehouse, page.filters)
    complete = [row for row in found if row["is_complete"]]
    latest = complete or found
    now = latest[-1] if latest else None
    marks = revenue.references(page.warehouse)
    left, right = st.columns(2, gap="small")
    about = whole_company() or "The accounts in the order of their net revenue of twelve months, up to the as-of date."
    with left, section("How many bring most", f"{about} (V15)", key="pareto"):
        curve = revenue.pareto(page.warehouse)
        if not curve:
            nothing("No revenue in twelve months, or some of it has no exchange rate.")
        else:
            needed = found[-1]["clients_for_80_percent"] if found else None
            charts.pareto(curve, needed, key="revenue_pareto", alt_text="Share of revenue by share of accounts")
        if now:
            st.caption(
                f"{now['month']}: the largest account brings {percent(now['top1_share'])}, the five largest "
                f"{percent(now['top5_share'])}, the ten largest {percent(now['top10_share'])}; HHI "
                f"{number(now['hhi'], 3)}; {number(now['clients_for_80_percent'])} of {number(now['clients'])} "
                f"accounts ({percent(now['clients_for_80_percent_share'], 0)}) bring 80%."
                + (
                    f" Accounts below zero ({money(now['negative_revenue'], code)}) count as zero."
                    if now["negative_revenue"]
                    else ""
                )
            )
            missing_rates(now["missing_rate_count"])
    with (
        right,
        section(
            "Key accounts' share",
            "Their share of the revenue of twelve months; the list is that of each month, not today's (V16).",
            key="key-share",
        ),
    ):
        if not any(row["key_account_share"] is not None for row in complete):
            nothing("There was no key account list in these months, or some revenue has no exchange rate.")
        else:
            lines = [mark for mark in marks if mark["column_name"] == "key_account_share"]
            named = [mark | {"label": f"{percent(mark['value'], 0)} {mark['label']}"} for mark in lines]
            charts.share_with_references(
                complete, "key_account_share", named, "Share of revenue", key="revenue_key_share",
                alt_text="Share of revenue of the key accounts by month",
            )  # fmt: skip
            for source in dict.fromkeys(mark["source"] for mark in lines):
                st.caption(f"Dashed, for comparison and no target: {plain(source)}.")


header(
    "Revenue",
    "What accounts bring and keep bringing, how much hangs on few of them, and what each one is worth. Net of tax, in "
    "base currency.",
)
offered = [basis for basis in BASES if basis in revenue.bases(page.warehouse)]
if not offered:
    drop_in("billing")
    footnotes()
    st.stop()
chosen_basis = offered[0]
if len(offered) > 1:
    chosen_basis = st.segmented_control(
        "Basis", offered, default=offered[0], key="revenue_basis", format_func=BASES.__getitem__, required=True
    ) or offered[0]  # fmt: skip
group_kind, group_value, is_beyond = revenue.group_of(page.filters)
everything = revenue.months(page.warehouse, chosen_basis, group_kind, group_value)
finished = [row for row in everything if row["is_complete"]]
latest_months = finished or everything
current = latest_months[-1] if latest_months else None
said = MEASURED[chosen_basis]
if current:
    said += f" The last month that is over is {current['month']}."
    if everything[-1] is not current:
        said += f" {everything[-1]['month']}, up to {iso(page.publication['as_of_date'])}, is left out."
st.caption(said)
if chosen_basis == "invoiced":
    say_open_alone(page.warehouse)
if is_beyond:
    st.caption("Retention is known for one team, manager, segment or country at a time: shown for the whole company.")
if page.filters.currency != ALL:
    st.caption("All currencies, in base currency: the currency filter doesn't apply here.")
if current is None:
    nothing("No revenue of the accounts that the filters leave.")
else:
    shown_tiles(everything, current, chosen_basis)

moved, cohorts, concentration, values = st.tabs(
    ["What moved", "Cohorts", "How many bring most", "What an account is worth"]
)
with moved:
    if current is not None:
        if group_kind is None:
            year_section(current, chosen_basis)
        months_section(everything, chosen_basis, group_kind, group_value)
        movers_section(current, chosen_basis)
        groups_section(current, chosen_basis)
with cohorts:
    cohorts_section()
with concentration:
    concentration_section()
with values:
    values_section()
    acquisition_section()
footnotes()
