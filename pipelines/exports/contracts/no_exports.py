"""Tells what a file is that is no export: a journal, a bookkeeping file, a report of sums, and which export to make instead.

What is known stands in `no_exports.yml`. Nothing here takes a file away from a contract that reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.headers import squashed
from pipelines.exports.readers.grids import Grid
from pipelines.files import read_yaml

_KNOWN = Path(__file__).with_name("no_exports.yml")
# A title stands in the first rows; a report's own name goes on no further.
TITLE_ROWS = 5


@dataclass(frozen=True)
class NoExport:
    """One kind of file without rows of an export, what it is told by, and what to export instead."""

    name: str
    instead: str
    title: str = ""
    line: str = ""
    headers: tuple[tuple[str, ...], ...] = ()
    document: tuple[tuple[str, str], ...] = ()

    def is_document(self, document: Mapping[str, str]) -> bool:
        """Whether a document says of itself, beside its table, that it is of this kind."""
        return bool(self.document) and all(re.search(word, document.get(key) or "") for key, word in self.document)

    def is_told(self, rows: list[list[str]]) -> bool:
        """Whether rows of texts are of this kind."""
        titles = [cell for row in rows[:TITLE_ROWS] if sum(map(bool, row)) <= 2 for cell in row if cell]
        if self.title and any(re.search(self.title, cell) for cell in titles):
            return True
        if self.line and any(re.search(self.line, ";".join(row).strip()) for row in rows[:TITLE_ROWS]):
            return True
        wanted = [set(map(squashed, names)) for names in self.headers]
        words = [set(map(squashed, filter(None, row))) for row in rows]
        return bool(wanted) and any(all(names & row for names in wanted) for row in words)


@cache
def no_exports() -> tuple[NoExport, ...]:
    """Every known kind, in the order in which they are asked."""
    return tuple(
        NoExport(
            **{
                **kind,
                "headers": tuple(map(tuple, kind.get("headers", []))),
                "document": tuple(kind.get("document", {}).items()),
            }
        )
        for kind in read_yaml(_KNOWN)
    )


def told_as(grid: Grid) -> Finding | None:
    """What a table is that no contract reads, where it is known to be no export."""
    for kind in no_exports():
        if kind.is_document(grid.document):
            return Finding("no_export", name=kind.name, said=kind.instead)
    for head in grid.heads():
        rows = [[(cell or "").strip() for cell in row] for row in head.rows]
        for kind in no_exports():
            if kind.is_told(rows):
                return Finding("no_export", name=kind.name, said=kind.instead)
    return None
