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
            "bonus": Column("Bonus", "money", "C27: that the plan promises for a quota reached.", optional=True),
            "commission_payable": Column(
                "Commission", "money", "P21: payable less clawed back; of whom you may see it.", optional=True
            ),
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
            "profit": Column(f"Profit, {code}", "money", "C25: turnover less the plan's costs.", optional=True),
            "profit_target": Column("Profit planned", "money", optional=True),
            "profit_attainment": Column("Done of profit", "ratio", "C25", optional=True),
            "representation_cost": Column("Representation", "money", "C33", optional=True),
            "representation_budget": Column("Budget for it", "money", "C33", optional=True),
        }
        table(data, columns, "scorecard", height="content" if data.num_rows < 15 else "auto")
        download("Download as CSV", "scorecard", lambda: data, "scorecard", columns)


def talks_section(page: PageContext) -> None:
    """A month, a row a person: how clients were spoken with, what was planned and written down."""
    months = team.scorecard_months(page.warehouse)
    if not months:
        return
    with section(
        "How clients are spoken with",
        "Clients a week and calls (A10, A13), people who decide (A15), plans kept (A12), answers (A22), meetings "
        "(A25, A27) and birthdays (A16).",
        key="talks",
    ):
        month = month_choice("Month of the talks", months, "talks_month")
        data = team.talks(page.warehouse, page.filters, month)
        columns = {
            "employee_name": Column("Person", pinned=True),
            "team": Column("Team", optional=True),
            "weekly_contact_accounts": Column(
                "Clients a week", "real", "A10: with a two-way contact, the mean of the weeks."
            ),
            "two_way_contacts": Column("Contacts", "count", "P14"),
            "connected_share": Column("Calls answered", "ratio", "K14: of the outbound ones."),
            "decision_maker_talk_share": Column("Time with deciders", "ratio", "A15: of people whose role is known."),
            "planned_activities": Column("Planned", "count", "A12: on a day before."),
            "planned_done_ratio": Column("Of it done", "ratio", "A12"),
            "logged_calls": Column("Calls in the CRM", "count", "A13"),
            "call_outcome_ratio": Column("With a result", "ratio", "A13"),
            "emails_received": Column("E-mails in", "count", "A22", optional=True),
            "email_reply_minutes_median": Column(
                "Answer, min", "real", "A22: business minutes, in the middle.", optional=True
            ),
            "meetings_held": Column("Meetings", "count", "A25"),
            "meetings_recorded_ratio": Column("With a record", "ratio", "A25: an outcome, a note or minutes."),
            "meetings_next_step_ratio": Column("With a next step", "ratio", "A25: something planned for a later day."),
            "meetings_made": Column("Meetings arranged", "count", "A27"),
            "meetings_by_call": Column("After a call", "count", "A27: on the day of it or the next."),
            "birthdays": Column("Birthdays", "count", "A16"),
            "birthdays_reached_ratio": Column("Reached on them", "ratio", "A16: called, written to or met."),
        }
        table(data, columns, "talks", height="content" if data.num_rows < 15 else "auto")
        download("Download as CSV", "talks", lambda: data, "talks", columns)
