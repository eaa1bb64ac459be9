"""Statements and the table macros against the ledger in plain Python, and the documents against the tables.

The stream of the receivables oracle is built once, with what it lacks written by hand: opening balances, voided
documents, money that crosses accounts and currencies, a chargeback over two invoices, and names that nobody should have.
"""

from __future__ import annotations

import io
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pypdfium2
import pytest
from click.testing import CliRunner

from pipelines.commands.main import main
from pipelines.reports.statements import making, reading
from pipelines.words import languages
from tests.dbt.test_receivables_oracle import AS_OF, BUCKETS, Key, Stream, expected_balances, snapshots, total
from tests.support.homes import make
from tests.support.raw_rows import write_raw

HOSTILE = '=HYPERLINK("http://example.invalid") <b>&amp;</b> \u202egnp.exe\u0007 {us} Ünïcödé Žluťoučký ООО «Ромашка»'
BETWEEN = [date(2024, 1, 1), date(2024, 3, 13), date(2024, 6, 6), date(2024, 8, 19)]
D = Decimal


def by_hand() -> dict[str, list[dict[str, Any]]]:
    """Rows of the system `hand`: each customer shows one thing."""
    issued = {"_system": "hand", "status": "issued", "currency": "EUR"}

    def document(name: str, customer: str, on: date, gross: int, **more: Any) -> dict[str, Any]:
        row = {"invoice_id": name, "number": f"No {name}", "document_kind": "invoice", "customer_id": customer}
        return issued | row | {"issued_on": on, "due_on": on, "net_amount": gross, "gross_amount": gross} | more

    def payment(name: str, customer: str, on: date, amount: int, **more: Any) -> dict[str, Any]:
        row = {"_system": "hand", "payment_id": name, "customer_id": customer, "received_on": on, "amount": amount}
        return row | {"currency": "EUR", "status": "received"} | more

    def applied(name: str, payment_id: str | None, invoice: str, on: date, amount: int, **more: Any) -> dict[str, Any]:
        return {"_system": "hand", "application_id": name, "payment_id": payment_id, "invoice_id": invoice,
                "applied_on": on, "amount": amount} | more  # fmt: skip

    day = date(2024, 2, 1)
    later = day + timedelta(days=10)
    return {
        "billing.customers": [
            {"_system": "hand", "customer_id": "opened", "name": HOSTILE},
            {"_system": "hand", "customer_id": "mother", "name": "Twin Ltd"},
            {"_system": "hand", "customer_id": "daughter", "name": "Daughter Ltd"},
        ],
        "billing.opening_balances": [
            {"_system": "hand", "customer_id": "opened", "currency": "EUR", "as_of": date(2024, 1, 1), "amount": 500,
             "due_on": date(2024, 1, 15)},
        ],
        "billing.invoices": [
            document("v1", "voided", day, 100, status="void", voided_on=later),
            document("v2", "voided", day, 40, document_kind="credit_note", status="void", voided_on=later),
            document("m1", "daughter", day, 300),
            document("x1", "crossing", day, 90, currency="USD"),
            document("b1", "bounced", day, 60),
            document("b2", "bounced", day, 40),
            document("t1", "tenths", day, 10, net_amount=D("10.005"), gross_amount=D("10.005")),
            document("=1+1", "opened", later, 250),
        ],
        "billing.payments": [
            payment("pm", "mother", later, 300, reference="Parent pays"),
            payment("px", "crossing", later, 81),
            payment("pb", "bounced", later, 100),
            payment("po", "opened", later, -20, reference="-20 back"),
        ],
        "billing.applications": [
            applied("am", "pm", "m1", later, 300),
            applied("ax", "px", "x1", later, 90, payment_amount=81),
            applied("ab1", "pb", "b1", later, 60),
            applied("ab2", "pb", "b2", later, 40),
            applied("of nothing", None, "=1+1", later, 50),
        ],
        "billing.adjustments": [
            {"_system": "hand", "adjustment_id": "cb", "adjustment_kind": "chargeback", "customer_id": "bounced",
             "payment_id": "pb", "occurred_on": later + timedelta(days=5), "currency": "EUR", "amount": 100},
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def stream() -> Stream:
    """The rows and their ledger; none of its dates lies after what the hand-written rows need."""
    return Stream(seed=20240820)


@pytest.fixture(scope="module")
def home(stream: Stream, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One build, linked as published."""
    folder: Path = tmp_path_factory.mktemp("statements")
    rows = defaultdict(list, {name: list(found) for name, found in stream.rows.items()})
    for name, found in by_hand().items():
        rows[name] += found
    write_raw(folder, dict(rows), as_of_date=AS_OF)
    models = ["rpt_receivable_aging", "rpt_open_invoices", "rpt_statement_lines"]
    make(folder, models, passing=["assert_statements_close_on_the_balances"])
    (folder / "warehouse" / "keybook.duckdb").symlink_to(".build/current/keybook.duckdb")
    return folder


@pytest.fixture(scope="module")
def warehouse(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str((home / "warehouse/keybook.duckdb").resolve()), read_only=True) as connection:
        yield connection


def difference(warehouse: duckdb.DuckDBPyConnection, one: str, other: str) -> list[Any]:
    """Rows of either query that the other lacks, as often as they stand there."""
    return warehouse.execute(f"(({one}) except all ({other})) union all (({other}) except all ({one}))").fetchall()


def test_the_macro_of_a_day_is_the_history_of_that_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Row for row, all columns."""
    days = [
        row[0] for row in warehouse.execute("select distinct as_of_date from reporting.rpt_receivable_aging").fetchall()
    ]
    assert set(days) == set(snapshots())
    # Every fourth Sunday and month end, and the as-of date.
    for day in [*sorted(days)[::4], AS_OF]:
        history = f"select * from reporting.rpt_receivable_aging where as_of_date = date '{day}'"
        assert not difference(warehouse, f"select * from receivable_aging(date '{day}')", history), day
    assert not difference(
        warehouse, f"select * from open_invoices(date '{AS_OF}')", "select * from reporting.rpt_open_invoices"
    )


@pytest.mark.parametrize("day", BETWEEN)
def test_the_macros_of_any_day_are_the_ledgers(stream: Stream, warehouse: duckdb.DuckDBPyConnection, day: date) -> None:
    """Days that no history holds, against the ledger that is written from the definitions."""
    columns = (*BUCKETS, "open_amount", "credit_amount", "unapplied_amount")
    query = f"select account_id, currency, {', '.join(columns)} from receivable_aging($day)"
    rows = warehouse.execute(query, {"day": day}).fetchall()
    found = {
        (row[0], row[1]): dict(zip(columns, row[2:], strict=True)) for row in rows if not row[0].startswith("hand:")
    }
    expected = expected_balances(stream, day)
    assert found == {key: {name: row.get(name, D(0)) for name in columns} for key, row in expected.items()}
    items = warehouse.execute(
        "select invoice_id, due_on, days_overdue, open_amount from open_invoices($day) "
        "where invoice_id not like 'hand:%' order by all", {"day": day},
    ).fetchall()  # fmt: skip
    assert items == sorted(
        (name, due, (day - due).days, part)
        for name, item in stream.items.items()
        for due, part in item.parts_on(day)
        if part > 0
    )


def test_a_day_after_the_as_of_date_is_an_error(warehouse: duckdb.DuckDBPyConnection) -> None:
    for macro in ("receivable_aging", "open_invoices"):
        with pytest.raises(duckdb.Error, match=f"as of {AS_OF}"):
            warehouse.execute(f"select * from {macro}(date '{AS_OF + timedelta(days=1)}')").fetchall()


def test_the_macros_work_in_a_file_of_another_name(home: Path, tmp_path: Path) -> None:
    shutil.copy((home / "warehouse/keybook.duckdb").resolve(), tmp_path / "copied.duckdb")
    with duckdb.connect(str(tmp_path / "copied.duckdb"), read_only=True) as connection:
        [(rows,)] = connection.execute(f"select count(*) from receivable_aging('{AS_OF}')").fetchall()
    assert rows > 10


def net(stream: Stream, key: Key, day: date) -> Decimal:
    """What an account owes net of unapplied money, from the ledger (R3)."""
    owed = sum((item.open_on(day) for item in stream.items.values() if item.key == key), D(0))
    return owed - total(stream.unapplied.get(key, []), day)


def test_every_statement_ties_and_closes_on_the_ledger(stream: Stream, warehouse: duckdb.DuckDBPyConnection) -> None:
    """R31 for every account and currency in three periods: opening + debits − credits = closing, both ends the ledger's."""
    keys = {item.key for item in stream.items.values()} | set(stream.unapplied)
    assert len(keys) > 15
    for first, last in [(date(2023, 1, 1), AS_OF), (date(2024, 3, 1), date(2024, 3, 31)), (BETWEEN[2], BETWEEN[3])]:
        for key in keys:
            values = {"account": key[0], "currency": key[1], "first": first, "last": last}
            totals = warehouse.execute(
                "select opening, debits, credits, closing from account_statement_totals($account, $first, $last) "
                "where currency = $currency", values,
            ).fetchall()  # fmt: skip
            lines = warehouse.execute(
                "select kind, occurred_on, debit, credit, running_balance from account_statement($account, $first, $last) "
                "where currency = $currency order by line_number, line_id nulls first", values,
            ).fetchall()  # fmt: skip
            before, after = net(stream, key, first - timedelta(days=1)), net(stream, key, last)
            if not totals:
                assert (before, after, lines) == (0, 0, [])
                continue
            opening, debits, credits_, closing = totals[0]
            assert (opening, closing) == (before, after), (key, first, last)
            assert opening + debits - credits_ == closing
            assert lines[0][0] == "brought_forward"
            assert lines[0][4] == opening
            assert [line[0] for line in lines].count("brought_forward") == 1
            running = opening
            for _, on, debit, credit, balance in lines[1:]:
                assert first <= on <= last
                assert min(debit, credit) == 0 <= max(debit, credit)
                running += debit - credit
                assert balance == running
            assert running == closing


def lines_of(warehouse: duckdb.DuckDBPyConnection, customer: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(
        "select currency, kind, document, debit - credit, running_balance from reporting.rpt_statement_lines"
        " where account_id = $account order by currency, line_number", {"account": f"hand:{customer}"},
    ).fetchall()  # fmt: skip


def test_what_moves_an_account_besides_documents_and_payments(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert lines_of(warehouse, "voided") == [
        ("EUR", "invoice", "No v1", 100, 100),
        ("EUR", "credit_note", "No v2", -40, 60),
        ("EUR", "void", "No v1", -100, -40),
        ("EUR", "void", "No v2", 40, 0),
    ]
    # The mother's money leaves her account for the daughter's invoice; nothing is owed or left on either.
    assert lines_of(warehouse, "mother") == [
        ("EUR", "payment", "Parent pays", -300, -300),
        ("EUR", "transfer", "pm", 300, 0),
    ]
    assert lines_of(warehouse, "daughter") == [
        ("EUR", "invoice", "No m1", 300, 300),
        ("EUR", "transfer", "pm", -300, 0),
    ]
    assert lines_of(warehouse, "crossing") == [
        ("EUR", "payment", "px", -81, -81),
        ("EUR", "transfer", "px", 81, 0),
        ("USD", "invoice", "No x1", 90, 90),
        ("USD", "transfer", "px", -90, 0),
    ]
    # One chargeback of a payment that paid two invoices is one line.
    assert lines_of(warehouse, "bounced")[-2:] == [
        ("EUR", "payment", "pb", -100, 0),
        ("EUR", "chargeback", "cb", 100, 100),
    ]
    # An application that names no money moves nothing where payments are exported.
    assert lines_of(warehouse, "opened") == [
        ("EUR", "opening_balance", None, 500, 500),
        ("EUR", "invoice", "No =1+1", 250, 750),
        ("EUR", "refund", "-20 back", 20, 770),
    ]


def read(
    warehouse: duckdb.DuckDBPyConnection, account: str, currency: str, first: date, last: date
) -> reading.Statement:
    return reading.read(warehouse, reading.Asked(account, currency, first, last), "Nordkontor AB")


def text_of(made: bytes) -> str:
    pages = pypdfium2.PdfDocument(made)
    said = "\n".join(page.get_textpage().get_text_range() for page in pages)
    # A word that is wider than its column holds places without width where it may break.
    said = said.replace("\u200b\r\n", "").replace("\u200b", "")
    return said.replace("\u00a0", " ").replace("\u202f", " ").replace("\r\n", "\n").replace("\ufffe", "-")


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_a_pdf_says_what_the_tables_say(warehouse: duckdb.DuckDBPyConnection, language: str) -> None:
    spoken = languages()[language]
    account, currency = warehouse.execute(
        "select account_id, currency from reporting.rpt_statement_lines group by all order by count(*) desc limit 1"
    ).fetchall()[0]
    found = read(warehouse, account, currency, date(2024, 3, 1), date(2024, 6, 30))
    assert len(found.lines) > 10

    def amount(value: Decimal) -> str:
        return spoken.amount(value, 2).replace("\u00a0", " ").replace("\u202f", " ")

    said = text_of(making.make(found, "activity", language, "pdf"))
    figures = [f for line in found.lines for f in (line.debit, line.credit, line.balance)]
    for figure in (*figures, found.totals.debits, found.totals.credits, found.totals.closing, found.ageing.open_amount):
        assert figure == 0 or amount(figure) in said, figure
    for line in found.lines:
        assert spoken.day(line.occurred_on) in said
        assert (line.document or "") in said
    for word in ("activity.title", "activity.turnover", "activity.closing", "kinds.brought_forward", "columns.balance"):
        assert spoken.text(f"statement.{word}") in said
    # The closing balance stands behind its word, on its line.
    closing = next(line for line in said.splitlines() if spoken.text("statement.activity.closing") in line)
    assert amount(found.totals.closing) in closing + said.split(closing)[1][:40]

    act = text_of(making.make(found, "act", language, "pdf"))
    for word in ("act.title", "act.opening", "act.turnover", "act.closing", "act.signature", "act.stamp"):
        assert spoken.text(f"statement.{word}") in " ".join(act.split())
    # Both halves have their words; only ours has figures.
    assert act.count(spoken.text("statement.act.opening")) == act.count(spoken.text("statement.act.closing")) == 2
    assert act.count(amount(found.totals.debits)) == 1
    side = "us" if found.totals.closing > 0 else "them"
    result = spoken.text(
        f"statement.act.our_result_{side}", us="Nordkontor AB", them=found.account_name, day=spoken.long_day(date(2024, 6, 30)),
        amount=f"{amount(abs(found.totals.closing))} {currency}",
    )  # fmt: skip
    assert " ".join(result.split()) in " ".join(act.split())

    outstanding = text_of(making.make(found, "outstanding", language, "pdf"))
    assert found.open_items
    assert sum(item.open_amount for item in found.open_items) == found.ageing.open_amount == sum(found.ageing.buckets)
    for item in found.open_items:
        assert amount(item.open_amount) in outstanding
    assert amount(found.ageing.open_amount) in outstanding


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_a_workbook_holds_the_same_as_numbers_and_dates(warehouse: duckdb.DuckDBPyConnection, language: str) -> None:
    spoken = languages()[language]
    found = read(warehouse, "books:C1", "EUR", date(2024, 2, 1), AS_OF)
    sheet = openpyxl.load_workbook(io.BytesIO(making.make(found, "activity", language, "xlsx"))).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = next(place for place, row in enumerate(rows) if row[0] == spoken.text("statement.columns.date"))
    for row, line in zip(rows[head + 1 :], found.lines, strict=False):
        assert row[0].date() == line.occurred_on
        assert row[1] == spoken.text(f"statement.kinds.{line.kind}")
        assert [D(str(value or 0)).quantize(D("0.0001")) for value in row[4:7]] == [
            line.debit,
            line.credit,
            line.balance,
        ]
    turnover, closing = rows[head + 1 + len(found.lines)], rows[head + 2 + len(found.lines)]
    assert D(str(turnover[4])) - D(str(turnover[5])) == pytest.approx(found.totals.debits - found.totals.credits)
    assert D(str(closing[6])) == found.totals.closing
    formats = {cell.number_format for row in sheet.iter_rows() for cell in row if isinstance(cell.value, float)}
    assert formats == {"#,##0.00"}
    assert sheet.cell(head + 2, 1).number_format == spoken.settings["date_in_workbook"]


@pytest.mark.parametrize("kind", reading.KINDS)
def test_hostile_texts_stay_texts(warehouse: duckdb.DuckDBPyConnection, kind: reading.Kind) -> None:
    found = read(warehouse, "hand:opened", "EUR", date(2024, 2, 1), AS_OF)
    assert "\u202e" in found.account_name
    for language in languages():
        book = openpyxl.load_workbook(io.BytesIO(making.make(found, kind, language, "xlsx")))
        cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if isinstance(cell.value, str)]
        assert not [cell.value for cell in cells if cell.data_type == "f" or re.match(r"[=+@\t\r]", cell.value)]
        assert not [cell.value for cell in cells if re.search("[\u202a-\u202e\u0000-\u0008]", cell.value)]
        assert [cell.value for cell in cells if "=HYPERLINK(" in cell.value]
        said = text_of(making.make(found, kind, language, "pdf"))
        flat = "".join(said.split())
        assert "<b>&amp;</b>" in flat
        assert "Žluťoučký" in flat
        assert "«Ромашка»" in flat
        assert "{us}" in flat
        assert "\u202e" not in said


def test_what_only_the_invoice_shows_is_marked(warehouse: duckdb.DuckDBPyConnection) -> None:
    account = warehouse.execute(
        "select account_id from reporting.rpt_statement_lines where allocation = 'settled_date' and currency = 'EUR' limit 1"
    ).fetchall()[0][0]  # fmt: skip
    found = read(warehouse, account, "EUR", date(2024, 1, 1), AS_OF)
    assert any(line.is_inferred for line in found.lines)
    assert "inferred" in text_of(making.make(found, "activity", "en", "pdf"))
    certain = read(warehouse, "hand:bounced", "EUR", date(2024, 1, 1), AS_OF)
    assert "inferred" not in text_of(making.make(certain, "activity", "en", "pdf"))


def test_tenths_of_a_cent_are_shown_and_not_rounded_away(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = read(warehouse, "hand:tenths", "EUR", date(2024, 1, 1), AS_OF)
    assert "10.005" in text_of(making.make(found, "activity", "en", "pdf"))


def test_the_same_statement_is_the_same_file(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = read(warehouse, "hand:bounced", "EUR", date(2024, 1, 1), AS_OF)
    for shape in making.FORMATS:
        assert making.make(found, "act", "ru", shape) == making.make(found, "act", "ru", shape)


def keybook(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_the_command_writes_a_file_a_currency(home: Path, tmp_path: Path) -> None:
    done = keybook("statement", "hand:crossing", "--home", home, "--from", "2024-02-01", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    written = sorted(tmp_path.iterdir())
    assert [Path(line) for line in done.output.split("\n") if line] == written
    assert [file.name for file in written] == [
        f"activity-hand_crossing-{code}-2024-02-01_{AS_OF}-en.pdf" for code in ("EUR", "USD")
    ]
    assert all(file.read_bytes().startswith(b"%PDF-") for file in written)
    done = keybook("statement", "twin ltd", "--home", home, "--type", "act", "--language", "sv", "--format", "xlsx")
    assert done.exit_code == 0, done.output
    assert Path(done.output.strip()).parent == home / "reports" / "statements"
    assert Path(done.output.strip()).name.startswith("act-hand_mother-EUR-2024-08-01_")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Twinn Ltd"], "Twin Ltd (hand:mother)"),
        (["hand:crossing", "--currency", "SEK"], "its currencies: EUR, USD"),
        (["hand:crossing", "--to", "2030-01-01"], f"as of {AS_OF}"),
        (["hand:crossing", "--from", "2024-05-02", "--to", "2024-05-01"], "comes after the last"),
        (["hand:crossing", "--from", "yesterday"], "is no date"),
        (["hand:crossing", "--language", "de"], "'en', 'ru', 'sv'"),
        (["' or 1=1 --"], "no account with movements"),
    ],
)
def test_what_cannot_be_made_is_told_with_what_can(home: Path, arguments: list[str], said: str) -> None:
    done = keybook("statement", "--home", home, "--", *arguments[:1]) if len(arguments) == 1 else keybook(
        "statement", *arguments, "--home", home)  # fmt: skip
    assert done.exit_code == 2
    assert said in done.output
