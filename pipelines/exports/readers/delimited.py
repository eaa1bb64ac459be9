"""Reads delimited text: fast through DuckDB where every line adds up, else line by line.

The fast reading counts: physical lines = rows + line ends within fields (+ line ends after the last row). Where that
does not hold, or DuckDB meets a line that is no row, the exact reading takes over: it goes through the physical lines,
keeps every row that can be one, and names every line that cannot. DuckDB's `ignore_errors` and `strict_mode = false`
are never used: they lose good rows silently.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb

from pipelines.exports.codes import Rejection
from pipelines.exports.readers.dialects import DELIMITERS, text_lines
from pipelines.exports.readers.grids import HEAD_ROWS, BadLine, Blanks, Grid, Head, Loaded, quoted
from pipelines.exports.readers.lines import Line, exact_rows
from pipelines.exports.readers.marks import marks_of
from pipelines.exports.readers.sections import Below

CHUNK = 1 << 20
# The longest line that the fast reading takes.
LINE = 1 << 25
csv.field_size_limit(2**31 - 1)


def _records(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the number of its first line, as Python's csv reads it."""
    reader = csv.reader(lines, delimiter=delimiter)
    line = 1
    try:
        for record in reader:
            yield line, record
            line = reader.line_num + 1
    except csv.Error:
        return


def _consistency(rows: list[list[str]]) -> float:
    """How much the rows look like a table: the share that has the commonest width, and wider is better."""
    widths = Counter(len(row) for row in rows if row)
    if not widths:
        return 0.0
    width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
    return 0.0 if width < 2 else count / sum(widths.values()) + min(width, 50) / 1000


def _first_table(lines: Iterator[Line], header: Line | None, width: int) -> Iterator[Line]:
    said = {cell.strip() for cell in header.cells if cell.strip()} if header else set()
    begins = 0
    for line in lines:
        if not begins and said and len(line.cells) > 1 and line.rejection and len(line.cells) != width:
            again = sum(cell.strip() in said for cell in line.cells)
            begins = line.number if 2 * again >= len(line.cells) and 2 * again >= len(said) else 0
        rejection = Rejection("another_table", found=str(begins))
        yield replace(line, cells=[], rejection=rejection) if begins else line


