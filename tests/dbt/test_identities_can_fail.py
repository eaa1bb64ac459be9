"""Scenarios of receivables that a person can check by hand, and the identities that gate publishing, each made to fail.

One small warehouse is built from the scenarios; every identity holds on it. Then a table is put out of joint within a
transaction that is rolled back, and what a build sends to hold the identity has to find that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import PROJECT
from tests.support.allocation_scenarios import allocation_scenarios
from tests.support.homes import breaks, gates, make
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.scenarios import AS_OF, Scenario, scenarios

IDENTITIES = PROJECT / "dbt_project" / "tests"
LAST = f"date '{AS_OF}'"
STORIES = [*scenarios(), *allocation_scenarios()]
# What breaks each identity: a cent more or less, a row lost, a row twice.
BREAKS = {
    "assert_receivable_events_are_the_balances": [
        "update marts.fct_receivable_events set amount = amount + 0.01 where event_type = 'write_off'",
        "delete from marts.fct_receivable_events where event_type = 'credit_note'",
        f"update marts.fct_receivable_balances set credit_amount = 0 where as_of_date = {LAST}",
    ],
    "assert_receivable_buckets_sum_to_open": [
        "update marts.fct_receivable_balances set days_1_30 = days_1_30 + 0.01",
        "update marts.fct_receivable_balances set net_amount = open_amount where unapplied_amount > 0",
        "update marts.fct_receivable_balances set overdue_amount = overdue_amount - 0.01",
    ],
    "assert_receivable_days_are_the_balances": [
        f"update marts.fct_receivable_days set overdue_amount = overdue_amount + 0.01 where day = {LAST}",
        "delete from marts.fct_receivable_balances where as_of_date = date '2024-02-04'",
    ],
    "assert_receivable_movements_are_the_balances": [
        "update reporting.rpt_receivable_movements set invoiced = invoiced + 0.01 where month = date '2024-01-01'",
        "update reporting.rpt_receivable_movements set opening = opening + 1, closing = closing + 1",
        "delete from reporting.rpt_receivable_movements where month = date '2024-02-01'",
        f"update marts.fct_receivable_balances set net_amount = net_amount + 0.01 where as_of_date = {LAST}",
    ],
    "assert_receivable_parts_sum_to_wholes": [
        f"insert into marts.dim_account_owners (account_id, employee_id) select account_id, unnest(['a', 'b']) "
        f"from marts.fct_receivable_balances where as_of_date = {LAST} and open_amount > 0",
        "delete from reporting.rpt_receivable_accounts where open_amount > 0",
        "insert into marts.dim_accounts select * from marts.dim_accounts",
        f"update marts.fct_receivable_days set unapplied_amount = unapplied_amount + 0.01 where day = {LAST}",
    ],
    "assert_receivable_rows_are_posted": [
        "delete from marts.fct_unapplied_credits where movement_type = 'received' and origin_kind = 'payment'",
        "insert into marts.fct_receivable_events select * from marts.fct_receivable_events where event_type = 'payment'",
    ],
    "assert_collected_is_applied_or_unapplied": [
        "update marts.fct_payments set amount = amount + 0.01 where payment_kind = 'received'",
        "delete from marts.fct_unapplied_credits where movement_type = 'refunded'",
    ],
    "assert_open_invoices_are_the_balances": [
        "delete from reporting.rpt_open_invoices where invoice_id = 'books:negative invoice 1'",
        "update reporting.rpt_open_invoices set open_amount = open_amount + 0.01",
    ],
    "assert_own_aging_buckets_sum_to_open": [
        "update reporting.rpt_receivable_aging_buckets set open_amount_by_issue = open_amount_by_issue + 0.01",
        f"delete from reporting.rpt_receivable_aging_buckets where as_of_date = {LAST}",
    ],
    "assert_provisions_are_of_what_is_open": [
        "update marts.fct_receivable_provisions set open_amount = open_amount + 0.01",
        "update marts.fct_receivable_provisions set provision = open_amount + 1",
        f"delete from marts.fct_receivable_provisions where as_of_date = {LAST}",
    ],
    "assert_statements_close_on_the_balances": [
        "delete from marts.fct_account_movements where line_number = 1",
        "update marts.fct_account_movements set running_balance = running_balance + 0.01",
        f"update marts.fct_receivable_balances set unapplied_amount = 0, net_amount = 0 where as_of_date = {LAST}",
    ],
}  # fmt: skip
# Identities of other subjects; their tests are beside their models'.
ELSEWHERE = {
    "assert_a_systems_accounts_stay_apart", "assert_account_cards_tie", "assert_health_contributions_sum_to_the_score",
    "assert_accounts_sum_to_wholes", "assert_call_reports_count_every_call", "assert_cash_forecast_is_what_is_open",
    "assert_collections_add_up", "assert_commission_adds_up", "assert_control_totals_tie", "assert_conversations_keep_their_legs",
    "assert_crm_rows_are_kept", "assert_norms_are_their_evidence", "assert_open_deals_are_the_pipeline", "assert_pipeline_movements_are_the_pipeline",
    "assert_attribution_gives_each_euro_once", "assert_revenue_adds_up", "assert_superseded_rows_have_a_newer_version",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse of the scenarios, with every identity of receivables passed."""
    home: Path = tmp_path_factory.mktemp("scenarios")
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for scenario in STORIES:
        for entity, found in scenario.rows.items():
            rows[entity] += found
    write_raw(home, dict(rows), system="books", as_of_date=AS_OF)
    reports = [
        "rpt_receivable_kpis", "rpt_receivable_aging", "rpt_open_invoices", "rpt_receivable_movements",
        "rpt_receivable_aging_buckets", "rpt_receivable_accounts", "rpt_statement_lines", "fct_receivable_provisions",
        "fct_receivable_exceptions", "dim_account_owners",
    ]  # fmt: skip
    return make(home, reports, passing=BREAKS)


