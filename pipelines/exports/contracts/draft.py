"""Writes a first source contract for a file that no contract knows, every guess marked for a person to confirm.

The guesses are `guess.py`'s (which entity, which column) and `profile.py`'s (dates, numbers, words); here they become
the text of a contract. Where the file tells nothing, the contract says so instead of choosing: two orders of dates are
both listed, and words without a meaning are listed to be mapped and rejected by name until they are.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.guess import Guess, guess, plain, synonyms
from pipelines.exports.contracts.loading import read_contract
from pipelines.exports.contracts.profile import DAY_FIRST, MONTH_FIRST, Profile, profile
from pipelines.exports.contracts.recognise import recognise
from pipelines.exports.entities import Column
from pipelines.exports.landing.land import Landing, ReadingRules, open_grids
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.landing.reading import TextTable, open_table, table_names
from pipelines.exports.readers.unpack import Limits

MOST_REQUIRED = 8
# Rows of totals are looked for among the last rows.
LAST_ROWS = 20


class DraftError(Exception):
    """No first contract can be written; the message says why and what to do."""


@dataclass
class Drafted:
    """What was written, and what it does with the file as it stands."""

    path: Path
    summary: str
    rows_loaded: int = 0
    rows_rejected: int = 0
    # Why the file would be held, and the first rows that it would reject.
    findings: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


def _text(value: str) -> str:
    """A text as YAML writes it within a line."""
    return yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9).strip()[1:-1]


def _shown(value: str) -> str:
    """A value within a comment: one line, and not endless."""
    return repr(value if len(value) <= 40 else value[:39] + "…")


def write_draft(
    path: Path, out: Path, contracts: dict[str, Contract], limits: Limits, sheet: str | None = None
) -> Drafted:
    """Writes a first contract for one table of a file: the named one, or the first that no contract knows.

    Raises:
        DraftError: the file is recognised already, or nothing in it fits any entity, or the target exists.
        UnreadableError: the file cannot be read.
    """
    sheet = sheet or _first_unknown(path, contracts, limits)
    with open_table(path, contracts, limits, sheet) as table:
        if table.match is not None:
            known = table.match.contract
            raise DraftError(
                f"{known.title} ({known.contract}) recognises it already; `keybook detect` shows what it maps"
            )
        headers = table.columns
        totals = _take_totals(table, headers)
        profiles = [profile(table.connection, header, place) for place, header in enumerate(headers)]
        named = re.sub(r"(\.[A-Za-z]\w{1,6})+$", "", path.name)
        found = guess(profiles, f"{named} {table.grid.part or table.grid.name}")
        if found is None:
            listed = ", ".join(repr(header) for header in headers[:12])
            raise DraftError(
                f"its columns ({listed}) fit no entity of pipelines/entities.yml; docs/contracts.md shows how to "
                "write a contract by hand"
            )
        target = _target(out, named, found, contracts)
        text = "\n".join(_Draft(table, found, profiles, totals, target.stem).lines()) + "\n"
        others = table.others
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        written = Path(folder) / target.name
        written.write_text(text, encoding="utf-8")
        contract = read_contract(written)
        drafted = Drafted(target, _summary(found, len(headers)), others=others)
        _try(path, contract, limits, Path(folder), drafted)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return drafted


def _first_unknown(path: Path, contracts: dict[str, Contract], limits: Limits) -> str | None:
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        grids = open_grids(path, Path(folder), contracts, limits)
        for grid, name in zip(grids, table_names(grids), strict=True):
            if recognise(grid, contracts).match is None:
                return name or None
    return None


def _take_totals(table: TextTable, headers: list[str]) -> list[tuple[str, str]]:
    """Takes rows of totals out of the loaded table: the header and the word that tells each."""
    words = {plain(word) for word in synonyms()["totals"]}
    last = table.connection.execute("select * from grid order by _line desc limit ?", [LAST_ROWS]).fetchall()
    found = set()
    for line, *cells in last:
        for header, cell in zip(headers, cells, strict=False):
            if cell and plain(cell) in words:
                found.add((header, cell.strip()))
                table.connection.execute("delete from grid where _line = ?", [line])
                break
    return sorted(found)


def _target(out: Path, named: str, found: Guess, contracts: dict[str, Contract]) -> Path:
    """The file to write: as given, or named after the export, in the given folder."""
    if out.suffix == ".yml":
        target = out
    else:
        words = [word for word in re.sub(r"[^a-z]+", " ", named.casefold()).split() if len(word) > 1]
        vendor = words[0] if words else "mine"
        target = out / f"{vendor}_{found.entity.name}.yml"
    if target.exists() or target.stem in contracts:
        raise DraftError(f"a contract {target.stem} exists already; name another with --out")
    return target


def _summary(found: Guess, headers: int) -> str:
    return f"{found.entity.id}, {len({column.place for column in found.columns.values()})} of {headers} columns mapped"


def _try(path: Path, contract: Contract, limits: Limits, folder: Path, drafted: Drafted) -> None:
    """Lands the file with the contract in a store of its own, so that a person sees what it does."""
    store = RawStore(folder / "raw")
    store.receipts_folder.mkdir(parents=True)
    receipt = Landing(store, {contract.contract: contract}, ReadingRules(limits=limits)).land_file(path, path.name)
    drafted.rows_loaded = sum(int(row["rows_loaded"]) for row in receipt.entities)
    drafted.rows_rejected = receipt.rows_rejected
    drafted.findings, drafted.rejects = receipt.held, store.rejects(receipt.sha256, 5)


class _Draft:
    """The lines of one contract."""

    def __init__(
        self, table: TextTable, found: Guess, profiles: list[Profile], totals: list[tuple[str, str]], name: str
    ) -> None:
        self.table = table
        self.totals = totals
        self.found = found
        self.profiles = profiles
        self.name = name
        self.columns = dict(found.columns)
        self.repeats = False
        key = found.entity.key[0]
        if found.made_key == key and key in self.columns:
            self.repeats = self._header_repeats(key)
            if not self.repeats:
                del self.columns[key]
        elif found.made_key:
            self.columns.pop(found.made_key, None)
        # What other exports call a document by is its id: the number is both.
        entity_names = {column.name for column in found.entity.columns}
        if "number" in entity_names - self.columns.keys() and key in self.columns:
            self.columns["number"] = self.columns[key]
        names = [column.name for column in found.entity.columns]
        self.columns = {column: self.columns[column] for column in names if column in self.columns}

    def _header_repeats(self, key: str) -> bool:
        """Whether the key's other values are the same in all of its rows: a line a row, the head repeated."""
        others = [
            f"c{self.columns[column.name].place}"
            for column in self.found.entity.columns
            if column.name in self.columns and column.name != key and column.type in ("date", "money")
        ]
        if not others or not self.columns[key].filled:
            return False
        differing = self.table.connection.execute(
            f"select count(*) from (select 1 from grid group by c{self.columns[key].place} "
            f"having count(distinct concat_ws(chr(31), {', '.join(others)})) > 1)"
        ).fetchall()
        return int(differing[0][0]) == 0

    def lines(self) -> Iterator[str]:
        """The contract, top to bottom."""
        entity = self.found.entity
        yield "# A first contract, written from the file alone. Confirm or correct each guess; docs/contracts.md"
        yield "# explains every key. `keybook detect` shows what it maps, `keybook retry` lands held files again."
        yield f"contract: {self.name}"
        yield f"title: {_text(self.name.replace('_', ' ').capitalize())}  # guess: what do people call this export?"
        yield (
            f"system: {self.name.split('_')[0]}  # guess: the source system; exports of one system share their ids, "
            "and all name the same"
        )
        yield "recognise:"
        yield "  headers:  # guess: headers that must be there"
        yield from (f"    - {_text(header)}" for header in self._required())
        yield from self._table()
        yield from self._formats()
        unmapped = self._unmapped()
        if unmapped:
            yield "# guess: these mean nothing to Keybook; they are kept in _extra. Map what you need below."
            yield "known:"
            yield from (f"  - {_text(found.header)}" for found in unmapped)
        yield "entities:"
        yield f"  {entity.id}:  # guess: the entity whose columns fit best"
        if self.found.made_key and not self.repeats:
            yield f"    key: made  # guess: no column is different in every row, so {self.found.made_key} is made"
        if self.repeats:
            key = self.columns[entity.key[0]].header
            yield f"    one_row_per: [{_text(key)}]  # guess: it repeats, with the same dates and amounts"
        yield "    columns:"
        for column in entity.columns:
            if column.name in self.columns:
                yield from self._column(column, self.columns[column.name])
            elif column.name == "currency" and (code := self._currency()):
                yield f"      currency: {{value: {code}}}  # guess: from a header"
            elif entity.id == "crm.deals" and column.name == "status" and "stage" in self.columns:
                yield "      # guess: no column says whether a deal is open, won or lost; its stage does"
                yield from self._vocabulary(column, self.columns["stage"])
            elif column.name == "document_kind":
                yield "      document_kind: {value: invoice}  # guess: every row is an invoice"

    def _required(self) -> list[str]:
        """The headers to recognise by: the key, what the entity needs, then the others that are mapped."""
        needs = synonyms()["entities"].get(self.found.entity.id, {}).get("needs", [])
        first = [name for name in [*self.found.entity.key, *needs] if name in self.columns]
        names = list(dict.fromkeys([*first, *self.columns]))
        return list(dict.fromkeys(self.columns[name].header for name in names))[:MOST_REQUIRED]

    def _unmapped(self) -> list[Profile]:
        used = {found.place for found in self.columns.values()}
        return [found for found in self.profiles if found.place not in used and not found.header.startswith("(unnamed")]

    def _table(self) -> Iterator[str]:
        part = self.table.grid.part
        path = part[part.index("$") :] if "$" in part else ""
        if path or self.totals:
            yield "table:"
        if path:
            yield f"  path: {_text(path)}"
        if self.totals:
            yield "  skip:  # guess: rows of totals are no data"
            yield from (f"    - {{column: {_text(header)}, is: {_text(word)}}}" for header, word in self.totals)

    def _formats(self) -> Iterator[str]:
        lines = [*self._date_lines(), *self._number_lines()]
        if lines:
            yield "formats:"
            yield from lines

    def _moments(self) -> list[Profile]:
        typed = {column.name: column.type for column in self.found.entity.columns}
        return [found for name, found in self.columns.items() if typed[name] in ("date", "timestamp")]

    def _date_lines(self) -> Iterator[str]:
        moments = [found for found in self._moments() if found.filled]
        orders: dict[str, list[str]] = {DAY_FIRST: [], MONTH_FIRST: [], "": []}
        for found in moments:
            for pattern, (order, _) in found.dates.items():
                orders[order] = list(dict.fromkeys([*orders[order], pattern]))
        unread = {order: sum(found.unread.get(order, 0) for found in moments) for order in (DAY_FIRST, MONTH_FIRST)}
        both = orders[DAY_FIRST] and orders[MONTH_FIRST]
        if both and unread[DAY_FIRST] == unread[MONTH_FIRST]:
            yield "  # guess: both orders read every date of this file; keep the one that is meant, as `date: [...]`"
            yield "  date_orders:"
            for order in (DAY_FIRST, MONTH_FIRST):
                yield f"    {order}: [{', '.join(_text(pattern) for pattern in orders[order])}]"
            order = ""
        else:
            order = min(unread, key=lambda name: unread[name]) if moments else ""
        known = [*(orders[order] if order else []), *orders[""]]
        if known:
            other = MONTH_FIRST if order == DAY_FIRST else DAY_FIRST
            why = f"; as {other}, {unread[other]} values could not be read" if both and order else ""
            left = f"; {unread[order]} values read neither way" if order and unread[order] else ""
            yield f"  date: [{', '.join(_text(pattern) for pattern in known)}]  # guess: found in the values{why}{left}"

    def _number_lines(self) -> Iterator[str]:
        typed = {column.name: column.type for column in self.found.entity.columns}
        numeric = [
            found
            for name, found in self.columns.items()
            if typed[name] not in ("text", "date", "timestamp", "boolean", "currency") and found.filled
        ]
        points, commas = (sum(found.numbers.get(mark, 0) for found in numeric) for mark in ".,")
        if not any(found.marked for found in numeric):
            return
        if points == commas:
            yield "  # guess: every number reads with either decimal mark (1,234 may be 1234 or 1.234): which is meant?"
        mark, thousands = (",", ["."]) if commas > points else (".", [","])
        if any(found.apostrophes for found in numeric):
            thousands.append("'")
        most, fewest = max(points, commas), min(points, commas)
        yield f"  decimal: {_text(mark)}  # guess: {most} numbers read so, {fewest} the other way"
        yield f"  thousands: [{', '.join(_text(other) for other in thousands)}]"

    def _currency(self) -> str | None:
        if "currency" not in {column.name for column in self.found.entity.columns}:
            return None
        for found in self.profiles:
            code = re.search(r"[(\[ ]([A-Z]{3})[)\]]?$", found.header)
            if code and found.number_share > 0 and found.filled:
                return code[1]
        return None

    def _column(self, column: Column, found: Profile) -> Iterator[str]:
        needs = synonyms()["entities"].get(self.found.entity.id, {}).get("needs", [])
        required = ", required: true" if column.name in needs and found.filled == found.rows else ""
        unit = ""
        if column.type == "ratio" and found.percents:
            unit = r", extract: '^(.*?)\s*%?$', unit: percent"
        elif column.type == "seconds" and found.clocks:
            unit = ", unit: hms"
        mark = "  # guess" if plain(found.header) != plain(column.name) else ""
        if column.one_of:
            yield from self._vocabulary(column, found)
        elif required or unit:
            yield f"      {column.name}: {{from: {_text(found.header)}{required}{unit}}}{mark or '  # guess'}"
        else:
            yield f"      {column.name}: {_text(found.header)}{mark}"
        if column.type == "boolean" and found.words:
            words = ", ".join(_shown(word) for word in found.words)
            yield f"        # guess: its words are {words}; `formats: {{true: [...], false: [...]}}` tells them apart"

    def _vocabulary(self, column: Column, found: Profile) -> Iterator[str]:
        known = synonyms()["values"].get(column.name, {})
        meanings = {plain(word): ours for ours in column.one_of for word in [ours, *known.get(ours, [])]}
        meanings |= {plain(word): ours for word, ours in column.words}
        yield f"      {column.name}:  # guess"
        yield f"        from: {_text(found.header)}"
        if not found.words and found.filled:
            yield f"        # it holds {found.different} different words; map them to {', '.join(column.one_of)}"
            return
        yield f"        map:  # to {', '.join(column.one_of)}; a row with any other word is rejected by name"
        for word, count in found.words.items():
            ours = meanings.get(plain(word))
            if ours:
                yield f"          {_text(word)}: {ours}  # guess, in {count} rows"
            else:
                yield f"          # {_text(word)}:   # to be mapped: in {count} rows"
