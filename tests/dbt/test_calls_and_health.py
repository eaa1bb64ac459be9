"""Calls and data health from landed files to reporting: two exports of the same invoices, calls, and what ties."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from pipelines.exports.contracts.loading import load_contracts
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.readers.unpack import Limits
from pipelines.settings import Settings
from pipelines.warehouse.transform import DBT_PROJECT
from tests.support.homes import make
from tests.support.raw_rows import RUN

# In the order of landing: a file landed later is the newer version.
EXPORTS = {
    "accounts.csv": """account_id,name,phone
1,Alfa AB,"08-123 45 67; 070-111 22 33"
2,Beta AB,070-222 33 44
3,Gamma AB,070-222 33 44
""",
    "channel_costs.csv": """source,medium,spent_on,amount,currency
Ads,cpc,2026-01-05,100.00,EUR
""",
    "calls.csv": """\
call_id,direction,caller_number,callee_number,agent_name,started_at,wait_seconds,talk_seconds,status,source
c1,inbound,+46701112233,+468999,Eva,2026-01-05T09:00:00+01:00,30,,missed,ads
c2,outbound,+468999,+46701112233,Eva,2026-01-05T09:45:00+01:00,10,60,answered,
c3,inbound,+46702223344,+468999,Eva,2026-01-06T09:00:00+01:00,5,45,answered,Ads
c4,inbound,anonymous,+468999,Eva,2026-01-06T10:00:00+01:00,3,,abandoned,
c5,internal,101,102,Eva,2026-01-06T11:00:00+01:00,3,500,answered,
""",
    "invoices.csv": """invoice_id,customer_id,issued_on,currency,net_amount,gross_amount,status
I1,1,2026-01-07,EUR,100.00,125.00,issued
I2,1,2026-01-08,EUR,200.00,250.00,issued
I3,1,2026-01-09,,40.00,50.00,issued
I4,1,2026-13-09,EUR,8.00,10.00,issued
""",
    "invoices_again.csv": """invoice_id,customer_id,issued_on,currency,net_amount,gross_amount,status
I2,1,2026-01-08,EUR,160.00,200.00,issued
""",
    "customers.csv": """customer_id,name,account_id
1,Alfa AB,1
""",
}

ASSERTIONS = (
    "control_totals_tie",
    "superseded_rows_have_a_newer_version",
    "conversations_keep_their_legs",
    "call_reports_count_every_call",
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build of these exports; every model and test that reporting on calls and health needs has passed."""
    home = tmp_path_factory.mktemp("health")
    settings = Settings(home=home)
    store = RawStore(settings.raw)
    store.prepare()
    for minute, (name, text) in enumerate(EXPORTS.items()):
        (home / name).write_text(text, encoding="utf-8")
        landed_at = datetime(2026, 2, 1, 12, minute, tzinfo=UTC)
        reading_rules = ReadingRules("Europe/Stockholm", Limits(), lambda landed_at=landed_at: landed_at)
        receipt = Landing(store, load_contracts(), reading_rules).land_file(home / name, name)
        assert receipt.entities, receipt.findings
    store.write_records(RUN | {"business_timezone": "Europe/Stockholm", "as_of_date": "2026-01-31"})
    (settings.warehouse / ".build" / "current").mkdir(parents=True)
    reports = DBT_PROJECT / "models" / "reporting"
    models = [path.stem for subject in ("calls", "data_health") for path in (reports / subject).glob("*.sql")]
    built = make(home, models, passing=[f"assert_{name}" for name in ASSERTIONS])
    with duckdb.connect(str(built), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def rows(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(query).fetchall()


def test_every_file_total_is_loaded_rejected_or_superseded(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select file, measure, currency, file_total, loaded, rejected, superseded, difference "
        "from reporting.rpt_control_totals where entity = 'invoices' and measure in ('rows', 'gross_amount') "
        "order by all",
    )
    assert [(*row[:3], *(float(number) for number in row[3:])) for row in found] == [
        ("invoices.csv", "gross_amount", "EUR", 435, 175, 10, 250, 0),
        ("invoices.csv", "rows", "", 4, 2, 1, 1, 0),
        ("invoices_again.csv", "gross_amount", "EUR", 200, 200, 0, 0, 0),
        ("invoices_again.csv", "rows", "", 1, 1, 0, 0, 0),
    ]


def test_health_counts_the_rows_of_each_source(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select entity, files, rows_read, rows_loaded, rows_rejected, rows_superseded, days_old, freshness_state, usual_pause_days, "
        "match_coverage from reporting.rpt_data_health where entity in ('invoices', 'calls', 'accounts') order by all",
    )
    assert found == [
        ("accounts", 1, 3, 3, 0, 0, None, None, None, None),
        ("calls", 1, 5, 5, 0, 0, 25, "stale", 1, 0.5),
        ("invoices", 2, 5, 4, 1, 1, 22, "stale", 1, 1.0),
    ]


def test_a_rejected_row_keeps_its_text(warehouse: duckdb.DuckDBPyConnection) -> None:
    [(file, line, column, value, text)] = rows(
        warehouse, "select file, line, column_name, value, row_text from reporting.rpt_rejected_rows"
    )
    assert (file, line, column, value) == ("invoices.csv", 5, "issued_on", "2026-13-09")
    assert "I4" in text


def test_callers_reach_accounts_by_number(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        warehouse,
        "select conversation_id, account_id, account_rule, status, is_first_time_caller from marts.fct_calls "
        "order by all",
    )
    assert found == [
        ("keybook:c1", "keybook:1", "exact_number", "missed", True),
        ("keybook:c2", "keybook:1", "exact_number", "answered", None),
        ("keybook:c3", None, "ambiguous", "answered", True),
        ("keybook:c4", None, "no_number", "abandoned", None),
    ]


def test_a_missed_call_is_handled_and_its_channel_gets_the_money(warehouse: duckdb.DuckDBPyConnection) -> None:
    [(state, masked, minutes, by)] = rows(
        warehouse, "select state, caller_number_masked, callback_minutes, handled_by from reporting.rpt_missed_calls"
    )
    assert (state, masked, float(minutes), by) == ("handled", "•••2233", 45, "Eva")
    found = rows(
        warehouse,
        "select source, calls, answered, missed, leads, cost, cost_per_lead, invoiced from reporting.rpt_call_channels "
        "order by source",
    )
    assert found == [("Ads", 2, 1, 1, 1, 100, 100, 375), ("unknown", 1, 0, 0, 0, None, None, 0)]
