"""The page Collections: its figures are the warehouse's, filters narrow them, its CSV runs nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from dashboards.components.formats import money, percent
from dashboards.queries import collections
from dashboards.queries.base import Filters
from tests.dashboards.conftest import tile, words

Open = Callable[..., AppTest]
CHASED = "from reporting.rpt_collection_worklist where not is_disputed"


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> object:
    found = warehouse.cursor().execute(query).fetchone()
    assert found
    return found[0]


def table(app: AppTest, column: str) -> list[object]:
    """The values of the first grid that has the column."""
    return next(list(grid.value[column]) for grid in app.dataframe if column in grid.value.columns)


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("collections")
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_worklist_comes_first_and_disputes_stand_apart(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    query = f"select account_name {CHASED} order by rank"
    chased = [name for (name,) in warehouse.cursor().execute(query).fetchall()]
    assert chased
    assert table(app, "suggested_action") == ["Call about the broken promise"] * len(chased)
    assert list(app.dataframe[0].value["account_name"]) == chased
    assert list(app.dataframe[0].value["rank"]) == sorted(app.dataframe[0].value["rank"])
    assert tile(app, "To contact").value == str(len(chased))
    amount = one(warehouse, f"select sum(collectible_amount) {CHASED}")
    assert tile(app, "To ask for").value == money(amount, "EUR")
    disputed = one(warehouse, "select sum(disputed_amount) from reporting.rpt_collection_worklist")
    assert tile(app, "Disputed").value == money(disputed, "EUR")
    assert sum(map(float, table(app, "disputed_amount"))) == pytest.approx(float(disputed))  # type: ignore[arg-type]
    text = words(app)
    assert "was broken" in text
    assert "Ida Payer, Accountant, usually by call" in text


def test_a_team_and_a_currency_narrow_the_list(
    app: AppTest, open_page: Open, warehouse: duckdb.DuckDBPyConnection
) -> None:
    every = int(tile(app, "To contact").value)
    north = one(
        warehouse,
        f"select count(*) {CHASED} and account_id in (select account_id from reporting.rpt_accounts where team = 'North')",
    )
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    assert 0 < int(tile(app, "To contact").value) == north < every
    krona = open_page("collections", currency="SEK")
    owing = one(
        warehouse,
        f"select count(*) {CHASED} and account_id in (select account_id from reporting.rpt_receivable_aging"
        " where as_of_date = date '2026-11-20' and currency = 'SEK' and overdue_amount > 0)",
    )
    assert 0 < int(tile(krona, "To contact").value) == owing < every
    promised = next(grid.value for grid in krona.dataframe if "broken_value" in grid.value.columns)
    assert set(promised["currency"]) == {"SEK"}


def test_promises_are_rated_by_count_and_their_value_never_crosses_currencies(
    app: AppTest, warehouse: duckdb.DuckDBPyConnection
) -> None:
    kept, due = warehouse.cursor().execute(
        "select count(*) filter (state = 'kept'), count(*) filter (state in ('kept', 'partly', 'broken'))"
        " from reporting.rpt_promises"
    ).fetchall()[0]  # fmt: skip
    assert tile(app, "Promises kept").value == percent(kept / due, 0)
    for currency in ("EUR", "SEK", "USD"):
        value = one(warehouse, f"select sum(broken_value) from reporting.rpt_promises where currency = '{currency}'")
        assert tile(app, currency).value == money(value, currency)
    unknown = one(warehouse, "select count(*) from reporting.rpt_promises where state is null")
    assert f"{unknown} promises can't be judged" in words(app)


def test_reminders_documents_and_acts_are_the_warehouses(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    assert len(table(app, "comparison_rate")) == 9
    lacking = one(warehouse, "select count(*) from reporting.rpt_documents where is_due and missing is not null")
    assert len(table(app, "unbilled_amount")) == lacking
    due = "from reporting.rpt_documents where is_due"
    complete = one(warehouse, f"select count(*) filter (is_complete) / count(*) {due}")
    assert tile(app, "Deals complete").value == percent(complete, 0)
    app.pills(key="missing_document").set_value("contract").run()
    contracts = one(warehouse, f"select count(*) {due} and missing like 'contract%'")
    assert 0 < len(table(app, "unbilled_amount")) == contracts
    # November is not over on the 20th: October is the last whole month.
    october = "from reporting.rpt_reconciliation where month = date '2026-10-01' and is_active"
    assert tile(app, "Reconciled in 2026-10").value == percent(
        one(warehouse, f"select count(*) filter (is_covered) / count(*) {october}"), 0
    )
    year = "from reporting.rpt_reconciliation where month >= date '2025-12-01'"
    gaps = one(warehouse, f"select count(*) {year} and state = 'gap'")
    assert table(app, "gap") == [-250] * int(str(gaps))
    app.pills(key="act_states").set_value(["no_act"]).run()
    missing = one(warehouse, f"select count(*) {year} and state = 'no_act'")
    assert len(table(app, "gap")) == missing


def test_a_downloaded_list_runs_nothing(warehouse: duckdb.DuckDBPyConnection) -> None:
    file = str(one(warehouse, "select path from duckdb_databases() where database_name = current_database()"))
    text = to_csv(collections.worklist(file, Filters(), 1_000)).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == one(warehouse, f"select count(*) {CHASED}")
    cells = [cell for row in found for cell in row.values()]
    assert any("HYPERLINK" in cell or "cmd|" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=@" and cell]
