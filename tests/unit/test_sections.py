"""Several tables below one another, where a contract says that a blank row ends its table: no line is lost."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from pydantic import ValidationError

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.landing.land import detect
from pipelines.exports.landing.reading import open_table
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import Landed, contract, land

PEOPLE = contract("""
contract: test_people
title: People, and below them what they bought
system: test
recognise: {headers: [Id, Name]}
table: {ends: blank}
entities: {crm.contacts: {columns: {contact_id: Id, full_name: Name}}}
""")
PRODUCTS = contract("""
contract: test_products
title: Products
system: test
recognise: {headers: [Code, Product]}
entities: {crm.products: {columns: {product_id: Code, name: Product}}}
""")
BOTH = PEOPLE | PRODUCTS
ROWS: list[list[str]] = [
    ["Report of May"], [], ["Id", "Name", "Note"], ["1", "Åsa", "a\n\nb"], ["2", "Bo", ""], [], [],
    ["Products sold"], ["Code", "Product"], ["7", "Oar"], ["", ""], ["8", "Lath"],
]  # fmt: skip


def _workbook(*sheets: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number}")
        for line, row in enumerate(rows, start=1):
            for column, cell in enumerate(row, start=1):
                sheet.cell(line, column, cell or None)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _text(rows: list[list[str]], delimiter: str = ";", line_end: str = "\r\n") -> str:
    quoted = [[f'"{cell}"' if "\n" in cell else cell for cell in row] for row in rows]
    return "".join(delimiter.join(row) + line_end for row in quoted)


def _found(landed: Landed) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    people = landed.rows("crm.contacts", "contact_id, full_name, _part, _row")
    return people, landed.rows("crm.products", "product_id, name, _part, _row")


def test_a_blank_row_ends_a_table_of_a_sheet(tmp_path: Path) -> None:
    landed = land(tmp_path, _workbook(ROWS), BOTH, "export.xlsx")
    # The products' contract has no `ends`: its table goes on below the blank row.
    assert _found(landed) == (
        [("1", "Åsa", "", 4), ("2", "Bo", "", 5)],
        [("7", "Oar", "from line 8", 10), ("8", "Lath", "from line 8", 12)],
    )
    assert landed.receipt.held == []


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [";", "\t", "||"])
def test_a_blank_line_ends_a_table_of_a_text(tmp_path: Path, delimiter: str, line_end: str) -> None:
    """A blank line within quotes ends nothing, and neither does it shift the lines below."""
    rows = [row for row in ROWS if row != ["", ""]]
    landed = land(tmp_path, _text(rows, delimiter, line_end), BOTH)
    assert _found(landed) == (
        [("1", "Åsa", "", 4), ("2", "Bo", "", 7)],
        [("7", "Oar", "from line 10", 12), ("8", "Lath", "from line 10", 13)],
    )


def test_a_line_of_delimiters_is_blank(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id;Name\n1;a\n ;\nId;Name\n2;b\n;\n;\n", PEOPLE)
    assert landed.rows("crm.contacts", "contact_id, _part, _row") == [("1", "", 2), ("2", "from line 4", 5)]
    assert landed.receipt.rows_rejected == 0


def test_tables_of_one_kind_come_again_and_again(tmp_path: Path) -> None:
    text = "".join(f"Id;Name\n{number};n\n{number}b;n;\n{number}c;n;x\n\n" for number in range(4))
    landed = land(tmp_path, text, PEOPLE)
    assert landed.rows("crm.contacts", "contact_id, _row") == [
        (f"{number}{letter}", 5 * number + line) for number in range(4) for letter, line in (("", 2), ("b", 3))
    ]  # fmt: skip
    assert landed.rejects("line, code, found, expected") == [
        (5 * number + 4, "field_count", "3", "2") for number in range(4)
    ]


@pytest.mark.parametrize("as_workbook", [False, True])
def test_a_table_that_no_contract_knows_is_held_by_name(tmp_path: Path, as_workbook: bool) -> None:
    content = _workbook(ROWS) if as_workbook else _text(ROWS)
    landed = land(tmp_path, content, PEOPLE, "export.xlsx" if as_workbook else "export.csv")
    assert len(landed.rows("crm.contacts")) == 2
    assert len(landed.receipt.held) == 1
    assert f"export.{'xlsx' if as_workbook else 'csv'} › from line {8 if as_workbook else 10}: " in landed.held[0]
    assert "no source contract knows these headers" in landed.held[0]


def test_a_footer_below_a_blank_line_is_named_and_holds_nothing(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id;Name\n1;a\n\nPrinted on 2024-05-01\nAll rights reserved\n", PEOPLE)
    assert landed.receipt.held == []
    notes = [(finding["code"], finding["part"], finding["said"]) for finding in landed.receipt.findings]
    assert notes == [("below_table", "from line 4", "Printed on 2024-05-01 | All rights reserved")]


def test_each_sheet_keeps_its_tables_apart(tmp_path: Path) -> None:
    landed = land(tmp_path, _workbook(ROWS, ROWS[2:5]), BOTH, "export.xlsx")
    assert landed.rows("crm.contacts", "_part, _row") == [
        ("Sheet 1", 2), ("Sheet 1", 3), ("Sheet 0", 4), ("Sheet 0", 5)
    ]  # fmt: skip
    assert {part for _, _, part, _ in _found(landed)[1]} == {"Sheet 0 from line 8"}


def test_detect_and_read_see_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(_text(ROWS), encoding="utf-8")
    assert [part for part, _ in detect(path, BOTH, Limits())] == ["", "from line 10"]
    with open_table(path, BOTH, Limits(), "from line 10") as table:
        assert table.header_line == 11
        assert [(line, row) for line, row in table.rows()] == [(12, ["7", "Oar"]), (13, ["", ""]), (14, ["8", "Lath"])]
        assert [line.line for line in table.left_out] == [10]


def test_records_have_no_blank_rows() -> None:
    said = next(iter(PEOPLE.values())).model_dump(by_alias=True, exclude_defaults=True)
    with pytest.raises(ValidationError, match=r"table\.ends is for sheets"):
        Contract.model_validate(said | {"table": {"ends": "blank", "path": "$[*]"}})
