"""Several tables below one another in a sheet or a text, where a contract says that a blank row ends its table.

Each is a grid of its own, recognised by its own header; line numbers stay those of the file.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.recognise import recognise
from pipelines.exports.readers.grids import HEAD_ROWS, Grid, Head, Loaded


class Below(Grid):
    """A table that was cut out of a text: it counts the lines of the whole file."""

    def __init__(self, grid: Grid, lines: int) -> None:
        """Takes the grid of the part, and how many lines of the file stand above it."""
        super().__init__(grid.part)
        self.name = grid.name
        self.grid = grid
        self.lines = lines

    def heads(self) -> list[Head]:
        """As the part's own, with the lines of the file."""
        return [Head([line + self.lines for line in head.lines], head.rows) for head in self.grid.heads()]

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`."""
        loaded = self.grid.load(connection, head, header_row, pad_short_rows)
        connection.execute(f"update grid set _line = _line + {self.lines}")
        loaded.bad_lines = [replace(bad, line=bad.line + self.lines) for bad in loaded.bad_lines]
        return loaded

    def split(self, head: int, header_row: int) -> tuple[Grid, Grid | None]:
        """See `Grid.split`."""
        upper, rest = self.grid.split(head, header_row)
        if rest is None:
            return Below(upper, self.lines), None
        inner, lines = (rest.grid, rest.lines) if isinstance(rest, Below) else (rest, 0)
        return Below(upper, self.lines), Below(inner, self.lines + lines)


def sections(grid: Grid, contracts: dict[str, Contract]) -> list[Grid]:
    """The tables of a grid: itself, or itself up to a blank row and what follows it."""
    found: list[Grid] = []
    within = grid.part
    while True:
        match = recognise(grid, contracts).match
        if match is None or match.contract.table.ends is None:
            return [*found, grid]
        upper, rest = grid.split(match.head, match.header_row)
        upper.part, upper.within = grid.part, grid.within
        found.append(upper)
        if rest is None:
            return found
        rest.within = within
        rest.part = f"{within} from line {rest.heads()[0].lines[0]}".lstrip()
        grid = rest


def footer(grid: Grid) -> list[str]:
    """The lines of a part below a table that are none themselves: not one of them has two cells."""
    if grid.within is None:
        return []
    rows = [[cell.strip() for cell in row if cell and cell.strip()] for row in grid.heads()[0].rows]
    return [row[0] for row in rows if row] if len(rows) < HEAD_ROWS and all(len(row) < 2 for row in rows) else []
