"""Overview: the book of business on one screen, and which accounts need attention first."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboards.components import charts, money_charts
from dashboards.components.facts import facts
from dashboards.components.formats import against, days, money, number, percent, points, signed
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
from dashboards.components.tables import Column, table
from dashboards.components.tiles import Tile, tiles
from dashboards.queries import overview, receivables, sales
from dashboards.queries.base import ALL, rows

page = current_page()
code = page.base_currency if page.filters.currency == ALL else page.filters.currency
monthly = rows(overview.monthly(page.warehouse, page.filters))
kpis = rows(receivables.kpis(page.warehouse, page.filters))


def newest(data: list[dict[str, Any]]) -> dict[str, Any]:
    """The last row, or an empty one."""
    return data[-1] if data else {}


def of_month(month: str | None) -> dict[str, Any]:
    """The row of a month of the calendar, or an empty one."""
    return next((row for row in monthly if row["month"] == month), {})


def balance_tile(label: str, column: str, metric: tuple[str, str, str], good: Any) -> Tile:
    """A balance at the as-of date, against the end of the month before."""
    now = newest(monthly)
    value, earlier = now.get(column), of_month(now.get("before")).get(column)
    change = None if value is None or earlier is None or undated else signed(value - earlier)
    return Tile(
        label,
        money(value, code),
        change,
        against(now["before"]) if change else None,
        good,
        [] if undated else [row[column] for row in monthly],
        metric,
    )


def flow_tile(label: str, column: str, metric: tuple[str, str, str], note: str | None = None) -> Tile:
    """The last month that is complete, against the one before; the month so far only in the note."""
    whole = [row for row in monthly if row["is_complete"]]
    shown, now = newest(whole), newest(monthly)
    value, earlier = shown.get(column), of_month(shown.get("before")).get(column)
    change = None if value is None or earlier is None else signed(value - earlier)
    so_far = f"{now['month']} so far: {money(now.get(column), code)}." if now and now != shown else None
    return Tile(
        f"{label} in {shown['month']}" if shown else label,
        money(value, code),
        change,
        against(shown["before"]) if change else None,
        "up",
        [row[column] for row in whole],
        metric,
        " ".join(filter(None, ("The last month that is complete.", so_far, note))),
    )


def kpi_tile(label: str, column: str, metric_id: str, good: Any, show: Any) -> Tile:
    """A metric of the whole company, against the month before."""
    now = newest(kpis)
    change = None if undated else now.get(f"{column}_change")
    text = points(change) if change is not None and show is percent else signed(change, 1)
    return Tile(
        label,
        show(now.get(column)),
        text,
        against(now["before"]) if text else None,
        good,
        [] if undated else [row[column] for row in kpis],
        ("rpt_receivable_kpis", column, metric_id),
        whole_company(),
    )


header("Overview", "Money owed, money in, and what is being sold.")

statuses = rows(overview.by_status(page.warehouse, page.filters))
if not monthly and not kpis and not statuses:
    drop_in("any")
    footnotes()
    st.stop()

undated = are_days_unknown(kpis)
say_open_alone(page.warehouse)
pipeline = sales.totals(page.warehouse, page.filters)
revenue = "Revenue" if page.filters.currency == ALL else "Invoiced"
shown = [
    balance_tile("Open receivables", "open_amount", ("rpt_account_monthly", "open_amount_end", "R1"), "neither"),
    balance_tile("Overdue", "overdue_amount", ("rpt_account_monthly", "overdue_amount_end", "R4"), "down"),
    kpi_tile("Overdue ratio", "overdue_ratio", "R6", "down", percent),
    kpi_tile("DSO, countback", "dso_countback", "R8", "down", days),
    Tile("Collected", money(None, code), metric=("rpt_account_monthly", "collected", "R17"))
    if undated
    else flow_tile("Collected", "collected", ("rpt_account_monthly", "collected", "R17")),
    flow_tile(
        revenue, "revenue", ("rpt_account_monthly", "net_revenue", "V1"), "Revenue is net of tax, debt is gross of it."
    ),
]
tiles(page.warehouse, shown)

left, right = st.columns([3, 2], gap="small")
with left, section("Revenue and cash", f"A month, in {code}. The last month is up to the as-of date.", key="money"):
    if monthly:
        charts.bars(
            monthly,
            {"revenue": revenue} if undated else {"revenue": revenue, "collected": "Collected"},
            ["blue", "teal"],
            code or "",
            stacked=False,
            key="overview_money",
            alt_text="Revenue and cash collected by month",
        )
    else:
        nothing("No invoices or payments in this period.")
with (
    right,
    section("Age of what is owed", f"At the as-of date, in {page.base_currency or 'base currency'}.", key="age"),
):
    ageing = {row["aging_bucket"]: row for row in rows(receivables.ageing_base(page.warehouse, page.filters))}
    if ageing:
        money_charts.ageing_columns(
            {bucket: row["amount"] for bucket, row in ageing.items()},
            page.base_currency or "",
            key="overview_age",
            alt_text="Open receivables by days overdue",
        )
        if unknown := sum(row["missing_rate_count"] for row in ageing.values()):
            st.caption(f"{number(unknown)} open invoices have no exchange rate and are not in these columns.")
    else:
        nothing("Nothing is owed.")

left, right = st.columns([3, 2], gap="small")
with (
    left,
    section(
        "Accounts to call about money",
        "In the order of the collection worklist. Click a row to open the account.",
        key="attention",
    ),
):
    worklist = overview.worklist(page.warehouse, page.filters, 12)
    overdue = Column(f"Overdue, {page.base_currency or 'base'}", "money", "R4")
    columns = {
        "rank": Column("Rank", "count"),
        "account_name": Column("Account", width="medium"),
        "overdue_amount": overdue,
        "oldest_days_overdue": Column("Oldest, days", "count", "Days overdue of the oldest open item."),
        "suggested_action": Column("Suggested action", width="medium", words="collection_action"),
        "reason": Column("Why", width="large", words="collection_reason"),
        "last_contact_on": Column("Last contact", "date"),
        "owner_name": Column("Manager"),
    }
    if worklist.num_rows:
        open_account(table(worklist, columns, "overview_worklist", pick="account_id"))
    else:
        nothing("No account has anything overdue.")
with right, section("The book", "Accounts by state, and the deals that are open.", key="book"):
    if statuses:
        by_status = {row["status"]: row["accounts"] for row in statuses}
        known = [row["key_accounts"] for row in statuses if row["key_accounts"] is not None]
        facts(
            [
                ("Active accounts", number(by_status.get("active", 0))),
                ("Paused", number(by_status.get("paused", 0))),
                ("Lost", number(by_status.get("lost", 0))),
                ("State not known", number(by_status.get("not known", 0))),
                ("Key accounts", number(sum(known) if known else None)),
                ("Open deals", number(pipeline["open_deals"])),
                ("Pipeline", money(pipeline["open_amount"], page.base_currency)),
                ("Weighted by probability", money(pipeline["weighted_amount"], page.base_currency)),
                ("Stale deals", number(pipeline["stale_deals"])),
            ],
            ruled=True,
        )
    else:
        nothing("No accounts.")


def long_view() -> None:
    """Concentration and retention, of which a year's movement matters more than today's figure."""
    left, right = st.columns(2, gap="small")
    with (
        left,
        section("Concentration", whole_company() or "Share of revenue that the largest accounts bring.", key="share"),
    ):
        concentration = rows(overview.concentration(page.warehouse, page.filters))
        if any(row["top10_share"] is not None for row in concentration):
            charts.lines(
                concentration,
                {"top1_share": "Largest", "top5_share": "Top 5", "top10_share": "Top 10"},
                ["violet", "teal", "blue"],
                "Share of revenue",
                key="overview_share",
                fmt=".1%",
                axis_format=".0%",
                alt_text="Share of revenue of the largest accounts by month",
            )
        else:
            nothing("No revenue in this period.")
    with (
        right,
        section(
            "Retention", whole_company() or "Of the revenue a year or a month ago, what is still there.", key="kept"
        ),
    ):
        retention = rows(overview.retention(page.warehouse, page.filters))
        basis = "mrr" if any(row["basis"] == "mrr" and row["nrr"] is not None for row in retention) else "invoiced"
        kept = [row for row in retention if row["basis"] == basis]
        if any(row["nrr"] is not None for row in kept):
            charts.lines(
                kept,
                {"nrr": "Net (V4)", "grr": "Gross (V5)"},
                ["blue", "orange"],
                "Recurring revenue kept" if basis == "mrr" else "Invoiced revenue kept",
                key="overview_kept",
                fmt=".1%",
                axis_format=".0%",
                zero=False,
                alt_text="Net and gross revenue retention by month",
            )
        else:
            nothing("Not enough months to compare.")


long_view()
footnotes()
