"""What becomes of exports that users change: the same rows, a true word on what is missing, or something wrong.

Every fixture of a contract is changed in every way of `mutations.py` and landed beside itself as it was. Wrong is a
value that was not there before, a row that is gone without a word, and a reason that names something else.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.mutations import (
    Export,
    reordered,
    resaved,
    respelt,
    single_rows,
    snake,
    taken_apart,
    translated,
    with_own_columns,
    without,
)
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import squashed
from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.entities import entities
from pipelines.exports.landing.collisions import hold_collisions
from pipelines.exports.landing.full_exports import ALWAYS, judge
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted

FIXTURES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "exports"
SMALL = 8
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
KINDS = {
    "a column left out": "dropped",
    "headers in snake_case": "snake",
    "headers and words in another language": "translated",
    "columns in another order": "reordered",
    "a dozen columns of one's own, and one that speaks against the export": "own",
    "a view of one row": "single",
    "a filtered view after a full one": "filtered",
    "saved again by a spreadsheet (US)": "american",
    "saved again by a spreadsheet (UK)": "british",
}
# Which of both an unanswered call is, its waiting decides, whatever word its export has for it.
ONE_MEANING = {"missed", "abandoned"}
OUTCOMES = ("same", "blank", "held", "wrong")

# What one file gives: entity -> line -> column -> value.
Rows = dict[str, dict[int, dict[str, Any]]]


@dataclass
class Outcome:
    """What became of one changed file."""

    name: str
    kind: str
    what: str
    said: str = ""


@dataclass
class Landed:
    """What one file became: its rows, its receipt, and which lines were rejected."""

    rows: Rows
    receipt: Receipt
    # line -> the columns that it was rejected for.
    rejected: dict[int, str] = field(default_factory=dict)
    # entity -> line -> the columns that its file holds.
    holds: dict[str, dict[int, str]] = field(default_factory=dict)


def land(content: bytes, name: str, contracts: dict[str, Contract], folder: Path) -> Landed:
    """Lands one file in a store of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / name
        path.write_bytes(content)
        store = RawStore(Path(scratch) / "raw")
        store.receipts_folder.mkdir(parents=True)
        receipt = Landing(store, contracts, ReadingRules(now=lambda: NOON)).land_file(path, name)
        rows: Rows = {}
        rejected: dict[int, str] = {}
        holds: dict[str, dict[int, str]] = {}
        with connected() as connection:
            connection.execute("set timezone = 'UTC'")
            for counted in receipt.entities:
                entity = entities()[f"{counted['domain']}.{counted['entity']}"]
                folder_of = Path(scratch) / "raw" / entity.domain / entity.name
                names = [column.name for column in entity.columns]
                files = quoted(str(folder_of / "*[0-9a-f].parquet"))
                columns = ", ".join(["_row", "_holds", *names])
                query = f"select {columns} from read_parquet({files}) where not _deleted order by _row"
                found = connection.execute(query).fetchall()
                rows[entity.id] = {row[0]: dict(zip(names, row[2:], strict=True)) for row in found}
                holds[entity.id] = {row[0]: row[1] for row in found}
                if list(folder_of.glob("*.rejects.parquet")):
                    query = f"from read_parquet({quoted(str(folder_of / '*.rejects.parquet'))})"
                    said = "select line, concat_ws(', ', column_name, other_columns, field)"
                    rejected |= dict(connection.execute(f"{said} {query}").fetchall())
        return Landed(rows, receipt, rejected, holds)


def after(export: Export, view: Export, contracts: dict[str, Contract], folder: Path) -> Outcome:
    """What becomes of a view of some rows that comes after the whole: it may change nothing and take nothing away."""
    outcome = partial(Outcome, export.name, "filtered")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        store = RawStore(Path(scratch) / "raw")
        store.receipts_folder.mkdir(parents=True)
        landing = Landing(store, contracts, ReadingRules(now=lambda: NOON))
        receipts = []
        for name, file, known_at in (("whole", export, "2026-03-01T12:00:00+00:00"), ("view", view, None)):
            path = Path(scratch) / f"{name}-{export.name}"
            path.write_bytes(file.written())
            receipts.append(landing.land_file(path, path.name, known_at=known_at))
        (second,) = hold_collisions(store, receipts[1:])
        if second.held:
            told = [row["code"] for row in second.held]
            return outcome("held" if {"date_order_unknown", "lines_gone"} & set(told) else "wrong", f"{told}")
        judged_second = [said for said in judge(store, [receipts[0], second]) if said.file == second.file]
        gone = {said.raw_table: said.rows_gone for said in judged_second if said.is_whole and said.rows_gone}
        if any(count > ALWAYS for count in gone.values() if count):
            return outcome("wrong", f"takes away {gone}")
        with connected() as connection:
            for counted in second.entities:
                entity = entities()[f"{counted['domain']}.{counted['entity']}"]
                names = ", ".join(["_system", *(column.name for column in entity.columns)])
                new, old = (
                    f"select {names} from read_parquet({quoted(f'{stem}.parquet')})"
                    for receipt in (second, receipts[0])
                    for stem in [store.stem(entity, counted["contract"], receipt.sha256)]
                )
                other = connection.execute(f"{new} except {old}").fetchall()
                if other:
                    return outcome("wrong", f"{entity.id}: {other[0]}")
    return outcome("held" if any(not said.is_whole for said in judged_second) else "same")


