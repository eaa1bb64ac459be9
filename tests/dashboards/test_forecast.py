"""The page Cash forecast: its figures are the warehouse's, currency by currency, down to the invoices and the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money
from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]


def all_of(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return warehouse.cursor().execute(query).fetchall()


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("cash_forecast")
    assert not opened.exception
    assert not opened.error
    return opened


def test_tiles_are_the_parts_of_what_is_open(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    query = "select outcome, sum(expected_amount) from reporting.rpt_cash_expectations where currency = '{}' group by outcome"
    for currency in ("EUR", "SEK"):
        parts = dict(all_of(warehouse, query.format(currency)))
        if currency != "EUR":
            app.segmented_control(key="forecast_currency").set_value(currency).run()
        for label, outcome in (("Expected", "paid"), ("Later", "later"), ("Never", "never"), ("Not", "unforeseen")):
            assert tile(app, label).value == money(parts[outcome], currency).replace("$", r"\$")
    assert tile(app, "Error in days").value == "6.0 days"
    assert tile(app, "Error in days").proto.delta_description == "customer's mean: 6.3 days"


def test_accounts_add_up_to_what_is_open(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    accounts = app.dataframe[0].value
    [(total,)] = all_of(warehouse, "select sum(open_amount) from reporting.rpt_open_invoices where currency = 'EUR'")
    parts = ["within_amount", "later_amount", "never_amount", "unforeseen_amount"]
    assert float(accounts["open_amount"].astype(float).sum()) == pytest.approx(float(total))
    assert float(accounts[parts].astype(float).sum().sum()) == pytest.approx(float(total))


def test_a_week_opens_to_its_invoices(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    week = app.selectbox(key="forecast_week").options[2][:10]
    app.selectbox(key="forecast_week").select_index(2).run()
    invoices = app.dataframe[1].value
    [(expected,)] = all_of(
        warehouse,
        f"select expected_amount from reporting.rpt_cash_forecast_weeks where currency = 'EUR' and week_start = '{week}'",
    )
    assert float(invoices["week_amount"].astype(float).sum()) == pytest.approx(float(expected))
    assert list(invoices.columns)[-2:] == ["_file", "_row"]


def test_the_test_stands_beside_the_simpler_methods(app: AppTest) -> None:
    overall = app.dataframe[2].value
    assert list(overall["method"]) == ["This forecast", "Customer's mean lag", "Due date"]
    assert list(overall["overall_error_days"]) == [6.05, 6.35, 8.75]
    assert len(app.dataframe[3].value) == 9
    assert "In the test 74% of the weeks lay between them." in words(app)


def test_a_part_of_the_accounts_has_no_band(open_page: Open) -> None:
    app = open_page("cash_forecast", team="South")
    assert not app.exception
    assert "known for the whole company alone" in words(app)
    assert "the filters don't narrow this" in words(app)


def test_nothing_landed_says_what_to_drop(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", empty=True)
    app = open_page("cash_forecast", at_home=tmp_path)
    assert not app.exception
    assert "No invoices yet" in words(app)
