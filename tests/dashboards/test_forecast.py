"""The page Cash forecast: its figures are the warehouse's, currency by currency, down to the invoices and the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import days, money, percent
from tests.dashboards.conftest import all_of, grid, one, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
OPEN = "select sum(expected_amount) from reporting.rpt_cash_expectations where currency = '{}'"


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("cash_forecast")
    assert not opened.exception
    assert not opened.error
    return opened


@pytest.fixture(scope="session")
def currencies(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """Those in which anything is open, that of most accounts first."""
    found = all_of(
        warehouse,
        "select currency from reporting.rpt_cash_expectations group by currency"
        " order by count(distinct account_id) desc, currency",
    )
    assert len(found) > 1
    return [currency for (currency,) in found]


def test_tiles_are_the_parts_of_what_is_open(
    app: AppTest, warehouse: duckdb.DuckDBPyConnection, currencies: list[str]
) -> None:
    query = "select outcome, sum(expected_amount) from reporting.rpt_cash_expectations where currency = '{}' group by outcome"
    for place, currency in enumerate(currencies):
        parts: dict[str, Any] = dict(all_of(warehouse, query.format(currency)))
        if place:
            app.segmented_control(key="forecast_currency").set_value(currency).run()
        for label, outcome in (("Expected", "paid"), ("Later", "later"), ("Never", "never"), ("Not", "unforeseen")):
            assert tile(app, label).value == money(parts.get(outcome, 0), currency).replace("$", r"\$")
    [(error, mean)] = all_of(
        warehouse,
        "select max(overall_error_days) filter (method = 'payment_behaviour'),"
        " max(overall_error_days) filter (method = 'mean_lag') from reporting.rpt_forecast_backtest",
    )
    assert tile(app, "Error in days").value == days(error)
    assert tile(app, "Error in days").proto.delta_description == f"customer's mean: {days(mean)}"


def test_accounts_add_up_to_what_is_open(
    app: AppTest, warehouse: duckdb.DuckDBPyConnection, currencies: list[str]
) -> None:
    accounts = grid(app, "within_amount", "account_name")
    total = one(
        warehouse, f"select sum(open_amount) from reporting.rpt_open_invoices where currency = '{currencies[0]}'"
    )
    parts = ["within_amount", "later_amount", "never_amount", "unforeseen_amount"]
    assert float(accounts["open_amount"].astype(float).sum()) == pytest.approx(float(total))
    assert float(accounts[parts].astype(float).fillna(0).sum().sum()) == pytest.approx(float(total))


def test_a_week_opens_to_its_invoices(
    app: AppTest, warehouse: duckdb.DuckDBPyConnection, currencies: list[str]
) -> None:
    week = app.selectbox(key="forecast_week").options[2][:10]
    app.selectbox(key="forecast_week").select_index(2).run()
    invoices = grid(app, "week_amount")
    expected = one(
        warehouse,
        "select expected_amount from reporting.rpt_cash_forecast_weeks"
        f" where currency = '{currencies[0]}' and week_start = '{week}'",
    )
    assert float(invoices["week_amount"].astype(float).sum()) == pytest.approx(float(expected))
    assert list(invoices.columns)[-2:] == ["_file", "_row"]


def test_the_test_stands_beside_the_simpler_methods(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    overall = grid(app, "overall_error_days")
    errors: dict[str, Any] = dict(all_of(
        warehouse, "select method, any_value(overall_error_days) from reporting.rpt_forecast_backtest group by method"
    ))  # fmt: skip
    assert list(overall["method"]) == ["This forecast", "Customer's mean lag", "Due date"]
    assert list(overall["overall_error_days"]) == [
        errors[name] for name in ("payment_behaviour", "mean_lag", "due_date")
    ]
    assert len(grid(app, "origin")) == one(warehouse, "select count(*) from reporting.rpt_forecast_backtest")
    share = one(
        warehouse,
        "select max(overall_within_band_ratio) from reporting.rpt_forecast_backtest where method = 'payment_behaviour'",
    )
    assert f"In the test {percent(share, 0)} of the weeks lay between them." in words(app)


def test_a_part_of_the_accounts_has_no_band(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    team = one(warehouse, "select team from reporting.rpt_accounts order by open_amount desc nulls last")
    app = open_page("cash_forecast", team=team)
    assert not app.exception
    assert "known for the whole company alone" in words(app)
    assert "the filters don't narrow this" in words(app)


def test_nothing_landed_says_what_to_drop(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1")
    app = open_page("cash_forecast", at_home=tmp_path)
    assert not app.exception
    assert "No invoices yet" in words(app)
