"""The page Statements: its figures are the warehouse's, its buttons give the documents of what is chosen."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import duckdb
import openpyxl
import pyarrow as pa
import pypdfium2
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money
from pipelines.commands.main import main
from pipelines.reports.statements import making, reading
from tests.dashboards.conftest import DAY, FORMULA, MONTH, all_of, one, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]


@pytest.fixture(scope="module")
def accounts(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Accounts of one currency with several lines in the newest month and some before it, most lines first; and it."""
    found = all_of(
        warehouse,
        "select account_id, max(currency) from reporting.rpt_statement_lines group by account_id"
        f" having count(distinct currency) = 1 and count(*) filter (occurred_on >= {MONTH}) > 0"
        f" and count(*) filter (occurred_on < {MONTH}) > 0 order by count(*) desc, account_id",
    )
    assert len(found) > 1
    return found


@pytest.fixture(scope="module")
def account(accounts: list[tuple[str, str]]) -> str:
    """The first of them."""
    return accounts[0][0]


@pytest.fixture(scope="module")
def hostile(warehouse: duckdb.DuckDBPyConnection) -> str:
    """The account whose name is a formula."""
    return str(one(warehouse, f"select account_id from reporting.rpt_accounts where account_name = '{FORMULA}'"))


@pytest.fixture(scope="module")
def first(warehouse: duckdb.DuckDBPyConnection) -> date:
    """The first day of the newest month."""
    found = one(warehouse, f"select {MONTH}")
    assert isinstance(found, date)
    return found


@pytest.fixture(scope="module")
def lines(warehouse: duckdb.DuckDBPyConnection, account: str) -> list[tuple[Any, ...]]:
    """Date, debit, credit and balance of one account, in order."""
    return warehouse.cursor().execute(
        "select occurred_on, debit, credit, running_balance from reporting.rpt_statement_lines"
        f" where account_id = '{account}' order by line_number"
    ).fetchall()  # fmt: skip


def opened(open_page: Open, account: str, first: date) -> AppTest:
    app = open_page("statements")
    app.selectbox(key="statement_account").set_value(account).run()
    app.date_input(key="statement_from").set_value(first).run()
    assert not app.exception
    assert not app.error
    return app


def test_a_period_ties_and_its_table_is_the_warehouse_s(
    open_page: Open, accounts: list[tuple[str, str]], first: date, lines: list[tuple[Any, ...]]
) -> None:
    account, currency = accounts[0]
    app = opened(open_page, account, first)
    before = [row for row in lines if row[0] < first]
    within = [row for row in lines if row[0] >= first]
    assert before
    assert within
    opening = before[-1][3]
    debits, credits = sum(row[1] for row in within), sum(row[2] for row in within)
    assert opening + debits - credits == lines[-1][3]
    assert tile(app, "Brought forward").value == money(opening, currency, 2)
    for label, amount in {"Debits": debits, "Credits": credits, "Closing": lines[-1][3]}.items():
        assert f"{amount:,.2f}" in tile(app, label).value
    shown = app.dataframe[0].value
    assert list(shown["running_balance"]) == [opening, *(row[3] for row in within)]
    assert shown["kind"].iloc[0] == "brought forward"
    # The footer ends in the same balance.
    footer = app.dataframe[1].value.iloc[0]
    assert footer["net_amount"] == lines[-1][3]
    assert footer["open_amount"] == footer.iloc[:6].sum()