def _reads(contract: Contract, entity_id: str, header: str) -> tuple[set[str], bool]:
    """The columns of an entity that are made of a header, and whether its rows or keys depend on it."""
    wanted = squashed(header)
    columns: set[str] = set()
    conditions = [item for alternative in contract.table.skip + contract.deleted for item in alternative]
    decides = False
    for mapping in contract.entities[entity_id]:
        columns |= {
            name
            for name, spec in mapping.columns.items()
            if any(squashed(alias) == wanted for aliases in spec.headers for alias in aliases)
        }
        columns |= {name for name, spec in mapping.columns.items() if columns & spec.when.keys()}
        decides |= wanted in {
            squashed(alias) for item in mapping.where for aliases in item.headers for alias in aliases
        }
    decides |= wanted in {squashed(alias) for item in conditions for aliases in item.headers for alias in aliases}
    return columns, decides


def _made(contract: Contract, entity_id: str) -> set[str]:
    mapped = [mapping for mapping in contract.entities.get(entity_id, []) if mapping.key == "made"]
    return {name for mapping in mapped for name in entities()[entity_id].key if name not in mapping.columns}


def _equal(before: Any, after: Any, coarse: bool) -> bool:
    """Whether two values are one; `coarse` where a spreadsheet kept no seconds, signs or leading noughts."""
    if isinstance(before, str) and {before, after} == ONE_MEANING:
        return True
    if before == after or not coarse or before is None or after is None:
        return bool(before == after)
    if isinstance(before, datetime):
        return bool(before.replace(second=0, microsecond=0) == after.replace(second=0, microsecond=0))
    if isinstance(before, str):
        return before.lstrip("+0") == after.lstrip("+0") or before.lower() == after.lower()
    return False


def judged(
    export: Export,
    changed: Export,
    kind: str,
    contracts: dict[str, Contract],
    folder: Path,
    was: Landed,
    gone: str = "",
) -> Outcome:
    """What became of a changed export, beside what the export itself gives."""
    # A header in another language is the contract's own, and is told by that.
    said_as = {squashed(theirs): own for theirs, own in export.contract.languages.items()}
    gone = said_as.get(squashed(gone), gone)
    now = land(changed.written(), export.name, contracts, folder)
    told = [row["code"] for row in now.receipt.held]
    outcome = partial(Outcome, export.name, kind)
    if told:
        reasons = " ".join(f"{row.get('column_name') or ''} {row.get('name') or ''}" for row in now.receipt.held)
        true = {"date_order_unknown", "kind_unclear", "unknown_headers", "values_unlike"} & set(told) or (
            gone and _names(gone, reasons, export.contract)
        )
        return outcome("held" if true else "wrong", f"{told[0]}: {reasons}")
    (read_by,) = (contracts[name] for name in now.receipt.digests)
    # Where the column with the ids is gone, the same export without ids is what the file is.
    keyless = {entity_id for entity_id in read_by.entities if _made(read_by, entity_id)}
    if read_by.system != export.contract.system or (
        read_by.export != export.contract.export and not (gone and keyless)
    ):
        return outcome("wrong", f"read by {read_by.contract}")
    blank = False
    left_out = {row["name"] for row in now.receipt.findings if row["code"] == "entity_missing"}
    events = now.receipt.schema_events
    said = {str(event["target"]) for event in events if event["event"] == "missing"}
    otherwise = {str(event["target"]) for event in events if event["action"] == "read_otherwise"}
    untold = any(event["action"] == "deleted_untold" for event in events)
    for entity_id, rows in was.rows.items():
        found = now.rows.get(entity_id, {})
        if entity_id in left_out:
            blank = True
            continue
        columns, decides = _reads(export.contract, entity_id, gone) if gone else (set(), False)
        # What is not in the file any more tells nothing of its rows: an export without the column holds what it holds.
        made = _made(export.contract, entity_id) | _made(read_by, entity_id)
        if kind == "single":
            kept = [_told(row, made, export, entity_id) for row in rows.values()]
            for row in found.values():
                if _told(row, made, export, entity_id) not in kept:
                    return outcome("wrong", f"{entity_id}: {row}")
            continue
        lost = set(rows) - set(found)
        unread = {line for line in lost if _is_told(now.rejected.get(line), gone, kind, columns)}
        blank = blank or bool(unread)
        differ = (lost - unread) | (set(found) - set(rows) - set(was.rejected))
        # By a contract's word other rows count where a column is not there at all: they are told by what stands in.
        instead = bool(otherwise) and any(
            condition.in_file is False and squashed(gone) in map(squashed, condition.column)
            for mapping in read_by.entities.get(entity_id, [])
            for condition in mapping.where
        )
        if differ and not (decides and (untold or (instead and not lost))):
            return outcome("wrong", f"{entity_id}: lines {sorted(differ)[:5]}")
        blank = blank or bool(differ)
        for line, row in rows.items():
            for name, value in row.items():
                after = found.get(line, row)[name]
                if name in made or _equal(value, after, kind in ("american", "british")):
                    continue
                part = isinstance(after, str) and isinstance(value, str) and after in value
                # Another column stands in, says so, and takes the place of nothing that is known better.
                second = name in otherwise and (
                    name in entities()[entity_id].key or f",{name}," not in now.holds[entity_id][line]
                )
                if second or (name in columns and name in said and (after is None or part)):
                    blank = True
                    continue
                return outcome("wrong", f"{entity_id} line {line}: {name} {value!r} → {after!r}")
    return outcome("blank" if blank else "same")


