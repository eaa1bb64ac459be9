"""Reads the tables of web pages: systems mail HTML that is called `.xls`, because Excel opens it.

Each table that holds rows of several cells is one, without those in its cells; what stands above it outside any table
(its title) is its first rows. A cell that goes over several columns or rows stands in the first of them, and the others
are blank. How much a page takes is decided by how it is built: it is read in a process of its own (`apart.py`).
"""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.apart import BrokenReaderError, read_apart
from pipelines.exports.readers.unpack import Limits
from pipelines.exports.readers.workbook import Sheet

_SILENT = ("head", "title", "script", "style", "template")
_CELLS = ("td", "th")
_CHUNK = 1 << 20


class _Table:
    """One table that is being read: its rows, and how far cells of rows before go into it."""

    def __init__(self, above: list[str]) -> None:
        self.rows: list[list[str]] = [[text] for text in above]
        self.cell: list[str] | None = None
        self.spans = (1, 1)
        # Columns into which a cell of a row before goes -> for how many rows more.
        self.covered: dict[int, int] = {}

    def begin_row(self) -> None:
        self.end_cell()
        self.rows.append([])

    def end_cell(self) -> None:
        if self.cell is None:
            return
        text, self.cell = " ".join("".join(self.cell).split()), None
        row = self.rows[-1]
        while self.covered.get(len(row), 0):
            self.covered[len(row)] -= 1
            row.append("")
        wide, high = self.spans
        for place in range(wide):
            if high > 1:
                self.covered[len(row)] = high - 1
            row.append("" if place else text)


class _Reader(HTMLParser):
    """Gathers the tables of a page."""

    def __init__(self, columns: int) -> None:
        super().__init__(convert_charrefs=True)
        self.columns = columns
        self.open: list[_Table] = []
        self.found: list[_Table] = []
        self.outside: list[str] = []
        self.silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent or tag in _SILENT:
            # A head that nobody closes ends where the page's body or a table begins.
            self.silent = self.silent or tag
            if self.silent != "head" or tag not in ("body", "table"):
                return
            self.silent = ""
        if tag == "table":
            texts, self.outside = [" ".join(text.split()) for text in "".join(self.outside).split("\n\n")], []
            self.open.append(_Table([] if self.open else [text for text in texts if text]))
            self.found.append(self.open[-1])
        elif not self.open:
            self.outside.append("\n\n")
        elif tag == "tr":
            self.open[-1].begin_row()
        elif tag in _CELLS:
            self._begin_cell(dict(attrs))
        elif self.open[-1].cell is not None:
            self.open[-1].cell.append(" ")

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        table = self.open[-1]
        table.end_cell()
        if not table.rows:
            table.begin_row()
        wide, high = (_number(attributes.get(name)) for name in ("colspan", "rowspan"))
        if wide + len(table.rows[-1]) > self.columns:
            raise UnreadableError("too_wide", limit_count=self.columns)
        table.cell, table.spans = [], (wide, high)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.silent:
            self.silent = ""
        if self.silent or not self.open:
            self.outside.append("\n\n")
        elif tag in (*_CELLS, "tr", "table"):
            self.open[-1].end_cell()
            if tag == "table":
                self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if not self.open:
            # A line of the page's own text is no new one of what is shown.
            self.outside.append(" ".join(data.split("\n")))
        elif self.open[-1].cell is not None:
            self.open[-1].cell.append(data)


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and int(text[:9]) > 0 else 1


def page_tables(path: Path, scratch: Path, limits: Limits, member: str = "") -> list[Sheet]:
    """The tables of a page.

    Raises:
        UnreadableError: there is none, or reading it takes more memory or time than the limits.
    """
    out = scratch / f"{path.name}.page"
    try:
        count = read_apart("pages", path, out, limits, {"columns": limits.columns})
    except BrokenReaderError as error:
        raise UnreadableError("damaged", name="HTML", said=str(error)) from error
    if not count:
        raise UnreadableError("no_table")
    names = [f"table {number + 1}" if count > 1 else "" for number in range(count)]
    return [
        Sheet(out / f"{number}.parquet", "/".join(filter(None, [member, name]))) for number, name in enumerate(names)
    ]


def write(path: Path, out: Path, given: dict[str, Any]) -> int:
    """Runs in the bounded process: writes each table as text; how many there are."""
    import polars as pl

    reader = _Reader(given["columns"])
    with path.open(encoding="utf-8", newline="") as page:
        while text := page.read(_CHUNK):
            reader.feed(text)
    reader.close()
    for table in reader.open:
        table.end_cell()
    tables = [table.rows for table in reader.found if any(len(row) > 1 for row in table.rows)]
    for number, rows in enumerate(tables):
        width = max(map(len, rows))
        columns = {
            f"c{place}": pl.Series([row[place] or None if place < len(row) else None for row in rows], dtype=pl.String)
            for place in range(width)
        }
        frame = pl.DataFrame({"_line": pl.Series(range(1, len(rows) + 1), dtype=pl.Int64), **columns})
        frame.write_parquet(out / f"{number}.parquet")
    return len(tables)
