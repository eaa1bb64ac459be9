"""Finds the contract that fits a grid by all that its headers say, and tells how near the others came.

A file's name plays no part. What a row means nothing without must be there (`needs.py`); of the rest the contract wins
that most speaks for (`evidence.py`). When two contracts fit equally well, or none does, nobody guesses: the file is held
and the message says which contracts came near and what they miss.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import product

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract, EntityMap
from pipelines.exports.contracts.evidence import Evidence, Index, index_of
from pipelines.exports.contracts.headers import header_cells, joined, normal, squashed
from pipelines.exports.contracts.needs import main_feed, missing, untold_rows
from pipelines.exports.contracts.no_exports import told_as
from pipelines.exports.contracts.titles import is_named, rivals, told
from pipelines.exports.entities import entities
from pipelines.exports.readers.grids import Grid, Head

# The least share of the headers that tell an export which must be there.
LEAST_SIGNATURE = 0.55
# With so much of them there, however many columns a company adds of its own.
WHOLE_SIGNATURE = 0.9
# The least share of a file's headers that it knows, where not so many are there.
TOLD_SHARE = 0.6
# The least that must be said, in headers that one contract alone knows: `Id` and `Name` are anybody's.
LEAST_LOUDNESS = 1.2
# The least share of a file's headers that a contract knows which is near.
LEAST_SHARE = 0.5
# The least share of cells that are written as `patterns` says.
LIKE_SHARE = 0.9
# Shares that differ by less are the same.
SAME_SHARE = 0.02
# The least part of the nearest one's score with which another export is as near.
SAME_SCORE = 0.9


@dataclass(frozen=True)
class Match:
    """A contract that fits a grid: where its header is, and which cell each header stands in.

    `header_row` is the last row of the header; -1 says that there is none and the first row is data already. Behind the
    file's own headers stand those that the contract's layout derives (`layout.py` fills their cells). `columns` holds a
    header that the file spells otherwise under the contract's own spelling too. `unfed` are the contract's feeds that the
    file cannot give, each with the headers that it lacks for them.
    """

    contract: Contract
    head: int
    header_row: int
    columns: dict[str, int]
    headers: list[str]
    score: tuple[float, ...]
    unfed: dict[int, list[str]] = field(default_factory=dict)

    def find(self, aliases: list[str]) -> int | None:
        """The cell of the first of these headers that the file has, or None."""
        for alias in aliases:
            if (place := self.columns.get(normal(alias))) is not None:
                return place
        return None

    def has(self, aliases: list[str]) -> bool:
        """Whether the file has one of these headers."""
        return self.find(aliases) is not None

    @property
    def feeds(self) -> list[tuple[str, EntityMap]]:
        """The contract's feeds that the file can give."""
        return [feed for place, feed in enumerate(self.contract.feeds) if place not in self.unfed]

    @property
    def unmapped(self) -> list[str]:
        """The file's headers that the contract does not know."""
        known = {self.columns[name] for header in self.contract.headers if (name := normal(header)) in self.columns}
        return [
            header
            for place, header in enumerate(self.headers)
            if place not in known and not header.startswith("(unnamed")
        ]


@dataclass(frozen=True)
class NearMiss:
    """A contract that almost fits: the headers that the file lacks for it, and the share of its headers that it knows."""

    contract: Contract
    missing: list[str]
    share: float
    # Whether the file itself says that it is this export.
    is_named: bool = False
    score: float = 0.0


@dataclass(frozen=True)
class _Candidate:
    """A contract that a row of headers speaks for: the headers that it lacks for it, and the feeds that it cannot give."""

    evidence: Evidence
    lacking: list[str]
    unfed: dict[int, list[str]]


UNKNOWN = Finding("unknown_headers")


@dataclass
class Recognition:
    """What a grid was recognised as: a match, or why there is none."""

    match: Match | None = None
    near: list[NearMiss] = field(default_factory=list)
    problem: Finding = UNKNOWN
    # Contracts that fit equally well: landed ids may tell which (`landing/owners.py`).
    tied: list[Match] = field(default_factory=list)


def _allowed(
    contract: Contract, columns: dict[str, int], rows: list[list[str | None]], grid: Grid, index: Index
) -> bool:
    """Whether nothing forbids the match; a header that no contract knows is a company's own."""
    wanted = contract.recognise
    if not all(_looks_so(pattern, columns.get(normal(name)), rows) for name, pattern in wanted.patterns.items()):
        return False
    if wanted.only is not None:
        others = {squashed(column) for column in columns} - {squashed(header) for header in wanted.only}
        if any(header in index.by_header for header in others if not header.startswith("unnamed")):
            return False
    return all(
        re.search(pattern, grid.document[key]) for key, pattern in wanted.document.items() if key in grid.document
    )