class Delimited(Grid):
    """A CSV, TSV or otherwise delimited text file in UTF-8."""

    def __init__(
        self, path: Path, scratch: Path, part: str = "", delimiter: str | None = None, bad_bytes: bool = False
    ) -> None:
        """Takes plain UTF-8 text; `bad_bytes` says that some of its bytes were none and stand as U+FFFD."""
        super().__init__(part)
        self.path = path
        self.scratch = scratch
        self.bad_bytes = bad_bytes
        self._heads: list[Head] | None = None
        self._records: dict[str, list[tuple[int, list[str]]]] = {}
        self._delimiters = [delimiter] if delimiter else self._by_likelihood()

    def _by_likelihood(self) -> list[str]:
        text = self._head_text()
        # Those that stand nowhere all give the same: a table of one column.
        absent = [delimiter for delimiter in DELIMITERS if delimiter not in text]
        tried = [delimiter for delimiter in DELIMITERS if delimiter not in absent[1:]]
        self._records |= {delimiter: self._records_of(text, delimiter) for delimiter in tried}
        scores = {delimiter: _consistency([row for _, row in self._records[delimiter]]) for delimiter in tried}
        return sorted(tried, key=lambda delimiter: -scores[delimiter])

    def _head_text(self) -> str:
        with self.path.open(encoding="utf-8", newline="") as file:
            return file.read(CHUNK)

    @staticmethod
    def _records_of(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
        return list(islice(_records(text_lines(text), delimiter), HEAD_ROWS))

    def _head_records(self, delimiter: str) -> list[tuple[int, list[str]]]:
        if delimiter not in self._records:
            self._records[delimiter] = self._records_of(self._head_text(), delimiter)
        return self._records[delimiter]

    def heads(self) -> list[Head]:
        """One reading a delimiter; a line without any is a table of one column."""
        if self._heads is None:
            self._heads = []
            for delimiter in self._delimiters:
                records = self._head_records(delimiter)
                rows: list[list[str | None]] = [[cell or None for cell in row] for _, row in records]
                self._heads.append(Head([line for line, _ in records], rows))
        return self._heads

    def delimiter(self, head: int) -> str:
        """What divides the cells in a reading of `heads`."""
        return self._delimiters[head]

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`. `_line` is the physical line that the row starts on."""
        delimiter = self._delimiters[head]
        width, header_lines = self._header(head, header_row)
        if not self.bad_bytes and not pad_short_rows:
            loaded = self._fast(connection, delimiter, width, header_lines)
            if loaded is not None:
                return loaded
        lines = exact_rows(self.path, delimiter, width, header_lines, pad_short_rows)
        return self._exact(connection, lines, width)

    def _header(self, head: int, header_row: int) -> tuple[int, int]:
        """How many cells the header has, and how many lines stand above the first row of data."""
        records = self._head_records(self._delimiters[head])
        if header_row < 0:
            return next(len(record) for _, record in records if record), 0
        # A header may hold line ends itself: the data starts where the next record does.
        line, cells = records[header_row]
        return len(cells), line + sum(cell.count("\n") for cell in cells)

    def split(self, head: int, header_row: int) -> tuple[Grid, Grid | None]:
        """See `Grid.split`. A blank line within quotes ends nothing."""
        delimiter = self._delimiters[head]
        width, line = self._header(head, header_row)
        blank = rest = 0
        for record in exact_rows(self.path, delimiter, width, line, True):
            # Empty lines are no records.
            if not blank and record.number > line + 1:
                blank = line + 1
            line = record.number + sum(1 for _ in text_lines(record.text)) - 1
            if any(cell.strip() for cell in record.cells):
                if blank:
                    rest = record.number
                    break
            elif not blank:
                blank = record.number
        if not blank:
            return self, None
        above, below = (self.scratch / f"{self.path.name}.{name}" for name in ("above", "below"))
        with self.path.open(encoding="utf-8", newline="") as source:
            for path, lines in (
                (above, islice(source, blank - 1)),
                (below, islice(source, rest - blank if rest else 0, None)),
            ):
                with path.open("w", encoding="utf-8", newline="") as target:
                    target.writelines(lines)
        upper = Delimited(above, self.scratch, self.part, delimiter, self.bad_bytes)
        if not rest:
            return upper, None
        return upper, Below(Delimited(below, self.scratch, self.part, None, self.bad_bytes), rest - 1)

    def usual(self) -> tuple[int, list[Line]]:
        """The number of cells that most rows have, and the first records, read exactly."""
        delimiter = self._delimiters[0]
        widths = Counter(len(row) for _, row in self._head_records(delimiter) if any(row))
        width = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0] > 1), default=(1, 0))[0]
        return width, list(islice(exact_rows(self.path, delimiter, width, 0, False), HEAD_ROWS))

    def load_rows(self, connection: duckdb.DuckDBPyConnection, width: int, header: Line | None) -> Loaded:
        """All rows of so many cells below the header's record, whatever the header's own width is.

        A line that says the header again, with other columns, begins another table: what follows is none of this one's.
        """
        delimiter = self._delimiters[0]
        skip = header.number + header.text.count("\n") if header else 0
        loaded = None if self.bad_bytes else self._fast(connection, delimiter, width, skip)
        if loaded is None:
            lines = exact_rows(self.path, delimiter, width, skip, False)
            loaded = self._exact(connection, _first_table(lines, header, width), width)
        return loaded

    def _read(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path,
        delimiter: str,
        names: list[str],
        line: str,
        skip: int = 0,
        parallel: bool = True,
    ) -> None:
        """Fills `grid` with columns of a text; `line` is SQL of a row's line."""
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        cells = ", ".join(name for name in names if name != line)
        connection.execute(
            f"create or replace temp table grid as select cast({line} as bigint) as _line, {cells} "
            f"from read_csv({quoted(str(path))}, auto_detect = false, "
            f"header = false, skip = {skip}, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
            f"columns = {{{columns}}}, null_padding = false, strict_mode = true, max_line_size = {LINE}, "
            # Each buffer is a thread's; by itself DuckDB takes one of many such lines, which is most files whole.
            f"buffer_size = {LINE}, parallel = {parallel})"
        )

    def _fast(
        self, connection: duckdb.DuckDBPyConnection, delimiter: str, width: int, header_lines: int
    ) -> Loaded | None:
        """The rows by DuckDB's reader, or None when the file's lines do not add up to them."""
        names = [f"c{number}" for number in range(width)]
        # Where a buffer ends within a cell of many lines that look like rows, DuckDB says so, and one thread reads it.
        for parallel in (True, False)[: 1 + (self.path.stat().st_size > LINE)]:
            with suppress(duckdb.Error):
                self._read(connection, self.path, delimiter, names, "null", header_lines, parallel)
                break
        else:
            return None
        # A table keeps rows in a file's order, whichever thread read them. To number them as they are read would be the
        # work of one, and to number them in a query copies them all.
        (rows,) = connection.execute(f"update grid set _line = rowid + {header_lines + 1}").fetchall()[0]
        marks = marks_of(self.path, delimiter)
        lines = marks.lines - header_lines
        if lines != rows and lines != rows + self._number_past_line_ends(connection, names):
            return None
        blanks: Blanks = marks.blanks(delimiter) if lines == rows else "any"
        return Loaded(
            rows,
            blanks=blanks,
            ampersands=marks.ampersands,
            signs=marks.signs,
            unseen=marks.unseen,
            # In a file that commas divide, only a quoted cell can hold one.
            commas=marks.quotes if delimiter == "," else marks.commas,
        )

    @staticmethod
    def _number_past_line_ends(connection: duckdb.DuckDBPyConnection, names: list[str]) -> int:
        """Moves the lines of `grid` on by the line ends in the cells above each; how many there are in all."""
        counted = "case when contains({0}, chr(10)) then length({0}) - length(replace({0}, chr(10), '')) else 0 end"
        line_ends = " + ".join(counted.format(name) for name in names)
        connection.execute(
            "create or replace temp table line_ends as select _line as after, cast(sum(ends) over (order by _line) as "
            f"bigint) as above from (select _line, {line_ends} as ends from grid) where ends > 0"
        )
        connection.execute(
            "update grid set _line = grid._line + above from (select _line as own, above from (select _line from grid) "
            "asof join line_ends on _line > after) where _line = own"
        )
        return int(connection.execute("select coalesce(max(above), 0) from line_ends").fetchall()[0][0])

    def _exact(self, connection: duckdb.DuckDBPyConnection, lines: Iterator[Line], width: int) -> Loaded:
        bad_lines: list[BadLine] = []
        clean = self.scratch / f"{self.path.name}.clean"
        rows = 0
        with clean.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            for line in lines:
                if line.rejection:
                    bad_lines.append(BadLine(line.number, line.text, line.rejection, line.cells))
                else:
                    writer.writerow([line.number, *line.cells])
                    rows += 1
        self._read(connection, clean, ",", ["line", *(f"c{number}" for number in range(width))], "line")
        return Loaded(rows, bad_lines)
