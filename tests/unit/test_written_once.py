"""A file's rows are cast as they are written: what of them cannot stay is taken out again, and what is left stands as before."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.landing import land as landing
from pipelines.exports.readers import marks
from pipelines.exports.readers import records as records_reader
from tests.support.landing import contract, land

INVOICES = contract("""
contract: test_invoices
title: Test invoices
system: test
recognise: {headers: [Number, Day, Amount]}
entities:
  billing.invoices:
    columns:
      invoice_id: Number
      customer_id: Customer
      issued_on: Day
      due_on: Due
      gross_amount: Amount
      currency: {value: EUR}
""")
PAYMENTS = contract("""
contract: test_payments
title: Test payments
system: test
recognise: {headers: [Customer, Day, Amount]}
entities:
  billing.payments:
    key: made
    key_from: [customer_id, received_on, amount]
    columns: {customer_id: Customer, received_on: Day, amount: Amount, currency: {value: EUR}, status: State}
""")
HEADER = "Number,Customer,Day,Due,Amount,Shade\n"


def test_rows_that_cannot_stay_leave_the_others_in_their_order(tmp_path: Path) -> None:
    lines = [
        "1,A,2026-01-01,2026-02-01,10.00,red",
        "2,A,soon,2026-02-01,20.00,red",
        "3,B,2026-01-03,never,30.00,blue",
        "1,A,2026-01-01,2026-02-01,11.00,red",
        "4,B,2026-01-04,then,forty,",
        "5,C,2026-01-05,2026-02-05,50.00,",
        "5,C,2026-01-05,2026-02-05,50.00,",
    ]
    landed = land(tmp_path, HEADER + "\n".join(lines) + "\n", INVOICES)
    columns = "_row, invoice_id, due_on is null, gross_amount, _extra, _holds like '%,due_on,%'"
    (file,) = tmp_path.glob("raw/billing/invoices/*[0-9a-f].parquet")
    with duckdb.connect() as connection:
        rows = connection.execute(f"select {columns} from read_parquet('{file}')").fetchall()
    assert rows == [
        (4, "3", True, 30, '{"Shade":"blue","Due":"never"}', False),
        (5, "1", False, 11, '{"Shade":"red"}', True),
        (7, "5", False, 50, '{"Shade":null}', True),
        (8, "5", False, 50, '{"Shade":null}', True),
    ]
    assert landed.rejects("line, value, code, other_columns, other_line") == [
        (2, "1", "repeated", None, 5),
        (3, "soon", "no_date", None, None),
        (6, "forty", "no_number", "Due", None),
    ]
    assert landed.blanked == [("Due", "4: never")]
    assert landed.totals() == [("gross_amount", "EUR", 171, 141, 30), ("rows", "EUR", 7, 4, 3)]


def test_made_keys_count_the_rows_that_were_rejected_too(tmp_path: Path) -> None:
    rows = ["A,2026-01-01,1,paid", "A,2026-01-01,1,paid", "A,2026-01-01,1,lost", "B,2026-01-01,2,", "A,2026-01-01,1,"]
    landed = land(tmp_path, "Customer,Day,Amount,State\n" + "\n".join(rows) + "\n", PAYMENTS)
    keys = [key.rsplit("-", 1) for _, key in landed.rows("billing.payments", "_row, payment_id")]
    assert [number for _, number in keys] == ["1", "2", "1", "4"]
    assert len({digest for digest, _ in keys}) == 2
    assert landed.rejects("line, value, code") == [(4, "lost", "unknown_word")]


OTHERS = ["", " ", " \t", "\u00a0", "\u2003", "\u3000", "a–b", "à", "\u2009€"]


@pytest.mark.parametrize("other", OTHERS)
def test_cells_are_trimmed_whatever_else_stands_in_the_file(tmp_path: Path, other: str) -> None:
    text = f"{HEADER}  1 ,   ,2026-01-01 , ,10.00, {other}x{other} \n2,{other}B{other},2026-01-02,,1,\n"
    landed = land(tmp_path, text, INVOICES)
    rows = landed.rows("billing.invoices", "invoice_id, customer_id, cast(issued_on as varchar), due_on, gross_amount")
    customer = f"{other}B{other}".strip()
    assert rows == [("1", None, "2026-01-01", None, 10), ("2", customer, "2026-01-02", None, 1)]


def test_quoted_cells_are_trimmed_too_and_may_be_empty(tmp_path: Path) -> None:
    cells = {'""': None, '" "': None, '" B"': "B", '"B "': "B", '"B"': "B", '"""B"""': '"B"'}
    for number, (cell, customer) in enumerate(cells.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        landed = land(folder, f"{HEADER}1,{cell},2026-01-01,,10.00,\n", INVOICES)
        assert landed.rows("billing.invoices", "customer_id") == [(customer,)]


@pytest.mark.parametrize("chunk", [2, 3, 5])
def test_what_bytes_tell_is_the_same_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    path = tmp_path / "text.csv"
    for other in OTHERS:
        path.write_text(f"Id,Name\n1,{other}\n2,&\n\n", encoding="utf-8")
        monkeypatch.undo()
        whole = marks.marks_of(path, ",")
        assert (whole.lines, whole.ampersands) == (3, True)
        monkeypatch.setattr(marks, "CHUNK", chunk)
        assert marks.marks_of(path, ",") == whole


def test_a_blank_that_an_entity_stands_for_is_trimmed_too(tmp_path: Path) -> None:
    lines = [f"{number},{cell},2026-01-01,,10.00,\n" for number, cell in enumerate(["&nbsp;Ek&nbsp;", "&nbsp;", "Ask"])]
    landed = land(tmp_path, HEADER + "".join(lines), INVOICES)
    assert landed.rows("billing.invoices", "customer_id") == [("Ek",), (None,), ("Ask",)]


CELLS = ["x", " x ", "\tx", "x\r", "\u00a0x", "x\u2003", "\u200bx", "a & b", "&amp;", '="7"', "'7", ' "x" ', "", "x\\"]


@pytest.mark.parametrize("escaped", [True, False])
@pytest.mark.parametrize("cells", [CELLS, *([cell] for cell in CELLS)], ids=repr)
def test_a_large_text_of_records_is_read_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells: list[str], escaped: bool
) -> None:
    """What its bytes tell, in a process of its own and in one look at all rows, changes no value."""
    records = [
        {"Number": f"{number}", "Customer": cell, "Day": "2026-01-01", "Amount": "10.00", "Due": None}
        for number, cell in enumerate([*cells, "Ek"])
    ]
    found = []
    for name, least in (("small", records_reader.SMALL_BYTES), ("large", -1)):
        monkeypatch.setattr(records_reader, "SMALL_BYTES", least)
        monkeypatch.setattr(landing, "MANY", least)
        (tmp_path / name).mkdir()
        text = json.dumps(records, ensure_ascii=escaped)
        landed = land(tmp_path / name, text, INVOICES, "export.json")
        assert not landed.held
        found.append(landed.rows("billing.invoices", "_row, invoice_id, customer_id, issued_on, gross_amount"))
    assert found[0] == found[1]
    assert len(found[0]) == len(records)
