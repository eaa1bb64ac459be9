"""What a pack is made of: sections, figures beside others, and what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pipelines.reports.packs.figures import Figure, Value, cell

# `pay` is money to the cent.
Kind = Literal["text", "money", "pay", "count", "ratio", "date", "month"]
# Detail belongs in the workbook: a table of the PDF ends here, and says so.
MOST = 10


@dataclass(frozen=True)
class Section:
    """A table: its columns' names and kinds, a row of figures each, and the columns whose rows may be added.

    `change` names two columns that stand beside each other with the change between them; a note is a text of
    `pack.notes` with its figures. What is `drawn` is a chart on paper, and a table in the workbook alone; a `detail`
    is not on paper at all. What is `first` stands before what is not known, as charts do. Of what is `told`, no row
    means that there is none; elsewhere nobody knows. `most` rows stand on paper. `kinds` says of each row what its
    figures are, where that is the row's own and no column's: it stands for the kind `money` of the columns.
    """

    name: str
    columns: tuple[tuple[str, Kind], ...]
    rows: list[list[Figure]]
    totals: tuple[str, ...] = ()
    change: tuple[str, str] | None = None
    notes: tuple[tuple[str, Mapping[str, Figure]], ...] = ()
    drawn: bool = False
    detail: bool = False
    first: bool = False
    told: bool = False
    most: int = MOST
    kinds: tuple[Kind, ...] = ()

    def kind(self, row: int, column: Kind) -> Kind:
        """What the figure of a row in a column of a kind is."""
        return self.kinds[row] if self.kinds and column == "money" else column

    @property
    def nothing(self) -> str:
        """The text of a section without rows."""
        return "pack.none" if self.told else "pack.no_data"

    @property
    def is_leading(self) -> bool:
        """Whether it stands before what is not known."""
        return self.drawn or self.first

    def total(self, name: str) -> Decimal | None:
        """The sum of a column over all rows; unknown where one of them is."""
        values = [row[self.column(name)].value for row in self.rows]
        return None if None in values else sum((Decimal(str(value)) for value in values), Decimal(0))

    def column(self, name: str) -> int:
        """The place of a column."""
        return [label for label, _ in self.columns].index(name)


@dataclass(frozen=True)
class Pair:
    """A figure of the period beside the same of the period before, its plan, or both."""

    name: str
    kind: Kind
    now: Figure
    before: Figure | None = None
    plan: Figure | None = None

    @property
    def was(self) -> Value:
        """What it was in the period before; nothing where that is not known."""
        return self.before.value if self.before else None

    @property
    def figures(self) -> list[Figure]:
        """Those that there are."""
        return [figure for figure in (self.now, self.before, self.plan) if figure is not None]


@dataclass(frozen=True)
class Pack:
    """All of it; `as_of` is the last day of the period."""

    company: str
    base_currency: str
    timezone: str
    as_of: date
    first: date
    pairs: dict[str, Pair]
    missing: dict[str, Figure]
    sections: dict[str, Section]
    # Contract -> what it is called: an export has no other name.
    titles: Mapping[str, str] = field(default_factory=dict)
    name: str = "weekly"
    # Whose it is, under which name, and an id that tells its files apart.
    of: Figure | None = None
    of_what: str = "manager"
    person: str = ""
    # Whether it leaves the company: nothing of how it was made is told.
    is_for_client: bool = False
    # How many months the period has; none for a week.
    months: int = 0

    @property
    def period(self) -> str:
        """What the period is called in a file's name: 2026-10, 2026-Q3, 2026-H1, or a week's last day."""
        match self.months:
            case 0:
                return str(self.as_of)
            case 1:
                return f"{self.as_of:%Y-%m}"
            case months:
                return f"{self.as_of.year}-{'Q' if months == 3 else 'H'}{self.number}"

    @property
    def number(self) -> int:
        """The number of the period in its year."""
        return (self.as_of.month - 1) // max(self.months, 1) + 1

    def figures(self) -> list[Figure]:
        """Every figure that is printed."""
        beside = [figure for pair in self.pairs.values() for figure in pair.figures]
        listed = [figure for section in self.sections.values() for row in section.rows for figure in row]
        noted = [figure for section in self.sections.values() for _, said in section.notes for figure in said.values()]
        return [*([self.of] if self.of else []), *beside, *self.missing.values(), *listed, *noted]


def listed(
    name: str,
    table: str,
    found: list[dict[str, Any]],
    key: tuple[str, ...],
    columns: dict[str, tuple[str, Kind] | tuple[str, Kind, str]],
    totals: tuple[str, ...] = (),
) -> Section:
    """Rows of a table as they stand; a column's name -> its column there, its kind and the group of its words."""
    rows = [
        [cell(table, row, part[0], key, part[2] if len(part) > 2 else None) for part in columns.values()]
        for row in found
    ]
    return Section(name, tuple((label, part[1]) for label, part in columns.items()), rows, totals)