def _looks_so(pattern: str, place: int | None, rows: list[list[str | None]]) -> bool:
    """Whether nine of ten cells of a column that the file has are written as this export writes them, such as its ids.

    What stands alone in its row is a line below the table.
    """
    if place is None:
        return True
    whole = [row for row in rows if place < len(row) and sum(map(bool, row)) > 1]
    filled = [cell for row in whole if (cell := (row[place] or "").strip())]
    return sum(bool(re.search(pattern, cell)) for cell in filled) >= LIKE_SHARE * len(filled)


def _candidates(index: Index, columns: dict[str, int], depth: int, grid: Grid) -> list[_Candidate]:
    """What a row of headers says for each contract, and what it lacks for it; of equal rows, as thousands of files have, once."""
    # Every cell has a header of its own, a blank one too: their order says where each stands.
    asked = (depth, tuple(columns), tuple(grid.document))
    found: list[_Candidate] | None = index.remembered(asked)
    if found is None:
        said = index.candidates(columns, depth)
        found = [_Candidate(evidence, *_lacking(evidence, columns, grid)) for evidence in said]
        index.remember(asked, found)
    return found


def _lacking(evidence: Evidence, columns: dict[str, int], grid: Grid) -> tuple[list[str], dict[int, list[str]]]:
    """The headers without which the contract cannot read the file, and the feeds that it can do without, with theirs."""
    contract = evidence.contract
    derived = {normal(header) for header in contract.table.derived}
    known = columns.keys() | evidence.respelt.keys() | derived

    def has(aliases: list[str]) -> bool:
        return any(normal(alias) in known for alias in aliases)

    wanted = contract.recognise
    lacking = [key for key in wanted.document if key not in grid.document]
    unfed: dict[int, list[str]] = {}
    if contract.refuse or (wanted.only is not None and not wanted.title):
        lacking += [aliases[0] for aliases in wanted.headers if not any(normal(alias) in columns for alias in aliases)]
    if not contract.refuse:
        lacking += untold_rows(contract, has)
    main = main_feed(contract)
    for place, (entity_id, mapping) in enumerate(contract.feeds):
        if headers := missing(contract, entity_id, mapping, has):
            if place == main:
                lacking += headers
            else:
                unfed[place] = headers
    if not lacking and wanted.only is None and not _is_told(evidence):
        lacking = evidence.absent or [aliases[0] for aliases in wanted.headers]
    return list(dict.fromkeys(lacking)), unfed


def _is_told(evidence: Evidence) -> bool:
    """Whether enough speaks for the contract: two of all that it is told by, most of the file, and enough in all."""
    said = (
        evidence.signature >= WHOLE_SIGNATURE,
        evidence.share >= TOLD_SHARE,
        evidence.loudness >= LEAST_LOUDNESS,
    )
    return evidence.signature >= LEAST_SIGNATURE and sum(said) > 1


def _match(evidence: Evidence, headers: list[str], head: int, row: int) -> Match:
    contract = evidence.contract
    # A column of the file's own that is called as a derived one is the other one.
    derived = contract.table.derived
    told, first = header_cells([*derived, *headers])
    count = len(derived)
    every = {name: place - count if place >= count else place + len(headers) for name, place in told.items()}
    names = [*first[count:], *first[:count]]
    # What the document says of itself goes before all that its headers say.
    score = (float(len(contract.recognise.document)), evidence.score)
    return Match(contract, head, row, evidence.respelt | every, names, score)


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
    if not fitting or rows[0] is not fitting[0] or len(fitting) < LIKE_SHARE * len(rows):
        return None
    columns, headers = header_cells([*names, *contract.table.derived])
    return Match(contract, head_index, -1, columns, headers, (0.0, float(len(places))))


def recognise(grid: Grid, contracts: dict[str, Contract]) -> Recognition:
    """The contract that most speaks for, of those that can read the grid; found once, though whoever handles a grid asks."""
    index = index_of(contracts)
    asked = (index, grid.part, grid.within)
    if asked not in grid.recognised:
        grid.recognised[asked] = _recognise(grid, contracts, index)
    found: Recognition = grid.recognised[asked]
    return found


