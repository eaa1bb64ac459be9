"""The page Revenue: its figures are the publication's, the variant of each is named, and a part has its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money
from tests.dashboards.conftest import all_of, grid, one, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]


def kept(month: str, basis: str = "invoiced", **told: Any) -> dict[str, Any]:
    """A month's retention; November 2026 is not over."""
    return {
        "month": month, "basis": basis, "is_complete": month < "2026-11-01", "base_currency": "EUR",
        "opening_revenue": 1000, "new": 40, "expansion": 60, "contraction": 30, "churned": 70, "reactivated": 10,
        "closing_revenue": 1010, "currency_effect": 0, "negative_revenue": 0, "net_revenue": 1010, "nrr": 0.96, "grr": 0.9,
        "logo_churn": 0.075, "nrr_12m": 1.07, "grr_12m": 0.91, "logo_churn_12m": 0.11, "noncontract_churned": 2,
        "missing_rate_count": 0, "unpriced_count": 0, "opening_accounts": 40, "closing_accounts": 40,
        "churned_accounts": 3,
    } | told  # fmt: skip


def account(number: int) -> dict[str, Any]:
    """The columns by which every table knows an account."""
    return {"account_id": f"crm:{400 + number}"}


def moved(number: int, basis: str) -> dict[str, Any]:
    """How an account's revenue changed in October, and in a year."""
    movement = ("unchanged", "churned", "expansion", "new")[number % 4]
    before, after = 0 if movement == "new" else 100 * number, 0 if movement == "churned" else 110 * number
    return account(number) | {
        "month": "2026-10-01", "basis": basis, "base_currency": "EUR", "movement": movement,
        "movement_12m": "contraction" if movement == "expansion" else movement, "opening_revenue": before,
        "closing_revenue": after, "opening_revenue_12m": before * 10, "closing_revenue_12m": after * 8,
        "revenue_change": after - before, "revenue_change_12m": after * 8 - before * 10,
    }  # fmt: skip


def worth(number: int) -> dict[str, Any]:
    """What an account has been worth; every sixth without any cost."""
    return account(number) | {
        "base_currency": "EUR", "clv_historic": 10_000 - 100 * number, "is_revenue_based": number % 6 == 0,
        "rfm_segment": None if number % 7 == 6 else "best" if number % 3 == 0 else "slipping_away", "revenue_12m": 100,
        "revenue_rank": number + 1, "revenue_share": 1 / 48, "revenue_share_so_far": (number + 1) / 48,
        "missing_rate_count": 0,
    }  # fmt: skip


@pytest.fixture(scope="module")
def earned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earned")
    months = ("2026-08-01", "2026-09-01", "2026-10-01", "2026-11-01")
    lacking = {"2026-10-01": {"missing_rate_count": 3}}
    publish(folder, "v1", {
        "rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "EUR"}],
        "rpt_accounts": [
            account(number) | {"account_name": f"Account {number}", "is_named": True, "owner_id": "crm:1", "owner_name": "Astrid Berg",
                               "team": "North" if number % 2 else "South", "base_currency": "EUR",
                               "as_of_date": "2026-11-20"}
            for number in range(48)
        ],
        "rpt_revenue_retention": [
            kept(month, basis, logo_churn_daily=0.081 if basis == "mrr" else None, **lacking.get(month, {}))
            for month in months for basis in ("invoiced", "mrr")
        ],
        "rpt_revenue_retention_groups": [
            kept(month, grouping_kind=kind, grouping_value=value, closing_revenue=revenue,
                 nrr_12m=0.77 if value == "North" else 1.07)
            for month in months
            for kind, value, revenue in (
                ("segment", "Enterprise", 700), ("segment", "Small", 310), ("team", "North", 600), ("owner", "crm:1", 1010),
            )
        ],
        "rpt_account_revenue": [moved(number, basis) for number in range(48) for basis in ("invoiced", "mrr")],
        "rpt_concentration": [
            {"month": month, "is_complete": month < "2026-11-01", "revenue": 2400, "negative_revenue": 150, "clients": 48,
             "clients_for_80_percent": 26, "clients_for_80_percent_share": 26 / 48, "key_accounts": 6,
             "key_account_share": 0.2, "top1_share": 0.1, "top5_share": 0.2, "top10_share": 0.4, "hhi": 0.03,
             "window_months": 12, "missing_rate_count": 0}
            for month in months
        ],
        "rpt_cohorts": [{"cohort_month": "2026-08-01", "month_number": 0, "accounts": 4, "cohort_accounts": 4,
                         "retention": 1, "account_retention": 1, "revenue": 9, "missing_rate_count": 0, "month": "2026-08-01",
                         "is_history_start": True}],
        "rpt_account_value": [worth(number) for number in range(48)],
        "rpt_account_value_groups": [
            {"grouping_kind": "owner", "grouping_value": "crm:1", "accounts": 48, "revenue_12m": 4800, "clv_historic": 9,
             "revenue_based_accounts": 8}
        ],
        "rpt_account_monthly": [
            account(0) | {"month": month, "revenue_to_date": 2000, "cost_to_date": 1000, "revenue_to_cost": 2,
                          "is_cost_from_first_deal": False, "base_currency": "EUR", "missing_rate_count": 0}
            for month in months
        ],
        "rpt_acquisition": [
            {"month": "2026-10-01", "is_complete": True, "acquisition_cost": 9000, "new_accounts": 3,
             "cost_per_new_account": 3000, "serving_cost": 48000, "cost_per_served_account": 1000,
             "acquisition_to_serving": 3}
        ],
        "rpt_receivable_findings": [
            {"entity": "invoices", "row_id": f"b:{number}", "reason": reason, "currency": "SEK", "amount": 412,
             "event_date": "2026-10-09", "_file": "Invoice.csv", "_row": number}
            for number, reason in ((12, "no_base_rate"), (13, "no_amount"))
        ],
        "rpt_reference_lines": [
            {"reference_id": "a", "metric_id": "V16", "column_name": "key_account_share", "value": 0.23,
             "label": "in 1975", "source": "A book (1999)"},
        ],
    })  # fmt: skip
    return folder


