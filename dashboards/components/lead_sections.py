"""Sections of the page Sales: deals to be tidied up (P11), and leads that take time and come to nothing (F19)."""

from __future__ import annotations

from dashboards.components.page import PageContext, section
from dashboards.components.tables import Column, download, table
from dashboards.components.words import in_place
from dashboards.queries import sales


def leads_section(page: PageContext) -> None:
    """What became of leads and what they took, then the open ones, the least likely on top."""
    states = sales.lead_states(page.warehouse, page.filters)
    waiting = in_place(sales.open_leads(page.warehouse, page.filters), "employee_name")
    if not states.num_rows and not waiting.num_rows:
        return
    about = "Those of the period by what became of them; then the open ones, of which the fewest become clients first."
    with section("Leads", about, key="leads"):
        if states.num_rows:
            became = {
                "state": Column("Leads that are", words="lead_state", pinned=True),
                "leads": Column("Leads", "count"),
                "efforts": Column("Calls and activities", "count", "F19: with its number or that name it."),
                "effort_minutes": Column("Minutes", "real", "F19"),
                "time_share": Column("Of all time", "ratio", "F19: time on refused ones is lost."),
            }
            table(states, became, "lead_states", height="content")
        if waiting.num_rows:
            columns = {
                "lead_name": Column("Lead", width="medium", pinned=True),
                "lead_source": Column("Source"),
                "status": Column("Status"),
                "score": Column("Become clients", "ratio", "F19: of decided leads of its source."),
                "scored_leads": Column("Of leads", "count"),
                "is_doubtful": Column("Doubtful", "bool", "F19: below lead_least_score."),
                "effort_minutes": Column("Minutes", "real"),
                "created_on": Column("Came", "date"),
                "last_effort_on": Column("Last effort", "date"),
                "employee_name": Column("Manager", words="placeholder"),
                "_file": Column("File"),
                "_row": Column("Line", "count"),
            }
            table(waiting, columns, "open_leads", height=460 if waiting.num_rows > 11 else "content")
            download("Download as CSV", "open-leads", lambda: waiting, "open_leads", columns)


def untidy_section(page: PageContext) -> None:
    """Open deals that lack something, wait or stand twice."""
    deals = in_place(sales.untidy(page.warehouse, page.filters), "employee_name")
    if not deals.num_rows:
        return
    with section("Deals to tidy up", "Open ones, the largest first (P11).", key="untidy"):
        columns = {
            "deal_name": Column("Deal", width="medium", pinned=True),
            "hygiene": Column("To tidy up", width="medium", words="deal_hygiene"),
            "amount": Column("Amount", "money"),
            "currency": Column("Currency"),
            "stage": Column("Stage"),
            "expected_close_on": Column("Expected", "date"),
            "idle_days": Column("Idle, days", "count", "P11: since something was done about it."),
            "payment_warning": Column("Warning", help="B12", optional=True, words="payment_warning"),
            "employee_name": Column("Manager", words="placeholder"),
            "_file": Column("File"),
            "_row": Column("Line", "count"),
        }
        table(deals, columns, "untidy_deals", height=460 if deals.num_rows > 11 else "content")
        download("Download as CSV", "deals-to-tidy-up", lambda: deals, "untidy_deals", columns)
