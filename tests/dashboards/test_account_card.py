"""The account card's answers, the list that finds people and papers, what leaves from it, and the register."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.account_exports import SUMMED, universal_columns
from dashboards.components.csv import to_csv
from dashboards.components.xlsx import to_xlsx
from dashboards.queries import accounts
from dashboards.queries.accounts import Asked
from dashboards.queries.base import Filters
from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]
# The sources give seven seconds to answer on the telephone. Half of them are left to the browser. Processor seconds, for
# what other tests do at the same time is no part of the card.
SECONDS, SERVER_SHARE = 7.0, 1 / 2


@pytest.fixture(scope="module")
def published(home: Path) -> str:
    return str((home / "warehouse" / "keybook.duckdb").resolve())


def grid(app: AppTest, column: str) -> Any:
    """The first grid that has the column."""
    return next(found.value for found in app.dataframe if column in found.value.columns)


def test_the_card_answers_what_a_client_asks(open_page: Open) -> None:
    app = open_page("accounts", account="crm:401")
    assert not app.exception
    assert not app.error
    text = words(app)
    for answer in (
        "2026-11-15, SEK 5,100.00 (EUR 510.00), 5 days ago",
        "2026-12-02, EUR 4,750.61",
        "oldest 165 days",
        "2026-11-12, ACT-1",
        "2026-11-05, ACT-0",
        "2 acts, oldest since 2026-10-01",
        "CT-1, in force",
        "12.5% off list",
        "2026-11-14, call, by Piotr Lind, with Ida Payer",
        "2026-11-25, meeting, Yearly review",
        "Piotr Lind, away until 2026-11-27, North",
        "Maja Roth",
        "2 cases, oldest 12 days, Billing",
        "Ida Payer, Olof Head",
        "2026-11-29, Ida Payer",
        "6 hours, 90% on time",
        "Accounts.csv, line 3",
    ):
        assert answer in text, answer
    assert next(iter(grid(app, "is_decision_maker")["full_name"])) == "Olof Head"
    assert list(grid(app, "is_decision_maker")["is_decision_maker"])[:2] == ["yes", "no"]
    assert "Birthdays soon: 2026-11-29 Ida Payer" in text
    assert set(grid(app, "document_number")["state"]) == {"overdue", "signed"}
    assert "over its credit limit" in text
    plan = grid(app, "budget_variance")
    assert [float(value) for value in plan["budget"]] == [5000.0] * 12
    assert plan["month"].iloc[0] == "2026-11"
    assert float(plan["budget_variance"].iloc[0]) == pytest.approx(float(plan["net_revenue"].iloc[0]) - 5000)


def test_each_answer_opens_to_its_file_and_line(open_page: Open) -> None:
    proof = grid(open_page("accounts", account="crm:401"), "answer")
    assert {"Next due", "Account record", "Contract", "Last contact"} <= set(proof["answer"])
    assert proof["_file"].notna().all()
    assert proof["_row"].notna().all()
    record = proof[proof["answer"] == "Account record"].iloc[0]
    assert (record["_file"], record["_row"]) == ("Accounts.csv", 3)


def test_the_timeline_shows_the_kinds_that_are_chosen(open_page: Open) -> None:
    app = open_page("accounts", account="crm:401")
    assert len(app.dataframe[-1].value) == 20
    app.pills(key="card_kinds").set_value(["cash"]).run()
    assert not app.exception
    assert all(text.startswith("Payment") for text in app.dataframe[-1].value["event_type"])
    assert len(app.dataframe[-1].value) == 4


@pytest.mark.parametrize(
    ("search", "account", "by"),
    [
        ("person2.409@client", "crm:409", "Olof Head"),
        ("08 777 412", "crm:412", "Ida Payer"),
        ("+46 (0)8-555 01 13", "crm:413", None),
        ("office14@", "crm:414", None),
    ],
)
def test_the_list_finds_by_person_number_and_address(
    open_page: Open, search: str, account: str, by: str | None
) -> None:
    app = open_page("accounts")
    app.text_input(key="account_search").set_value(search).run()
    assert not app.exception
    assert tile(app, "Accounts").value == "1"
    if by:
        assert list(app.dataframe[0].value["found_by"]) == [by]
    app.button(key="account_only_one").click().run()
    assert app.query_params["account"] in ([account], account)


@pytest.mark.parametrize(
    ("flag", "where"),
    [
        ("new", "is_new_card"),
        ("unmapped", "not has_crm_record"),
        ("terms", "is_billed_without_terms"),
        ("incomplete", "missing_fields is not null"),
        ("away", "is_owner_away"),
    ],
)
def test_a_flag_narrows_the_list(published: str, warehouse: duckdb.DuckDBPyConnection, flag: str, where: str) -> None:
    expected = warehouse.cursor().execute(f"select count(*) from reporting.rpt_accounts where {where}").fetchone()
    found = accounts.found(published, Filters(), Asked(flags=(flag,)), 1000)
    assert expected
    assert 0 < found.num_rows == expected[0] < 48


def test_the_universal_table_is_a_real_workbook(published: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    data = accounts.universal(published, Filters(), Asked())
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(data, universal_columns("EUR"), "Accounts", "note", SUMMED)))
    sheet = book.active
    header = [cell.value for cell in sheet[4]]
    body = [dict(zip(header, row, strict=True)) for row in sheet.iter_rows(min_row=5, max_row=52)]
    assert len(body) == data.num_rows == 48
    assert all(isinstance(row["Open, EUR"].value, int | float) for row in body if row["Open, EUR"].value is not None)
    assert isinstance(body[0]["Last payment"].value, datetime)
    assert body[0]["Last payment"].number_format == "yyyy-mm-dd"
    # Text from data is never a formula; the totals are ours, and follow a filter.
    names = {row["Account"].value: row["Account"].data_type for row in body}
    assert names['\'=HYPERLINK("http://example.invalid")'] == "s"
    assert {row["E-mail"].data_type for row in body} == {"s"}
    total = dict(zip(header, sheet[54], strict=True))
    assert total["Account"].value == "Total"
    assert total["Open, EUR"].value.startswith("=SUBTOTAL(109,")
    cached = openpyxl.load_workbook(
        io.BytesIO(to_xlsx(data, universal_columns("EUR"), "Accounts", "note", SUMMED)), data_only=True
    ).active
    (open_amount,) = warehouse.cursor().execute("select sum(open_amount) from reporting.rpt_accounts").fetchone() or (
        0,
    )
    assert dict(zip(header, cached[54], strict=True))["Open, EUR"].value == pytest.approx(float(open_amount))
    # An amount in a document currency has no total: currencies are never added.
    assert total["Credit limit"].value is None


def test_the_addresses_of_paused_clients(published: str) -> None:
    asked = Asked(statuses=("paused",))
    paused = accounts.found(published, Filters(), asked, 1000).column("account_name").to_pylist()
    written = to_csv(accounts.emails(published, Filters(), asked)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(written)))
    assert {row["account_name"].lstrip("'") for row in rows} == set(paused)
    assert {row["status"] for row in rows} == {"paused"}
    # Two people of three have an address, and the company its own.
    assert len(rows) == 3 * len(paused)
    everybody = to_csv(accounts.emails(published, Filters(), Asked())).decode("utf-8-sig")
    assert "'=1+1@alder.example" in everybody
    assert "\n=1+1@" not in everybody


def test_how_cards_are_kept_stands_by_manager(
    open_page: Open, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    publish(
        tmp_path, "v1",
        "alter table reporting.rpt_team_scorecard add column card_entries bigint default 7",
        "alter table reporting.rpt_team_scorecard add column card_timeliness double default 0.25",
        "alter table reporting.rpt_team_scorecard add column card_on_time_ratio double default 0.5",
    )  # fmt: skip
    kept = grid(open_page("accounts", at_home=tmp_path), "entered_after_hours")
    expected = warehouse.cursor().execute(
        "select count(*), count(*) filter (missing_fields is not null) from reporting.rpt_accounts"
        " where owner_id = 'crm:1'"
    )
    row = kept[kept["owner_name"] == "Astrid Berg"].iloc[0]
    assert (row["accounts"], row["incomplete"]) == expected.fetchone()
    assert (row["entered_after_hours"], row["card_on_time_ratio"], row["card_entries"]) == (6.0, 0.5, 7)
    assert kept["accounts"].sum() == 48


def test_the_register_counts_and_filters(open_page: Open) -> None:
    app = open_page("requirements")
    assert not app.exception
    assert tile(app, "Requirements").value == "3"
    assert tile(app, "Met").value == "1"
    assert list(grid(app, "not_built")["requirements"]) == [1, 2]
    app.pills(key="requirement_states").set_value(["partly"]).run()
    assert list(grid(app, "requirement_id")["requirement_id"]) == ["B9"]
    assert "<b>in</b>" not in words(app)
    app.text_input(key="requirement_search").set_value("no such word").run()
    assert "No requirement matches" in words(app)


def test_the_register_says_when_the_table_is_not_there(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", "drop table reporting.rpt_requirements")
    app = open_page("requirements", at_home=tmp_path)
    assert not app.exception
    assert "This publication has no table `reporting.rpt_requirements`" in words(app)


def test_a_card_of_five_thousand_opens_in_its_budget(open_page: Open, tmp_path: Path) -> None:
    """B7: the server's part of opening a card, first page of a new session, 5,000 accounts and 1,000,000 events."""
    many = "(select unnest(range(104)) as copy)"
    publish(
        tmp_path, "v1",
        *(
            f"create or replace table reporting.{table} as"
            f" select * exclude (copy) replace (account_id || '-' || copy as account_id) from reporting.{table}, {many}"
            for table in (
                "rpt_accounts", "rpt_account_people", "rpt_account_documents", "rpt_open_invoices", "rpt_account_monthly",
                "rpt_receivable_accounts", "rpt_open_deals",
            )
        ),
        "create or replace table reporting.rpt_account_timeline as"
        " select * exclude (copy, again) replace (account_id || '-' || copy as account_id)"
        f" from reporting.rpt_account_timeline, {many}, (select unnest(range(11)) as again)",
    )  # fmt: skip
    open_page("requirements", at_home=tmp_path)  # imports are the server's start, not the card's
    began = time.process_time()
    app = open_page("accounts", at_home=tmp_path, account="crm:401-77")
    seconds = time.process_time() - began
    assert not app.exception
    assert "2026-11-12, ACT-1" in words(app)
    assert len(app.dataframe[-1].value) == 220
    assert seconds < SECONDS * SERVER_SHARE, f"{seconds:.1f} s"
