"""Commission: what each person's deals accrued, what cash made payable and what was clawed back, line by line."""

from __future__ import annotations

import streamlit as st

from dashboards.components.formats import money, plain, plural
from dashboards.components.page import PageContext, month_choice, nothing, open_account, section
from dashboards.components.tables import Column, download, table
from dashboards.queries import team
from dashboards.queries.base import rows
from pipelines.delivery.sight import Sight

OPENED = "commission_opened"


def hidden(sight: Sight) -> str | None:
    """That some people's commission is not shown, and who says so; None where everybody's is."""
    if sight.everybody:
        return None
    if sight.people or sight.teams:
        return "Of whom you may see it, by `delivery.yml`."
    return (
        "Nobody's commission is shown to you: the pages do not know who you are, or `delivery.yml` gives you nobody's "
        "figures. The settings `dashboard_user_header` and `commission_shown` say how that is decided."
    )


def commission_section(page: PageContext) -> None:
    """A month's ledgers by person; a click on a row shows its lines, each with the cash that made it (P21)."""
    code = page.base_currency or "base"
    with section(
        "Commission",
        "Accrued when a deal is won, payable as its invoices are paid, clawed back as credit notes, refunds and "
        f"write-offs take that away (P21). In {code}.",
        key="commission",
    ):
        if told := hidden(page.filters.sight):
            st.caption(told)
        months = team.commission_months(page.warehouse)
        if not months:
            nothing("No deal was won by anybody.")
            return
        month = month_choice("Month of commission", months, "commission_month")
        data = team.commission(page.warehouse, page.filters, month)
        found = rows(data)
        picked = table(
            data,
            {
                "employee_name": Column("Person", pinned=True),
                "team": Column("Team"),
                "accrued": Column("Accrued", "money", "On the deals that were won in the month."),
                "payable": Column("Payable", "money", "On the cash of the month."),
                "clawed_back": Column("Clawed back", "money"),
                "to_pay": Column("To pay", "money", "Payable less what was clawed back."),
                "missing_rate_count": Column("Not known", "count", "Lines of which nobody knows the amount."),
                "unclosed_count": Column(
                    "Not closed", "count", "Lines of which nobody has closed the month: they may change."
                ),
                "lines": Column("Lines", "count", "Click the row to see them."),
            },
            "commission",
            pick="employee_id",
        )
        left, right = st.columns(2)
        with left:
            download("Download as CSV", "commission", lambda: data, "commission")
        with right:
            download(
                "Download the month to close it",
                f"commission_closings-{month:%Y-%m}",
                lambda: team.closing(page.warehouse, page.filters, month),
                "closing",
            )
        st.caption(
            "Rows of the list `commission_closings`: with a closed_on they keep the month as it is, and what comes to "
            "light later stands in the month after the last closed one. Until then it changes the month itself."
        )
        if picked:
            st.session_state[OPENED] = picked
        opened = next((row for row in found if row["employee_id"] == st.session_state.get(OPENED)), None)
    if not opened:
        return
    lines = team.commission_lines(page.warehouse, page.filters, month, opened["employee_id"])
    with section(
        f"{plain(opened['employee_name'])}: commission of {month:%Y-%m}",
        f"{money(opened['to_pay'], code)} to pay, {plural(lines.num_rows, 'line')}.",
        key="commission-lines",
    ):
        columns = {
            "occurred_on": Column("Day", "date"),
            "ledger": Column("Ledger", words="commission_ledger"),
            "event_type": Column("What happened", words="commission_event"),
            "deal_name": Column("Deal", width="medium"),
            "account_name": Column("Account", width="medium"),
            "base_amount": Column("Of", "money", "The deal's worth, or cash net of tax."),
            "share": Column("Share", "ratio"),
            "rate": Column("Rate", "ratio"),
            "amount": Column(f"Commission, {code}", "money"),
            "plan_version": Column("Plan"),
            "closed_month": Column("Of the closed month", "date", optional=True),
            "cash_application_id": Column("Cash application", optional=True),
            "_file": Column("File"),
            "_row": Column("Line", "count"),
        }
        account = table(lines, columns, "commission_lines", pick="account_id")
        download("Download the statement as CSV", "commission-statement", lambda: lines, "statement", columns)
    open_account(account)
