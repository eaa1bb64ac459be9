"""Tells exports of one system apart that have the same headers: by the title above them, and by the rows below.

Users choose their columns, so a column more or less does not say which report a file is. Where two of one system fit
and what they leave out means something else in each (an invoice that a list of open items lacks is paid, one that an
invoice list lacks is not), only what the file says of itself decides; else both are named, and a person does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pipelines.exports.readers.grids import Grid

if TYPE_CHECKING:
    from pipelines.exports.contracts.recognise import Match


def _cells(rows: Iterable[list[str | None]]) -> list[str]:
    return [cell.strip() for row in rows for cell in row if cell and cell.strip()]


def _says(patterns: list[str], rows: list[list[str | None]]) -> bool:
    # Few contracts ask, and a file has many cells.
    cells = _cells(rows) if patterns else []
    return any(re.search(pattern, cell) for pattern in patterns for cell in cells)


def _is_told(match: Match, grid: Grid, by: str) -> bool:
    wanted, rows = match.contract.recognise, grid.heads()[match.head].rows
    if by == "rows":
        return _says(wanted.rows, rows[match.header_row + 1 :])
    depth = match.contract.table.header_rows
    return _says(wanted.title, [*rows[: max(match.header_row - depth + 1, 0)], [grid.part, grid.name]])


def told(matches: list[Match], grid: Grid) -> tuple[list[Match], set[str]]:
    """The matches that the file's own words leave, and the names of the contracts that they are for.

    The title goes before the rows. What is for one export of a system is against its others that have such words too.
    """
    systems: set[str] = set()
    named: set[str] = set()
    left = matches
    for by in ("title", "rows"):
        hits = [match for match in left if match.contract.system not in systems and _is_told(match, grid, by)]
        named |= {match.contract.contract for match in hits}
        found = {match.contract.system for match in hits}
        left = [
            match
            for match in left
            if match in hits
            or match.contract.system not in found
            or not (match.contract.recognise.title or match.contract.recognise.rows)
        ]
        systems |= found
    return left, named


def is_named(match: Match, grid: Grid) -> bool:
    """Whether the file's own words, above its header or in its rows, are for the contract."""
    return any(_is_told(match, grid, by) for by in ("title", "rows"))


def _fits_whole(match: Match) -> bool:
    wanted = match.contract.recognise
    return all(map(match.has, wanted.headers)) and not any(match.has([header]) for header in wanted.without)


def rivals(best: Match, matches: list[Match]) -> list[Match]:
    """Other exports of the same system that fit as well, and in which what is not there means something else."""
    return [
        match
        for match in matches
        if match.contract.system == best.contract.system
        and match.contract.export != best.contract.export
        and _fits_whole(match)
    ]
