"""The pages Account health and Renewals and whitespace: their figures are the warehouse's, filters narrow them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money, percent
from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> Any:
    found = warehouse.cursor().execute(query).fetchone()
    assert found
    return found[0]


def grid(app: AppTest, column: str) -> Any:
    """The first grid that has the column."""
    return next(found.value for found in app.dataframe if column in found.value.columns)


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("account_health")
    assert not opened.exception
    assert not opened.error
    return opened


def test_who_is_in_danger_stands_first_with_reasons(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    newest = "from reporting.rpt_account_health where is_newest"
    assert tile(app, "In danger").value == str(one(warehouse, f"select count(*) {newest} and band = 'red'"))
    revenue = one(
        warehouse,
        "select sum(revenue_12m) from reporting.rpt_accounts where account_id in"
        f" (select account_id {newest} and band = 'red')",
    )
    assert tile(app, "Revenue in danger").value == money(revenue, "EUR")
    listed = grid(app, "cash_score")
    assert set(listed["band"]) == {"red", "yellow"}
    assert len(listed) == one(warehouse, f"select count(*) {newest} and band in ('red', 'yellow')")
    assert list(listed["revenue_12m"]) == sorted(listed["revenue_12m"], reverse=True)
    text = words(app)
    assert "80 % of what is open is overdue" in text
    assert "+0 in 4 weeks" not in text
    # Who has left already is no card: nothing can be saved there.
    paused = one(warehouse, f"select account_name {newest} and status = 'paused'")
    assert f"##### {paused}" not in text


def test_a_score_opens_to_what_it_is_made_of(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    account = "crm:409"
    app.selectbox(key="health_account").set_value(account).run()
    assert not app.exception
    shown = grid(app, "contribution")
    assert list(shown["name"]) == ["Overdue share", "Silence", "Open cases"]
    assert float(shown["contribution"].sum()) == pytest.approx(40.0)
    assert "together 40.0 of 100" in words(app)
    assert "Missing, so that the others weigh more: open cases" in words(app)


def test_the_back_test_says_false_alarms_plainly(app: AppTest) -> None:
    text = words(app)
    assert "**3 of 8 accounts** left, 41 days ahead in the middle" in text
    assert "**55 were false**: the account did not leave within 182 days" in text
    assert "Silence alone at the same points: 3 flagged before, 60 false." in text
    assert len(grid(app, "alarms_false")) == 6
    assert tile(app, "Warned before leaving").value == percent(3 / 8, 0)


def test_silent_accounts_are_ranked(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    silent = grid(app, "attempts_without_reply")
    assert list(silent["rank"]) == sorted(silent["rank"])
    assert tile(app, "Silent").value == str(
        one(warehouse, "select count(*) from reporting.rpt_silent_accounts where is_silent")
    )


def test_a_team_narrows_what_is_shown(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    north = one(
        warehouse,
        "select count(*) from reporting.rpt_account_health where is_newest and band = 'red' and account_id in"
        " (select account_id from reporting.rpt_accounts where team = 'North')",
    )
    assert tile(app, "In danger").value == str(north)
    assert "Of the whole company: the filters don't narrow this." in words(app)


def test_renewals_and_whitespace(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("renewals_and_whitespace")
    assert not app.exception
    assert tile(app, "Ends in 30 days").value == str(
        one(warehouse, "select count(*) from reporting.rpt_renewals where renewal_window = 'last'")
    )
    # The quarter of which one contract in ten is decided says nothing yet.
    assert tile(app, "Renewed in 2026 Q3").value == "90%"
    value = one(warehouse, "select sum(expected_value) from reporting.rpt_whitespace where is_candidate")
    assert tile(app, "Worth a year").value == money(value, "EUR")
    assert set(grid(app, "gate_reason")["is_candidate"]) == {"yes"}
    app.toggle(key="only_candidates").set_value(False).run()
    assert set(grid(app, "gate_reason")["is_candidate"]) == {"yes", "no"}
    app.multiselect(key="products").set_value(["Product 1"]).run()
    assert set(grid(app, "gate_reason")["product_name"]) == {"Product 1"}


def test_without_the_tables_the_pages_say_so(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", "drop table reporting.rpt_health_backtest", "drop table reporting.rpt_whitespace")
    app = open_page("account_health", at_home=tmp_path)
    assert not app.exception
    assert [tab.label for tab in app.tabs] == ["In danger", "One account", "Silence"]
    assert not open_page("renewals_and_whitespace", at_home=tmp_path).exception
