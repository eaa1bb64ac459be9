"""Section of the page Sales: what the pipeline of past weeks promised beside what was won."""

from __future__ import annotations

import streamlit as st

from dashboards.components.page import PageContext, nothing, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import in_place
from dashboards.queries import pipeline
from dashboards.queries.base import rows


def forecast_error_section(page: PageContext) -> None:
    """Forecast, outcome and error by manager and category, of the chosen horizon (P10)."""
    code = page.base_currency or "base"
    every = rows(pipeline.forecast_horizons(page.warehouse))
    with section(
        "Forecast and outcome",
        "What was open on past week ends and expected to be won in the weeks after, weighted, and what was won (P10), "
        "added up over the week ends: a deal counts at each of them, so that no sum here is a turnover. "
        "A category is the CRM's of that evening, else a band of probability.",
        key="forecast-error",
    ):
        if not every:
            nothing("No week end has so many weeks after it that are over and told.")
            return
        weeks = st.segmented_control(
            "Horizon",
            [row["weeks_ahead"] for row in every],
            default=every[0]["weeks_ahead"],
            key="forecast_horizon",
            format_func=lambda number: f"{number} weeks",
            required=True,
        )
        data = in_place(pipeline.forecast_error(page.warehouse, page.filters, int(weeks)), "employee_name")
        columns = {
            "employee_name": Column("Manager", pinned=True),
            "category": Column("Category", words="forecast_category"),
            "category_basis": Column("Told", words="category_basis"),
            "forecast": Column(f"Forecast, {code}", "money", "Amount × probability, as they stood on each week end."),
            "outcome": Column("Won", "money", "In the weeks after each week end, at its rate."),
            "error_ratio": Column("Error", "ratio", "P10: (won − forecast) ÷ won; above 0 more was won than forecast."),
            "absolute_error_ratio": Column("Error of a week", "ratio", "Whichever way, added up over the week ends."),
            "forecast_deals": Column("Forecast deals", "count", "Each in every week in which it was forecast."),
            "won_deals": Column("Won deals", "count", "Each at every week end after which it was won in time."),
            "record_deals": Column("Without history", "count", "As their record is now, not as it was then."),
            "origins": Column("Week ends", "count"),
            "missing_amount_count": Column(
                "No amount", "count", "Without an amount, or forecast without a probability."
            ),
            "missing_rate_count": Column("No rate", "count"),
        }
        table(data, columns, "forecast_error")
        download("Download as CSV", "forecast-error", lambda: data, "forecast_error", columns)
