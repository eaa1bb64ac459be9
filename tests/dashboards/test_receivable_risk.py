"""The receivables page on movements, provisions and payment behaviour shows the fixture's own numbers."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import words

Open = Callable[..., AppTest]


def test_movements_provisions_and_behaviour(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("receivables")
    app.sidebar.selectbox(key="period").set_value("3m").run()
    assert not app.exception
    moves, matrix, evidence, accounts = (frame.value for frame in app.dataframe[4:8])
    movements = "from reporting.rpt_receivable_movements where currency = 'EUR' and month = date '2026-11-01'"
    invoiced, closing = warehouse.cursor().execute(f"select sum(invoiced), sum(closing) {movements}").fetchone() or ()
    assert list(moves["month"]) == ["2026-09", "2026-10", "2026-11"]
    assert float(moves["invoiced"].iloc[-1]) == pytest.approx(float(invoiced))
    assert float(moves["closing"].iloc[-1]) == pytest.approx(float(closing))
    assert "refunded" not in moves.columns
    assert list(matrix["segment"]) == ["(not known)", "Enterprise", "Mid-market"]
    assert [float(rate) for rate in matrix["days_31_60"]] == [0.09, 0.09, 0.09]
    assert matrix["days_over_120"].isna().all()
    # 90,000 x 1 % + 30,000 x 4 % + 9,000 x 9 % + 4,000 x 16 % + 1,500 x 25 %, in three segments.
    assert "EUR 11,775 on EUR 405,900 open" in words(app)
    assert "EUR 2,400 of what is open has no loss rate and is not in the provision" in words(app)
    assert set(evidence["basis"]) == {"Own history", "Whole company", "No history"}
    assert list(accounts["average_days_delinquent"]) == sorted(accounts["average_days_delinquent"], reverse=True)
    over = warehouse.cursor().execute("select count(*) from reporting.rpt_receivable_accounts where is_over_limit")
    assert f"{(over.fetchone() or ())[0]} of {len(accounts)} accounts with a limit are over it" in words(app)
    app.sidebar.multiselect(key="segment").set_value(["Mid-market"]).run()
    assert list(app.dataframe[5].value["segment"]) == ["Mid-market"]
    assert "EUR 3,925 on EUR 135,300 open" in words(app)


def test_a_row_of_the_behaviour_table_opens_the_account(open_page: Open) -> None:
    app = open_page("receivables")
    name = app.dataframe[7].value["account_name"].iloc[5]
    app.session_state["behaviour_0"] = {"selection": {"rows": [5], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert name in words(app)
    assert app.button(key="card_back")
