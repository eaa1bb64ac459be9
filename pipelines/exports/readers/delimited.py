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
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb

from pipelines.exports.codes import Rejection
from pipelines.exports.readers.deadline import check
from pipelines.exports.readers.dialects import DELIMITERS, text_lines
from pipelines.exports.readers.grids import HEAD_ROWS, BadLine, Blanks, Grid, Head, Loaded, quoted
from pipelines.exports.readers.lines import Line, exact_rows
from pipelines.exports.readers.sections import Below

CHUNK = 1 << 22
# The first two bytes of the spaces of Unicode that are not of Latin 1.
_WIDE_SPACES = (b"\xe1\x9a", b"\xe2\x80", b"\xe2\x81", b"\xe3\x80")
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


@dataclass
class Marks:
    """What a text's bytes tell of it before any row is read: how many lines it has, and what stands in it at all."""

    # Not counting empty ones after the last.
    lines: int = 0
    ampersands: bool = False
    tabs: bool = False
    quotes: bool = False
    hard_spaces: bool = False
    # Perhaps: what other spaces of Unicode begin with, and dashes and quotation marks too.
    wide_spaces: bool = False
    # Apostrophes, or formulas that are a text.
    signs: bool = False
    # Perhaps: signs that nobody sees.
    unseen: bool = False
    # Carriage returns that end no line.
    loose_returns: bool = False

    def blanks(self, delimiter: str) -> Blanks:
        """Which white space stands in cells that are one line."""
        # In a file that tabs divide, only a quoted cell can hold one.
        tab_in_cell = self.quotes if delimiter == "\t" else self.tabs
        if tab_in_cell or self.hard_spaces or self.loose_returns:
            return "any"
        return "spaces" if self.wide_spaces else "plain"


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
            return file.read(CHUNK // 4)

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
    ) -> None:
        """Fills `grid` with columns of a text; `line` is SQL of a row's line."""
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        cells = ", ".join(name for name in names if name != line)
        connection.execute(
            f"create or replace temp table grid as select cast({line} as bigint) as _line, {cells} "
            f"from read_csv({quoted(str(path))}, auto_detect = false, "
            f"header = false, skip = {skip}, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
            f"columns = {{{columns}}}, null_padding = false, strict_mode = true, max_line_size = 33554432)"
        )

    def _fast(
        self, connection: duckdb.DuckDBPyConnection, delimiter: str, width: int, header_lines: int
    ) -> Loaded | None:
        """The rows by DuckDB's reader, or None when the file's lines do not add up to them."""
        names = [f"c{number}" for number in range(width)]
        first = header_lines + 1
        try:
            self._read(connection, self.path, delimiter, names, f"row_number() over () + {header_lines}", header_lines)
        except duckdb.Error:
            return None
        # Rows are numbered as they are read, which is as they are kept: to number them afterwards copies them all.
        rows, misplaced = connection.execute(
            f"select count(*), count(*) filter (where _line <> rowid + {first}) from grid"
        ).fetchall()[0]
        marks = self._marks()
        lines = marks.lines - header_lines
        if misplaced:
            return None
        if lines != rows:
            line_ends = " + ".join(
                f"coalesce(length({name}) - length(replace({name}, chr(10), '')), 0)" for name in names
            )
            within = int(connection.execute(f"select coalesce(sum({line_ends}), 0) from grid").fetchall()[0][0])
            if lines != rows + within:
                return None
            connection.execute(
                f"create or replace temp table grid as select * replace (cast(_line + coalesce(sum({line_ends}) over "
                "(order by _line rows between unbounded preceding and 1 preceding), 0) as bigint) as _line) from grid"
            )
        blanks: Blanks = marks.blanks(delimiter) if lines == rows else "any"
        return Loaded(rows, blanks=blanks, ampersands=marks.ampersands, signs=marks.signs, unseen=marks.unseen)

    def _marks(self) -> Marks:
        """What the file's bytes tell, in one pass over them."""
        found, count, before, tail = Marks(), 0, b"", b""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                check()
                count += chunk.count(b"\n")
                tail = (tail + chunk)[-4096:]
                found.ampersands |= b"&" in chunk
                found.tabs |= b"\t" in chunk
                found.quotes |= b'"' in chunk
                found.signs |= b"'" in chunk or (b"=" in chunk and b'="' in chunk)
                piece = before + chunk
                if not piece.isascii():
                    # To look for two bytes takes ten times as long as for one.
                    found.hard_spaces |= b"\xa0" in piece and b"\xc2\xa0" in piece
                    found.wide_spaces |= any(mark[:1] in piece and mark in piece for mark in _WIDE_SPACES)
                    found.unseen |= found.wide_spaces or (b"\xef" in piece and b"\xef\xbb\xbf" in piece)
                # A carriage return that ends no line stands within a field; one at the chunk's end counts as such too.
                found.loose_returns |= b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n")
                before = chunk[-2:]
        trailing = len(tail) - len(tail.rstrip(b"\r\n"))
        found.lines = count - tail[len(tail) - trailing :].count(b"\n") + 1
        return found

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
