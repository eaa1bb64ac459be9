"""Sections of the page Team: load against quality, and calls against what follows them."""

from __future__ import annotations

from dashboards.components.page import PageContext, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import one
from dashboards.queries import team_load


def load_section(page: PageContext) -> None:
    """Of the whole company: what many accounts go with (N10), and what one more call goes with (N20)."""
    quality, effort = team_load.quality(page.warehouse), team_load.effort(page.warehouse)
    caution = one("evidence", "not_causal")
    if quality.num_rows:
        columns = {
            "measure": Column("Measure", pinned=True, words="load_measure"),
            "load_band": Column("Load", words="load_band"),
            "accounts_average": Column("Accounts a person", "real", "P19: active ones, on average."),
            "value": Column("Mean month", "of_row", "In the measure's own unit: minutes, days, a share (1 is all)."),
            "low": Column("Low", "of_row", "95 % interval, rather too narrow: a person's months hang together."),
            "high": Column("High", "of_row"),
            "reading": Column("Reading", width="medium", words="load_reading"),
            "correlation": Column("Correlation", "of_row", "Spearman's, of accounts with the measure."),
            "employees": Column("People", "count"),
            "employee_months": Column("Months", "count", "Complete months of people in which the measure is known."),
            "endless_months": Column("Endless", "count", "Months whose middle wait never ended: no mean is known."),
        }
        with section(
            "Load against quality",
            "Response to missed calls, days of sales and lost accounts by load band, of the whole company (N10). "
            f"{caution}.",
            key="load-quality",
        ):
            table(quality, columns, "load_quality", height="content")
            download("Download as CSV", "load-quality", lambda: quality, "load_quality", columns)
    if effort.num_rows:
        code = page.base_currency or "base currency"
        columns = {
            "outcome": Column("Outcome", pinned=True, words="effort_outcome"),
            "lag_weeks": Column("Weeks later", "count"),
            "slope": Column("One more call goes with", "of_row", f"In {code}, or deals."),
            "low": Column("Low", "of_row", "95 % interval."),
            "high": Column("High", "of_row"),
            "reading": Column("Reading", width="medium", words="effort_reading"),
            "employees": Column("People", "count"),
            "employee_weeks": Column("Weeks", "count"),
            "calls": Column("Calls", "count"),
        }
        with section(
            "Is there more cash, or more deals, after more calls?",
            "Weeks of each person against his own mean, of the accounts that the person owns; of the whole company "
            f"(N20). {caution}.",
            key="effort-outcome",
        ):
            table(effort, columns, "effort_outcome", height="content")
            download("Download as CSV", "effort-outcome", lambda: effort, "effort_outcome", columns)
