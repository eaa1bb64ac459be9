"""The table of a file as Keybook sees it: every row as text, header included, before any contract or cast.

For `keybook read`, and for whoever writes a contract. A contract that recognises the table says where its header is;
without one it is the first row that is as wide as the table. Nothing is passed over silently: lines above the header
and lines that are no rows of the table are given with their reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.exports.contracts import Contract
from pipelines.exports.grids import BadLine, Grid, Head, Loaded
from pipelines.exports.land import open_grids
from pipelines.exports.recognise import Match, header_cells, recognise
from pipelines.exports.unpack import Limits, UnreadableError

BATCH = 10_000


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
    # The names of the file's other tables.
    others: list[str]

    @property
    def names(self) -> list[str]:
        """A unique name for every cell: its header, or what the contract calls it in a file without one."""
        return self.match.headers if self.match and not self.header else header_cells(list(self.header))[1]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Each row below the header with its line; a blank cell is an empty text."""
        cells = ", ".join(f"c{place}" for place in range(len(self.names)))
        result = self.connection.execute(f"select _line, {cells} from grid order by _line")
        while batch := result.fetchmany(BATCH):
            for row in batch:
                yield row[0], [cell or "" for cell in row[1:]]


def _width(row: list[str | None]) -> int:
    """Up to the last cell that holds anything."""
    return max((place + 1 for place, cell in enumerate(row) if cell and cell.strip()), default=0)


def header_place(head: Head) -> int:
    """The row that is most likely the header: the first that is as wide as most rows, or wider."""
    widths = [_width(row) for row in head.rows]
    counted = Counter(len(row) for row, width in zip(head.rows, widths, strict=True) if width)
    if not counted:
        return 0
    usual = max(counted.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))[0]
    for place, row in enumerate(head.rows):
        if widths[place] and len(row) >= usual and (widths[place] > 1 or usual == 1):
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
        raise UnreadableError("it holds no table")
    if sheet is None:
        return grids[0]
    names = table_names(grids)
    for called in (names, [name.split("/")[-1] for name in names]):
        if sheet in called:
            return grids[called.index(sheet)]
    listed = ", ".join(repr(name) for name in names if name)
    raise UnreadableError(f"it has no table {sheet!r}; it has {listed or 'one table without a name'}")


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
        grids = open_grids(path, scratch, contracts, limits)
        grid = chosen_grid(grids, sheet)
        with duckdb.connect(config={"temp_directory": folder, "autoinstall_known_extensions": "false"}) as connection:
            yield _load(grid, grids, contracts, connection)


def _load(
    grid: Grid, grids: list[Grid], contracts: dict[str, Contract], connection: duckdb.DuckDBPyConnection
) -> TextTable:
    match = recognise(grid, contracts).match
    heads = grid.heads()
    head = match.head if match else 0
    if not heads or not any(_width(row) for row in heads[head].rows):
        raise UnreadableError("it holds no row with anything in it")
    row = match.header_row if match else header_place(heads[head])
    pad = match is not None and match.contract.table.short_rows == "pad"
    loaded = grid.load(connection, head, row, pad)
    above = [
        BadLine(line, " | ".join(cell or "" for cell in cells), "the line stands above the header")
        for line, cells in zip(heads[head].lines[: max(row, 0)], heads[head].rows[: max(row, 0)], strict=True)
        if _width(cells)
    ]
    names = [name for other, name in zip(grids, table_names(grids), strict=True) if other is not grid]
    header = [cell or "" for cell in heads[head].rows[row]] if row >= 0 else []
    line = heads[head].lines[row] if row >= 0 else 0
    return TextTable(
        grid, head, row, line, header, loaded, match, connection, [*above, *loaded.bad_lines], list(filter(None, names))
    )
