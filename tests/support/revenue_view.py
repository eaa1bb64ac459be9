"""The company of `tests.support.revenue` as the models have it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from tests.support.homes import make
from tests.support.known import unrated
from tests.support.raw_rows import write_raw
from tests.support.revenue import AS_OF, COMPANY, CURRENCIES, Rows, pieces


def build(home: Path) -> Path:
    """Builds what is made of its revenue, with the identity that holds it together; the database."""
    write_raw(home, dict(COMPANY.rows), as_of_date=AS_OF)
    reports = ["rpt_revenue_retention", "rpt_revenue_retention_groups", "rpt_cohorts", "rpt_concentration",
               "rpt_account_value", "rpt_account_value_groups", "rpt_account_monthly", "rpt_account_revenue"]  # fmt: skip
    return make(home, reports, passing=["assert_revenue_adds_up"])


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> Rows:
    """A query's rows."""
    found: Rows = warehouse.sql(query).to_arrow_table().to_pylist()
    return found


def of(warehouse: duckdb.DuckDBPyConnection, account: int, basis: str, month: str) -> dict[str, Any]:
    """An account's month."""
    [row] = rows(
        warehouse,
        f"select * from reporting.rpt_account_revenue where account_id = 'test:A{account}' and basis = '{basis}' "
        f"and month = '{month}-01'",
    )
    return row


def unknown_in(account: str, month: date) -> int:
    """How many documents of a month have no rate."""
    return unrated({currency: pieces().get((account, "invoiced", currency, month), []) for currency in CURRENCIES})
