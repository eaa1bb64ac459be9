"""Cash forecast: what is expected when, of which invoices, and how far such a forecast has been off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.components import charts, forecast_charts
from dashboards.components.formats import UNKNOWN, money, number, percent
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
from dashboards.components.tables import EVERY, MOST, Column, download, shown_of, table
from dashboards.components.tiles import Tile, tiles
from dashboards.components.words import in_place
from dashboards.queries import forecast
from dashboards.queries.base import rows

METHODS = {"payment_behaviour": "This forecast", "mean_lag": "Customer's mean lag", "due_date": "Due date"}
PARTS = {
    "open_amount": Column("Open", "money", "R1: the four parts after it add up to it."),
    "within_amount": Column("Expected in the weeks shown", "money", "R30"),
    "promised_amount": Column("of it promised", "money", "By promises in force on the as-of date."),
    "later_amount": Column("Later", "money", "Expected after the weeks shown."),
    "never_amount": Column("Never", "money", "Expected to be written off or credited, by the history of losses."),
    "unforeseen_amount": Column(
        "Not foreseen", "money", "Open for longer than the history has seen anything paid, or no history at all."
    ),
}

page = current_page()


def off(tested: list[dict[str, Any]], method: str, column: str) -> Any:
    """A figure of a method over all origins; None when nothing was tested."""
    return next((row[column] for row in tested if row["method"] == method), None)


def one_decimal(value: float | None, unit: str) -> str:
    """A number with one decimal and its unit."""
    return UNKNOWN if value is None else f"{value:.1f} {unit}"


def shown_tiles(part: dict[str, Any], currency: str, tested: list[dict[str, Any]]) -> None:
    """What is open and what is expected of it, and the errors of the test."""
    metric = ("rpt_cash_expectations", "expected_amount", "R30")
    tiles(
        page.warehouse,
        [
            Tile("Expected", money(part["within_amount"], currency), metric=metric, note="In the weeks shown."),
            Tile("Later", money(part["later_amount"], currency), metric=metric, note=PARTS["later_amount"].help),
            Tile("Never", money(part["never_amount"], currency), metric=metric, note=PARTS["never_amount"].help),
            Tile(
                "Not foreseen",
                money(part["unforeseen_amount"], currency),
                metric=metric,
                note=PARTS["unforeseen_amount"].help,
            ),
            Tile(
                "Error in days",
                one_decimal(off(tested, "payment_behaviour", "overall_error_days"), "days"),
                versus=f"customer's mean: {one_decimal(off(tested, 'mean_lag', 'overall_error_days'), 'days')}",
                metric=("rpt_forecast_backtest", "mean_absolute_error_days", "R30"),
                note="Over all month ends tested, of the whole company.",
            ),
            Tile(
                "Error in weekly cash",
                percent(off(tested, "payment_behaviour", "overall_amount_error_ratio"), 0),
                versus=f"customer's mean: {percent(off(tested, 'mean_lag', 'overall_amount_error_ratio'), 0)}",
                metric=("rpt_forecast_backtest", "amount_error_ratio", "R30"),
                note="Over all month ends tested, of the whole company.",
            ),
        ],
    )


def weeks_section(weekly: list[dict[str, Any]], currency: str, tested: list[dict[str, Any]]) -> None:
    """Expected by week, with low and high."""
    within = off(tested, "payment_behaviour", "overall_within_band_ratio")
    band = "The line is from low to high, as if invoices were paid independently."
    if within is not None:
        band += f" In the test {percent(within, 0)} of the weeks lay between them."
    if page.filters.narrows_accounts:
        band = "Low and high are known for the whole company alone: take the filters away to see them."
    with section("By week", f"Cash expected of invoices in {currency} that are open now (R30). {band}", key="weeks"):
        if any(row["expected_amount"] for row in weekly):
            forecast_charts.weeks_with_band(
                weekly, currency, key="forecast_weeks", alt_text="Cash expected by week, with low and high"
            )
        else:
            nothing("Nothing is expected in these weeks.")


def accounts_section(currency: str, total: int) -> None:
    """What is expected of each account."""
    about = "Most expected first. Click a row to open the account."
    with section("By account", about, key="forecast-accounts"):
        data = forecast.by_account(page.warehouse, page.filters, currency, MOST)
        columns = {"currency": Column("Currency"), "account_name": Column("Account", width="medium")}
        picked = table(data, columns | PARTS, "forecast_accounts", pick="account_id")
        shown_of(data.num_rows, total, "accounts")
        download(
            "Download as CSV",
            "cash-forecast-accounts",
            lambda: forecast.by_account(page.warehouse, page.filters, currency, EVERY),
            "forecast_accounts",
        )
        open_account(picked)


def invoices_section(weekly: list[dict[str, Any]], currency: str) -> None:
    """The invoices behind a week, or behind all of it."""
    with section(
        "Invoices behind it",
        "What each open invoice adds to a week, or to all weeks shown, and the line that it comes from.",
        key="forecast-invoices",
    ):
        choices: list[date | None] = [None, *(date.fromisoformat(row["week"]) for row in weekly)]
        week = st.selectbox(
            "Week",
            choices,
            key="forecast_week",
            format_func=lambda day: "All weeks shown" if day is None else f"{day} to {day + timedelta(days=6)}",
            width=240,
        )
        data = forecast.invoices(page.warehouse, page.filters, currency, week, MOST)
        if not data.num_rows:
            nothing("No invoice is expected to be paid in this week.")
            return
        picked = table(
            data,
            {
                "invoice_number": Column("Invoice", words="placeholder"),
                "account_name": Column("Account", width="medium"),
                "instalment_number": Column("Instalment", "count"),
                "due_on": Column("Due", "date"),
                "days_overdue": Column("Days overdue", "count"),
                "open_amount": Column("Open", "money"),
                "week_amount": Column("Expected", "money", "The part of it that is expected in the weeks chosen."),
                "expected_on": Column(
                    "Expected on",
                    "date",
                    "The promised day, else the day by which half of what will be paid is paid. "
                    "None where less than half is expected to be paid at all.",
                ),
                "early_on": Column("Early", "date"),
                "late_on": Column("Late", "date"),
                "paid_share": Column("Share paid", "ratio", "How much of it is expected to be paid at all."),
                "promised_for": Column("Promised for", "date"),
                "basis": Column("Rests on", help="A promise in force, or how the account pays; none: no such history."),
                "_file": Column("File", help="The export that it came from."),
                "_row": Column("Line", "count", "The line in that file."),
            },
            "forecast_invoices",
            pick="account_id",
            height=420 if data.num_rows > 10 else "content",
        )
        if data.num_rows == MOST:
            st.caption(f"The first {MOST:,} invoices. The download has all of them.")
        download(
            "Download as CSV",
            "cash-forecast-invoices",
            lambda: in_place(forecast.invoices(page.warehouse, page.filters, currency, week, EVERY), "invoice_number"),
            "forecast_invoices",
        )
        open_account(picked)


def overall(tested: list[dict[str, Any]]) -> pa.Table:
    """One row per method, over all origins."""
    columns = ("overall_error_days", "overall_amount_error_ratio", "overall_within_band_ratio", "overall_invoices")
    found = [
        {"method": label} | {column: off(tested, method, column) for column in columns}
        for method, label in METHODS.items()
    ]
    return pa.Table.from_pylist(found)


def backtest_section(tested: list[dict[str, Any]]) -> None:
    """How far the forecast lay off at past month ends, beside two simpler methods."""
    about = (
        "At each of the last month ends the forecast is made again from what had happened by then, and held against "
        "what came after. The others expect each invoice on its due date, or as late as its customer pays on average."
    )
    note = f" {whole_company()}" if whole_company() else ""
    with section("How good is it?", about + note, key="backtest"):
        if not tested:
            nothing("No month end has passed yet on which anything was open.")
            return
        left, right = st.columns(2, gap="medium")
        with left:
            table(
                overall(tested),
                {
                    "method": Column("Method", width=150),
                    "overall_error_days": Column("Days off", "days", "Mean days between expected and real settlement."),
                    "overall_amount_error_ratio": Column(
                        "Cash off", "ratio", "Sum over weeks of the difference of expected and paid, of what was paid."
                    ),
                    "overall_within_band_ratio": Column("In band", "ratio", "Weeks that lay between low and high."),
                    "overall_invoices": Column("Invoices", "count", "Counted at each month end that it is open."),
                },
                "forecast_overall",
                height="content",
            )
            still = sum(row["invoices_still_open"] for row in tested if row["method"] == "due_date")
            if still:
                st.caption(
                    f"{number(still)} times an invoice was open at a month end and is still open: no method is judged "
                    "by its day, all by its weeks."
                )
        with right:
            points: dict[str, dict[str, Any]] = {}
            for row in tested:
                points.setdefault(row["origin"][:7], {"month": row["origin"][:7]})[row["method"]] = row[
                    "mean_absolute_error_days"
                ]
            charts.lines(
                [points[month] for month in sorted(points)],
                METHODS,
                ["teal", "blue", "orange"],
                "Days off",
                key="backtest_days",
                alt_text="Mean days off by month end and method",
            )
        with st.expander("Each month end"):
            table(
                pa.Table.from_pylist([row | {"method": METHODS.get(row["method"], row["method"])} for row in tested]),
                {
                    "origin": Column("Forecast on"),
                    "method": Column("Method", width="medium"),
                    "invoices": Column("Invoices", "count"),
                    "invoices_still_open": Column("Still open", "count"),
                    "mean_absolute_error_days": Column("Days off", "days", "R30"),
                    "weeks": Column("Weeks over", "count", "Weeks of the forecast that have ended since."),
                    "expected_amount": Column(f"Expected, {page.base_currency or 'base'}", "money"),
                    "paid_amount": Column(f"Paid, {page.base_currency or 'base'}", "money"),
                    "amount_error_ratio": Column("Cash off", "ratio", "R30"),
                    "within_band_ratio": Column("In band", "ratio"),
                },
                "forecast_backtest",
            )


header(
    "Cash forecast",
    "When the open invoices will be paid, from how each customer pays. What is not invoiced is not in it.",
)
offered = forecast.currencies(page.warehouse, page.filters)
tests = forecast.backtest(page.warehouse)
if not offered and not tests:
    drop_in("billing")
    footnotes()
    st.stop()
if offered:
    first_choice = page.base_currency if page.base_currency in offered else offered[0]
    chosen = first_choice
    if len(offered) > 1:
        st.caption("Currencies are never added: choose the one to see.")
        chosen = st.segmented_control(
            "Currency", sorted(offered), default=first_choice, key="forecast_currency", required=True
        )
    assert chosen is not None
    parts = {row["currency"]: row for row in rows(forecast.by_currency(page.warehouse, page.filters))}
    shown_tiles(parts[chosen], chosen, tests)
    by_week = rows(forecast.weeks(page.warehouse, page.filters, chosen))
    weeks_section(by_week, chosen, tests)
    accounts_section(chosen, parts[chosen]["accounts"])
    invoices_section(by_week, chosen)
else:
    st.info("Nothing is open for the accounts that the filters leave.")
backtest_section(tests)
footnotes()
