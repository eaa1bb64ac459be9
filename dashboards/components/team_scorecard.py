"""The scorecard: turnover, plan and client cards of each person, beside load and losses."""

from __future__ import annotations

from dashboards.components.page import PageContext, month_choice, section
from dashboards.components.tables import Column, download, table
from dashboards.queries import team


def scorecard_section(page: PageContext) -> None:
    """A month's scorecard, a row a person: what managers are rated on (C4), their quota (P22) and their load (P19)."""
    months = team.scorecard_months(page.warehouse)
    if not months:
        return
    code = page.base_currency or "base"
    with section(
        "Scorecard", "Turnover growth, plan and timely cards (C4), quota (P22) and load (P19).", key="scorecard"
    ):
        month = month_choice("Month of the scorecard", months, "scorecard_month")
        data = team.scorecard(page.warehouse, page.filters, month)
        columns = {
            "employee_name": Column("Person", pinned=True),
            "team": Column("Team"),
            "revenue": Column(f"Turnover, {code}", "money", "V1, of the accounts that the person owns."),
            "revenue_growth": Column("Growth", "ratio", "Against the same month a year before (C4)."),
            "target": Column("Target", "money"),
            "attainment": Column("Done of target", "ratio", "C1"),
            "quota": Column("Quota", "money", "P22: the target for the days on which the person was there."),
            "quota_band": Column("Quota is", words="quota_band"),
            "misses_in_a_row": Column("Misses in a row", "count", "C2: months that missed the quota."),
            "is_quota_missed_again": Column("Missed again", "bool", "C2: two in a row or more."),
            "new_contracts": Column("New contracts", "count", "A4"),
            "card_timeliness": Column("Card, days", "days", "P17: from an event to its entry, in the middle."),
            "card_on_time_ratio": Column("Cards in time", "ratio", "P17"),
            "accounts": Column("Active accounts", "count", "P19"),
            "load_band": Column("Load", help="D1: the band of role and grade.", optional=True, words="load_band"),
            "response_minutes_median": Column("Call back, min", "real", "A22: business minutes, in the middle."),
            "dso_days": Column("DSO, days", "real", "R7, of the accounts that the person owns."),
            "promises_kept_ratio": Column("Promises kept", "ratio", "R22: of those that fell due in the month."),
            "lost_accounts": Column("Lost", "count", "C26: active a month before and no more."),
            "overdue_ratio": Column("Overdue", "ratio", "R6"),
            "collected": Column(f"Collected, {code}", "money", "R17"),
        }
        table(data, columns, "scorecard", height="content" if data.num_rows < 15 else "auto")
        download("Download as CSV", "scorecard", lambda: data, "scorecard", columns)
