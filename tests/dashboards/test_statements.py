"""The page Statements: its figures are the warehouse's, its buttons give the documents of what is chosen."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pypdfium2
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money
from pipelines.commands.main import main
from pipelines.reports.statements import making, reading
from tests.dashboards.conftest import tile, words
from tests.dashboards.warehouse import publish

Open = Callable[..., AppTest]
HOSTILE = "crm:408"  # =HYPERLINK(…)


@pytest.fixture(scope="module")
def lines(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Date, debit, credit and balance of one account, in order."""
    return warehouse.cursor().execute(
        "select occurred_on, debit, credit, running_balance from reporting.rpt_statement_lines"
        " where account_id = 'crm:402' order by line_number"
    ).fetchall()  # fmt: skip


def opened(open_page: Open, account: str, first: date = date(2026, 11, 1)) -> AppTest:
    app = open_page("statements")
    app.selectbox(key="statement_account").set_value(account).run()
    app.date_input(key="statement_from").set_value(first).run()
    assert not app.exception
    assert not app.error
    return app


def test_a_period_ties_and_its_table_is_the_warehouse_s(open_page: Open, lines: list[tuple[Any, ...]]) -> None:
    app = opened(open_page, "crm:402")
    before = [row for row in lines if row[0] < date(2026, 11, 1)]
    within = [row for row in lines if row[0] >= date(2026, 11, 1)]
    assert before
    assert within
    opening = before[-1][3]
    debits, credits = sum(row[1] for row in within), sum(row[2] for row in within)
    assert opening + debits - credits == lines[-1][3]
    assert tile(app, "Brought forward").value == money(opening, "EUR", 2)
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
    app = open_page("statements", team="South")
    assert not app.exception
    south = warehouse.cursor().execute(
        "select count(distinct account_id) from reporting.rpt_statement_lines"
        " join reporting.rpt_accounts using (account_id) where team = 'South'"
    ).fetchone()  # fmt: skip
    assert south
    assert 0 < len(app.selectbox(key="statement_account").options) == south[0]


def test_the_card_of_an_account_leads_to_its_statement(open_page: Open) -> None:
    card = open_page("accounts", account="crm:402")
    [link] = [found.proto for found in card.get("page_link") if found.proto.label == "Statement"]
    assert link.page == "statements"
    assert link.query_string == "account=crm%3A402"
    app = open_page("statements", account="crm:402")
    assert app.selectbox(key="statement_account").value == "crm:402"
    app.selectbox(key="statement_account").set_value("crm:403").run()
    assert app.selectbox(key="statement_account").value == "crm:403"
    assert app.query_params["account"] in ("crm:403", ["crm:403"])
    assert not open_page("statements", account="nobody").exception
    # Account 410 owes nothing and never did.
    assert not [
        found for found in open_page("accounts", account="crm:410").get("page_link") if found.proto.label == "Statement"
    ]


def test_the_days_are_refused_in_words(open_page: Open) -> None:
    app = open_page("statements")
    app.date_input(key="statement_to").set_value(date(2026, 10, 1)).run()
    assert not app.exception
    assert "comes after the last" in app.warning[0].value


def test_the_buttons_offer_both_documents_and_the_lines(open_page: Open) -> None:
    app = opened(open_page, "crm:402")
    app.selectbox(key="statement_kind").set_value("act").run()
    app.selectbox(key="statement_language").set_value("ru").run()
    assert not app.exception
    assert {"PDF", "XLSX", "Download as CSV"} <= {found.proto.label for found in app.get("download_button")}
    assert "company_name" in words(app)


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_a_hostile_name_is_text_in_every_document(
    home: Path, warehouse: duckdb.DuckDBPyConnection, language: str
) -> None:
    cursor = warehouse.cursor()
    code = reading.currencies(cursor, HOSTILE)[0]
    asked = reading.Asked(HOSTILE, code, date(2026, 11, 1), date(2026, 11, 20))
    found = reading.read(cursor, asked, "=1+1")
    for kind in reading.KINDS:
        book = openpyxl.load_workbook(io.BytesIO(making.make(found, kind, language, "xlsx")))
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
        assert not [cell.value for cell in cells if cell.data_type == "f" or str(cell.value).startswith("=")]
        pdf = pypdfium2.PdfDocument(making.make(found, kind, language, "pdf"))
        assert "HYPERLINK" in "".join(page.get_textpage().get_text_range() for page in pdf)


def test_the_documents_commands_and_queries_run(home: Path, tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "statements.md").read_text(encoding="utf-8")
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


def test_the_page_reads_an_account_without_a_name(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", "update reporting.rpt_statement_lines set account_name = null where account_id = 'crm:400'")
    app = open_page("statements", at_home=tmp_path)
    app.selectbox(key="statement_account").set_value("crm:400").run()
    assert not app.exception
    assert not app.error


def test_the_csv_has_neutral_cells(warehouse: duckdb.DuckDBPyConnection, home: Path) -> None:
    from dashboards.components.csv import to_csv
    from dashboards.queries import statements

    path = str((home / "warehouse" / "keybook.duckdb").resolve())
    found = warehouse.cursor().execute(
        "select account_id, currency from reporting.rpt_statement_lines where document = '=CN+12' limit 1"
    ).fetchone()  # fmt: skip
    assert found
    asked = reading.Asked(found[0], found[1], date(2026, 11, 1), date(2026, 11, 20))
    rows = list(csv.DictReader(io.StringIO(to_csv(statements.lines(path, asked)).decode("utf-8-sig"))))
    assert "'=CN+12" in {row["document"] for row in rows}
    moved = sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows)
    assert Decimal(rows[0]["running_balance"]) + moved == Decimal(rows[-1]["running_balance"])
