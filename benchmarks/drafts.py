"""How right a first contract is: `keybook contract new` on every export whose contract is known, with it hidden.

Of each table the contracts of its whole system are hidden, so that the draft knows the vendor from nothing; the other
vendors' stay, as they do for a user. The hidden contract is the truth: which entity the table holds (the one of its
entities that takes most columns, or one that takes three quarters as many), which header each of its columns is, and,
row by row, what would be published.
A draft that asks first publishes nothing. An amount is wrong where a row that the draft publishes has other money,
another currency, kind or state than the hidden contract gives it, or has none there.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.processes import table
from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.contract import ColumnMap, Contract, ContractError
from pipelines.exports.contracts.draft import Draft, DraftError, draft
from pipelines.exports.contracts.headers import normal
from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.contracts.needs import main_feed
from pipelines.exports.contracts.plan import Question
from pipelines.exports.contracts.recognise import Match, recognise
from pipelines.exports.entities import entities
from pipelines.exports.landing.land import Landing, ReadingRules, open_grids
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.landing.reading import open_table, table_names
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.unpack import Limits

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "exports"
REAL = ROOT.parent / "shared" / "data"
# Entities whose amounts count by their kind and state.
COUNTED = {"billing.invoices", "billing.payments", "crm.deals"}
# Amounts that are wrong also where the contract leaves them out.
SUMMED = {"gross_amount", "amount", "open_amount", "reported_balance", "document_kind", "status"}
# What a row without the word is taken for.
USUAL = {"document_kind": "invoice", "status": {"billing.invoices": "issued", "billing.payments": "received"}}


@dataclass
class Score:
    """One table: what the draft made of it."""

    name: str
    entity: str
    # The entities that it may as well be taken for.
    as_well: set[str] = field(default_factory=set)
    drafted: str | None = None
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    wrong_amounts: list[str] = field(default_factory=list)
    published: int = 0
    money: bool = False

    @property
    def entity_is_right(self) -> bool:
        """Whether the draft found what the table holds."""
        return self.drafted == self.entity or self.drafted in self.as_well


def _origins(contract: Contract, entity_id: str, place_of: dict[str, int]) -> dict[str, tuple[set[int], bool]]:
    """Each mapped column with the cells that it comes from, and whether it needs all of them."""
    found: dict[str, tuple[set[int], bool]] = {}
    for mapping in contract.entities[entity_id]:
        for column, spec in mapping.columns.items():
            places = _places(spec, place_of)
            if places:
                before = found.get(column, (set(), False))[0]
                found[column] = (before | places, spec.join is not None)
    return found


def _places(spec: ColumnMap, place_of: dict[str, int]) -> set[int]:
    aliases = spec.origins or spec.headers
    first = [next((normal(name) for name in names if normal(name) in place_of), None) for names in aliases]
    return {place_of[name] for name in first if name is not None}


def _rows(path: Path, contract: Contract, entity_id: str) -> dict[int, list[dict[str, Any]]]:
    """What of the entity the file's rows become: line -> its rows, only what money hangs on."""
    entity = entities()[entity_id]
    names = [column.name for column in entity.columns if column.type in ("money", "currency", "price")]
    names += [
        name
        for name in ("document_kind", "status")
        if entity_id in COUNTED and name in {c.name for c in entity.columns}
    ]
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        store = RawStore(Path(folder) / "raw")
        store.receipts_folder.mkdir(parents=True)
        Landing(store, {contract.contract: contract}, ReadingRules()).land_file(path, path.name)
        files = [str(file) for file in (store.root / entity.domain / entity.name).glob("*[0-9a-f].parquet")]
        if not files:
            return {}
        with connected() as connection:
            rows = connection.execute(
                f"select _row, {', '.join(names) or '1'} from read_parquet(?)", [files]
            ).fetchall()
    found: dict[int, list[dict[str, Any]]] = {}
    for line, *values in rows:
        found.setdefault(line, []).append(dict(zip(names, values, strict=False)))
    return found


