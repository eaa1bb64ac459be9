"""The table of a file as Keybook sees it: every row as text, header included, before any contract or cast.

For `keybook read`, and for whoever writes a contract. A contract that recognises the table says where its header is;
without one it is the first row that is as wide as the table. Nothing is passed over silently: lines above the header
and lines that are no rows of the table are given with their reason.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.exports.codes import Rejection, UnreadableError
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import header_cells, joined
from pipelines.exports.contracts.recognise import Match, recognise
from pipelines.exports.landing.land import open_grids
from pipelines.exports.readers.deadline import within
from pipelines.exports.readers.delimited import Delimited
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import BadLine, Grid, Head, Loaded
from pipelines.exports.readers.unpack import Limits

BATCH = 10_000
ABOVE = Rejection("above_header")


@dataclass
class TextTable:
    """One table of a file, loaded: `grid(_line, c0, …)` stands in the connection."""

    grid: Grid
    head: int
    header_row: int
    header_line: int
    # As the file has it; empty for a file without a header, which only a contract can know.
    header: list[str]
    loaded: Loaded
    match: Match | None
    connection: duckdb.DuckDBPyConnection
    # Lines that are in the file and not in the table: those above the header, and those that are no rows.
    left_out: list[BadLine]
    # Without a contract: lines with more or fewer cells than most. They are shown as they stand, and no contract loads
    # them as they are.
    ragged: list[BadLine]
    # The names of the file's other tables.
    others: list[str]
    # Over how many rows the header goes on.
    header_rows: int = 1

    @property
    def names(self) -> list[str]:
        """A unique name for every cell: its header, or what the contract calls it in a file without one."""
        widest = max((len(line.cells) for line in self.ragged), default=0)
        return self._named(max(len(self.header), self.width, widest))

    @property
    def columns(self) -> list[str]:
        """The names of the cells that most rows have."""
        return self._named(self.width)

    def _named(self, count: int) -> list[str]:
        if self.match and not self.header:
            return self.match.headers
        return header_cells([*self.header, *[None] * count][:count])[1]

    @property
    def width(self) -> int:
        """How many cells most rows have."""
        return len(self.connection.execute("from grid limit 0").description or []) - 1

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row below the header with its line; a blank cell is an empty text, and a ragged row has its own width."""
        result = self.connection.execute("select * from grid order by _line")
        waiting = deque(self.ragged)
        while batch := result.fetchmany(BATCH):
            for row in batch:
                while waiting and waiting[0].line < row[0]:
                    yield waiting[0].line, waiting.popleft().cells
                yield row[0], [cell or "" for cell in row[1:]]
        yield from ((line.line, line.cells) for line in waiting)


def _width(row: list[str | None]) -> int:
    """Up to the last cell that holds anything."""
    return max((place + 1 for place, cell in enumerate(row) if cell and cell.strip()), default=0)


