"""A document before it is written: texts, facts, tables and places to sign. `pdf` and `xlsx` write the same one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipelines.words import Language

Cell = str | date | Decimal | int | None
ColumnKind = Literal["text", "date", "money", "count"]


@dataclass(frozen=True)
class Text:
    """A paragraph; a `lead` stays with what follows it."""

    text: str
    role: Literal["title", "subtitle", "heading", "body", "note", "lead"] = "body"


@dataclass(frozen=True)
class Facts:
    """Names and values, one pair a line."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """A column of a table: its header, what its cells are, and its share of the width."""

    label: str
    kind: ColumnKind = "text"
    share: float = 1.0


@dataclass(frozen=True)
class Row:
    """A row of a table; `strong` for opening balances and totals.

    `running` is what is carried over where a page ends behind the row: a cell a column, sums up to the row.
    """

    cells: tuple[Cell, ...]
    strong: bool = False
    running: tuple[Cell, ...] = ()


@dataclass(frozen=True)
class Table:
    """Rows under columns. `bands` are headers over several columns; `boxed` draws every cell's borders.

    A table that is `whole` stands on one page.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    bands: tuple[tuple[str, int], ...] = ()
    boxed: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, its title above it, and what it says for who cannot see it; a `wide` one stands alone."""

    name: str
    title: str
    svg: str
    alt: str
    wide: bool = True


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Signatures:
    """Two parties side by side, each with lines to write on."""

    parties: tuple[str, str]
    labels: tuple[str, ...]
    stamp: str


Block = Text | Facts | Table | Pictures | Signatures


@dataclass(frozen=True)
class Document:
    """Blocks in order, with the language that they are in, how many decimals amounts have and the last day of all."""

    title: str
    company: str
    footer: str
    language: Language
    decimals: int
    day: date
    blocks: tuple[Block, ...]

    def written(self, cell: Cell) -> str:
        """A cell's text."""
        match cell:
            case None:
                return ""
            case Decimal():
                return self.language.amount(cell, self.decimals).replace(" ", "\u00a0")
            case date():
                return self.language.day(cell)
            case _:
                return str(cell)
