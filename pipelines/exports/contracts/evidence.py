"""What a row of headers says for and against each contract.

A header speaks for every contract that knows it, the louder the fewer do: `StageName` says much, `Id` little. An index over
all contracts answers it by the file's headers alone, so that a hundred more contracts cost a file nothing: only those
that the headers speak for are looked at.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from math import log
from typing import Any

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import normal, squashed

# What a header counts that no contract knows: a user's own column says nothing, but a file of nothing else is unknown.
UNKNOWN_WEIGHT = 1.0
# How much less a header counts that is spelt otherwise than the contract spells it.
RESPELT = 0.8
# How much a header counts against a contract that is usually there and is not.
ABSENT = 0.5
# In another language two headers that no other program has must be there: its other words are anybody's.
LEAST_TOLD = 2
# How much more a header counts for a contract that is told by it.
TOLD_BY = 1.25
# Rows of headers of which is remembered what they say.
_ROWS_KEPT = 100


@dataclass
class Known:
    """What one contract knows of headers, squashed -> as it spells them."""

    spelt: dict[str, list[str]] = field(default_factory=dict)
    signature: set[str] = field(default_factory=set)
    # Headers of the vendor's other languages, squashed -> its own.
    languages: dict[str, str] = field(default_factory=dict)
    told_by: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Evidence:
    """What a row of headers says for one contract.

    `score` tells contracts apart, `signature` is the share of the headers that tell the export which are there, `share`
    the share of the file's headers that the contract knows, and `loudness` how much is said in all, in headers that no
    other contract knows. Headers count by how few contracts know them.
    """

    contract: Contract
    score: float
    signature: float
    share: float
    loudness: float
    # Contract's header -> cell, for those that the file spells otherwise.
    respelt: dict[str, int]
    absent: list[str]


class Index:
    """Which contracts know which headers."""

    def __init__(self, contracts: dict[str, Contract]) -> None:
        """Reads every contract's headers once."""
        self.contracts = list(contracts.values())
        self.known = [self._known(contract) for contract in self.contracts]
        self.by_header: dict[str, list[int]] = {}
        for place, known in enumerate(self.known):
            for header in known.spelt.keys() | known.languages.keys():
                self.by_header.setdefault(header, []).append(place)
        count = len(self.contracts) + 1
        self.weights = {header: log(1 + count / len(places)) for header, places in self.by_header.items()}
        self.loudest = log(1 + count)
        self.depths = sorted({contract.table.header_rows for contract in self.contracts})
        self._remembered: OrderedDict[tuple[object, ...], Any] = OrderedDict()

    def remembered(self, asked: tuple[object, ...]) -> Any:
        """What was found for a row of headers before; None for nothing."""
        if asked in self._remembered:
            self._remembered.move_to_end(asked)
        return self._remembered.get(asked)

    def remember(self, asked: tuple[object, ...], found: object) -> None:
        """Keeps what was found, as long as no hundred other rows come."""
        self._remembered[asked] = found
        while len(self._remembered) > _ROWS_KEPT:
            self._remembered.popitem(last=False)

    @staticmethod
    def _known(contract: Contract) -> Known:
        known = Known()
        for header in sorted(contract.headers):
            known.spelt.setdefault(squashed(header), []).append(normal(header))
        known.signature = {squashed(alias) for aliases in contract.recognise.headers for alias in aliases}
        known.languages = {squashed(theirs): squashed(own) for theirs, own in contract.languages.items()}
        known.told_by = set(map(squashed, contract.told_by))
        return known

    def candidates(self, columns: dict[str, int], depth: int) -> list[Evidence]:
        """What the headers say for each contract that knows two of them, or half."""
        letters = {squashed(header): place for header, place in reversed(columns.items())}
        counts: dict[int, int] = {}
        for header in letters:
            for place in self.by_header.get(header, ()):
                counts[place] = counts.get(place, 0) + 1
        found = []
        for place, count in counts.items():
            contract = self.contracts[place]
            wanted = contract.recognise.headers
            if contract.table.header_rows == depth and wanted and (count > 1 or 2 * count >= len(letters)):
                found.append(self._evidence(place, columns, letters))
        return found

    def _evidence(self, place: int, columns: dict[str, int], letters: dict[str, int]) -> Evidence:
        contract, known = self.contracts[place], self.known[place]
        if known.languages.keys() & letters.keys():
            # What is said in another language of the vendor's is said.
            own = {known.languages[header]: cell for header, cell in letters.items() if header in known.languages}
            translated = own | {header: cell for header, cell in letters.items() if header not in known.languages}
            if len(known.told_by & translated.keys()) >= LEAST_TOLD:
                letters = translated
        respelt: dict[str, int] = {}
        score = total = share = 0.0
        for header, cell in letters.items():
            spellings = known.spelt.get(header)
            total += self.weights.get(header, UNKNOWN_WEIGHT)
            if spellings is None:
                continue
            weight = self.weights[header]
            share += weight
            if any(spelling in columns for spelling in spellings):
                score += weight * (TOLD_BY if header in known.signature else 1)
            else:
                score += weight * (TOLD_BY if header in known.signature else 1) * RESPELT
                respelt |= dict.fromkeys(spellings, cell)
        there = whole = absent = 0.0
        lacking = []
        for aliases in contract.recognise.headers:
            weights = {alias: self.weights[squashed(alias)] for alias in aliases}
            found = {alias: weight for alias, weight in weights.items() if squashed(alias) in letters}
            if found:
                there += max(weight * (1 if normal(alias) in columns else RESPELT) for alias, weight in found.items())
                whole += max(found.values())
            else:
                absent += max(weights.values())
                whole += max(weights.values())
                lacking.append(aliases[0])
        against = sum(
            self.weights.get(squashed(header), UNKNOWN_WEIGHT)
            for header in contract.recognise.without
            if squashed(header) in letters
        )
        signature = there / whole if whole else 0.0
        return Evidence(
            contract,
            score - ABSENT * absent - against,
            signature,
            share / total,
            share / self.loudest,
            respelt,
            lacking,
        )


_INDEXES: OrderedDict[tuple[int, ...], tuple[list[Contract], Index]] = OrderedDict()
_KEPT = 8


def index_of(contracts: dict[str, Contract]) -> Index:
    """The index of these contracts, made once while they are the same objects."""
    key = tuple(map(id, contracts.values()))
    if key not in _INDEXES:
        # The contracts are held beside it, so that none of their ids is given away while it is kept.
        _INDEXES[key] = (list(contracts.values()), Index(contracts))
        while len(_INDEXES) > _KEPT:
            _INDEXES.popitem(last=False)
    return _INDEXES[key][1]
