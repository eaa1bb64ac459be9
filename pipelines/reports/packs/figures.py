"""A figure with the cell of the reporting tables that it is, or the cells that it is the sum of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

import duckdb

Value = str | date | Decimal | int | float | None
Key = Mapping[str, Any]
How = Literal["cell", "sum", "whole", "known", "moved", "last", "share", "count"]


@dataclass(frozen=True)
class Figure:
    """A value, its table and column, and the rows: column -> value, several values, or the first and the last.

    A `sum` is unknown where one of its cells is or no row is there, `whole` is nothing where no row is, `known` the sum
    of those that are set; `moved` is the sum less that of `less`, and nothing where no row is; `last` is the latest of
    them; a `share` is the sum divided by that of `less`; `count` is how many rows there are.
    """

    value: Value
    table: str
    column: str
    key: Key
    how: How = "cell"
    less: str | None = None
    # The group of words that a code belongs to, and its row, which the words may speak of.
    words: str | None = None
    row: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def told(self) -> dict[str, Any]:
        """As data that others can look up."""
        key = {name: list(map(str, part)) if isinstance(part, tuple | list) else part and str(part)
               for name, part in self.key.items()}  # fmt: skip
        value = self.value if self.value is None or isinstance(self.value, int | float) else str(self.value)
        said = {"value": value, "table": self.table, "column": self.column, "how": self.how, "key": key}
        return said | ({"less": self.less} if self.less else {})


def aging(day: date) -> str:
    """What was owed on a day, in the columns of `rpt_receivable_aging`."""
    return f"receivable_aging(date '{day.isoformat()}')"


class Tables:
    """Figures of one publication."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads whose day it is of."""
        self.connection = connection
        [run] = self.rows("rpt_run", "true")
        self.run = run
        self.as_of: date = run["as_of_date"]
        self.before = self.as_of - timedelta(days=7)
        self.week = (self.before + timedelta(days=1), self.as_of)

    def has_told(self, feed: str | None) -> bool:
        """Whether somebody exported a feed, so that no row of it means that there is none."""
        return bool(self.rows("rpt_feed_ends", "feed = ? and complete_until is not null", values=[feed]))

    def relation(self, table: str, part: str = "rows") -> str:
        """Where a table is read; `totals` are sums over it."""
        return table if "(" in table else f"reporting.{table}"

    def total(self, table: str, column: str, how: How = "sum", less: str | None = None, **key: Any) -> Figure:
        """The sum of a column over the rows of a key."""
        where, values = self.matching(key)
        summed = f"case when count(*) = count({column}) then sum({column}) end"
        if how == "whole":
            summed = f"case when count(*) = count({column}) then coalesce(sum({column}), 0) end"
        if how == "known":
            summed = f"sum({column})"
        if how == "last":
            summed = f"max({column})"
        if how == "count":
            summed = "count(*)"
        if how == "share":
            summed = f"case when count(*) = count({less}) then {summed} / nullif(sum({less}), 0) end"
        if how == "moved":
            summed = f"coalesce(sum({column}), 0)" + (f" - coalesce(sum({less}), 0)" if less else "")
        found = self.connection.execute(
            f"select {summed} from {self.relation(table, 'totals')} where {where}", values
        ).fetchall()
        return Figure(_plain(found[0][0]), table, column, key, how, less)

    @staticmethod
    def matching(key: Key) -> tuple[str, list[Any]]:
        """The condition of a key's rows, and its values."""
        wheres = ["true"]
        values: list[Any] = []
        for name, part in key.items():
            if isinstance(part, tuple):
                wheres.append(f"{name} between ? and ?")
                values += part
            elif isinstance(part, list):
                wheres.append(f"list_contains(?, {name})")
                values.append(part)
            else:
                wheres.append(f"{name} is not distinct from ?")
                values.append(part)
        return " and ".join(wheres), values

    def rows(
        self, table: str, where: str, rest: str = "", values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[dict[str, Any]]:
        """Whole rows of a table; `values` are those of its `?`, or by name."""
        done = self.connection.execute(f"select * from {self.relation(table)} where {where} {rest}", values)
        names = [column[0] for column in done.description or ()]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]


def cell(table: str, row: Mapping[str, Any], column: str, key: Sequence[str], words: str | None = None) -> Figure:
    """One cell of a row."""
    return Figure(_plain(row[column]), table, column, {name: row[name] for name in key}, words=words, row=row)


def _plain(value: Any) -> Value:
    # Sums of whole numbers are decimals of no decimals to some readers, and wide integers here.
    return int(value) if isinstance(value, bool) else value