def _is_told(reason: str | None, gone: str, kind: str, columns: set[str]) -> bool:
    """Whether a row's rejection names what the column that is gone would tell, or a cell that a spreadsheet changed."""
    if reason is None:
        return False
    said = set(reason.split(", "))
    return bool(said & {*columns, gone}) if gone else kind in ("american", "british")


def _told(row: dict[str, Any], made: set[str], export: Export, entity_id: str) -> dict[str, Any]:
    """What one row of a file says of an entity: not the sums over the rows that are folded into it."""
    totals = {
        name
        for mapping in export.contract.entities.get(entity_id, [])
        for name, spec in mapping.columns.items()
        if spec.total
    }
    return {name: value for name, value in row.items() if name not in made | totals}


def _names(header: str, reasons: str, contract: Contract) -> bool:
    """Whether a reason names a header, in one of its spellings, or another one that would tell the same."""
    spellings = {squashed(header)}
    for _, mapping in contract.feeds:
        for spec in mapping.columns.values():
            for aliases in spec.headers:
                if squashed(header) in map(squashed, aliases):
                    choices = spec.headers if spec.first_filled or spec.cases else [aliases]
                    spellings |= {squashed(alias) for choice in choices for alias in choice}
    return bool(spellings & {squashed(name) for name in re.findall(r"[^',][^']*", reasons)})


def changes(export: Export) -> Iterator[tuple[str, Export, str]]:
    """Every way in which an export is changed: (kind, the export, the header that is gone)."""
    for place, header in enumerate(export.header):
        if header.strip():
            yield "dropped", without(export, place), header
    yield "snake", respelt(export, snake), ""
    for other in translated(export):
        yield "translated", other, ""
    yield "reordered", reordered(export), ""
    for own in with_own_columns(export):
        yield "own", own, ""
    for view in single_rows(export):
        yield "single", view, ""
    if export.document is None:
        for kind, american in (("american", True), ("british", False)):
            changed = resaved(export, american)
            if changed.rows != export.rows:
                yield kind, changed, ""


def run(every: int = 1) -> list[Outcome]:
    """Changes every fixture, or every so-manieth, in every way."""
    contracts = shipped_contracts()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="keybook-robustness-") as folder:
        paths = sorted(path for path in FIXTURES.rglob("*") if path.suffix in (".csv", ".json"))
        for path in paths[::every]:
            export = taken_apart(path, Path(folder), contracts)
            if export is None:
                continue
            export = replace(export, name=f"{path.parent.name}-{path.name}")
            was = land(export.written(), export.name, contracts, Path(folder))
            if not was.rows:
                # What its contract asks first gives nothing until somebody answers; tests hold what fixtures give.
                continue
            views = list(single_rows(export))
            if len(views) > 2:
                outcomes.append(after(export, views[0], contracts, Path(folder)))
            for kind, changed, gone in changes(export):
                found = judged(export, changed, kind, contracts, Path(folder), was, gone)
                outcomes.append(
                    found if not gone else Outcome(f"{found.name} without {gone}", kind, found.what, found.said)
                )
    return outcomes


def main(every: int = 1) -> str:
    """The table of what became of how many, and every wrong one by name."""
    outcomes = run(every)
    counts = Counter((outcome.kind, outcome.what) for outcome in outcomes)
    lines = [
        "| what the user did | files | same rows | the same but for what is gone | held, with the reason | wrong |",
        "|---|---|---|---|---|---|",
    ]
    for title, kind in KINDS.items():
        numbers = [counts[kind, what] for what in OUTCOMES]
        lines.append(f"| {title} | {sum(numbers)} | {' | '.join(map(str, numbers))} |")
    bad = [
        f"wrong: {outcome.name} ({outcome.kind}): {outcome.said[:200]}"
        for outcome in outcomes
        if outcome.what == "wrong"
    ]
    return "\n".join([*lines, *bad])