def test_accounts_are_those_that_the_filters_leave(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    team = one(warehouse, "select team from reporting.rpt_accounts order by open_amount desc nulls last")
    app = open_page("statements", team=team)
    assert not app.exception
    south = warehouse.cursor().execute(
        "select count(distinct account_id) from reporting.rpt_statement_lines"
        f" join reporting.rpt_accounts using (account_id) where team = '{team}'"
    ).fetchone()  # fmt: skip
    assert south
    assert 0 < len(app.selectbox(key="statement_account").options) == south[0]


def test_the_card_of_an_account_leads_to_its_statement(
    open_page: Open, warehouse: duckdb.DuckDBPyConnection, accounts: list[tuple[str, str]]
) -> None:
    (account, _), (other, _) = accounts[:2]
    card = open_page("accounts", account=account)
    [link] = [found.proto for found in card.get("page_link") if found.proto.label == "Statement"]
    assert link.page == "statements"
    assert link.query_string == f"account={quote_plus(account)}"
    app = open_page("statements", account=account)
    assert app.selectbox(key="statement_account").value == account
    app.selectbox(key="statement_account").set_value(other).run()
    assert app.selectbox(key="statement_account").value == other
    assert app.query_params["account"] in (other, [other])
    assert not open_page("statements", account="nobody").exception
    never = one(
        warehouse,
        "select account_id from reporting.rpt_accounts"
        " where account_id not in (select account_id from reporting.rpt_statement_lines)",
    )
    links = open_page("accounts", account=never).get("page_link")
    assert not [found for found in links if found.proto.label == "Statement"]


def test_the_days_are_refused_in_words(open_page: Open, first: date) -> None:
    app = open_page("statements")
    app.date_input(key="statement_from").set_value(first).run()
    app.date_input(key="statement_to").set_value(first - timedelta(1)).run()
    assert not app.exception
    assert "comes after the last" in app.warning[0].value


def test_the_buttons_offer_both_documents_and_the_lines(open_page: Open, account: str, first: date) -> None:
    app = opened(open_page, account, first)
    app.selectbox(key="statement_kind").set_value("act").run()
    app.selectbox(key="statement_language").set_value("ru").run()
    assert not app.exception
    assert {"PDF", "XLSX", "Download as CSV"} <= {found.proto.label for found in app.get("download_button")}
    assert "company_name" in words(app)


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_a_hostile_name_is_text_in_every_document(
    warehouse: duckdb.DuckDBPyConnection, hostile: str, first: date, language: str
) -> None:
    cursor = warehouse.cursor()
    code = reading.currencies(cursor, hostile)[0]
    asked = reading.Asked(hostile, code, first, one(warehouse, f"select {DAY}"))
    found = reading.read(cursor, asked, "=1+1")
    for kind in reading.KINDS:
        book = openpyxl.load_workbook(io.BytesIO(making.make(found, kind, language, "xlsx")))
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
        assert not [cell.value for cell in cells if cell.data_type == "f" or str(cell.value).startswith("=")]
        pdf = pypdfium2.PdfDocument(making.make(found, kind, language, "pdf"))
        assert "HYPERLINK" in "".join(page.get_textpage().get_text_range() for page in pdf)


def test_the_documents_commands_and_queries_run(
    home: Path, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, accounts: list[tuple[str, str]]
) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "statements.md").read_text(encoding="utf-8")
    # The account of the examples is one of the sample's here; the hostile one has no name to type.
    moved = "select account_id from reporting.rpt_statement_lines where occurred_on <= date '2026-03-31'"
    owing = {
        found for (found,) in all_of(warehouse, f"select account_id from reporting.rpt_open_invoices intersect {moved}")
    }
    account, currency = next(found for found in reversed(accounts) if found[0] in owing)
    name = one(warehouse, f"select account_name from reporting.rpt_accounts where account_id = '{account}'")
    for example, real in (("Cedar Freight", name), ("crm:402", account), ("--currency EUR", f"--currency {currency}")):
        assert example in page
        page = page.replace(example, real)
    commands = re.findall(r"^keybook (statement .*)$", page, flags=re.M)
    assert len(commands) > 3
    for command in commands:
        arguments = shlex.split(command, comments=True)
        done = CliRunner().invoke(main, [*arguments, "--home", str(home), "--out", str(tmp_path)])
        assert done.exit_code == 0, done.output
    assert len(list(tmp_path.iterdir())) == len(commands)
    [queries] = re.findall(r"^```sql\n(.*?)^```", page, flags=re.S | re.M)
    for query in filter(None, (line.split(";")[0] for line in queries.splitlines())):
        done = CliRunner().invoke(main, ["sql", query, "--format", "json", "--home", str(home)])
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)


def test_the_page_reads_an_account_without_a_name(
    open_page: Open, published: Path, account: str, tmp_path: Path
) -> None:
    publish(tmp_path, "v1", base=published, changes=[
        f"update reporting.rpt_statement_lines set account_name = null where account_id = '{account}'"
    ])  # fmt: skip
    app = open_page("statements", at_home=tmp_path)
    app.selectbox(key="statement_account").set_value(account).run()
    assert not app.exception
    assert not app.error


def test_the_csv_has_neutral_cells(tmp_path: Path) -> None:
    # What the export calls a document is text, whatever it begins with.
    from dashboards.components.csv import to_csv

    made = pa.table({"document": ["=CN+12", "INV-1"], "debit": [Decimal("1.50"), Decimal("-2.00")]})
    rows = list(csv.DictReader(io.StringIO(to_csv(made).decode("utf-8-sig"))))
    assert [row["document"] for row in rows] == ["'=CN+12", "INV-1"]


def test_the_lines_to_download_add_up(
    home: Path, accounts: list[tuple[str, str]], first: date, warehouse: duckdb.DuckDBPyConnection
) -> None:
    from dashboards.components.csv import to_csv
    from dashboards.queries import statements

    path = str((home / "warehouse" / "keybook.duckdb").resolve())
    account, currency = accounts[0]
    asked = reading.Asked(account, currency, first, one(warehouse, f"select {DAY}"))
    rows = list(csv.DictReader(io.StringIO(to_csv(statements.lines(path, asked)).decode("utf-8-sig"))))
    moved = sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows)
    assert Decimal(rows[0]["running_balance"]) + moved == Decimal(rows[-1]["running_balance"])
