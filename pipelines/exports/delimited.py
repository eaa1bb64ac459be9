"""Reads delimited text: fast through DuckDB where every line adds up, else line by line.

The fast reading counts: physical lines = rows + line ends within fields (+ line ends after the last row). Where that
does not hold, or DuckDB meets a line that is no row, the exact reading takes over: it goes through the physical lines,
keeps every row that can be one, and names every line that cannot. DuckDB's `ignore_errors` and `strict_mode = false`
are never used: they lose good rows silently.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import duckdb

from pipelines.exports.grids import HEAD_ROWS, BadLine, Grid, Head, Loaded, quoted

DELIMITERS = (",", ";", "\t", "|")
CHUNK = 1 << 22
# A quoted field that runs over more lines than this has lost its closing quote.
MAX_FIELD_LINES = 1_000
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
        self._delimiters = [delimiter] if delimiter else self._by_likelihood()

    def _by_likelihood(self) -> list[str]:
        scores = {
            delimiter: _consistency([row for _, row in self._head_records(delimiter)]) for delimiter in DELIMITERS
        }
        return sorted(DELIMITERS, key=lambda delimiter: -scores[delimiter])

    def _head_records(self, delimiter: str) -> list[tuple[int, list[str]]]:
        with self.path.open(encoding="utf-8", newline="") as file:
            text = file.read(CHUNK // 4)
        lines = iter(text.splitlines(keepends=True))
        return list(islice(_records(lines, delimiter), HEAD_ROWS))

    def heads(self) -> list[Head]:
        """One reading a delimiter; a line without any is a table of one column."""
        found = []
        for delimiter in self._delimiters:
            records = self._head_records(delimiter)
            rows: list[list[str | None]] = [[cell or None for cell in row] for _, row in records]
            found.append(Head([line for line, _ in records], rows))
        return found

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`. `_line` is the physical line that the row starts on."""
        delimiter = self._delimiters[head]
        records = self._head_records(delimiter)
        if header_row < 0:
            width, header_lines = next(len(record) for _, record in records if record), 0
        else:
            width = len(records[header_row][1])
            # A header may hold line ends itself: the data starts where the next record does.
            header_lines = records[header_row][0] + sum(cell.count("\n") for cell in records[header_row][1])
        if not self.bad_bytes and not pad_short_rows:
            loaded = self._fast(connection, delimiter, width, header_lines)
            if loaded is not None:
                return loaded
        return self._exact(connection, delimiter, width, header_lines, pad_short_rows)

    def _read(
        self, connection: duckdb.DuckDBPyConnection, path: Path, delimiter: str, names: list[str], skip: int
    ) -> None:
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        connection.execute(
            f"create or replace temp table cells as select * from read_csv({quoted(str(path))}, auto_detect = false, "
            f"header = false, skip = {skip}, delim = {quoted(delimiter)}, quote = '\"', escape = '\"', "
            f"columns = {{{columns}}}, null_padding = false, strict_mode = true, max_line_size = 33554432)"
        )

    def _fast(
        self, connection: duckdb.DuckDBPyConnection, delimiter: str, width: int, header_lines: int
    ) -> Loaded | None:
        """The rows by DuckDB's reader, or None when the file's lines do not add up to them."""
        names = [f"c{number}" for number in range(width)]
        try:
            self._read(connection, self.path, delimiter, names, header_lines)
        except duckdb.Error:
            return None
        rows = int(connection.execute("select count(*) from cells").fetchall()[0][0])
        lines = self._data_lines() - header_lines
        if lines == rows:
            line = f"rowid + {header_lines + 1}"
        else:
            line_ends = " + ".join(
                f"coalesce(length({name}) - length(replace({name}, chr(10), '')), 0)" for name in names
            )
            within = int(connection.execute(f"select coalesce(sum({line_ends}), 0) from cells").fetchall()[0][0])
            if lines != rows + within:
                return None
            line = (
                f"rowid + {header_lines + 1} + coalesce(sum({line_ends}) over "
                "(order by rowid rows between unbounded preceding and 1 preceding), 0)"
            )
        connection.execute(f"create or replace temp table grid as select cast({line} as bigint) as _line, * from cells")
        connection.execute("drop table cells")
        return Loaded(rows, only_spaces=lines == rows and self._only_spaces(delimiter))

    def _data_lines(self) -> int:
        """How many lines the file has, not counting empty ones after the last."""
        count, tail = 0, b""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                count += chunk.count(b"\n")
                tail = (tail + chunk)[-4096:]
        trailing = len(tail) - len(tail.rstrip(b"\r\n"))
        return count - tail[len(tail) - trailing :].count(b"\n") + 1

    def _only_spaces(self, delimiter: str) -> bool:
        # In a file that tabs divide, only a quoted cell can hold one.
        tab_in_cell = b'"' if delimiter == "\t" else b"\t"
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK):
                if b"\xc2\xa0" in chunk or tab_in_cell in chunk:
                    return False
                # A carriage return that ends no line stands within a field; one at the chunk's end counts as such too.
                if chunk.count(b"\r") != chunk.count(b"\r\n"):
                    return False
        return True

    def _exact(
        self, connection: duckdb.DuckDBPyConnection, delimiter: str, width: int, header_lines: int, pad_short_rows: bool
    ) -> Loaded:
        bad_lines: list[BadLine] = []
        clean = self.scratch / f"{self.path.name}.clean"
        rows = 0
        with clean.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            for line, cells, text, reason in exact_rows(self.path, delimiter, width, header_lines, pad_short_rows):
                if cells is None:
                    bad_lines.append(BadLine(line, text, reason))
                else:
                    writer.writerow([line, *cells])
                    rows += 1
        self._read(connection, clean, ",", ["line", *(f"c{number}" for number in range(width))], 0)
        connection.execute(
            "create or replace temp table grid as select cast(line as bigint) as _line, * exclude (line) from cells"
        )
        connection.execute("drop table cells")
        return Loaded(rows, bad_lines)


