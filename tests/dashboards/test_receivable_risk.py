"""The receivables page on movements, provisions and payment behaviour shows the publication's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import all_of, grid, one, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
BUCKETS = {
    "not_due": 90_000, "days_1_30": 30_000, "days_31_60": 9_000, "days_61_90": 4_000, "days_91_120": 1_500,
    "days_over_120": 800,
}  # fmt: skip
SEGMENTS = ("Enterprise", "Mid-market", "not_known")


@pytest.fixture(scope="module")
def provided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments with the same open amounts: rates of 1, 4, 9, 16 and 25 %, and none for the oldest bucket."""
    folder = tmp_path_factory.mktemp("provided")
    rates = [
        {
            "month": "2026-11-01", "as_of_date": "2026-11-20", "segment": segment, "bucket": bucket, "bucket_number": place,
            "open_amount": amount, "provision_rate": place**2 / 100 if place < 6 else None,
            "provision": amount * place**2 // 100 if place < 6 else None, "specific_provision": 0,
            "unprovided_amount": 0 if place < 6 else amount, "missing_rate_count": 0,
            "basis": "none" if place == 6 else "company" if place > 3 else "segment",
        }
        for segment in SEGMENTS
        for place, (bucket, amount) in enumerate(BUCKETS.items(), start=1)
    ]  # fmt: skip
    accounts = [
        {"account_id": f"crm:{number}", "account_name": f"Account {number}", "segment": segment, "base_currency": "EUR"}
        for number, segment in enumerate(SEGMENTS[:2])
    ]
    publish(folder, "v1", {
        "rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "EUR"}],
        "rpt_accounts": accounts,
        "rpt_receivable_aging": [{"account_id": "crm:1", "as_of_date": "2026-11-20", "currency": "EUR", "open_amount": 5}],
        "rpt_roll_rates": rates,
        "rpt_receivable_accounts": [
            {"account_id": f"crm:{number}", "currency": "EUR", "average_days_delinquent": number, "credit_limit": 10, "credit_used_ratio": 0.5,
             "is_over_limit": number > 0 or None, "delinquency_trend": 1, "open_amount": 5}
            for number in range(2)
        ],
    })  # fmt: skip
    return folder


def test_provisions_and_behaviour(open_page: Open, provided: Path) -> None:
    app = open_page("receivables", at_home=provided)
    assert not app.exception
    matrix, evidence = grid(app, "segment", "days_31_60"), grid(app, "segment", "basis")
    assert sorted(matrix["segment"]) == ["(not known)", "Enterprise", "Mid-market"]
    assert [float(rate) for rate in matrix["days_31_60"]] == [0.09, 0.09, 0.09]
    assert matrix["days_over_120"].isna().all()
    # 90,000 x 1 % + 30,000 x 4 % + 9,000 x 9 % + 4,000 x 16 % + 1,500 x 25 %, in three segments.
    assert "EUR 11,775 on EUR 405,900 open" in words(app)
    assert "EUR 2,400 of what is open has no loss rate and is not in the provision" in words(app)
    assert set(evidence["basis"]) == {"Own history", "Whole company", "No history"}
    accounts = grid(app, "average_days_delinquent")
    assert list(accounts["average_days_delinquent"]) == [1, 0]
    assert "1 of 2 accounts with a limit are over it. Of 1 it is not known." in words(app)
    app.sidebar.multiselect(key="segment").set_value(["Mid-market"]).run()
    assert list(grid(app, "segment", "days_31_60")["segment"]) == ["Mid-market"]
    assert "EUR 3,925 on EUR 135,300 open" in words(app)


def test_movements_are_the_warehouses(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("receivables")
    moves = grid(app, "invoiced", "closing")
    currency = one(
        warehouse,
        "select currency from reporting.rpt_receivable_aging where as_of_date = (select as_of_date from reporting.rpt_run)"
        " group by currency order by currency = (select base_currency from reporting.rpt_run) desc, count(*) desc",
    )
    [(month, invoiced, closing)] = all_of(
        warehouse,
        "select strftime(month, '%Y-%m'), sum(invoiced), sum(closing) from reporting.rpt_receivable_movements"
        f" where currency = '{currency}' group by month order by month desc limit 1",
    )
    assert moves["month"].iloc[-1] == month
    assert float(moves["invoiced"].iloc[-1]) == pytest.approx(float(invoiced))
    assert float(moves["closing"].iloc[-1]) == pytest.approx(float(closing))


def test_a_row_of_the_behaviour_table_opens_the_account(open_page: Open) -> None:
    app = open_page("receivables")
    names = list(grid(app, "average_days_delinquent")["account_name"])
    row, name = next((row, name) for row, name in enumerate(names) if row > 3 and name.replace(" ", "").isalnum())
    app.session_state["behaviour_0"] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert name in words(app)
    assert app.button(key="card_back")