@pytest.fixture(scope="module")
def warehouse(built: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The scenarios' warehouse, to be written to within transactions."""
    with duckdb.connect(str(built)) as connection:
        yield connection


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What holds each identity, of the build that published the sample or of one before it."""
    return gates(sample(tmp_path_factory).parents[3])


@pytest.mark.parametrize("scenario", STORIES, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, warehouse: duckdb.DuckDBPyConnection) -> None:
    """The balances at the ends of the days that the scenario tells."""
    query = (
        "select open_amount, overdue_amount, credit_amount, unapplied_amount from receivable_aging(cast(? as date)) "
        "where account_id = ?"
    )
    for day, expected in scenario.balances.items():
        found = warehouse.execute(query, [day, f"books:{scenario.name}"]).fetchone()
        assert (found or (0, 0, 0, 0)) == expected, day


def test_what_is_settled_and_open_is_told(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Of the scenarios of one invoice, whose export says when it was settled: what a bookkeeper finds open at the end."""
    single = {
        f"books:{story.name}": (invoice, story.balances[AS_OF][0])
        for story in STORIES
        for invoice, *others in [
            [row for row in story.rows["billing.invoices"] if row.get("document_kind") != "credit_note"] or [{}]
        ]
        if AS_OF in story.balances and not others
    }
    right = {name: open_ for name, (row, open_) in single.items() if row.get("settled_on") and open_}
    found = warehouse.execute(
        "select account_id, amount from marts.fct_receivable_exceptions where reason = 'settled_but_open'"
    ).fetchall()
    assert {account: amount for account, amount in found if account in single} == right
    assert len(right) >= 3


@pytest.mark.parametrize("identity", BREAKS)
def test_identity_fails_when_it_is_broken(
    identity: str, sent: dict[str, str], warehouse: duckdb.DuckDBPyConnection
) -> None:
    """It counts no row before each change, and after it rows that fail a build."""
    for change in BREAKS[identity]:
        assert breaks(warehouse, sent[identity], change), change


def test_every_identity_of_receivables_is_made_to_fail() -> None:
    """A new identity needs a way to break it, or it may be one that cannot fail."""
    assert {path.stem for path in IDENTITIES.glob("assert_*.sql")} - ELSEWHERE == set(BREAKS)
