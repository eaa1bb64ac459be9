"""Every page shows the publication's own numbers, and the filters change them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money, percent, plural
from dashboards.queries import overview
from dashboards.queries.base import Filters
from tests.dashboards.conftest import APP, DAY, MONTH, PAGES, all_of, grid, one, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
NEWEST = "where month = " + MONTH


@pytest.fixture(scope="session")
def base(warehouse: duckdb.DuckDBPyConnection) -> str:
    """The base currency."""
    return str(one(warehouse, "select base_currency from reporting.rpt_run"))


@pytest.fixture(scope="session")
def team(warehouse: duckdb.DuckDBPyConnection) -> str:
    """The smallest team."""
    return str(one(warehouse, "select team from reporting.rpt_accounts where team is not null group by team order by count(*), team"))  # fmt: skip


@pytest.fixture(scope="session")
def account(warehouse: duckdb.DuckDBPyConnection) -> str:
    """An account with deals and debts: of those with open deals, the one that owes most."""
    return str(one(warehouse, "select account_id from reporting.rpt_accounts where open_deals > 0 order by open_amount desc nulls last"))  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_says_how_fresh_it_is(
    open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str, page: str
) -> None:
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert app.title[0].value == page.replace("_", " ").capitalize()
    line = next(text.value for text in app.markdown if "As of" in text.value)
    assert f"As of {one(warehouse, f'select {DAY}')}" in line
    assert (
        f"from {plural(one(warehouse, 'select count(distinct file) from reporting.rpt_control_totals'), 'file')}"
        in line
    )
    assert f"totals in {base}" in line
    rejected = one(warehouse, "select count(*) from reporting.rpt_rejected_rows")
    assert [link.proto.label for link in app.get("page_link") if "rejected" in link.proto.label] == [
        plural(rejected, "rejected row")
    ]
    assert {box.label for box in app.sidebar.selectbox} == {"Period", "Currency"}
    assert {box.label for box in app.sidebar.multiselect} == {"Teams", "Managers", "Segments", "Countries"}


def test_overview_shows_money_of_all_accounts(open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str) -> None:
    app = open_page()
    month = f"from reporting.rpt_account_monthly {NEWEST}"
    assert tile(app, "Open receivables").value == money(one(warehouse, f"select sum(open_amount_end) {month}"), base)
    assert tile(app, "Overdue").value == money(one(warehouse, f"select sum(overdue_amount_end) {month}"), base)
    # The sample's October ends on the as-of date, and its feeds tell all of it.
    collected = money(one(warehouse, f"select sum(collected) {month}"), base)
    assert tile(app, f"Collected in {one(warehouse, f'select {MONTH}'):%Y-%m}").value == collected
    ratio = one(
        warehouse, "select overdue_ratio from reporting.rpt_receivable_kpis where currency = 'ALL' order by month desc"
    )
    assert tile(app, "Overdue ratio").value == percent(ratio)
    assert "**R6** " in tile(app, "Overdue ratio").help
    first = one(warehouse, "select account_name from reporting.rpt_collection_worklist where rank = 1")
    assert app.dataframe[0].value["account_name"].iloc[0] == first


def test_a_team_narrows_sums_and_ratios_say_that_they_are_not_narrowed(
    open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str, team: str
) -> None:
    app = open_page("accounts")
    every = one(warehouse, "select count(*) from reporting.rpt_accounts")
    assert tile(app, "Accounts").value == f"{every}"
    app.sidebar.multiselect(key="team").set_value([team]).run()
    north = one(warehouse, f"select count(*) from reporting.rpt_accounts where team = '{team}'")
    assert 0 < north < every
    assert tile(app, "Accounts").value == f"{north}"
    assert f"team: {team}" in words(app)
    app.switch_page("app_pages/overview.py").run()
    open_amount = one(
        warehouse,
        "select sum(open_amount_end) from reporting.rpt_account_monthly join reporting.rpt_accounts using (account_id)"
        f" {NEWEST} and team = '{team}'",
    )
    assert tile(app, "Open receivables").value == money(open_amount, base)
    assert "whole company" in tile(app, "Overdue ratio").help


def test_what_is_not_known_can_be_chosen(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("accounts")
    app.sidebar.multiselect(key="manager").set_value(["not_known"]).run()
    assert not app.exception
    nobody = one(warehouse, "select count(*) from reporting.rpt_accounts where owner_id is null")
    assert nobody
    assert tile(app, "Accounts").value == f"{nobody}"


def test_filters_come_from_the_address(open_page: Open, warehouse: duckdb.DuckDBPyConnection, team: str) -> None:
    app = open_page("accounts", team=team)
    south = one(warehouse, f"select count(*) from reporting.rpt_accounts where team = '{team}'")
    assert tile(app, "Accounts").value == f"{south}"


def test_currencies_are_never_added(open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str) -> None:
    app = open_page("receivables")
    newest = "select open_amount from reporting.rpt_receivable_kpis where currency = '{}' order by month desc"
    assert tile(app, "Open").value == money(one(warehouse, newest.format("ALL")), base)
    by_currency = app.dataframe[0].value
    owed = all_of(
        warehouse, f"select distinct currency from reporting.rpt_receivable_aging where as_of_date = {DAY} order by 1"
    )
    assert list(by_currency["currency"]) == [currency for (currency,) in owed]
    other = next(currency for (currency,) in owed if currency != base)
    app.sidebar.selectbox(key="currency").set_value(other).run()
    amount = one(warehouse, newest.format(other))
    assert tile(app, "Open").value == money(amount, other)
    by_currency = app.dataframe[0].value
    assert list(by_currency["currency"]) == [other]
    assert float(by_currency["open_amount"].iloc[0]) == pytest.approx(float(amount))
    assert set(app.dataframe[1].value["currency"]) == {other}
    app.switch_page("app_pages/overview.py").run()
    assert tile(app, "Open receivables").value == money(amount, other)


def test_ageing_and_open_invoices_tie(open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str) -> None:
    app = open_page("receivables")
    ageing = app.dataframe[1].value
    [(count, total)] = all_of(warehouse, "select count(*), sum(open_amount) from reporting.rpt_open_invoices")
    assert float(ageing["open_amount"].astype(float).sum()) == pytest.approx(float(total))
    assert f"{count:,} open, {base}" in words(app)
    invoices = app.dataframe[2].value
    assert list(invoices.columns)[-2:] == ["_file", "_row"]
    assert len(invoices) == count
    app.pills(key="invoice_buckets").set_value(["days_over_120"]).run()
    old = one(warehouse, "select count(*) from reporting.rpt_open_invoices where aging_bucket = 'days_over_120'")
    assert len(app.dataframe[2].value) == old
    assert set(app.dataframe[2].value["aging_bucket"]) == {"Over 120 days"}


def test_the_period_is_the_months_up_to_the_as_of_date(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("receivables")
    every = all_of(warehouse, "select strftime(month, '%Y-%m') from reporting.rpt_receivable_kpis where currency = 'ALL' order by 1")  # fmt: skip
    months = [month for (month,) in every]
    app.sidebar.selectbox(key="period").set_value("3m").run()
    assert list(grid(app, "month", "dso_countback")["month"]) == months[-3:] != months
    app.sidebar.selectbox(key="period").set_value("all").run()
    assert list(grid(app, "month", "dso_countback")["month"]) == months


def test_a_change_is_known_at_the_first_month_of_the_period(open_page: Open) -> None:
    app = open_page("receivables", period="3m")
    assert tile(app, "Open").delta.startswith(("+", "-"))


def test_the_card_of_an_account(open_page: Open, warehouse: duckdb.DuckDBPyConnection, account: str, base: str) -> None:
    app = open_page("accounts", account=account)
    assert not app.exception
    [(name, open_amount, paid, file, line)] = all_of(
        warehouse,
        "select account_name, open_amount, last_payment_on, _file, _row"
        f" from reporting.rpt_accounts where account_id = '{account}'",
    )
    text = words(app)
    assert name in text
    assert tile(app, "Open").value == money(open_amount, base)
    for fact in (paid.isoformat(), f"{file}, line {line}"):
        assert fact in text
    deals = all_of(warehouse, f"select deal_name from reporting.rpt_open_deals where account_id = '{account}'")
    assert tile(app, "Open deals").value == str(len(deals)) != "0"
    assert sorted(grid(app, "deal_name")["deal_name"]) == sorted(name for (name,) in deals)
    timeline = grid(app, "event_type", "occurred_at")
    assert len(timeline) == min(
        one(warehouse, f"select count(*) from reporting.rpt_account_timeline where account_id = '{account}'"), 500
    )
    assert {"_file", "_row"} <= set(timeline.columns)
    people = all_of(warehouse, "select distinct owner_name from reporting.rpt_accounts where owner_name is not null")
    assert set(timeline["employee_name"].dropna()) & {name for (name,) in people}
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
    name = app.dataframe[0].value["account_name"].iloc[4]
    app.session_state["accounts_table_0"] = {"selection": {"rows": [4], "columns": [], "cells": []}}
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


@pytest.mark.parametrize(
    ("account", "title"),
    [
        ("x" * 10_000_000, "Accounts"),  # Streamlit takes no address that is so long
        ("x" * 500_000, "Account not found"),
        ("\x00\x1b[2J\u202e\n", "Account not found"),
        ("' or 1=1 --", "Account not found"),
    ],
    ids=["ten million", "half a million", "control characters", "SQL"],
)
def test_an_address_with_anything_in_it_opens_a_page(open_page: Open, tmp_path: Path, account: str, title: str) -> None:
    publish(tmp_path, "v1", {"rpt_accounts": [{"account_id": "crm:1", "account_name": "Alder"}]})
    app = open_page("accounts", at_home=tmp_path, account=account)
    assert not app.exception
    assert app.title[0].value == title
    assert len(words(app)) < 20_000


# What pages read out of their addresses, and where: a new parameter fails the test until it stands here.
READ_FROM_ADDRESS = {"account": ("accounts", "statements"), "touching": ("data_health",)}


def test_whatever_an_address_names_a_page_opens(open_page: Open) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in APP.parent.rglob("*.py"))
    read = set(re.findall(r"query_params(?:\.get\(|\.pop\(|\[)\"(\w+)\"", sources))
    assert read == READ_FROM_ADDRESS.keys()
    for name, pages in READ_FROM_ADDRESS.items():
        for page in pages:
            app = open_page(page, **{name: "\x00\x1b[2J\u202e' or 1=1 -- <b>**none**</b>" + "x" * 100_000})
            assert not app.exception, (page, name)
            assert len(words(app)) < 150_000
            assert "**none**" not in "".join(element.value for element in [*app.markdown, *app.caption, *app.info])
    # Nobody takes another account's statement for the one that was asked for.
    assert any("The address names an account" in element.value for element in open_page("statements", account="x").info)


def test_an_account_that_is_not_there(open_page: Open) -> None:
    app = open_page("accounts", account="crm:<b>none</b>")
    assert not app.exception
    assert app.title[0].value == "Account not found"
    assert "crm:<b>none</b>" in app.text[0].value


def test_search_is_by_value_not_by_sql(open_page: Open) -> None:
    app = open_page("accounts")
    part = app.dataframe[0].value["account_name"].iloc[5][:6].lower()
    app.text_input(key="account_search").set_value(part).run()
    assert any(part in name.lower() for name in app.dataframe[0].value["account_name"])
    app.text_input(key="account_search").set_value("' or 1=1 --").run()
    assert not app.exception
    assert tile(app, "Accounts").value == "0"


def test_sales(open_page: Open, warehouse: duckdb.DuckDBPyConnection, base: str) -> None:
    app = open_page("sales")
    now = f"from reporting.rpt_pipeline where as_of_date = {DAY}"
    assert tile(app, "Open deals").value == f"{one(warehouse, f'select sum(open_deals) {now}'):,}"
    assert tile(app, "Weighted").value == money(one(warehouse, f"select sum(weighted_amount) {now}"), base)
    week = "week_start = (select max(week_start) from reporting.rpt_pipeline_bridge where is_complete)"
    app.segmented_control(key="bridge_span").set_value("The last whole week").run()
    moved = one(warehouse, f"select count(*) from reporting.rpt_pipeline_movements where {week}")
    assert len(app.dataframe[0].value) == moved > 0
    won = one(warehouse, f"select sum(deals) from reporting.rpt_pipeline_bridge where movement = 'won' and {week}")
    assert any(f"won {plural(won, 'deal')}" in caption.value for caption in app.caption)
    errors = "from reporting.rpt_forecast_error where weeks_ahead = (select min(weeks_ahead) from reporting.rpt_forecast_error)"
    foreseen = next(frame.value for frame in app.dataframe if "absolute_error_ratio" in frame.value)
    assert len(foreseen) == one(warehouse, f"select count(*) {errors}") > 0
    assert foreseen["employee_name"][0] == "Everybody"
    # Its CRM's history tells the category of each evening.
    assert set(foreseen["category_basis"].dropna()) == {"By the CRM"}
    seller, name = all_of(warehouse, f"select employee_id, employee_name {now} and employee_id <> 'unassigned'")[0]
    app.sidebar.multiselect(key="manager").set_value([seller]).run()
    mine = one(warehouse, f"select sum(open_deals) {now} and employee_id = '{seller}'")
    assert tile(app, "Open deals").value == f"{mine:,}"
    assert {*app.dataframe[0].value["employee_name"], *app.dataframe[1].value["employee_name"]} == {name}


def test_team_opens_a_norm_to_its_records(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("team", period="all")
    month = max(
        day for (day,) in all_of(warehouse, "select day from reporting.rpt_team_norms where period = 'month' and is_complete")
    )  # fmt: skip
    assert app.selectbox(key="norm_month").value == month
    of_month = f"from reporting.rpt_team_norms where date_trunc('month', day) = date '{month}'"
    held = f"select employee_id, norm {of_month} group by all having sum(target) > 0"
    assert len(app.dataframe[0].value) == len(all_of(warehouse, held)) > 0
    [(who, norm, records)] = all_of(
        warehouse,
        f"select employee_id, norm, sum(evidence_count) {of_month} group by all order by 3 desc, 1, 2 limit 1",
    )
    for table, column in (("rpt_load_quality", "correlation"), ("rpt_effort_outcome", "slope")):
        shown = next(frame.value for frame in app.dataframe if column in frame.value)
        assert len(shown) == one(warehouse, f"select count(*) from reporting.{table}") > 0
    assert words(app).count("Not causal") == 2
    app.session_state["norm_opened"] = f"{who} {norm}"
    app.run()
    shown = next(frame.value for frame in app.dataframe if "evidence_kind" in frame.value)
    assert len(shown) == min(records, 1000) > 0
    assert shown["_file"].notna().all()
    assert shown["_row"].notna().all()


def test_team_opens_a_persons_commission_to_its_lines(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("team", period="all")
    month = app.selectbox(key="commission_month").value
    of_month = f"from reporting.rpt_commission where month = date '{month}'"
    [(who, paid, lines)] = all_of(
        warehouse,
        f"select employee_id, sum(amount) filter (ledger <> 'accrued'), count(*) {of_month} group by all order by 3 desc, 1 limit 1",
    )
    ledgers = next(frame.value for frame in app.dataframe if "clawed_back" in frame.value)
    total = one(warehouse, f"select sum(amount) filter (ledger <> 'accrued') {of_month}")
    assert sum(map(float, ledgers["to_pay"].dropna())) == pytest.approx(float(total))
    app.session_state["commission_opened"] = who
    app.run()
    shown = next(frame.value for frame in app.dataframe if "plan_version" in frame.value)
    assert len(shown) == lines > 0
    assert shown["_row"].notna().all()
    assert any(f"{plural(lines, 'line')}." in caption.value for caption in app.caption), paid


def test_calls(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("calls", period="all")
    assert tile(app, "Inbound").value == f"{one(warehouse, 'select sum(inbound) from reporting.rpt_call_response'):,}"
    rate = one(
        warehouse,
        "select count(*) filter (status = 'answered') / count(*) from marts.fct_calls where direction = 'inbound'"
        " and not is_out_of_hours and status in ('answered', 'missed', 'voicemail')",
    )
    assert tile(app, "Answer rate").value == percent(rate)
    outside = one(warehouse, "select count(*) from marts.fct_calls where direction = 'inbound' and is_out_of_hours")
    assert tile(app, "Out of hours").value == f"{outside:,}"
    waiting = one(warehouse, "select count(*) from reporting.rpt_missed_calls where state in ('open', 'not_handled')")
    assert tile(app, "Waiting").value == f"{waiting}"
    assert len(app.dataframe[2].value) == waiting
    app.toggle(key="missed_open").set_value(False).run()
    assert len(app.dataframe[2].value) == one(warehouse, "select count(*) from reporting.rpt_missed_calls")
    level = one(
        warehouse,
        "select count(*) filter (status = 'answered' and wait_seconds <= 20) / count(*) from marts.fct_calls"
        " where direction = 'inbound' and not is_out_of_hours and status in ('answered', 'missed', 'voicemail')",
    )
    assert tile(app, "Service level").value == percent(level)
    assert len(app.dataframe[0].value) == one(warehouse, "select count(distinct team) from reporting.rpt_call_service")
    gaps = "select count(*) from reporting.rpt_crm_call_gap_calls where gap = "
    assert app.dataframe[-2].value["logged_not_dialled"].sum() == one(warehouse, gaps + "'logged_not_dialled'")
    sources = next(frame.value for frame in app.dataframe if "source_kind" in frame.value.columns)
    # The page begins with the sample's first month; of what was sold before it, it has nothing.
    began = "(select min(month) from reporting.rpt_call_channels where calls > 0)"
    cash = "select sum(cash_applied) from reporting.rpt_call_attribution where model = 'last_non_direct' and month >= "
    applied = one(warehouse, cash + began)
    assert sum(map(float, sources["cash_applied"])) == pytest.approx(float(applied))
    names = next(frame.value for frame in app.dataframe if "feed" in frame.value.columns)
    assert len(names) == one(warehouse, "select count(*) from reporting.rpt_source_names") > 0
    app.segmented_control(key="gap").set_value("duration_differs").run()
    assert len(app.dataframe[-1].value) == one(warehouse, gaps + "'duration_differs'")


def test_the_overview_draws_no_half_month(open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"basis": "invoiced", "nrr": 0.98, "base_currency": "EUR"}
    publish(
        tmp_path, "v1", {
            "rpt_revenue_retention": [
                kept | {"month": "2026-10-01", "is_complete": True},
                kept | {"month": "2026-11-01", "is_complete": False, "nrr": 0.43},
            ],
        },
    )  # fmt: skip
    file = str((tmp_path / "warehouse" / "keybook.duckdb").resolve())
    assert overview.retention(file, Filters()).column("month").to_pylist() == ["2026-10"]


def test_the_last_complete_month_leads_beside_the_month_before_it(open_page: Open, tmp_path: Path) -> None:
    """August has no row: September has no month to be compared with, and November is not over."""
    months = [("2026-07-01", 70, True), ("2026-09-01", 900, True), ("2026-11-01", 11, False)]
    publish(
        tmp_path, "v1", {
            "rpt_run": [{"as_of_date": "2026-11-12", "base_currency": "EUR"}],
            "rpt_account_monthly": [
                {"account_id": "crm:1", "month": month, "collected": value, "net_revenue": value, "is_complete": whole,
                 "open_amount_end": value, "overdue_amount_end": 0}
                for month, value, whole in [*months, ("2026-06-01", 50, True)]
            ],
            "rpt_sales_monthly": [
                {"employee_id": "crm:1", "month": month, "won_amount": value, "won": 1, "lost": 0, "is_complete": whole}
                for month, value, whole in months
            ],
        },
    )  # fmt: skip
    app = open_page(at_home=tmp_path)
    assert not app.exception
    assert tile(app, "Collected in 2026-09").value == "EUR 900"
    assert not tile(app, "Collected in 2026-09").delta
    assert "2026-11 so far: EUR 11" in tile(app, "Collected in 2026-09").help
    assert tile(app, "Open receivables").value == "EUR 11"
    assert not tile(app, "Open receivables").delta
    app.switch_page("app_pages/sales.py").run()
    assert tile(app, "Won in 2026-09").value == "EUR 900"
    assert "2026-11 so far: EUR 11" in tile(app, "Won in 2026-09").help
