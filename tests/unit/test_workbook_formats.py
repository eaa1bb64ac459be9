"""Workbooks of other spreadsheets than today's Excel are read as those are: that of Excel 97, and OpenDocument."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

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