def _usual(entity_id: str, column: str, value: object) -> object:
    usual = USUAL.get(column)
    return value or (usual.get(entity_id) if isinstance(usual, dict) else usual)


def _amounts(path: Path, truth: Contract, made: Made, score: Score) -> None:
    published = _rows(path, made.contract, made.entity_id)
    score.published = sum(map(len, published.values()))
    if made.entity_id not in truth.entities:
        score.wrong_amounts += [f"{made.entity_id} is none of the contract's"] if score.money else []
        return
    wanted = _rows(path, truth, made.entity_id)
    said_of = {name for mapping in truth.entities[made.entity_id] for name in mapping.columns} | SUMMED
    for line, rows in published.items():
        known = [
            {name: _usual(made.entity_id, name, value) for name, value in row.items()} for row in wanted.get(line, [])
        ]
        for row in rows:
            said = {name: _usual(made.entity_id, name, value) for name, value in row.items()}
            if not any(isinstance(value, Decimal) for value in row.values()):
                continue
            # What the draft leaves out, but for the states that decide whether it counts, publishes no amount.
            fits = any(
                all(
                    value == other[name] or (value is None and name != "status")
                    for name, value in said.items()
                    if name in said_of
                )
                for other in known
            )
            if not fits:
                score.wrong_amounts.append(f"line {line}: {said}, not {known}")


@dataclass(frozen=True)
class Taken:
    """What another contract makes of a table that it recognises: the entity of those that is like the truth's."""

    contract: Contract
    entity_id: str
    questions: tuple[Question, ...] = ()


Made = Draft | Taken


def _taken(path: Path, contracts: dict[str, Contract], sheet: str | None) -> Taken | None:
    with open_table(path, contracts, Limits(), sheet) as opened:
        if opened.match is None:
            return None
        contract = opened.match.contract
        return Taken(contract, contract.feeds[main_feed(contract)][0])


def score_table(path: Path, match: Match, filled: set[int], sheet: str | None, contracts: dict[str, Contract]) -> Score:
    """Drafts one table with its system hidden, and holds it against the hidden contract."""
    truth = match.contract
    # A header in another spelling or language stands under the contract's own too.
    place_of = {header: place for header, place in match.columns.items() if place in filled}
    mapped = {entity_id: _origins(truth, entity_id, place_of) for entity_id in truth.entities}
    main = max(mapped, key=lambda entity_id: len(mapped[entity_id]))
    score = Score(str(path.name if path.parent == REAL else f"{path.parent.name}/{path.name}"), main)
    score.as_well = {name for name in mapped if len(mapped[name]) >= 0.75 * len(mapped[main])}
    money = {column.name for column in entities()[main].columns if column.type in ("money", "price")}
    score.money = bool(money & mapped[main].keys())
    others = {name: other for name, other in contracts.items() if other.system != truth.system}
    try:
        made: Made = draft(path, others, Limits(), sheet)
    except (DraftError, ContractError, UnreadableError) as error:
        try:
            taken = _taken(path, others, sheet)
        except UnreadableError:
            # A list that stands deep in an API's answer only a contract finds.
            taken = None
        if taken is None:
            score.asked.append(f"not drafted: {error}")
            score.missed = list(mapped[main])
            return score
        # Another vendor's contract reads the file: what it makes of it is what a user gets.
        made = taken
    score.drafted = made.entity_id
    with open_table(path, others, Limits(), sheet) as opened:
        own = {normal(header): place for place, header in enumerate(opened.columns)}
    found = _origins(made.contract, made.entity_id, own | place_of)
    for column, (places, whole) in mapped[made.entity_id if score.entity_is_right else main].items():
        if column not in found:
            score.missed.append(f"{column} from {'+'.join(match.headers[place] for place in sorted(places))}")
        elif found[column][0] == places or (not whole and found[column][0] <= places):
            score.right += 1
        else:
            score.wrong.append(f"{column} from {'+'.join(match.headers[place] for place in sorted(found[column][0]))}")
    if score.entity_is_right:
        score.extra = [
            f"{column} from {'+'.join(match.headers[place] for place in sorted(found[column][0]))}"
            for column in found
            if column not in mapped[made.entity_id]
        ]
    score.asked = [question.id for question in made.questions if question.blocks]
    if not score.asked:
        _amounts(path, truth, made, score)
    return score


