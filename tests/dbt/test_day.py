"""The run's day: the newest event that its own export could know of, and what is told of later ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.entities import entities
from tests.support.homes import make
from tests.support.raw_rows import write_raw

KNOWN = {"_known_at": "2026-04-01T12:00:00Z"}
ROWS = {
    "billing.invoices": [
        KNOWN | {"invoice_id": "1", "issued_on": "2026-03-01", "due_on": "2026-09-01", "status": "issued"},
        KNOWN | {"invoice_id": "draft", "issued_on": "2026-03-31", "status": "draft"},
        KNOWN | {"invoice_id": "slip", "issued_on": "2062-03-01", "status": "issued"},
        KNOWN | {"invoice_id": "future draft", "issued_on": "2026-12-01", "status": "draft"},
    ],
    "billing.payments": [KNOWN | {"payment_id": "1", "received_on": "2026-03-30", "status": "pending"}],
    # A call at 23:30 UTC is an event of the next day in Stockholm.
    "calls.calls": [
        KNOWN | {"call_id": "1", "started_at": "2026-03-10T23:30:00Z"},
        KNOWN | {"call_id": "2", "started_at": "2036-03-10T10:00:00Z"},
        KNOWN | {"call_id": "3", "started_at": "2026-04-01T23:30:00Z"},
    ],
    "crm.deals": [
        KNOWN | {"deal_id": "1", "created_at": "2026-02-01T10:00:00Z", "expected_close_on": "2026-10-01",
                 "status": "won", "stage": "Won", "probability": 1, "closed_at": "2030-01-01T00:00:00Z"},
    ],
    "crm.activities": [KNOWN | {"activity_id": "1", "occurred_at": "2026-03-20T10:00:00Z", "activity_type": "meeting"}],
    # A trial's end, a hand-over and a person's first day are agreed on ahead.
    "billing.subscriptions": [KNOWN | {"subscription_id": "1", "unit_price": 10, "started_on": "2026-03-25"}],
    "crm.account_owners": [KNOWN | {"account_id": "1", "owner_id": "1", "starts_on": "2026-03-26"}],
    "crm.employees": [KNOWN | {"employee_id": "1", "full_name": "Ada", "active_from": "2026-03-27"}],
    "plan.fx_rates": [KNOWN | {"currency": "USD", "rate_date": "2026-03-28", "rate": 1}],
}  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home: Path = tmp_path_factory.mktemp("day")
    write_raw(home, ROWS, business_timezone="Europe/Stockholm")
    made = make(home, ["stg_landing__later_dates", "stg_crm__deals", "rpt_known_now"])
    with duckdb.connect(str(made), read_only=True) as connection:
        yield connection


def test_the_day_is_that_of_the_newest_event_that_its_export_could_know(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select as_of_date, newest_event_on from intermediate.int_run_dated").fetchall()
    assert found == [(date(2026, 3, 11), date(2026, 3, 11))]


def test_what_lies_after_its_export_is_named_by_file_and_line(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select file, column_name, row_count, first_line, last_line, first_on, last_on "
        "from staging.stg_landing__later_dates order by file, column_name"
    ).fetchall()
    assert found == [
        ("calls.csv", "started_at", 2, 3, 4, date(2026, 4, 2), date(2036, 3, 10)),
        ("deals.csv", "closed_at", 1, 2, 2, date(2030, 1, 1), date(2030, 1, 1)),
        ("invoices.csv", "issued_on", 1, 4, 4, date(2062, 3, 1), date(2062, 3, 1)),
    ]


def test_a_deal_that_closes_later_is_open(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select status, stage, probability, closed_at from staging.stg_crm__deals").fetchall()
    assert found == [("open", None, None, None)]


def test_what_has_no_history_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select entity, column_name, why from reporting.rpt_known_now").fetchall()
    declared = [(entity.id, *named) for entity in entities().values() for named in entity.cut.now.items()]
    # What files said is a record of them, which no day cuts.
    assert sorted(found) == sorted([*declared, ("rpt_superseded_rows", "*", "record")])


def test_plans_give_a_day_where_nothing_else_does(tmp_path: Path) -> None:
    write_raw(tmp_path, {"billing.subscriptions": ROWS["billing.subscriptions"]})
    with duckdb.connect(str(make(tmp_path, ["int_run_dated"])), read_only=True) as connection:
        assert connection.execute("select as_of_date from intermediate.int_run_dated").fetchall() == [
            (date(2026, 3, 25),)
        ]
