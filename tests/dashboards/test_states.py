"""What pages say when something is not there: a warehouse, data, a setting that can be used, another version."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components import charts
from pipelines import reporting_contract
from tests.dashboards.conftest import PAGES, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
ROOT = Path(__file__).resolve().parents[2]

DROPPED = {
    "overview": "Drop the exports of your CRM",
    "today": "Drop the exports of your CRM",
    "accounts": "Drop your CRM's exports",
    "key_accounts": "Drop the exports of your CRM",
    "account_health": "Drop your billing system's exports",
    "renewals_and_whitespace": "Drop your CRM's exports (contracts, products)",
    "receivables": "Drop your billing system's exports",
    "revenue": "Drop your billing system's exports",
    "collections": "Drop your billing system's exports",
    "cash_forecast": "Drop your billing system's exports",
    "statements": "Drop your billing system's exports",
    "sales": "Drop your CRM's exports",
    "team": "Drop your CRM's exports",
    "calls": "Drop your call tracker's or telephone exchange's export",
    "data_health": "Drop the exports of your CRM",
    "matches": "Drop the exports of your CRM",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("empty")
    publish(home, "v1")
    return home


@pytest.mark.parametrize("page", PAGES)
def test_without_a_warehouse_it_says_what_to_run(open_page: Open, tmp_path: Path, page: str) -> None:
    app = open_page(page, at_home=tmp_path)
    assert not app.exception
    assert not app.error
    assert "Nothing is published yet" in words(app)
    assert "keybook refresh" in words(app)
    assert str(tmp_path / "landing") in words(app)


@pytest.mark.parametrize("page", DROPPED)
def test_without_data_it_says_what_to_drop_in(open_page: Open, empty: Path, page: str) -> None:
    app = open_page(page, at_home=empty)
    assert not app.exception
    assert not app.error
    assert DROPPED[page] in words(app)
    assert str(empty / "landing") in words(app)
    assert "keybook refresh" in words(app)
    assert "As of –" in words(app)


def test_an_account_of_which_only_the_name_is_known(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", {"rpt_accounts": [{"account_id": "crm:1", "account_name": "Alder"}]})
    card = open_page("accounts", at_home=tmp_path, account="crm:1")
    assert not card.exception
    assert not card.error
    assert "Alder" in words(card)
    assert "– means not known: nothing that was exported tells it" in words(card)


def test_a_setting_that_cannot_be_used_is_named(open_page: Open, empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYBOOK_BASE_CURRENCY", "euros")
    app = open_page(at_home=empty)
    assert not app.exception
    assert "KEYBOOK_BASE_CURRENCY" in app.text[0].value


@pytest.mark.parametrize("contract", ["", "0123456789abcdef"])
@pytest.mark.parametrize("page", ["overview", "receivables"])
def test_a_publication_of_another_contract_is_refused_in_a_sentence(
    open_page: Open, tmp_path: Path, page: str, contract: str
) -> None:
    publish(tmp_path, "v1", contract=contract)
    app = open_page(page, at_home=tmp_path)
    assert not app.exception
    [said] = app.error
    assert said.value == (
        "The published warehouse was made by another version of Keybook; "
        "run `keybook refresh` with this version to publish it again."
    )
    assert not app.metric
    assert not app.sidebar.selectbox
    # Once it was, the open page shows it.
    publish(tmp_path, "v2")
    assert not app.run().error


def test_a_refresh_stamps_its_contract(published: Path) -> None:
    receipt = published.with_name("publication.json").read_text(encoding="utf-8")
    assert f'"contract": "{reporting_contract.digest()}"' in receipt


def test_an_installed_wheel_knows_the_contract(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [wheel] = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    told = subprocess.run(
        [sys.executable, "-c", "from pipelines import reporting_contract as own; print(own.__file__, own.digest())"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")}, check=True, capture_output=True,
        text=True,
    ).stdout.split()  # fmt: skip
    assert told == [str(tmp_path / "installed" / "pipelines" / "reporting_contract.py"), reporting_contract.digest()]


def test_a_table_that_cannot_be_read_is_a_sentence_not_a_trace(open_page: Open, tmp_path: Path) -> None:
    publish(
        tmp_path, "v1", changes=[
            "create or replace table reporting.rpt_pipeline as select 'x' as as_of_date, 'x' as employee_id,"
            " 'many' as open_deals",
        ],
    )  # fmt: skip
    app = open_page("sales", at_home=tmp_path)
    assert not app.exception
    assert "can't read the published warehouse" in app.error[0].value


def test_a_publication_by_earlier_knowledge_says_so(open_page: Open, tmp_path: Path) -> None:
    known = {"as_of_date": "2026-11-20", "known_at": "2026-10-31 12:00:00+00"}
    publish(tmp_path, "v1", {"rpt_run": [known], "rpt_accounts": [{"account_id": "crm:1"}]})
    assert "by what was known on 2026-10-31" in words(open_page("accounts", at_home=tmp_path))
    publish(tmp_path, "v2", {"rpt_run": [{"as_of_date": "2026-11-20"}], "rpt_accounts": [{"account_id": "crm:1"}]})
    assert "by what was known" not in words(open_page("accounts", at_home=tmp_path))


def test_team_without_quotas_and_norms_has_the_scorecard_of_months_that_are_over(
    open_page: Open, tmp_path: Path
) -> None:
    person = {"employee_id": "crm:7", "employee_name": "Ann", "revenue": 5}
    scorecard = [person | {"month": f"2026-{month}-01", "is_complete": month != "11"} for month in ("09", "10", "11")]
    publish(tmp_path, "v1", {"rpt_run": [{"as_of_date": "2026-11-20"}], "rpt_team_scorecard": scorecard})
    app = open_page("team", at_home=tmp_path)
    assert not app.exception
    assert app.selectbox(key="scorecard_month").options == ["2026-10", "2026-09"]
    assert "No norm holds for anybody." in words(app)


def test_commission_that_is_known_in_part_is_unknown_and_none_is_nothing(open_page: Open, tmp_path: Path) -> None:
    line: dict[str, Any] = {"month": "2026-10-01", "employee_id": "crm:7", "ledger": "accrued"}
    lines = [line | {"amount": 5}, line | {"ledger": "payable", "amount": 2}, line | {"ledger": "payable"}]
    scorecard = [{"month": "2026-10-01", "employee_id": "crm:7", "is_complete": True}]
    run = [{"as_of_date": "2026-11-20"}]
    publish(tmp_path, "v1", {"rpt_run": run, "rpt_team_scorecard": scorecard, "rpt_commission": lines})
    shown = next(frame.value for frame in open_page("team", at_home=tmp_path).dataframe if "clawed_back" in frame.value)
    assert shown[["accrued", "clawed_back"]].astype(float).to_numpy().tolist() == [[5, 0]]
    assert shown[["payable", "to_pay"]].isna().all(axis=None)


@pytest.mark.parametrize(("amounts", "rates", "said"), [
    (2089, 0, "2,089 deals without an amount"), (0, 2089, "2,089 deals without a rate"),
    (2088, 1, "2,089 deals without an amount or rate"),
])  # fmt: skip
def test_deals_without_amounts_are_worth_what_nobody_knows(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, amounts: int, rates: int, said: str
) -> None:
    deals = {"as_of_date": "2026-11-20", "employee_id": "crm:1", "employee_name": "Astrid Berg", "open_deals": 2089}
    lacking = deals | {
        "open_amount": 0,
        "weighted_amount": 0,
        "missing_amount_count": amounts,
        "missing_rate_count": rates,
    }
    publish(tmp_path, "v1", {"rpt_run": [{"as_of_date": "2026-11-20"}], "rpt_pipeline": [lacking]})
    drawn: dict[str, str] = {}
    monkeypatch.setattr(charts, "show", lambda chart, key, _: drawn.update({key: str(chart.to_dict())}))
    app = open_page("sales", at_home=tmp_path)
    assert not app.exception
    assert tile(app, "Open deals").value == "2,089"
    for label in ("Pipeline", "Weighted"):
        assert tile(app, label).value == "–"
        assert tile(app, label).proto.delta_description == said
    for key in ("stages", "managers"):
        assert "'value': None" in drawn[key]
        assert "'text': {'value': '–'}" in drawn[key]


def test_deals_without_a_probability_weigh_what_nobody_knows(open_page: Open, tmp_path: Path) -> None:
    deals = {"as_of_date": "2026-11-20", "employee_id": "crm:1", "open_deals": 3, "open_amount": 19260}
    counts = {"missing_amount_count": 0, "missing_rate_count": 0, "missing_probability_count": 3}
    publish(
        tmp_path,
        "v1",
        {"rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "USD"}], "rpt_pipeline": [deals | counts]},
    )
    app = open_page("sales", at_home=tmp_path)
    assert not app.exception
    assert (tile(app, "Pipeline").value, tile(app, "Weighted").value) == ("USD 19,260", "–")


@pytest.mark.parametrize("undated", [3, 2])
@pytest.mark.parametrize("page", ["overview", "receivables"])
def test_money_of_no_day_is_no_fall_of_what_is_owed(open_page: Open, tmp_path: Path, page: str, undated: int) -> None:
    """Of exports that tell of payments by balances alone: all of it would have come in on the day of the newest."""
    kpis = {"currency": "ALL", "is_total": True, "money_currency": "GBP", "base_currency": "GBP", "payment_count": 3}
    months = [("2026-05-01", 23_000, 0), ("2026-06-01", 6_000, 18_000)]
    publish(tmp_path, "v1", {
        "rpt_run": [{"as_of_date": "2026-06-30", "base_currency": "GBP"}],
        "rpt_accounts": [{"account_id": "a", "is_named": True, "base_currency": "GBP", "as_of_date": "2026-06-30"}],
        "rpt_account_monthly": [
            {"account_id": "a", "month": month, "open_amount_end": owed, "overdue_amount_end": owed, "collected": came,
             "base_currency": "GBP", "is_complete": True}
            for month, owed, came in months
        ],
        "rpt_receivable_kpis": [
            {**kpis, "month": month, "as_of_date": month, "open_amount": owed, "overdue_amount": owed, "collected": came,
             "undated_payment_count": undated, "are_days_unknown": undated == 3}
            for month, owed, came in months
        ],
    })  # fmt: skip
    app = open_page(page, at_home=tmp_path)
    assert not app.exception
    is_unknown = undated == 3
    assert ("on which days money came in is not known" in words(app)) == is_unknown
    owed = tile(app, "Open receivables" if page == "overview" else "Open")
    assert (bool(owed.delta), "6,000" in owed.value) == (not is_unknown, True)
    if page == "overview":
        assert ("18,000" in str([each.value for each in app.metric])) == (not is_unknown)


@pytest.mark.parametrize("page", ["overview", "receivables", "revenue"])
def test_whose_invoices_are_known_of_what_is_open_alone_is_said(open_page: Open, tmp_path: Path, page: str) -> None:
    """One of two billing systems may have a list of open items and the other all of its invoices."""
    day = "2026-06-30"
    kpis = {"currency": "ALL", "is_total": True, "money_currency": "GBP", "base_currency": "GBP", "open_amount": 6_000}
    found = {"code": "open_items_alone", "contract": "one_open_items", "first_on": "2026-05-04"}
    rows = {
        "rpt_run": [{"as_of_date": day, "base_currency": "GBP"}],
        "rpt_accounts": [{"account_id": "a", "is_named": True, "base_currency": "GBP", "as_of_date": day}],
        "rpt_account_monthly": [{"account_id": "a", "month": "2026-06-01", "base_currency": "GBP", "is_complete": True}],
        "rpt_receivable_kpis": [{**kpis, "month": "2026-06-01", "as_of_date": day}],
        "rpt_revenue_retention": [
            {"month": "2026-06-01", "basis": "invoiced", "closing_revenue": 100, "base_currency": "GBP",
             "is_complete": True, "missing_rate_count": 0}
        ],
    }  # fmt: skip
    for version, findings in (("v1", [found, found | {"file": "again"}]), ("v2", [found | {"code": "tax_not_told"}])):
        publish(tmp_path, version, rows | {"rpt_landing_findings": findings})
        app = open_page(page, at_home=tmp_path)
        assert not app.exception
        said = [text for text in words(app).splitlines() if "lists of what is open are all that tells" in text]
        assert len(said) == (version == "v1"), said
        assert all("(one_open_items since 2026-05-04)" in text for text in said)