def _strict(text: str, delimiter: str) -> list[str] | str:
    """The cells of one record, or the reason why its quotes do not add up."""
    try:
        return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return str(error)


def _by_outer_quotes(text: str, delimiter: str) -> list[str] | None:
    """Cells where a quote closes a field only before a delimiter or the line's end; None when that does not fit."""
    mark = re.escape(delimiter)
    field_pattern = re.compile(rf'(?:"((?:[^"]|"(?!{mark}|$))*)"|([^"{mark}][^{mark}]*|))(?={mark}|$)', re.S)
    cells, place = [], 0
    line = text.rstrip("\r\n")
    while True:
        match = field_pattern.match(line, place)
        if match is None:
            return None
        cells.append((match[1] or "").replace('""', '"') if match[1] is not None else match[2])
        place = match.end()
        if place >= len(line):
            return cells
        place += len(delimiter)


def _fit(cells: list[str], width: int, pad: bool) -> tuple[list[str] | None, str]:
    """The row with the header's width, or why it has none."""
    if len(cells) == width:
        return cells, ""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width], ""
    if len(cells) < width and pad:
        return [*cells, *[""] * (width - len(cells))], ""
    return None, f"the line has {len(cells)} fields, the header has {width}"


def exact_rows(
    path: Path, delimiter: str, width: int, header_lines: int, pad: bool
) -> Iterator[tuple[int, list[str] | None, str, str]]:
    """Every row below the header, one physical line after another: (line, cells or None, its text, the reason)."""
    with path.open(encoding="utf-8", newline="") as file:
        waiting: list[str] = []
        source = islice(file, header_lines, None)
        number = header_lines
        while True:
            text = waiting.pop(0) if waiting else next(source, None)
            if text is None:
                return
            number += 1
            if not text.strip("\r\n"):
                continue
            if "\ufffd" in text:
                yield number, None, text.rstrip("\r\n"), "the line holds bytes that are no text in the file's encoding"
                continue
            cells = _strict(text, delimiter)
            lines = [text]
            if cells == "unexpected end of data":
                while isinstance(cells, str) and len(lines) < MAX_FIELD_LINES:
                    following = waiting.pop(0) if waiting else next(source, None)
                    if following is None:
                        break
                    lines.append(following)
                    if '"' in following:
                        cells = _strict("".join(lines), delimiter)
                        if isinstance(cells, str) and cells != "unexpected end of data":
                            break
                if isinstance(cells, str) or _fit(cells, width, pad)[0] is None:
                    waiting = lines[1:] + waiting
                    lines = lines[:1]
                    cells = "a quote that is opened on this line is never closed"
            if isinstance(cells, str) and (outer := _by_outer_quotes(text, delimiter)) and len(outer) == width:
                cells = outer
            if isinstance(cells, str):
                yield number, None, text.rstrip("\r\n"), cells
                continue
            fitted, reason = _fit(cells, width, pad)
            yield number, fitted, "".join(lines).rstrip("\r\n"), reason
            number += len(lines) - 1
