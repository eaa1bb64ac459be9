"""What pages say when something is not there: a warehouse, data, a table, a column, a setting that can be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import PAGES, tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]

DROPPED = {
    "overview": "Drop the exports of your CRM",
    "accounts": "Drop your CRM's exports",
    "key_accounts": "Drop the exports of your CRM",
    "account_health": "Drop your billing system's exports",
    "renewals_and_whitespace": "Drop your CRM's exports",
    "receivables": "Drop your billing system's exports",
    "revenue": "Drop your billing system's exports",
    "collections": "Drop your billing system's exports",
    "cash_forecast": "Drop your billing system's exports",
    "statements": "Drop your billing system's exports",
    "sales": "Drop your CRM's exports",
    "calls": "Drop your call tracker's or telephone exchange's export",
    "data_health": "Drop the exports of your CRM",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty")
    publish(home, "v1", empty=True)
    return home


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication whose schema `reporting` holds one table only, without most of its columns."""
    home = tmp_path_factory.mktemp("bare")
    publish(
        home, "v1",
        "create schema kept",
        "create table kept.rpt_accounts as select account_id, account_name, open_amount from reporting.rpt_accounts",
        "drop schema reporting cascade",
        "create schema reporting",
        "create table reporting.rpt_accounts as from kept.rpt_accounts",
    )  # fmt: skip
    return home


@pytest.mark.parametrize("page", PAGES)
def test_without_a_warehouse_it_says_what_to_run(open_page: Open, tmp_path: Path, page: str) -> None:
    app = open_page(page, at_home=tmp_path)
    assert not app.exception
    assert not app.error
    assert "Nothing is published yet" in words(app)
    assert "keybook refresh" in words(app)
    assert str(tmp_path / "landing") in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_without_data_it_says_what_to_drop_in(open_page: Open, empty: Path, page: str) -> None:
    app = open_page(page, at_home=empty)
    assert not app.exception
    assert not app.error
    assert DROPPED[page] in words(app)
    assert str(empty / "landing") in words(app)
    assert "As of –" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_without_tables_a_page_names_them(open_page: Open, bare: Path, page: str) -> None:
    app = open_page(page, at_home=bare)
    assert not app.exception
    assert not app.error
    assert "What this publication lacks for this page" in [box.label for box in app.expander]
    assert "the table isn't there" in words(app)
    if page in ("receivables", "sales", "calls", "data_health"):
        assert "This publication has no table `reporting.rpt_" in words(app)


def test_without_columns_a_page_shows_the_others(open_page: Open, bare: Path) -> None:
    app = open_page("accounts", at_home=bare)
    assert tile(app, "Accounts").value == "48"
    assert tile(app, "Revenue").value == "–"
    assert "`reporting.rpt_accounts`: without the columns `parent_account_id`" in words(app)
    card = open_page("accounts", at_home=bare, account="crm:401")
    assert not card.exception
    assert "– means not known." in words(card)


def test_a_setting_that_cannot_be_used_is_named(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYBOOK_BASE_CURRENCY", "euros")
    app = open_page()
    assert not app.exception
    assert "KEYBOOK_BASE_CURRENCY" in app.text[0].value


def test_a_table_of_other_types_is_a_sentence_not_a_trace(open_page: Open, tmp_path: Path) -> None:
    publish(
        tmp_path, "v1",
        "create or replace table reporting.rpt_pipeline as select 'x' as as_of_date, 'x' as employee_id, 'x' as stage,"
        " 'many' as open_deals, 'x' as open_amount, 'x' as weighted_amount, 'x' as stale_deals",
    )  # fmt: skip
    app = open_page("sales", at_home=tmp_path)
    assert not app.exception
    assert "another version of Keybook" in app.error[0].value


def test_a_publication_by_earlier_knowledge_says_so(open_page: Open, tmp_path: Path) -> None:
    known = "select date '2026-11-20' as as_of_date, timestamptz '2026-10-31 12:00:00+00' as known_at"
    publish(tmp_path, "v1", f"create table reporting.rpt_run as {known}")
    assert "by what was known on 2026-10-31" in words(open_page("overview", at_home=tmp_path))
    publish(tmp_path, "v2")
    assert "by what was known" not in words(open_page("overview", at_home=tmp_path))
