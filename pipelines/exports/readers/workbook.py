"""Reads workbooks (XLSX, XLS, XML of Excel 2003, ODS): every sheet as text, in a process of its own with bounds.

The library decides how large a sheet is from what the file claims, so that only a process of its own can be bounded
(`apart.py`): there `write` makes one Parquet file a sheet, which `sheets` opens.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.apart import BrokenReaderError, read_apart
from pipelines.exports.readers.engine import answer
from pipelines.exports.readers.grids import HEAD_ROWS, Grid, Head, Loaded, quoted
from pipelines.exports.readers.unpack import Limits, is_xml_workbook
from pipelines.exports.readers.xml_workbook import frames as xml_frames

if TYPE_CHECKING:
    import polars as pl

_DIMENSION = re.compile(rb'<dimension ref="[A-Z]+(\d+):([A-Z]+)(\d+)"')


class Sheet(Grid):
    """One sheet of a workbook, already written out as text cells with the sheet's row numbers."""

    def __init__(self, path: Path, part: str, name: str = "", lines: tuple[int, int] = (1, 1 << 62)) -> None:
        """Takes the Parquet file of the sheet (`_line`, `c0`, …), the sheet's name, and its first and last row."""
        super().__init__(part)
        self.path = path
        self.name = name
        self.lines = lines

    @property
    def _rows(self) -> str:
        return f"(from read_parquet({quoted(str(self.path))}) where _line between {self.lines[0]} and {self.lines[1]})"

    def heads(self) -> list[Head]:
        """The first rows of the sheet."""
        rows = answer(f"from {self._rows} order by _line limit {HEAD_ROWS}")
        return [Head([row[0] for row in rows], [list(row[1:]) for row in rows])]

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`. Rows without any cell are no rows."""
        line = self._header_line(head, header_row)
        connection.execute(f"create or replace temp table grid as {self.below(line)}")
        return Loaded(int(connection.execute("select count(*) from grid").fetchall()[0][0]))

    def below(self, line: int) -> str:
        """The query of the rows below a line as text cells: `_line, c0, c1, …`."""
        return f"from {self._rows} where _line > {line} and {self._cells()} != ''"

    def _header_line(self, head: int, header_row: int) -> int:
        return self.heads()[head].lines[header_row] if header_row >= 0 else 0

    def _cells(self) -> str:
        described = answer(f"describe from {self._rows}")
        return f"concat({', '.join(row[0] for row in described if row[0] != '_line')})"

    def split(self, head: int, header_row: int) -> tuple[Grid, Grid | None]:
        """See `Grid.split`."""
        line, text = self._header_line(head, header_row), f"trim({self._cells()}, chr(32) || chr(9) || chr(160))"
        blank, rest = answer(
            f"with below as (select _line, {text} as text from {self._rows} where _line > {line}), "
            "ended as (select min(_line) as blank from below where text = '') "
            "select blank, (select min(_line) from below where _line > blank and text != '') from ended"
        )[0]
        if blank is None:
            return self, None
        upper = Sheet(self.path, self.part, self.name, (self.lines[0], blank - 1))
        return upper, None if rest is None else Sheet(self.path, self.part, self.name, (rest, self.lines[1]))


def sheets(path: Path, scratch: Path, limits: Limits, member: str = "") -> list[Sheet]:
    """The sheets of a workbook that hold anything.

    Raises:
        UnreadableError: it is damaged or protected, or reading it takes more memory or time than the limits.
    """
    _refuse_claims(path, limits)
    out = scratch / f"{path.name}.sheets"
    try:
        names = read_apart("workbook", path, out, limits, {})
    except BrokenReaderError as error:
        raise UnreadableError("workbook_unreadable", said=str(error)) from error
    return _sheets(out, names, member)


def sheets_of_many(paths: list[Path], scratch: Path, limits: Limits) -> dict[Path, list[Sheet]]:
    """The sheets of many workbooks, read in one process; a workbook that cannot be read with the others is not among them.

    To start a process takes longer than to read a small workbook. One that takes all of its memory or time, or ends it,
    takes the others with it: then there is none here, and each is to be read by itself (`sheets`).
    """
    claimed = []
    for path in paths:
        with suppress(UnreadableError, OSError, zipfile.BadZipFile):
            _refuse_claims(path, limits)
            claimed.append(path)
    out = scratch / "sheets"
    given = {"paths": [str(path) for path in claimed]}
    try:
        found = read_apart("workbook", scratch, out, limits, given) if claimed else []
    except (BrokenReaderError, UnreadableError):
        return {}
    return {
        path: _sheets(out / str(number), names, "")
        for number, (path, names) in enumerate(zip(claimed, found, strict=True))
        if names is not None
    }


def _sheets(out: Path, names: list[tuple[int, str]], member: str) -> list[Sheet]:
    several = len(names) > 1
    return [
        Sheet(out / f"{number}.parquet", "/".join(filter(None, [member, name if several else ""])), name)
        for number, name in names
    ]


def _refuse_claims(path: Path, limits: Limits) -> None:
    """Refuses a sheet by the extent that it claims, before anything is read."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
                continue
            with archive.open(name) as sheet:
                found = _DIMENSION.search(sheet.read(4096))
            if found is None:
                continue
            columns = 0
            for letter in found[2].decode():
                columns = columns * 26 + ord(letter) - 64
            cells = int(found[3]) * columns
            if cells > limits.cells:
                raise UnreadableError(
                    "too_many_cells",
                    name=name,
                    row_count=int(found[3]),
                    other_count=columns,
                    limit_count=limits.cells,
                )


def write(path: Path, out: Path, given: dict[str, Any]) -> list[Any]:
    """Runs in the bounded process: the numbers and names of a workbook's sheets, each of which it writes.

    Where `given` has `paths`, those of each of them, in a folder of its own; None for one that cannot be read.
    """
    if "paths" not in given:
        return _write(path, out)
    found: list[list[tuple[int, str]] | None] = []
    for number, one in enumerate(given["paths"]):
        (out / str(number)).mkdir()
        try:
            found.append(_write(Path(one), out / str(number)))
        except MemoryError:
            raise
        except Exception:  # what is wrong with it shows when it is read by itself
            found.append(None)
    return found


def _frames(path: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each sheet with its name: its rows' numbers, `_line`, and their cells `c0`, `c1` and so on as text."""
    if is_xml_workbook(path):
        yield from xml_frames(path)
        return
    import fastexcel
    import polars as pl

    reader = fastexcel.read_excel(path)
    for number, name in enumerate(reader.sheet_names):
        frame = reader.load_sheet(number, header_row=None, skip_rows=0, dtypes="string").to_polars()
        cells = [pl.col(column).cast(pl.String).alias(f"c{place}") for place, column in enumerate(frame.columns)]
        yield name, frame.select(pl.int_range(1, frame.height + 1, dtype=pl.Int64).alias("_line"), *cells)


def _write(path: Path, out: Path) -> list[tuple[int, str]]:
    """Writes each sheet as text, its times and durations as HH:MM:SS; their numbers and names."""
    import polars as pl

    written = []
    for number, (name, sheet) in enumerate(_frames(path)):
        frame = sheet
        columns = [column for column in frame.columns if column != "_line"]
        if frame.height == 0 or not columns:
            continue
        # A workbook has no durations, only moments after its day 0 (1899-12-31): the hours since then are what it means.
        cells = pl.col(columns)
        moments = frame.select(cells.str.contains(r"^(1899-12-3[01]|1900-01-\d\d) \d\d:\d\d:\d\d").any())
        for column in columns:
            if moments[column][0]:
                moment = pl.col(column).str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False)
                seconds = (moment - pl.datetime(1899, 12, 31)).dt.total_seconds()
                clock = pl.format(
                    "{}:{}:{}",
                    (seconds // 3600).cast(pl.String).str.zfill(2),
                    (seconds // 60 % 60).cast(pl.String).str.zfill(2),
                    (seconds % 60).cast(pl.String).str.zfill(2),
                )
                early = (seconds >= 0) & (moment < pl.datetime(1900, 2, 1))
                frame = frame.with_columns(pl.when(early).then(clock).otherwise(pl.col(column)).alias(column))
        frame = frame.with_columns(cells.str.replace(r"^(\d{4}-\d\d-\d\d) 00:00:00$", "${1}"))
        frame.write_parquet(out / f"{number}.parquet")
        written.append((number, name))
    return written
