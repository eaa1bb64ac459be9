"""The page Revenue: its figures are the warehouse's, the variant of each is named, and a part of the accounts has its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]


def all_of(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return warehouse.cursor().execute(query).fetchall()


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("revenue")
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_month_that_is_over_is_shown_and_named(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    text = words(app)
    assert "The last month that is over is 2026-10. 2026-11, up to 2026-11-20, is left out." in text
    [(closing,)] = all_of(
        warehouse,
        "select closing_revenue from reporting.rpt_revenue_retention where basis = 'invoiced' and month = '2026-10-01'",
    )
    assert tile(app, "Net revenue, month").value == f"EUR {closing:,.0f}"
    assert tile(app, "Net retention, year").value == "107.0%"
    assert tile(app, "Gross retention, year").value == "91.0%"
    assert tile(app, "Logo churn, year").value == "11.0%"
    assert "The period variant" in tile(app, "Logo churn, year").help
    assert tile(app, "Went quiet").value == "2"
    assert "3 amounts without an exchange rate left out." in text


def test_subscriptions_have_both_variants_of_logo_churn(app: AppTest) -> None:
    app.segmented_control(key="revenue_basis").set_value("mrr").run()
    assert not app.exception
    churn = tile(app, "Logo churn, month")
    assert churn.value == "7.5%"
    assert churn.proto.delta_description == "day by day: 8.1%"


def test_accounts_behind_the_movements(app: AppTest, warehouse: duckdb.DuckDBPyConnection) -> None:
    [(changed,)] = all_of(
        warehouse,
        "select count(*) from reporting.rpt_account_revenue where basis = 'invoiced' and movement_12m <> 'unchanged'",
    )
    movers = app.dataframe[0].value
    assert len(movers) == changed
    changes = [abs(float(value)) for value in movers["change"]]
    assert changes == sorted(changes, reverse=True)
    app.segmented_control(key="revenue_span").set_value("month").run()
    assert set(app.dataframe[0].value["movement"]) == {"churned", "expansion", "new"}


def test_parts_of_the_accounts(app: AppTest) -> None:
    assert list(app.dataframe[1].value["group_name"]) == ["Enterprise", "Small"]
    app.segmented_control(key="revenue_kind").set_value("owner").run()
    assert list(app.dataframe[1].value["group_name"]) == ["Astrid Berg"]


def test_a_filter_shows_its_own_retention_or_says_that_it_cannot(open_page: Open) -> None:
    one = open_page("revenue", team="North")
    assert not one.exception
    assert tile(one, "Net retention, year").value == "77.0%"
    two = open_page("revenue", team=["North", "South"])
    assert not two.exception
    assert "shown for the whole company" in words(two)
    assert tile(two, "Net retention, year").value == "107.0%"


def test_concentration_stands_beside_its_reference(app: AppTest) -> None:
    text = words(app)
    assert "26 of 48 accounts (54%) bring 80%." in text
    assert "Accounts below zero (EUR 150) count as zero." in text
    assert "Dashed, for comparison and no target: A book \\(1999\\)." in text


def test_value_of_accounts(app: AppTest) -> None:
    values = app.dataframe[2].value
    assert len(values) == 48
    assert float(values["clv_historic"].iloc[0]) == 10_000
    managers = app.dataframe[3].value
    assert "Astrid Berg" in set(managers["group_name"])
    assert float(managers["clv_historic"].astype(float).sum()) == pytest.approx(
        float(values["clv_historic"].astype(float).sum())
    )
    assert "8 accounts shown without any cost" in words(app)
    assert "the ratio is too high" in words(app)  # of the first account, whose costs begin late
    app.selectbox(key="revenue_rfm_chosen").select("best").run()
    assert set(app.dataframe[2].value["rfm_segment"]) == {"best"}
    assert tile(app, "Winning ÷ serving").value == "3.00 times"


def test_nothing_landed_says_what_to_drop(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", empty=True)
    app = open_page("revenue", at_home=tmp_path)
    assert not app.exception
    assert "No invoices yet" in words(app)
