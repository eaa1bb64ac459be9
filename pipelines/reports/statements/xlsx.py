"""A document as a workbook of one sheet: dates are dates, amounts numbers, and every text a text, never a formula."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipelines.formats import neutral
from pipelines.reports.statements.document import Cell, Column, Document, Facts, Pictures, Row, Signatures, Table, Text

# Widths in characters: of a share of 1, and of the least.
SHARE_WIDTH, LEAST_WIDTH = 11.0, 9.0
# A file's time of making: without it the same statement would be another file a second later.
_MADE = datetime(2000, 1, 1)


def to_xlsx(document: Document) -> bytes:
    """The document as the bytes of an XLSX file; amounts are doubles there, as in every workbook."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as workbook:
        workbook.set_properties({"title": document.title, "author": document.company, "created": _MADE})
        _Sheet(workbook, document).write()
    return out.getvalue()


class _Sheet:
    """Writes a document's blocks below each other."""

    def __init__(self, workbook: Any, document: Document) -> None:
        self.workbook, self.document = workbook, document
        self.sheet: Worksheet = workbook.add_worksheet("1")
        self.formats: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.row = 0
        tables = [block for block in document.blocks if isinstance(block, Table)]
        self.across = max((len(table.columns) for table in tables), default=2)
        names = [len(name) for block in document.blocks if isinstance(block, Facts) for name, _ in block.pairs]
        for place in range(self.across):
            shares = [table.columns[place].share for table in tables if place < len(table.columns)]
            least = max([LEAST_WIDTH, *names]) if place == 0 else LEAST_WIDTH
            self.sheet.set_column(place, place, max(least, SHARE_WIDTH * max(shares, default=1)))

    def format(self, **properties: Any) -> Format:
        """One format object for the same properties."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            self.formats[key] = self.workbook.add_format(dict(key))
        return self.formats[key]

    def text(self, column: int, text: str, **properties: Any) -> None:
        """A cell of text in the current row."""
        self.sheet.write_string(self.row, column, str(neutral(text)), self.format(**properties))

    def spread(self, first: int, last: int, text: str, **properties: Any) -> None:
        """A text over several columns of the current row."""
        chosen = self.format(**properties)
        if last > first:
            self.sheet.merge_range(self.row, first, self.row, last, "", chosen)
        self.sheet.write_string(self.row, first, str(neutral(text)), chosen)

    def write(self) -> None:
        """The whole document, set to print on the width of a page."""
        self.sheet.hide_gridlines(2)
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        if self.across > 7:
            self.sheet.set_landscape()
        for block in self.document.blocks:
            match block:
                case Text():
                    self.paragraph(block)
                case Facts():
                    for name, value in block.pairs:
                        self.text(0, name, font_color="#5b6673")
                        self.text(1, value, bold=True)
                        self.row += 1
                case Table():
                    self.table(block)
                case Signatures():
                    self.signatures(block)
                case Pictures():
                    raise TypeError("a workbook of one sheet has no charts")
            self.row += 0 if isinstance(block, Text) else 1

    def paragraph(self, block: Text) -> None:
        """A paragraph over the whole width, as high as it needs."""
        look: dict[str, dict[str, Any]] = {
            "title": {"bold": True, "font_size": 16}, "subtitle": {"font_size": 11}, "heading": {"bold": True},
            "body": {}, "note": {"font_size": 9}, "lead": {"font_size": 9},
        }  # fmt: skip
        lines = 1 + len(block.text) // int(self.across * SHARE_WIDTH)
        if block.role == "title":
            self.text(0, block.text, **look["title"])
        else:
            self.sheet.set_row(self.row, 15 * lines)
            self.spread(0, self.across - 1, block.text, text_wrap=True, valign="top", **look[block.role])
        self.row += 1

    def table(self, table: Table) -> None:
        """Bands, headers, rows; a list's headers are printed on every page."""
        first = self.row
        if table.bands:
            place = 0
            for text, span in table.bands:
                self.spread(
                    place, place + span - 1, text, bold=True, align="center", border=1, bg_color="#f0f3f6",
                    text_wrap=True,
                )  # fmt: skip
                place += span
            self.row += 1
        for place, column in enumerate(table.columns):
            align = "right" if column.kind in ("money", "count") else "left"
            self.text(
                place, column.label, bold=True, bottom=1, bg_color="#f0f3f6", align=align, text_wrap=True, valign="top"
            )
        if len(table.rows) > 1:
            self.sheet.repeat_rows(first, self.row)
        self.row += 1
        for row in table.rows:
            self.cells(row, table)
            self.row += 1

    def cells(self, row: Row, table: Table) -> None:
        """One row; cells without a value are there, so that borders close."""
        for place, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
            look: dict[str, Any] = {"border" if table.boxed else "bottom": 1, "valign": "top"}
            if not table.boxed:
                look["bottom_color"] = "#b9c2cc"
            if row.strong:
                look["bold"] = True
            self.cell(place, cell, column, look)

    def cell(self, place: int, cell: Cell, column: Column, look: dict[str, Any]) -> None:
        """One cell by its type."""
        language, decimals = self.document.language, self.document.decimals
        match cell:
            case None:
                number_format = {"num_format": _number(decimals)} if column.kind == "money" else {}
                self.sheet.write_blank(self.row, place, None, self.format(**look, **number_format))
            case Decimal():
                chosen = self.format(**look, num_format=_number(decimals))
                self.sheet.write_number(self.row, place, float(cell), chosen)
            case date():
                shown = self.format(**look, num_format=language.settings["date_in_workbook"], align="left")
                self.sheet.write_datetime(self.row, place, datetime.combine(cell, time()), shown)
            case int():
                self.sheet.write_number(self.row, place, cell, self.format(**look, num_format="#,##0"))
            case _:
                self.text(place, cell, text_wrap=True, **look)

    def signatures(self, block: Signatures) -> None:
        """Lines to sign on, each party in its half."""
        half = max(self.across // 2, 2)
        for side, party in enumerate(block.parties):
            self.text(side * half, party, bold=True)
        self.row += 2
        for label in (*block.labels, block.stamp):
            for side in (0, 1):
                self.text(side * half, label)
                if label != block.stamp:
                    for place in range(side * half + 1, side * half + half - 1 + (half == 2)):
                        self.sheet.write_blank(self.row, place, None, self.format(bottom=1))
            self.row += 2


def _number(decimals: int) -> str:
    return "#,##0" + ("." + "0" * decimals if decimals else "")