def _recognise(grid: Grid, contracts: dict[str, Contract], index: Index) -> Recognition:
    # A cell alone is a title; where it is known what the file is (a list, by its name) it may be the whole header.
    fewest = min(2, len(contracts))
    matches: dict[str, Match] = {}
    near: dict[str, NearMiss] = {}
    for head_index, head in enumerate(grid.heads()):
        for row_index, depth in product(range(len(head.rows)), index.depths):
            # The topmost row that is a header is the header: what is below it are rows.
            if matches and row_index > min(match.header_row for match in matches.values()):
                break
            rows = head.rows[row_index : row_index + depth]
            columns, headers = header_cells(rows[0] if depth == 1 else joined(rows))
            if len(columns) < fewest or len(rows) < depth:
                continue
            below = head.rows[row_index + depth :]
            for candidate in _candidates(index, columns, depth, grid):
                evidence, lacking = candidate.evidence, candidate.lacking
                contract = evidence.contract
                if not _part_fits(contract, grid) or not _allowed(contract, columns, below, grid, index):
                    continue
                if not lacking:
                    found = _match(evidence, headers, head_index, row_index + depth - 1)
                    found.unfed.update(candidate.unfed)
                    best = matches.get(contract.contract)
                    if best is None or found.score > best.score:
                        matches[contract.contract] = found
                    continue
                known_near = near.get(contract.contract)
                if evidence.share >= LEAST_SHARE and (known_near is None or evidence.share > known_near.share):
                    found = _match(evidence, headers, head_index, row_index + depth - 1)
                    named = is_named(found, grid)
                    # Of an export that more speaks against than for, a common header or two tell nothing.
                    if named or evidence.score > 0:
                        near[contract.contract] = NearMiss(contract, lacking, evidence.share, named, evidence.score)
        if not matches:
            headless = [contract for contract in contracts.values() if contract.table.header is not None]
            fitting = [_headless(contract, head, head_index) for contract in headless if _part_fits(contract, grid)]
            matches = {match.contract.contract: match for match in fitting if match}
        if matches:
            break
    return _decide(
        grid,
        list(matches.values()),
        sorted(near.values(), key=lambda miss: (not miss.is_named, -round(miss.share, 1), -miss.score)),
    )


def _is_anybodys(near: list[NearMiss]) -> bool:
    """Whether exports of several systems are equally near: whose the file is, its headers do not say."""
    first = near[0]
    alike = [miss for miss in near if not first.is_named and miss.share > first.share - SAME_SHARE]
    return len({miss.contract.system for miss in alike}) > 1


def _repeats(match: Match, grid: Grid) -> bool:
    """Whether what should tell the rows of a feed is the same in most of them, as far as the file's head shows."""
    if match.header_row < 0 or match.contract.table.path:
        return False
    rows = grid.heads()[match.head].rows[match.header_row + 1 :]
    for entity_id, mapping in match.feeds:
        specs = [mapping.columns[name] for name in entities()[entity_id].key if name in mapping.columns]
        found = [match.find(aliases) for spec in specs for aliases in spec.origins]
        places = [place for place in found if place is not None]
        if mapping.key == "made" or mapping.one_row_per or not places:
            continue
        keys = [tuple(row[place] for place in places) for row in rows if max(places) < len(row) and row[places[0]]]
        if len(keys) > 1 and 2 * len(set(keys)) <= len(keys):
            return True
    return False


def _is_more(near: list[NearMiss], match: Match, grid: Grid) -> bool:
    """Whether the file says more for another export of the system, of other things, that lacks what it needs."""
    if match.contract.refuse:
        return False
    feeds = match.contract.feeds
    about = feeds[main_feed(match.contract)][0] if feeds else ""
    for miss in near:
        if miss.contract.system != match.contract.system and miss.score > match.score[-1]:
            return True
        if miss.contract.system != match.contract.system or not miss.contract.feeds:
            continue
        others = miss.contract.feeds[main_feed(miss.contract)][0] != about
        if others and (miss.score > match.score[-1] or (_repeats(match, grid) and miss.share > TOLD_SHARE)):
            return True
    return False


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
        # A file that says which export it is, and lacks what that one needs, is no other export of the system.
        meant = {miss.contract.system for miss in near if miss.is_named} - {
            match.contract.system for match in matches if match.contract.contract in named
        }
        matches = [match for match in matches if match.contract.system not in meant]
        # Of one export the ids are all alike: it is another, unless there is no other.
        matches = [match for match in matches if not _repeats(match, grid)] or matches
        matches = [match for match in matches if match.contract.contract in named or not _is_more(near, match, grid)]
    if matches:
        best = max(match.score for match in matches)
        top = [match for match in matches if match.score == best]
        if len(top) == 1:
            others = [] if top[0].contract.contract in named else rivals(top[0], matches)
            if not others:
                return Recognition(top[0], near)
            names = ", ".join(sorted(match.contract.contract for match in [*top, *others]))
            return Recognition(None, near, Finding("kind_unclear", name=names))
        names = ", ".join(sorted(match.contract.contract for match in top))
        return Recognition(None, near, Finding("several_contracts", name=names), top)
    if (no_export := told_as(grid)) and not any(miss.is_named for miss in near):
        return Recognition(None, [], no_export)
    if near and not _is_anybodys(near):
        alike = _as_near(near)
        found = Finding(
            "column_missing",
            name=" / ".join(miss.contract.title for miss in alike),
            column_name=" / ".join(", ".join(repr(header) for header in miss.missing) for miss in alike),
            contract=" / ".join(miss.contract.contract for miss in alike),
        )
        return Recognition(None, near, found)
    return Recognition(None, near)


def _as_near(near: list[NearMiss]) -> list[NearMiss]:
    """The nearest export, with the others of its system for which the file says as much: it may be any of them."""
    first = near[0]
    return [
        miss
        for miss in near
        if miss is first
        or (
            miss.is_named == first.is_named
            and miss.share > first.share - SAME_SHARE
            and miss.score > SAME_SCORE * first.score
        )
    ]
