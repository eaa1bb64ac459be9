"""Finds the contract that fits a grid, by its headers, and says how near the others came.

A file's name plays no part. When two contracts fit equally well, or none does, nobody guesses: the file is held and
the message says which contracts came near and what they miss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.titles import rivals, told
from pipelines.exports.readers.grids import Grid, Head


@lru_cache(maxsize=100_000)
def normal(header: str | None) -> str:
    """A header as it is compared: without case and without surrounding or repeated white space."""
    return re.sub(r"\s+", " ", (header or "").replace("\ufeff", "")).strip().casefold()


@dataclass(frozen=True)
class Match:
    """A contract that fits a grid: where its header is, and which cell each header stands in.

    `header_row` is the last row of the header; -1 says that there is none and the first row is data already. Behind the
    file's own headers stand those that the contract's layout derives (`layout.py` fills their cells).
    """

    contract: Contract
    head: int
    header_row: int
    columns: dict[str, int]
    headers: list[str]
    score: tuple[int, ...]

    def find(self, aliases: list[str]) -> int | None:
        """The cell of the first of these headers that the file has, or None."""
        for alias in aliases:
            if (place := self.columns.get(normal(alias))) is not None:
                return place
        return None

    @property
    def unmapped(self) -> list[str]:
        """The file's headers that the contract does not know."""
        known = {normal(header) for header in self.contract.headers}
        return [header for header in self.headers if normal(header) not in known and not header.startswith("(unnamed")]


@dataclass(frozen=True)
class NearMiss:
    """A contract that almost fits: the headers that the file lacks for it."""

    contract: Contract
    missing: list[str]
    share: float


UNKNOWN = Finding("unknown_headers")


@dataclass
class Recognition:
    """What a grid was recognised as: a match, or why there is none."""

    match: Match | None = None
    near: list[NearMiss] = field(default_factory=list)
    problem: Finding = UNKNOWN


def header_cells(row: list[str | None]) -> tuple[dict[str, int], list[str]]:
    """Normal header -> cell, and every cell's unique header; a blank one is called by its place."""
    columns: dict[str, int] = {}
    headers: list[str] = []
    for place, cell in enumerate(row):
        name = re.sub(r"\s+", " ", (cell or "").replace("\ufeff", "")).strip() or f"(unnamed {place + 1})"
        unique, number = name, 1
        while normal(unique) in columns:
            number += 1
            unique = f"{name} ({number})"
        columns[normal(unique)] = place
        headers.append(unique)
    return columns, headers


def _fits(contract: Contract, columns: dict[str, int], grid: Grid) -> tuple[list[str], bool]:
    """Which required headers and keys are missing, and whether nothing forbids the match."""
    wanted = contract.recognise
    missing = [aliases[0] for aliases in wanted.headers if not any(normal(alias) in columns for alias in aliases)]
    missing += [key for key in wanted.document if key not in grid.document]
    allowed = not any(normal(header) in columns for header in wanted.without)
    allowed = allowed and all(
        re.search(pattern, grid.document[key]) for key, pattern in wanted.document.items() if key in grid.document
    )
    if wanted.only is not None:
        names = {normal(header) for header in wanted.only}
        allowed = allowed and all(column in names or column.startswith("(unnamed") for column in columns)
    return missing, allowed


def joined(rows: list[list[str | None]]) -> list[str | None]:
    """One header of several rows: a merged cell, blank but for its first place, stands over all that is below it."""
    lowest = rows[-1]
    above: list[str] = [""] * len(lowest)
    for row in rows[:-1]:
        last = ""
        for place in range(len(lowest)):
            cell = (row[place] if place < len(row) else None) or ""
            last = cell.strip() or (last if (lowest[place] or "").strip() else "")
            above[place] = f"{above[place]} {last}".strip()
    return [f"{upper} {lower or ''}".strip() or None for upper, lower in zip(above, lowest, strict=True)]


def _match(
    contract: Contract, columns: dict[str, int], headers: list[str], head: int, row: int, required: int
) -> Match:
    known = {normal(header) for header in contract.headers}
    score = (required, contract.table.header_rows, sum(column in known for column in columns))
    every, names = header_cells([*headers, *contract.table.derived])
    return Match(contract, head, row, every, names, score)


