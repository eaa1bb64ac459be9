"""Reads workbooks in the XML of Excel 2003 ("XML Spreadsheet"), which many systems write and call `.xls`.

It runs in the bounded process of `workbook.py`. A document type, and with it every entity of its own, is refused: no
spreadsheet writes one, and what a few lines of them unfold to has no bound. Nothing outside the file is ever opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from pipelines.exports.readers.unpack import XML_WORKBOOK

if TYPE_CHECKING:
    import polars as pl

_CHUNK = 1 << 20
# Between a name's namespace and the name, as the parser gives it.
_MARK = " "
_OWN = f"{XML_WORKBOOK}{_MARK}"
# No spreadsheet has more.
_MOST_COLUMNS = 16_384
# A number as a spreadsheet keeps it has so many figures; it writes up to two more, which are none of its.
_FIGURES = 15


def _number(text: str) -> str:
    """A number in plain figures, without those that only the binary number behind it has."""
    figures = sum(map(str.isdigit, text.lstrip("+-0.")))
    if "e" not in text.lower() and (figures <= _FIGURES or "." not in text):
        return text
    return format(Decimal(repr(float(f"{float(text):.{_FIGURES}g}"))), "f").removesuffix(".0")


def _value(kind: str, text: str) -> str | None:
    """A cell's text as a workbook of any other kind gives it; None for one that holds nothing, or an error."""
    if kind == "Number" and text:
        return _number(text.strip())
    if kind == "DateTime":
        return text.replace("T", " ").removesuffix(".000")
    if kind == "Boolean":
        return "true" if text.strip() == "1" else "false"
    return text if text and kind != "Error" else None


class _Reader:
    """Gathers the sheets: of each its name and its rows, with their numbers."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, list[tuple[int, list[str | None]]]]] = []
        self.line = self.place = self.span = 0
        self.cells: list[str | None] = []
        self.kind = ""
        # The text of the cell that is open; a comment on it is none of it.
        self.text: list[str] | None = None
        self.in_comment = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        own = {name.removeprefix(_OWN): value for name, value in attributes.items()}
        tag = tag.removeprefix(_OWN)
        if tag == "Worksheet":
            self.sheets.append((own.get("Name", ""), []))
            self.line = 0
        elif tag == "Row":
            self._begin_row(own)
        elif tag == "Cell":
            self.place = int(own.get("Index", self.place + 1))
            if not len(self.cells) < self.place <= _MOST_COLUMNS:
                raise ValueError(f"a cell in column {self.place} after column {len(self.cells)}")
            self.span = int(own.get("MergeAcross", 0))
            self.cells += [None] * (self.place - len(self.cells))
        elif tag == "Comment":
            self.in_comment = True
        elif tag == "Data" and not self.in_comment:
            self.kind, self.text = own.get("Type", "String"), []

    def _begin_row(self, own: dict[str, str]) -> None:
        line = int(own.get("Index", self.line + 1))
        if line <= self.line:
            raise ValueError(f"row {line} after row {self.line}")
        rows = self.sheets[-1][1]
        if line > self.line + 1:
            # Rows that are left out are blank; one of them is enough to tell.
            rows.append((self.line + 1, []))
        # Rows that are alike in their looks may be said once.
        self.line = line + int(own.get("Span", 0))
        self.cells, self.place = [], 0
        rows.append((line, self.cells))

    def end(self, tag: str) -> None:
        tag = tag.removeprefix(_OWN)
        if tag == "Data" and self.text is not None:
            self.cells[-1] = _value(self.kind, "".join(self.text))
            self.text = None
        elif tag == "Cell":
            self.place += self.span
            self.cells += [None] * min(self.span, _MOST_COLUMNS)
        elif tag == "Comment":
            self.in_comment = False

    def data(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)


def _refuse(*told: object) -> None:
    raise ValueError("a document type is declared in it")


def frames(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each sheet with its name: its rows' numbers, `_line`, and their cells `c0`, `c1` and so on.

    Raises:
        ValueError: it is not what it seems.
        expat.ExpatError: it is no well-formed XML.
    """
    import polars as pl

    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=_MARK)
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = _refuse
    with path.open("rb") as file:
        # Some programs write an empty line first, which XML does not allow.
        parser.Parse(file.read(_CHUNK).lstrip(b" \t\r\n"))
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    for name, rows in reader.sheets:
        width = max((len(cells) for _, cells in rows), default=0)
        columns = {
            f"c{place}": pl.Series([cells[place] if place < len(cells) else None for _, cells in rows], dtype=pl.String)
            for place in range(width)
        }
        yield name, pl.DataFrame({"_line": pl.Series([line for line, _ in rows], dtype=pl.Int64), **columns})
