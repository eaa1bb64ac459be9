"""Whether two warehouses say the same: no time is quoted for tables that differ."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

# The figures that must be equal to the cent, or to the call.
FIGURES = {
    "open, overdue, sales and collected by month and currency": """
        select currency, cast(month as date), round(open_amount, 2), round(overdue_amount, 2), round(sales, 2),
            round(collected, 2)
        from reporting.rpt_receivable_kpis
    """,
    "ageing by day and currency": """
        select currency, as_of_date, count(*), round(sum(open_amount), 2), round(sum(overdue_amount), 2),
            round(sum(unapplied_amount), 2), round(sum(days_31_60), 2), round(sum(days_over_120), 2)
        from reporting.rpt_receivable_aging
        group by all
    """,
    "open invoices by account": """
        select account_id, currency, count(*), round(sum(open_amount), 2), max(days_overdue)
        from reporting.rpt_open_invoices
        group by all
    """,
    "accounts by state": """
        select status, count(*), round(sum(open_amount), 1), round(sum(revenue_12m), 1)
        from reporting.rpt_accounts
        group by all
    """,
    "months of accounts": """
        select cast(month as date), count(*), sum(inbound_calls), sum(two_way_contacts), round(sum(net_revenue), 1)
        from reporting.rpt_account_monthly
        group by all
    """,
    "scorecards by employee": """
        select employee_id, count(*), sum(accounts), sum(new_contracts), sum(two_way_contact_accounts)
        from reporting.rpt_team_scorecard
        group by all
    """,
    "pipeline by day and stage": """
        select as_of_date, stage, sum(open_deals), sum(stale_deals), round(sum(open_amount), 1)
        from reporting.rpt_pipeline
        group by all
    """,
    "calls, answered and first-time callers by month and source": """
        select cast(month as date), source, calls, answered, first_time_callers, leads, round(cash_applied, 1)
        from reporting.rpt_call_channels
    """,
    "response by day and agent": """
        select day, employee_id, inbound, answered, handled_missed, callback_minutes_median
        from reporting.rpt_call_response
    """,
}


def differences(ours: Path, theirs: Path) -> list[str]:
    """What the two warehouses disagree on, a line each with an example; empty when they agree.

    A month of a currency with one open amount apart, or one call, is a difference.
    """
    with duckdb.connect() as connection:
        for name, path in (("ours", ours), ("theirs", theirs)):
            connection.execute(f"attach '{os.path.realpath(path)}' as {name} (read_only)")
        found = []
        for what, query in FIGURES.items():
            one, other = (query.replace("reporting.", f"{name}.reporting.") for name in ("ours", "theirs"))
            apart = connection.execute(f"({one}) except ({other})").fetchall()
            missing = connection.execute(f"({other}) except ({one})").fetchall()
            if apart or missing:
                found.append(
                    f"{what}: {len(apart)} rows of the refresh and {len(missing)} of the script are not in the other, "
                    f"such as {(apart or missing)[0]}"
                )
        return found