def tables(folder: Path, contracts: dict[str, Contract]) -> Iterator[tuple[Path, Match, set[int], str | None]]:
    """Every table below a folder whose contract is known and gives it a place: with the cells that hold anything."""
    for path in sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".yml"):
        with tempfile.TemporaryDirectory(prefix="keybook-") as scratch:
            try:
                grids = open_grids(path, Path(scratch), contracts, Limits())
            except UnreadableError:
                continue
            for grid, name in zip(grids, table_names(grids), strict=True):
                match = recognise(grid, contracts).match
                if match is None or match.contract.refuse:
                    continue
                with connected() as connection:
                    grid.load(connection, match.head, match.header_row, True)
                    width = len(connection.execute("from grid limit 0").description or []) - 1
                    counts = ", ".join(f"count(nullif(trim(c{place}), ''))" for place in range(width))
                    row = connection.execute(f"select {counts} from grid").fetchall()[0]
                yield path, match, {place for place, count in enumerate(row) if count}, name or None


def scores(step: int = 1, real: bool = False) -> list[Score]:
    """Every `step`-th table of the fixtures and, if wanted, the first of each kind of real export."""
    contracts = shipped_contracts()
    found = [score_table(*known, contracts) for known in islice(tables(FIXTURES, contracts), 0, None, step)]
    if real and REAL.is_dir():
        seen: Counter[str] = Counter()
        for path, match, filled, sheet in tables(REAL, contracts):
            seen[match.contract.contract] += 1
            if seen[match.contract.contract] == 1:
                found.append(score_table(path, match, filled, sheet, contracts))
    return found


def _line(score: Score) -> str:
    wrong = f"; {len(score.wrong_amounts)} WRONG, {score.wrong_amounts[0]}" if score.wrong_amounts else ""
    sign = "ok " if score.entity_is_right else "NO "
    return (
        f"{sign} {score.name}: {score.entity} → {score.drafted}; {score.right} right; wrong {score.wrong}; missed "
        f"{score.missed}; extra {score.extra}; asks {score.asked}; {score.published} rows{wrong}"
    )


def report(found: list[Score], every: bool = False) -> str:
    """The table of what was right; `every` adds a line a table."""
    right, wrong, missed, extra = (
        sum(score.right for score in found),
        *(sum(len(getattr(score, name)) for score in found) for name in ("wrong", "missed", "extra")),
    )
    entity = sum(score.entity_is_right for score in found)
    money = [score for score in found if score.money]
    asking = sum(bool(score.asked) for score in money)
    mistaken = sum(bool(score.wrong_amounts) for score in found)
    whole = right + wrong + missed
    lines = [
        table(
            ["First contracts, the vendor hidden", "", ""],
            [
                ["Tables", f"{len(found)}", ""],
                ["Entity right", f"{entity}", f"{entity / len(found):.1%}"],
                ["Mappings right", f"{right} of {whole}", f"{right / whole:.1%}"],
                ["Mappings from another column", f"{wrong}", f"{wrong / whole:.1%}"],
                ["Mappings left out", f"{missed}", f"{missed / whole:.1%}"],
                ["Mapped beyond the contract", f"{extra}", ""],
                ["Tables of money that ask first", f"{asking} of {len(money)}", ""],
                ["Tables with a wrong amount published", f"{mistaken}", ""],
            ],
        )
    ]
    if every:
        lines += [_line(score) for score in found]
    return "\n".join(lines)


# Every so manieth table is enough to see that it runs.
SMALL = 8


def main(step: int, real: bool, every: bool) -> str:
    """Scores and reports."""
    return report(scores(step, real), every)