def _headless(contract: Contract, head: Head, head_index: int) -> Match | None:
    """A file without a header row: as many columns as the contract says, and cells that look as it says."""
    wanted, names = contract.recognise, contract.table.header or []
    rows = [row for row in head.rows if any(row)]
    whole = [row for row in rows if len(row) == wanted.columns]
    places = {names.index(name): re.compile(pattern) for name, pattern in wanted.patterns.items()}
    fitting = [
        row for row in whole if all(pattern.search((row[place] or "").strip()) for place, pattern in places.items())
    ]
    # A broken line is a reject, not another format; the first row tells a header that is there after all.
    if not fitting or rows[0] is not fitting[0] or len(fitting) < 0.9 * len(rows):
        return None
    columns, headers = header_cells(list(names))
    return _match(contract, columns, headers, head_index, -1, len(places))


def recognise(grid: Grid, contracts: dict[str, Contract]) -> Recognition:
    """The contract whose headers the grid has: the one with most required headers, then with most known ones."""
    matches: dict[str, Match] = {}
    near: dict[str, NearMiss] = {}
    depths = sorted({contract.table.header_rows for contract in contracts.values()})
    for head_index, head in enumerate(grid.heads()):
        for row_index, depth in product(range(len(head.rows)), depths):
            # The topmost row that is a header is the header: what is below it are rows.
            if matches and row_index > min(match.header_row for match in matches.values()):
                break
            rows = head.rows[row_index : row_index + depth]
            columns, headers = header_cells(rows[0] if depth == 1 else joined(rows))
            if len(columns) < 2 or len(rows) < depth:
                continue
            for contract in contracts.values():
                if contract.table.header_rows != depth or not contract.recognise.headers:
                    continue
                missing, allowed = _fits(contract, columns, grid)
                if not allowed or not _part_fits(contract, grid):
                    continue
                required = len(contract.recognise.headers) + len(contract.recognise.document)
                if not missing:
                    found = _match(contract, columns, headers, head_index, row_index + depth - 1, required)
                    best = matches.get(contract.contract)
                    if best is None or found.score > best.score:
                        matches[contract.contract] = found
                    continue
                share = 1 - len(missing) / required
                known_near = near.get(contract.contract)
                if share >= 0.5 and (known_near is None or share > known_near.share):
                    near[contract.contract] = NearMiss(contract, missing, share)
        if not matches:
            headless = [contract for contract in contracts.values() if contract.table.header is not None]
            fitting = [_headless(contract, head, head_index) for contract in headless if _part_fits(contract, grid)]
            matches = {match.contract.contract: match for match in fitting if match}
        if matches:
            break
    return _decide(grid, list(matches.values()), sorted(near.values(), key=lambda miss: -miss.share))


def _part_fits(contract: Contract, grid: Grid) -> bool:
    part = grid.part if grid.within is None else grid.within
    if contract.table.blocks != grid.blocks:
        return False
    if contract.table.path and part.startswith("$"):
        return part == contract.table.path.replace('"', "")
    return not contract.table.sheet or re.search(contract.table.sheet, part) is not None


def _decide(grid: Grid, matches: list[Match], near: list[NearMiss]) -> Recognition:
    if matches:
        matches, named = told(matches, grid)
        best = max(match.score for match in matches)
        top = [match for match in matches if match.score == best]
        if len(top) == 1:
            others = [] if top[0].contract.contract in named else rivals(top[0], matches)
            if not others:
                return Recognition(top[0], near)
            names = ", ".join(sorted(match.contract.contract for match in [*top, *others]))
            return Recognition(None, near, Finding("kind_unclear", name=names))
        names = ", ".join(sorted(match.contract.contract for match in top))
        return Recognition(None, near, Finding("several_contracts", name=names))
    if near:
        miss = near[0]
        contract = miss.contract
        missing = ", ".join(repr(header) for header in miss.missing)
        found = Finding("column_missing", name=contract.title, column_name=missing, contract=contract.contract)
        return Recognition(None, near, found)
    return Recognition(None, near)
