"""What the weekly pack says of the report before: figures that are others by now, on paper and in the workbook."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import openpyxl
import pytest

from pipelines.reports.packs.making import make
from pipelines.reports.weekly.reading import read
from tests.support.packs import text_of

LINE = {
    "period": date(2026, 2, 23), "measure": "paid", "currency": "EUR", "account_id": "a", "account_name": "=One", "line_id": "x",
    "document": "Ref 9", "reason": "gone", "occurred_on": date(2026, 2, 24), "was": Decimal("-300.30"), "now": Decimal(0),
    "difference": Decimal("300.30"), "was_file": "bank.csv", "was_row": 3, "now_file": None, "now_row": None,
}  # fmt: skip
TOLD: dict[str, Any] = {"period": "2026-W09", "problem": None, "totals": [LINE], "rows": [LINE]}


@pytest.mark.parametrize("problem", [None, "not_kept"])
def test_the_pack_says_what_is_told_otherwise_or_why_nobody_knows(
    warehouse: duckdb.DuckDBPyConnection, problem: str | None
) -> None:
    told = TOLD if problem is None else TOLD | {"problem": problem, "totals": [], "rows": []}
    files = make(read(warehouse, "Nordkontor AB", None, told), "en", "20260308")
    pdf, workbook = (next(made for name, made in files.items() if name.endswith(end)) for end in (".pdf", ".xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    said = text_of(pdf)
    assert "Restated since the report before" in said
    if problem:
        assert "The publication of which the report of 2026-W09 was made is no longer kept" in said
        assert "Restated, line by line" not in book.sheetnames
        return
    assert "others by now: 1" in said
    # In the sentence and in the table, to the cent.
    assert said.count("+300.30") == 2
    [_, line] = book["Restated, line by line"].values
    assert line[:4] == ("'=One", "Ref 9", "paid", "is gone")
    assert (line[6], line[7], line[8], line[9], line[-1]) == (-300.3, 0, "bank.csv", 3, 300.3)
