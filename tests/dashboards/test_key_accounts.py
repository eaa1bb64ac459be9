"""The page Key accounts: its figures are the warehouse's, a quarter and a filter change them, an old publication opens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import percent
from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]
NOW = "from reporting.rpt_key_accounts where quarter = date '2026-10-01'"


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> object:
    found = warehouse.cursor().execute(query).fetchone()
    assert found
    return found[0]


def table(app: AppTest, *columns: str) -> dict[str, list[object]]:
    """The first grid that has all of the columns."""
    grid = next(grid.value for grid in app.dataframe if set(columns) <= set(grid.value.columns))
    return {column: list(grid[column]) for column in grid.columns}


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("key_accounts")
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_list_its_changes_and_their_reasons(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    listed = one(warehouse, f"select count(*) {NOW} and is_listed")
    assert tile(app, "On the list").value == str(listed)
    changed = one(warehouse, f"select count(*) {NOW} and proposal in ('enter', 'leave')")
    assert tile(app, "Proposed changes").value == str(changed)
    assert tile(app, "Wait for a decision").value == str(one(warehouse, f"select count(*) {NOW} and is_review_due"))
    share = one(warehouse, f"select sum(revenue_share) {NOW} and is_listed")
    assert tile(app, "Share of revenue").value == percent(share, 0)
    changes = table(app, "change", "reason")
    assert changes["change"][0] == "enter"
    assert {"enter", "leave", "listed, though it should leave", "kept off", "candidate"} == set(changes["change"])
    assert all(str(reason).startswith("meets ") for reason in changes["reason"])
    assert len(table(app, "basis", "criteria_known")["basis"]) == listed


def test_an_earlier_quarter_and_a_team_narrow_it(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    now = tile(app, "Proposed changes").value
    app.segmented_control(key="quarter").set_value(one(warehouse, "select date '2026-04-01'")).run()
    assert not app.exception
    then = one(
        warehouse,
        "select count(*) from reporting.rpt_key_accounts"
        " where quarter = date '2026-04-01' and proposal in ('enter', 'leave')",
    )
    assert tile(app, "Proposed changes").value == str(then) != now
    app.sidebar.multiselect(key="team").set_value(["South"]).run()
    south = one(
        warehouse,
        "select count(*) from reporting.rpt_key_accounts join reporting.rpt_accounts as own using (account_id)"
        " where quarter = date '2026-04-01' and is_listed and own.team = 'South'",
    )
    assert tile(app, "On the list").value == str(south)


def test_a_checklist_tells_what_is_not_known(app: AppTest) -> None:
    criteria = table(app, "criterion", "is_met")
    assert criteria["is_met"] == ["✓ met", "✗ not met", "? not known"]
    assert criteria["value"][:2] == ["5.5%", "50.0%"]
    assert criteria["threshold"][:2] == ["2.0%", "80.0%"]


def test_schemes_ownership_time_and_service(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    large = one(warehouse, f"select count(*) {NOW} and is_large and not is_listed")
    assert f"{large} of" in words(app)
    app.segmented_control(key="scheme").set_value("4S").run()
    assert not app.exception
    assert table(app, "class", "key_accounts")["class"] == ["Star"]
    assert "No start-up answers" in words(app)
    assert table(app, "contacts_before", "contacts_after")["contacts_after"] == [6, 6, 6]
    assert tile(app, "Would have to move").value == "25%"
    assert table(app, "service_class")["service_class"] == ["Key accounts", "Tier A", "No revenue"]
    assert tile(app, "Called last week").value == percent(4 / 8, 0)
    assert table(app, "load_band")["load_band"] == ["above", "within"]
    key = len(table(app, "owner_other_accounts")["account_name"])
    app.toggle(key="owned_key_only").set_value(False).run()
    assert len(table(app, "owner_other_accounts")["account_name"]) > key


def test_a_publication_without_key_accounts_says_so(open_page: Open, tmp_path: Path) -> None:
    dropped = [
        f"drop table reporting.rpt_{name}"
        for name in (
            "key_accounts", "key_account_criteria", "account_classifications", "account_handovers", "account_ownership",
            "effort", "key_account_coverage", "tier_service",
        )
    ]  # fmt: skip
    publish(tmp_path, "old", *dropped)
    app = open_page("key_accounts", at_home=tmp_path)
    assert not app.exception
    assert "rpt_key_accounts" in words(app)
