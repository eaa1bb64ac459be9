"""What every reader makes of its format: a grid, text cells in numbered rows, before any contract or cast.

A grid's `head` is enough to recognise it; `load` puts the rows below a header into DuckDB as the temporary table
`grid(_line, c0, c1, …)`, all text, and says which lines could not be read as rows.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb

from pipelines.exports.codes import Rejection
from pipelines.exports.contracts.contract import Blocks

# How many rows from the top a header may be looked for in.
HEAD_ROWS = 60


# Which white space may stand in cells: any, no other than the spaces of Unicode, no other than the plain one, or none at
# their ends.
Blanks = Literal["any", "spaces", "plain", "none"]


@dataclass(frozen=True)
class BadLine:
    """A line of the file that is no row of its table: where, its own text, and why."""

    line: int
    text: str
    rejection: Rejection
    # What it holds as far as that can be told.
    cells: list[str] = field(default_factory=list)


@dataclass
class Loaded:
    """What `load` found: the rows that are now in `grid`, and the lines that are not."""

    rows: int
    bad_lines: list[BadLine] = field(default_factory=list)
    blanks: Blanks = "any"
    # Whether an ampersand may stand in them, with which an HTML entity begins.
    ampersands: bool = True
    # Whether what programs write around a text may stand in them: ="9201" and '9201, and signs that nobody sees.
    signs: bool = True
    unseen: bool = True
    commas: bool = True


@dataclass
class Head:
    """The first rows: for each its line in the file and its cells."""

    lines: list[int]
    rows: list[list[str | None]]


class Grid(ABC):
    """One table of an export, as text."""

    def __init__(self, part: str) -> None:
        """Names the part of the file (a sheet, a JSON path, a zip member; empty when the file is one table)."""
        self.part = part
        # A name that the file itself gives the table, though it is its only one.
        self.name = ""
        # What the document says of itself beside the table: key -> text.
        self.document: dict[str, str] = {}
        # The part that it was cut out of, where a table above it ends with a blank row (`sections.py`).
        self.within: str | None = None
        # How the file's blocks are marked, where it is a text of blocks (`blocks.py`).
        self.blocks: Blocks | None = None
        # What it was recognised as, by what was asked (`recognise.py`).
        self.recognised: dict[object, Any] = {}

    @abstractmethod
    def heads(self) -> list[Head]:
        """Readings of the first rows, the likeliest first; `load` takes the index of the one that was recognised."""

    @abstractmethod
    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """Fills the temporary table `grid` with the rows below `header_row` (an index into the head; -1: all rows)."""

    def split(self, head: int, header_row: int) -> tuple[Grid, Grid | None]:
        """The table up to the first blank row below its header, and what follows it; None where nothing does."""
        return self, None


def pattern(folder: Path | str, files: str) -> str:
    """A pattern of files below a folder, which may be called anything."""
    return re.sub(r"([\[*?])", r"[\1]", str(folder)) + f"/{files}"


def quoted(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