def header_place(head: Head) -> int:
    """The row that is most likely the header: the first that is as wide as most rows, or wider, and half as full."""
    widths = [_width(row) for row in head.rows]
    counted = Counter(len(row) for row, width in zip(head.rows, widths, strict=True) if width)
    if not counted:
        return 0
    usual = max(counted.items(), key=lambda item: (item[1] * (item[0] > 1), item[0] > 1))[0]
    full = [sum(bool(cell and cell.strip()) for cell in row) for row in head.rows]
    half = sorted(full)[3 * len(full) // 4] / 2
    for place, row in enumerate(head.rows):
        if len(row) >= usual and (widths[place] > 1 or usual == 1) and full[place] > half:
            return place
    return next(place for place, width in enumerate(widths) if width)


def table_names(grids: list[Grid]) -> list[str]:
    """What each table is called: its part of the file, or the sheet's own name; empty for a file that is one table."""
    return [grid.part or grid.name for grid in grids]


def chosen_grid(grids: list[Grid], sheet: str | None) -> Grid:
    """The table of that name, or the first.

    Raises:
        UnreadableError: the file has no table, or none of that name.
    """
    if not grids:
        raise UnreadableError("no_table")
    if sheet is None:
        return grids[0]
    names = table_names(grids)
    for called in (names, [name.split("/")[-1] for name in names]):
        if sheet in called:
            return grids[called.index(sheet)]
    raise UnreadableError("no_such_table", name=sheet, said=", ".join(filter(None, names)) or None)


@contextmanager
def open_table(
    path: Path, contracts: dict[str, Contract], limits: Limits, sheet: str | None = None
) -> Iterator[TextTable]:
    """Opens and loads one table of a file; `sheet` names it where the file holds several.

    Raises:
        UnreadableError: the file cannot be read, or has no such table.
    """
    with TemporaryDirectory(prefix="keybook-") as folder:
        scratch = Path(folder)
        with ExitStack() as opened:
            with within(limits.seconds):
                grids = open_grids(path, scratch, contracts, limits)
                grid = chosen_grid(grids, sheet)
                connection = opened.enter_context(connected())
                table = _load(grid, grids, contracts, connection)
            yield table


def _load(
    grid: Grid, grids: list[Grid], contracts: dict[str, Contract], connection: duckdb.DuckDBPyConnection
) -> TextTable:
    match = recognise(grid, contracts).match
    others = [name for other, name in zip(grids, table_names(grids), strict=True) if other is not grid]
    found = partial(TextTable, grid, match=match, connection=connection, others=list(filter(None, others)))
    if match is None and isinstance(grid, Delimited):
        return _as_it_stands(grid, connection, found)
    heads = grid.heads()
    head = match.head if match else 0
    if not heads or not any(_width(row) for row in heads[head].rows):
        raise UnreadableError("no_rows")
    row = match.header_row if match else header_place(heads[head])
    pad = match is not None and match.contract.table.short_rows == "pad"
    loaded = grid.load(connection, head, row, pad)
    above = [
        BadLine(line, " | ".join(cell or "" for cell in cells), ABOVE)
        for line, cells in zip(heads[head].lines[: max(row, 0)], heads[head].rows[: max(row, 0)], strict=True)
        if _width(cells)
    ]
    return found(
        head=head,
        header_row=row,
        header_line=heads[head].lines[row] if row >= 0 else 0,
        header=[cell or "" for cell in heads[head].rows[row]] if row >= 0 else [],
        loaded=loaded,
        left_out=[*above, *loaded.bad_lines],
        ragged=[],
    )


def _as_it_stands(grid: Delimited, connection: duckdb.DuckDBPyConnection, found: Callable[..., TextTable]) -> TextTable:
    """Delimited text that no contract knows: the header is guessed, and rows of any width are shown."""
    width, lines = grid.usual()
    rows: list[list[str | None]] = [list(line.cells) for line in lines]
    if not any(_width(row) for row in rows):
        raise UnreadableError("no_rows")
    first = header_place(Head([line.number for line in lines], rows))
    if first and _is_header(rows[first - 1], rows[first:], width):
        first -= 1
    last = first + header_depth(rows[first:]) - 1
    loaded = grid.load_rows(connection, width, lines[last])
    header = joined(rows[first : last + 1]) if last > first else rows[first]
    above = [BadLine(line.number, line.text, ABOVE) for line in lines[:first] if line.text.strip()]
    return found(
        head=0,
        header_row=last,
        header_line=lines[last].number,
        header=[cell or "" for cell in header],
        loaded=loaded,
        left_out=[*above, *(line for line in loaded.bad_lines if not line.cells)],
        ragged=[line for line in loaded.bad_lines if line.cells],
        header_rows=last - first + 1,
    )


def _is_value(cell: str | None) -> bool:
    """Whether a cell is a number, an amount, a date or a time, and no word."""
    return re.fullmatch(r"[^\w]*\d[\d\W]*[a-zA-Z]{0,2}", (cell or "").strip()) is not None


def _is_header(row: list[str | None], below: list[list[str | None]], width: int) -> bool:
    """Whether a row of another width than the rows below it names their columns: words above values."""
    filled = [cell for cell in row if cell and cell.strip()]
    return 2 * len(filled) >= max(width, 4) and not any(map(_is_value, filled)) and any(map(_is_value, below[0]))


def header_depth(rows: list[list[str | None]]) -> int:
    """How many rows the header has: words go on where below them are values, in two columns at least."""
    width = len(rows[0])
    body = [row for row in rows[3:] if len(row) == width]
    columns = []
    for place in range(width):
        filled = [row[place] for row in body if row[place]]
        if len(filled) > 2 and sum(map(_is_value, filled)) >= 0.9 * len(filled):
            columns.append(place)
    depth = 1
    while len(columns) > 1 and depth < 3 and len(rows[depth]) == width:
        if not all(row[place] and not _is_value(row[place]) for row in rows[: depth + 1] for place in columns):
            break
        depth += 1
    if depth == 1 and len(rows) > 2 and _goes_on(rows):
        depth = 2
    return depth


def _goes_on(rows: list[list[str | None]]) -> bool:
    """Whether the row below the header is words over columns of values alone, with nothing in the first: its second line."""
    below = [place for place, cell in enumerate(rows[1]) if cell and cell.strip()]
    values = [[row[place] for row in rows[2:] if place < len(row) and row[place]] for place in below]
    return (
        bool(below)
        and below[0] > 0
        and not any(_is_value(rows[1][place]) for place in below)
        and all(filled and all(map(_is_value, filled)) for filled in values)
    )
