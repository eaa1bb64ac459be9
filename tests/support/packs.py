"""What the figures of a pack should be, from whole tables and by what each says of itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pypdfium2
import pytest

from pipelines.reports.packs.figures import Figure

Lookup = Callable[[str], list[dict[str, Any]]]


def lookup_of(warehouse: duckdb.DuckDBPyConnection) -> Lookup:
    """Whole reporting tables, each read once."""

    @cache
    def table(name: str) -> list[dict[str, Any]]:
        done = warehouse.execute(f"select * from {name if '(' in name else 'reporting.' + name}")
        names = [column[0] for column in done.description]
        return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    return table


def fits(value: Any, part: Any) -> bool:
    if isinstance(part, tuple):
        return value is not None and part[0] <= value <= part[1]
    return value in part if isinstance(part, list) else value == part


def expected(figure: Figure, rows: list[dict[str, Any]]) -> Any:
    """The figure from the whole table, by what it says of itself."""
    rows = [row for row in rows if all(fits(row[name], part) for name, part in figure.key.items())]
    values = [row[figure.column] for row in rows]
    if figure.how == "share":
        done, due = ([row[column] for row in rows] for column in (figure.column, figure.less))
        return None if None in done or not sum(due) else pytest.approx(float(sum(done)) / float(sum(due)))
    if figure.how == "cell":
        assert len(set(values)) == 1, (figure.table, figure.key)
        return values[0]
    if figure.how == "moved":
        less = [row[figure.less] for row in rows] if figure.less else []
        return sum(filter(None, values), Decimal(0)) - sum(filter(None, less), Decimal(0))
    known = [value for value in values if value is not None]
    if figure.how == "last":
        return max(known, default=None)
    if not known or (figure.how == "sum" and len(known) < len(values)):
        return None
    return sum(known[1:], known[0])


def text_of(made: bytes) -> str:
    said = "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made))
    return " ".join(said.replace("\u200b", "").replace("\ufffe", "-").split())


def flat(text: str) -> str:
    return " ".join(text.split())
