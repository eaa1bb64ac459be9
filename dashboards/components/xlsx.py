"""XLSX for downloads: amounts are numbers, dates dates, every text a text that no spreadsheet runs, totals below."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboards.components.tables import Column, in_words
from pipelines.formats import neutral

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMATS = {
    "money": "#,##0.00",
    "count": "#,##0",
    "ratio": "0.0%",
    "real": "#,##0.0",
    "days": "#,##0.0",
    "score": "0",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm",
}
_WIDTHS = {"text": 20, "money": 15, "date": 12, "time": 17}


def to_xlsx(data: pa.Table, columns: dict[str, Column], title: str, note: str, totals: tuple[str, ...] = ()) -> bytes:
    """A workbook of one sheet: what it is, a header, a row each, and below them the sums of `totals`.

    A sum is a formula of ours over the column's rows, so that it follows a filter; columns of one unit only.
    Amounts are doubles there, as in every workbook.
    """
    data = in_words(data, columns)
    # A moment to import, which only this button should cost.
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": title, "created": datetime(2000, 1, 1)})
        sheet = book.add_worksheet("Accounts")
        bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        styles = {kind: book.add_format({"num_format": shape}) for kind, shape in _FORMATS.items()}
        sums = {
            kind: book.add_format({"num_format": shape, "bold": True, "top": 1}) for kind, shape in _FORMATS.items()
        }
        sheet.write_string(0, 0, title, bold)
        sheet.write_string(1, 0, note)
        header, first, last = 3, 4, 3 + data.num_rows
        for place, (name, column) in enumerate(columns.items()):
            sheet.set_column(place, place, _WIDTHS.get(column.kind, 11))
            sheet.write_string(header, place, column.label, head)
            for row, value in enumerate(data.column(name).to_pylist(), start=first):
                _write(sheet, row, place, value, styles.get(column.kind))
            if name in totals and data.num_rows:
                letter = xlsxwriter.utility.xl_col_to_name(place)
                total = sum((value for value in data.column(name).to_pylist() if value is not None), Decimal(0))
                sheet.write_formula(
                    last + 2, place, f"=SUBTOTAL(109,{letter}{first + 1}:{letter}{last + 1})", sums[column.kind],
                    float(total),
                )  # fmt: skip
        if totals and data.num_rows:
            sheet.write_string(last + 2, 0, "Total", book.add_format({"bold": True, "top": 1}))
            sheet.autofilter(header, 0, last, len(columns) - 1)
        sheet.freeze_panes(first, 1)
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    match value:
        case None:
            sheet.write_blank(row, column, None, style)
        case bool():
            sheet.write_string(row, column, "yes" if value else "no")
        case Decimal() | int() | float():
            sheet.write_number(row, column, float(value), style)
        case datetime():
            sheet.write_datetime(row, column, value.replace(tzinfo=None), style)
        case date():
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), style)
        case _:
            sheet.write_string(row, column, str(neutral(str(value))))


def download_xlsx(label: str, name: str, made: Callable[[], bytes], key: str) -> None:
    """A button that saves a workbook; it is made when the button is pressed."""
    st.download_button(
        label, data=made, file_name=f"{name}.xlsx", mime=MIME, key=f"{key}_xlsx",
        icon=":material/table_view:", type="tertiary", on_click="ignore",
    )  # fmt: skip
