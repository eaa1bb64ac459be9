"""Every page shows the fixture's own numbers, and the filters change them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import PAGES, tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> Any:
    found = warehouse.cursor().execute(query).fetchone()
    return found and found[0]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_says_how_fresh_it_is(open_page: Open, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == page.replace("_", " ").capitalize()
    line = next(text.value for text in app.markdown if "As of" in text.value)
    assert "As of 2026-11-20" in line
    assert "from 7 files" in line
    assert "totals in EUR" in line
    assert [link.proto.label for link in app.get("page_link")] == ["6 rejected rows"]
    assert {box.label for box in app.sidebar.selectbox} == {"Period", "Currency"}
    assert {box.label for box in app.sidebar.multiselect} == {"Teams", "Managers", "Segments", "Countries"}


def test_overview_shows_money_of_all_accounts(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page()
    month = "from reporting.rpt_account_monthly where month = date '2026-11-01'"
    assert tile(app, "Open receivables").value == f"EUR {one(warehouse, f'select sum(open_amount_end) {month}'):,.0f}"
    assert tile(app, "Overdue").value == f"EUR {one(warehouse, f'select sum(overdue_amount_end) {month}'):,.0f}"
    assert tile(app, "Collected in 2026-11").value == f"EUR {one(warehouse, f'select sum(collected) {month}'):,.0f}"
    ratio = one(
        warehouse, "select overdue_ratio from reporting.rpt_receivable_kpis where currency = 'ALL' order by month desc"
    )
    assert tile(app, "Overdue ratio").value == f"{ratio * 100:.1f}%"
    assert "**R6** Overdue ratio" in tile(app, "Overdue ratio").help
    first = one(warehouse, "select account_id from reporting.rpt_collection_worklist where rank = 1")
    name = one(warehouse, f"select account_name from reporting.rpt_accounts where account_id = '{first}'")
    assert app.dataframe[0].value["account_name"].iloc[0] == name


def test_a_team_narrows_sums_and_ratios_say_that_they_are_not_narrowed(
    open_page: Open, warehouse: duckdb.DuckDBPyConnection
) -> None:
    app = open_page("accounts")
    every = one(warehouse, "select count(*) from reporting.rpt_accounts")
    assert tile(app, "Accounts").value == f"{every}"
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    north = one(warehouse, "select count(*) from reporting.rpt_accounts where team = 'North'")
    assert 0 < north < every
    assert tile(app, "Accounts").value == f"{north}"
    assert "team: North" in words(app)
    app.switch_page("app_pages/overview.py").run()
    money = one(
        warehouse,
        "select sum(open_amount_end) from reporting.rpt_account_monthly join reporting.rpt_accounts using (account_id)"
        " where month = date '2026-11-01' and team = 'North'",
    )
    assert tile(app, "Open receivables").value == f"EUR {money:,.0f}"
    assert "whole company" in tile(app, "Overdue ratio").help


def test_what_is_not_known_can_be_chosen(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("accounts")
    app.sidebar.multiselect(key="manager").set_value(["(not known)"]).run()
    assert not app.exception
    nobody = one(warehouse, "select count(*) from reporting.rpt_accounts where owner_id is null")
    assert tile(app, "Accounts").value == f"{nobody}"


def test_filters_come_from_the_address(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("accounts", team="South")
    south = one(warehouse, "select count(*) from reporting.rpt_accounts where team = 'South'")
    assert tile(app, "Accounts").value == f"{south}"


def test_currencies_are_never_added(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("receivables")
    base = one(
        warehouse, "select open_amount from reporting.rpt_receivable_kpis where currency = 'ALL' order by month desc"
    )
    assert tile(app, "Open").value == f"EUR {base:,.0f}"
    by_currency = app.dataframe[0].value
    assert list(by_currency["currency"]) == ["EUR", "SEK", "USD"]
    app.sidebar.selectbox(key="currency").set_value("SEK").run()
    sek = one(
        warehouse, "select open_amount from reporting.rpt_receivable_kpis where currency = 'SEK' order by month desc"
    )
    assert tile(app, "Open").value == f"SEK {sek:,.0f}"
    by_currency = app.dataframe[0].value
    assert list(by_currency["currency"]) == ["SEK"]
    assert float(by_currency["open_amount"].iloc[0]) == pytest.approx(float(sek))
    assert set(app.dataframe[1].value["currency"]) == {"SEK"}
    app.switch_page("app_pages/overview.py").run()
    assert tile(app, "Open receivables").value == f"SEK {sek:,.0f}"


def test_ageing_and_open_invoices_tie(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("receivables")
    ageing = app.dataframe[1].value
    count, total = (
        warehouse.cursor().execute("select count(*), sum(open_amount) from reporting.rpt_open_invoices").fetchone()
    )
    assert float(ageing["open_amount"].astype(float).sum()) == pytest.approx(float(total))
    assert f"{count:,} open, EUR" in words(app)
    invoices = app.dataframe[2].value
    assert list(invoices.columns)[-2:] == ["_file", "_row"]
    assert len(invoices) == count
    app.pills(key="invoice_buckets").set_value(["days_over_120"]).run()
    old = one(warehouse, "select count(*) from reporting.rpt_open_invoices where aging_bucket = 'days_over_120'")
    assert len(app.dataframe[2].value) == old
    assert set(app.dataframe[2].value["aging_bucket"]) == {"Over 120 days"}


def test_the_period_is_the_months_up_to_the_as_of_date(open_page: Open) -> None:
    app = open_page("receivables")
    assert len(app.dataframe[3].value) == 12
    app.sidebar.selectbox(key="period").set_value("3m").run()
    assert list(app.dataframe[3].value["month"]) == ["2026-09", "2026-10", "2026-11"]
    app.sidebar.selectbox(key="period").set_value("all").run()
    assert len(app.dataframe[3].value) == 18


def test_a_change_is_known_at_the_first_month_of_the_period(open_page: Open) -> None:
    app = open_page("receivables", period="3m")
    assert tile(app, "Open").delta.startswith(("+", "-"))


def test_the_card_of_an_account(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    account = "crm:401"
    app = open_page("accounts", account=account)
    assert not app.exception
    name, open_amount, paid = (
        warehouse.cursor()
        .execute(
            "select account_name, open_amount, last_payment_on from reporting.rpt_accounts where account_id = ?",
            [account],
        )
        .fetchone()
    )
    text = words(app)
    assert name in text
    assert tile(app, "Open").value == f"EUR {open_amount:,.0f}"
    for fact in (paid.isoformat(), "2026-12-02", "EUR 20,000", "30 days", "Accounts.csv, line 3"):
        assert fact in text
    assert tile(app, "Open deals").value == "1"
    assert list(app.dataframe[-2].value["deal_name"]) == ["Renewal 1"]
    timeline = app.dataframe[-1].value
    assert len(timeline) == 20
    assert {"_file", "_row"} <= set(timeline.columns)
    assert set(timeline["employee_name"]) == {"Piotr Lind"}
    app.button(key="card_back").click().run()
    assert app.title[0].value == "Accounts"
    assert "account" not in app.query_params


def test_a_click_on_a_row_opens_its_card(open_page: Open) -> None:
    app = open_page("accounts")
    name = app.dataframe[0].value["account_name"].iloc[2]
    app.session_state["accounts_table_0"] = {"selection": {"rows": [], "columns": [], "cells": [(2, "account_name")]}}
    app.run()
    assert not app.exception
    assert app.query_params["account"]
    assert name in words(app)


def test_the_first_cell_is_no_click(open_page: Open) -> None:
    app = open_page("accounts")
    app.session_state["accounts_table_0"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "status")]}}
    app.run()
    assert app.title[0].value == "Accounts"


def test_a_tick_opens_the_card_too(open_page: Open) -> None:
    app = open_page("accounts")
    name = app.dataframe[0].value["account_name"].iloc[1]
    app.session_state["accounts_table_0"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert name in words(app)


def test_a_click_on_another_page_opens_the_card(open_page: Open) -> None:
    app = open_page("receivables")
    name = app.dataframe[1].value["account_name"].iloc[0]
    app.session_state["ageing_accounts_0"] = {"selection": {"rows": [], "columns": [], "cells": [(0, "account_name")]}}
    app.run()
    assert not app.exception
    assert name in words(app)
    assert app.button(key="card_back")


def test_an_account_that_is_not_there(open_page: Open) -> None:
    app = open_page("accounts", account="crm:<b>none</b>")
    assert not app.exception
    assert app.title[0].value == "Account not found"
    assert "crm:<b>none</b>" in app.text[0].value


def test_search_is_by_value_not_by_sql(open_page: Open) -> None:
    app = open_page("accounts")
    app.text_input(key="account_search").set_value("elm sys").run()
    assert all("elm sys" in name.lower() for name in app.dataframe[0].value["account_name"])
    app.text_input(key="account_search").set_value("' or 1=1 --").run()
    assert not app.exception
    assert tile(app, "Accounts").value == "0"


def test_sales(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("sales")
    now = "from reporting.rpt_pipeline where as_of_date = date '2026-11-20'"
    assert tile(app, "Open deals").value == f"{one(warehouse, f'select sum(open_deals) {now}'):,}"
    assert tile(app, "Weighted").value == f"EUR {one(warehouse, f'select sum(weighted_amount) {now}'):,.0f}"
    app.sidebar.multiselect(key="manager").set_value(["crm:2"]).run()
    mine = one(warehouse, f"select sum(open_deals) {now} and employee_id = 'crm:2'")
    assert tile(app, "Open deals").value == f"{mine:,}"
    assert set(app.dataframe[0].value["employee_name"]) == {"Piotr Lind"}


def test_calls(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("calls")
    assert tile(app, "Inbound").value == f"{one(warehouse, 'select sum(inbound) from reporting.rpt_call_response'):,}"
    waiting = one(warehouse, "select count(*) from reporting.rpt_missed_calls where handled_at is null")
    assert tile(app, "Waiting").value == f"{waiting}"
    assert len(app.dataframe[1].value) == waiting
    app.toggle(key="missed_open").set_value(False).run()
    assert len(app.dataframe[1].value) == one(warehouse, "select count(*) from reporting.rpt_missed_calls")


def test_data_health(open_page: Open) -> None:
    app = open_page("data_health")
    assert not app.exception
    assert tile(app, "Rows read").value == "6,434"
    assert tile(app, "Rows rejected").value == "6"
    assert tile(app, "Rows gone").value == "2"
    assert tile(app, "Totals that differ").value == "0"
    said = words(app)
    assert "**5 MiB**" in said
    assert "**1 MiB**" in said
    assert "`keep_superseded_days` isn't set" in said
    assert list(app.dataframe[-1].value["column_name"]) == ["Loyalty tier"]


def test_rejected_rows_most_frequent_reasons_first(open_page: Open) -> None:
    app = open_page("data_health")
    assert list(app.dataframe[1].value["reason"])[:2] == ["not an amount", "missing"]
    assert list(app.dataframe[1].value["rejected"]) == [2, 1, 1, 1, 1]
    rejected = app.dataframe[2].value
    assert list(rejected.iloc[0][["file", "line", "column_name", "value", "reason", "row_text"]]) == [
        "invoices_2026.csv", 18, "gross_amount", "=1+1", "not an amount", "INV-18;2026-02-01;=1+1",
    ]  # fmt: skip
    said = words(app)
    assert "`keybook retry`" in said
    assert "`books_invoices`, `phones_calls`" in said
    for key, choice, left in (
        ("reject_files", "invoices_2025.csv", ["EURO"]),
        ("reject_entities", "calls.calls", ["", "yesterday"]),
        ("reject_columns", "issued_on", ["31.02.2026"]),
        ("reject_reasons_chosen", "not a time", ["yesterday"]),
    ):
        app.multiselect(key=key).set_value([choice]).run()
        assert list(app.dataframe[2].value["value"]) == left
        app.multiselect(key=key).set_value([]).run()
    app.text_input(key="reject_search").set_value("inv-17;").run()
    assert list(app.dataframe[2].value["line"]) == [17]


def test_rows_that_count_no_longer_say_what_they_said(open_page: Open) -> None:
    app = open_page("data_health")
    said = words(app)
    assert "**2 vanished**: the newest full export no longer holds it" in said
    assert "**1 changed**: a newer export says otherwise" in said
    assert "deleted" not in said
    former = app.dataframe[4].value
    assert list(former["row_key"]) == ["INV-7", "INV-8", "INV-9"]
    app.multiselect(key="former_states").set_value(["changed"]).run()
    assert list(app.dataframe[4].value["content"]) == ['{"gross_amount": "100.00"}']
    app.multiselect(key="former_states").set_value([]).run()
    app.text_input(key="former_search").set_value("250.00").run()
    assert list(app.dataframe[4].value["row_key"]) == ["INV-8"]


def test_findings_in_receivables_keep_currencies_apart(open_page: Open) -> None:
    app = open_page("data_health")
    reasons = app.dataframe[5].value
    assert sorted(zip(reasons["currency"], reasons["amount"], reasons["reason_words"], strict=True)) == [
        ("EUR", Decimal(70), "no date"), ("EUR", Decimal(100), "reported balance differs"),
        ("USD", Decimal(10), "reported balance differs"),
    ]  # fmt: skip
    said = words(app)
    assert "**no date:** The row has no date. *What to do:* Correct it." in said
    assert said.count("*What to do:* Look for payments.") == 1
    app.multiselect(key="receivable_reason").set_value(["reported_balance_differs"]).run()
    assert list(app.dataframe[6].value["difference"]) == [Decimal(60), Decimal(-5)]


def test_data_health_hides_what_the_publication_lacks(open_page: Open, tmp_path: Path) -> None:
    publish(
        tmp_path, "v1", "drop table reporting.rpt_superseded_rows", "drop table reporting.rpt_receivable_findings",
        "alter table reporting.rpt_data_health drop column raw_bytes",
    )  # fmt: skip
    app = open_page("data_health", at_home=tmp_path)
    assert not app.exception
    assert [tab.label for tab in app.tabs] == [
        "Sources", "Rejected rows", "Control totals", "Findings and columns"
    ]  # fmt: skip
    assert "keep_superseded_days" not in words(app)
