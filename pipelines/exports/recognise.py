"""Finds the contract that fits a grid, by its headers, and says how near the others came.

A file's name plays no part. When two contracts fit equally well, or none does, nobody guesses: the file is held and
the message says which contracts came near and what they miss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipelines.exports.contracts import Contract
from pipelines.exports.grids import Grid


def normal(header: str | None) -> str:
    """A header as it is compared: without case and without surrounding or repeated white space."""
    return re.sub(r"\s+", " ", (header or "").replace("\ufeff", "")).strip().casefold()


@dataclass(frozen=True)
class Match:
    """A contract that fits a grid: where its header is, and which cell each header stands in."""

    contract: Contract
    head: int
    header_row: int
    columns: dict[str, int]
    headers: list[str]
    score: tuple[int, int]

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


@dataclass
class Recognition:
    """What a grid was recognised as: a match, or why there is none."""

    match: Match | None = None
    near: list[NearMiss] = field(default_factory=list)
    reason: str = ""


def _header_cells(row: list[str | None]) -> tuple[dict[str, int], list[str]]:
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


def _fits(contract: Contract, columns: dict[str, int]) -> tuple[list[str], bool]:
    """Which required headers are missing, and whether nothing forbids the match."""
    wanted = contract.recognise
    missing = [aliases[0] for aliases in wanted.headers if not any(normal(alias) in columns for alias in aliases)]
    allowed = not any(normal(header) in columns for header in wanted.without)
    if wanted.only is not None:
        names = {normal(header) for header in wanted.only}
        allowed = allowed and all(column in names or column.startswith("(unnamed") for column in columns)
    return missing, allowed


def recognise(grid: Grid, contracts: dict[str, Contract]) -> Recognition:
    """The contract whose headers the grid has: the one with most required headers, then with most known ones."""
    matches: dict[str, Match] = {}
    near: dict[str, NearMiss] = {}
    for head_index, head in enumerate(grid.heads()):
        for row_index, row in enumerate(head.rows):
            columns, headers = _header_cells(row)
            if len(columns) < 2:
                continue
            for contract in contracts.values():
                missing, allowed = _fits(contract, columns)
                if not allowed or not contract.recognise.headers or not _part_fits(contract, grid.part):
                    continue
                if not missing:
                    known = {normal(header) for header in contract.headers}
                    score = (len(contract.recognise.headers), sum(column in known for column in columns))
                    best = matches.get(contract.contract)
                    if best is None or score > best.score:
                        found = Match(contract, head_index, row_index, columns, headers, score)
                        matches[contract.contract] = found
                    continue
                share = 1 - len(missing) / len(contract.recognise.headers)
                known_near = near.get(contract.contract)
                if share >= 0.5 and (known_near is None or share > known_near.share):
                    near[contract.contract] = NearMiss(contract, missing, share)
        if matches:
            break
    return _decide(list(matches.values()), sorted(near.values(), key=lambda miss: -miss.share))


def _part_fits(contract: Contract, part: str) -> bool:
    if contract.table.path and part.startswith("$"):
        return part == contract.table.path.replace('"', "")
    return not contract.table.sheet or re.search(contract.table.sheet, part) is not None


def _decide(matches: list[Match], near: list[NearMiss]) -> Recognition:
    if matches:
        best = max(match.score for match in matches)
        top = [match for match in matches if match.score == best]
        if len(top) == 1:
            return Recognition(top[0], near)
        names = " and ".join(sorted(match.contract.contract for match in top))
        return Recognition(None, near, f"it fits {names} equally well; tell them apart in the contracts (`without`)")
    if near:
        miss = near[0]
        columns = ", ".join(repr(header) for header in miss.missing)
        return Recognition(
            None,
            near,
            f"it looks like {miss.contract.title}, but the column {columns} is missing; export it with "
            f"{'this column' if len(miss.missing) == 1 else 'these columns'}, or mend the contract {miss.contract.contract}",
        )
    return Recognition(
        None, near, "no source contract knows these headers; `keybook contract new FILE` writes a first one to correct"
    )
