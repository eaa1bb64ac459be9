"""Whether two warehouses say the same: no time is quoted for tables that differ."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import duckdb

# Left out is what the script does more simply than the definition says: call-backs (plain minutes, no calendar),
# two-way contacts (calls that a CRM logged twice count twice), DSO by countback (waiting credit notes stay out).
# What must be equal: the query, and how many of its columns say which row it is. Converted money is compared to a cent
# and a hundred-millionth: the refresh rounds each document's converted amount to four decimals, the script only sums.
FIGURES: dict[str, tuple[int, str]] = {
    "open, overdue, sales and collected by month and currency": (
        2,
        """
        select currency, cast(month as date), open_amount, overdue_amount, sales, collected
        from reporting.rpt_receivable_kpis
        """,
    ),
    "ageing by day and currency": (
        2,
        """
        select currency, as_of_date, count(*), sum(open_amount), sum(overdue_amount), sum(unapplied_amount),
            sum(days_31_60)
        from reporting.rpt_receivable_aging
        group by all
        """,
    ),
    "open invoices by account": (
        2,
        """
        select account_id, currency, count(*), sum(open_amount), max(days_overdue)
        from reporting.rpt_open_invoices
        group by all
        """,
    ),
    "accounts by state": (
        1,
        """
        select status, count(*), sum(open_amount), sum(revenue_12m)
        from reporting.rpt_accounts
        group by all
        """,
    ),
    "months of accounts": (
        1,
        """
        select cast(month as date), count(*), sum(inbound_calls), sum(net_revenue)
        from reporting.rpt_account_monthly
        group by all
        """,
    ),
    "scorecards by employee": (
        1,
        """
        select employee_id, count(*), sum(accounts), sum(new_contracts), sum(two_way_contact_accounts)
        from reporting.rpt_team_scorecard
        -- Months of which it tells a loss or a commission alone the script doesn't know.
        where accounts > 0 or new_contracts > 0 or two_way_contact_accounts > 0
        group by all
        """,
    ),
    "pipeline by day and stage": (
        2,
        """
        select as_of_date, stage, sum(open_deals), sum(stale_deals), sum(open_amount)
        from reporting.rpt_pipeline
        group by all
        """,
    ),
    "calls, answered and first-time callers by month and source": (
        2,
        """
        select cast(month as date), source, calls, answered, first_time_callers, leads, cash_applied
        from reporting.rpt_call_channels
        """,
    ),
    "response by day and agent": (
        2,
        """
        select day, employee_id, inbound, answered
        from reporting.rpt_call_response
        where inbound > 0
        """,
    ),
}


def _same(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> bool:
    if one is None or other is None:
        return False
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if not (a is None and b is None)]
    return all(
        a is not None and b is not None and abs(float(a) - float(b)) <= 0.01 + 1e-8 * abs(float(a)) for a, b in pairs
    )


def _rows(connection: duckdb.DuckDBPyConnection, name: str, keys: int, query: str) -> dict[Any, tuple[Any, ...]]:
    rows = connection.execute(query.replace("reporting.", f"{name}.reporting.")).fetchall()
    return {row[:keys]: row[keys:] for row in rows}


def differences(ours: Path, theirs: Path) -> list[str]:
    """What the two warehouses disagree on, a line each with an example; empty when they agree."""
    with duckdb.connect() as connection:
        for name, path in (("ours", ours), ("theirs", theirs)):
            connection.execute(f"attach '{os.path.realpath(path)}' as {name} (read_only)")
        found = []
        for what, (keys, query) in FIGURES.items():
            one, other = (_rows(connection, name, keys, query) for name in ("ours", "theirs"))
            apart = [key for key in one.keys() | other.keys() if not _same(one.get(key), other.get(key))]
            if apart or not one:
                key = apart[0] if apart else None
                found.append(
                    f"{what}: {len(apart)} of {len(one)} rows differ, such as {key}: the refresh says "
                    f"{one.get(key)}, the script {other.get(key)}"
                )
        return found
