"""Figures held against each other, cell by cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb

# To the cent, whatever the rounding to four decimals of what is added up comes to: each amount may be off by so much.
LEAST = Decimal("0.005")
ROUNDING = Decimal("0.00005")
ZERO = Decimal(0)
Key = tuple[Any, ...]
Cells = Mapping[Key, Decimal | int | None]


@dataclass(frozen=True)
class Figure:
    """A column of reporting as it was published, and as it was computed again; a cell that one side lacks is nothing.

    `keys` names the parts of a cell's key. Amounts of one row are in the currency that its key names; where it names
    none, in that of `currency`, and counts are in none (''). `added` says how many rounded amounts a cell adds up.
    """

    subject: str
    table: str
    measure: str
    keys: tuple[str, ...]
    published: Cells
    recomputed: Cells
    currency: str = ""
    added: Mapping[Key, Decimal | int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A cell in which the two differ; None is unknown."""

    key: Key
    published: Decimal | None
    recomputed: Decimal | None

    @property
    def size(self) -> Decimal:
        """By how much; unknown differs from a figure by all of it."""
        return abs((self.published or ZERO) - (self.recomputed or ZERO))


@dataclass
class Verdict:
    """How many cells of a figure in one currency agree, and those that do not, the largest first."""

    subject: str
    table: str
    measure: str
    currency: str
    cells: int = 0
    differences: list[Difference] = field(default_factory=list)
    # Why it could not be computed again.
    failure: str = ""

    @property
    def state(self) -> str:
        """What came of it, as a code."""
        return "not_recomputed" if self.failure else "differs" if self.differences else "agrees"

    @property
    def equal(self) -> int:
        """Cells that agree to the cent."""
        return self.cells - len(self.differences)

    @property
    def largest(self) -> Decimal:
        """The largest difference."""
        return max((found.size for found in self.differences), default=ZERO)


def published(
    publication: duckdb.DuckDBPyConnection,
    table: str,
    keys: Sequence[str],
    measures: Sequence[str],
    where: str = "true",
    *,
    keep_unknown: bool = False,
) -> dict[str, Cells]:
    """Columns of a reporting table, or SQL on them, added up by `keys` where `where` holds, without what is nothing.

    What is unknown is nothing, too, unless it is kept, as None.
    """
    sums = ", ".join(f"sum({measure})" for measure in measures)
    rows = publication.execute(
        f"select {', '.join(keys)}, {sums} from reporting.{table} where {where} group by {', '.join(keys)}"
    ).fetchall()
    return {
        measure: {row[: len(keys)]: row[place] for row in rows if row[place] or (keep_unknown and row[place] is None)}
        for place, measure in enumerate(measures, start=len(keys))
    }


def nonzero(cells: Mapping[Key, Any]) -> Cells:
    """Cells without those that are nothing."""
    return {key: amount for key, amount in cells.items() if amount}


def compare(figure: Figure) -> Iterator[Verdict]:
    """A figure's verdicts, by currency."""
    place = figure.keys.index("currency") if "currency" in figure.keys else None
    found: dict[str, Verdict] = defaultdict(lambda: Verdict(figure.subject, figure.table, figure.measure, ""))
    for key in figure.published.keys() | figure.recomputed.keys():
        currency = figure.currency if place is None else key[place]
        verdict = found[currency]
        verdict.currency = currency
        said, own = (_exact(cells.get(key, ZERO)) for cells in (figure.published, figure.recomputed))
        verdict.cells += 1
        least = max(LEAST, ROUNDING * (figure.added.get(key) or 0))
        if (said is None) != (own is None) or (said is not None and own is not None and abs(said - own) >= least):
            verdict.differences.append(Difference(key, said, own))
    for _, verdict in sorted(found.items()):
        verdict.differences.sort(key=lambda difference: (-difference.size, str(difference.key)))
        yield verdict


def _exact(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
