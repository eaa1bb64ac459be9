"""Workbooks of other spreadsheets than today's Excel are read as those are: Excel 97's, OpenDocument, the XML of 2003."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pytest

from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.engine import answer
from pipelines.exports.readers.grids import quoted
from pipelines.exports.readers.unpack import Limits, unpack
from pipelines.exports.readers.workbook import sheets

WORKBOOKS = Path(__file__).resolve().parents[1] / "fixtures/workbooks"


@pytest.mark.parametrize("name", ["invoices.xls", "invoices.ods"])
def test_a_workbook_of_another_spreadsheet_is_read(name: str, tmp_path: Path) -> None:
    [member] = unpack(WORKBOOKS / name, tmp_path, Limits())
    assert member.kind == "workbook"
    [sheet] = sheets(member.path, tmp_path, Limits())
    [head, *rows] = [row[1:] for row in answer(f"from read_parquet({quoted(str(sheet.path))}) order by _line")]
    assert head == ("Invoice ID", "Customer", "Amount")
    told = [(invoice, customer, Decimal(amount)) for invoice, customer, amount in rows]
    assert told == [("I-1", "Alder AB", Decimal("100.5")), ("I-2", "Birch Ltd", Decimal(7))]


PROLOG = '<?xml version="1.0"{}?>\n<?mso-application progid="Excel.Sheet"?>\n'
NAMES = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
SHEET = f'<Workbook {NAMES}><Worksheet ss:Name="Sales &amp; more"><Table>{{}}</Table></Worksheet></Workbook>'


def _xml_cell(value: object) -> str:
    told = {
        str: lambda: ("String", escape(str(value))),
        float: lambda: ("Number", f"{value:.17g}"),
        int: lambda: ("Number", str(value)),
        bool: lambda: ("Boolean", str(int(bool(value)))),
        datetime: lambda: ("DateTime", f"{value:%Y-%m-%dT%H:%M:%S}.000"),
        time: lambda: ("DateTime", f"1899-12-31T{value:%H:%M:%S}.000"),
    }
    if value is None:
        return "<Cell/>"
    kind, text = told[type(value)]()
    return f"<Cell><Data ss:Type={quoteattr(kind)}>{text}</Data></Cell>"


def _xml(path: Path, *rows: str, encoding: str = "", before: str = "") -> Path:
    said = f' encoding="{encoding}"' if encoding else ""
    text = before + PROLOG.format(said) + SHEET.format("".join(f"<Row>{row}</Row>" for row in rows))
    path.write_bytes(text.encode(encoding or "utf-8"))
    return path


def _cells(path: Path, scratch: Path) -> list[tuple[object, ...]]:
    [member] = unpack(path, scratch, Limits())
    assert member.kind == "workbook"
    [sheet] = sheets(member.path, scratch, Limits())
    return answer(f"from read_parquet({quoted(str(sheet.path))}) order by _line")


def test_the_xml_of_excel_2003_gives_what_todays_excel_does(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Invoice ID", "Customer", "Amount", "Issued", "Paid", "Talk", "Visits"],
        ["I-1", "Alder & <Birch>", 1284.55, datetime(2024, 1, 15), True, time(0, 3, 7), 0.1],
        ["I-2", "Йолка", -7, datetime(2024, 1, 16, 10, 26, 5), False, None, 1234567.89],
        [None, None, None, None, None, None, None],
        ["I-3", "  two blanks", 0, None, None, time(23, 59, 59), 2 / 3],
    ]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "today.xlsx")
    xml = _xml(tmp_path / "erp.xls", *("".join(map(_xml_cell, row)) for row in rows))
    found = _cells(xml, tmp_path)
    numbers = [float(row[-1]) for row in found[1:] if row[-1]]
    assert numbers == pytest.approx([0.1, 1234567.89, 2 / 3], abs=1e-14)
    assert [row[:-1] for row in found] == [row[:-1] for row in _cells(tmp_path / "today.xlsx", tmp_path)]


@pytest.mark.parametrize(("encoding", "before"), [("utf-16", ""), ("windows-1251", ""), ("", "\n")])
def test_cells_are_where_the_xml_says(tmp_path: Path, encoding: str, before: str) -> None:
    def data(text: str) -> str:
        return f'<Data ss:Type="String">{text}</Data>'

    path = tmp_path / "erp.xls"
    gap = f'<Cell ss:Index="3">{data("в третьей")}</Cell>'
    merged = f'<Cell ss:MergeAcross="1">{data("two")}</Cell><Cell>{data("third")}<Comment>{data("no")}</Comment></Cell>'
    rich = (
        '<Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40"><B>A</B>l<I>d</I>er</ss:Data></Cell>'
    )
    number = '<Cell><Data ss:Type="Number">0.10000000000000001</Data></Cell><Cell><Data ss:Type="Number">1.5E+6</Data></Cell>'
    _xml(path, gap, merged, rich, number, encoding=encoding, before=before)
    text = path.read_bytes().decode(encoding or "utf-8").replace(f"<Row>{number}", f'<Row ss:Index="9">{number}')
    path.write_bytes(text.encode(encoding or "utf-8"))
    assert _cells(path, tmp_path) == [
        (1, None, None, "в третьей"),
        (2, "two", None, "third"),
        (3, "Alder", None, None),
        (4, None, None, None),
        (9, "0.1", "1500000", None),
    ]


# What stands above the workbook, and in its only row.
HOSTILE = {
    "entities": ('<!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;&x;&x;">]>', "<Cell><Data>&y;</Data></Cell>"),
    "another file": ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "<Cell><Data>&x;</Data></Cell>"),
    "a far column": ("", '<Cell ss:Index="4000000000"><Data>x</Data></Cell>'),
    "back again": ("", '<Cell ss:Index="2"/><Cell ss:Index="1"><Data>x</Data></Cell>'),
    "cut off": ("", "<Cell"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_workbook_of_xml_is_held(kind: str, tmp_path: Path) -> None:
    declared, row = HOSTILE[kind]
    path = _xml(tmp_path / "erp.xls", row)
    path.write_text(path.read_text("utf-8").replace("<Workbook", f"{declared}<Workbook", 1), encoding="utf-8")
    with pytest.raises(UnreadableError) as raised:
        sheets(path, tmp_path, Limits())
    assert raised.value.finding.code == "workbook_unreadable"