@pytest.fixture
def app(open_page: Open, earned: Path) -> AppTest:
    opened = open_page("revenue", at_home=earned)
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_month_that_is_over_is_shown_and_named(app: AppTest) -> None:
    text = words(app)
    assert "The last month that is over is 2026-10. 2026-11, up to 2026-11-20, is left out." in text
    assert tile(app, "Net revenue, month").value == "EUR 1,010"
    assert tile(app, "Net retention, year").value == "107.0%"
    assert tile(app, "Gross retention, year").value == "91.0%"
    assert tile(app, "Logo churn, year").value == "11.0%"
    assert "The period variant" in tile(app, "Logo churn, year").help
    assert tile(app, "Went quiet").value == "2"
    # Which they are, and what to do.
    assert "3 amounts without an exchange rate left out. Add the currency's rate of that day" in text
    assert "SEK 412.00, 2026-10-09: Invoice.csv, line 12" in text
    assert "line 13" not in text


def test_subscriptions_have_both_variants_of_logo_churn(app: AppTest) -> None:
    app.segmented_control(key="revenue_basis").set_value("mrr").run()
    assert not app.exception
    churn = tile(app, "Logo churn, month")
    assert churn.value == "7.5%"
    assert churn.proto.delta_description == "day by day: 8.1%"


def test_accounts_behind_the_movements(app: AppTest) -> None:
    movers = grid(app, "movement", "change")
    assert len(movers) == 36
    changes = [abs(float(value)) for value in movers["change"]]
    assert changes == sorted(changes, reverse=True)
    app.segmented_control(key="revenue_span").set_value("month").run()
    assert set(grid(app, "movement", "change")["movement"]) == {"churned", "expansion", "new"}


def test_parts_of_the_accounts(app: AppTest) -> None:
    assert list(grid(app, "group_name", "closing_revenue")["group_name"]) == ["Enterprise", "Small"]
    app.segmented_control(key="revenue_kind").set_value("owner").run()
    assert list(grid(app, "group_name", "closing_revenue")["group_name"]) == ["Astrid Berg"]


def test_a_filter_shows_its_own_retention_or_says_that_it_cannot(open_page: Open, earned: Path) -> None:
    north = open_page("revenue", at_home=earned, team="North")
    assert not north.exception
    assert tile(north, "Net retention, year").value == "77.0%"
    two = open_page("revenue", at_home=earned, team=["North", "South"])
    assert not two.exception
    assert "shown for the whole company" in words(two)
    assert tile(two, "Net retention, year").value == "107.0%"


def test_concentration_stands_beside_its_reference(app: AppTest) -> None:
    text = words(app)
    assert "26 of 48 accounts (54%) bring 80%." in text
    assert "Accounts below zero (EUR 150) count as zero." in text
    assert "Dashed, for comparison and no target: A book \\(1999\\)." in text


def test_value_of_accounts(app: AppTest) -> None:
    values = grid(app, "clv_historic", "rfm_segment")
    assert len(values) == 48
    assert float(values["clv_historic"].iloc[0]) == 10_000
    assert list(grid(app, "group_name", "clv_historic")["group_name"]) == ["Astrid Berg"]
    assert "8 accounts shown without any cost" in words(app)
    assert "the ratio is too high" in words(app)  # of the first account, whose costs begin late
    app.selectbox(key="revenue_rfm_chosen").select("best").run()
    assert set(grid(app, "clv_historic", "rfm_segment")["rfm_segment"]) == {"best"}
    assert tile(app, "Winning ÷ serving").value == "3.00 times"


def test_the_sample_s_month_is_the_warehouse_s(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("revenue")
    assert not app.exception
    app.segmented_control(key="revenue_basis").set_value("invoiced").run()
    [(month, closing)] = all_of(
        warehouse,
        "select strftime(month, '%Y-%m'), closing_revenue from reporting.rpt_revenue_retention"
        " where basis = 'invoiced' and is_complete order by month desc limit 1",
    )
    assert f"The last month that is over is {month}." in words(app)
    base = one(warehouse, "select base_currency from reporting.rpt_run")
    assert tile(app, "Net revenue, month").value == money(closing, base)


def test_nothing_landed_says_what_to_drop(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1")
    app = open_page("revenue", at_home=tmp_path)
    assert not app.exception
    assert "No invoices yet" in words(app)
