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
    with_own_columns,
    without,
)
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.headers import squashed
from pipelines.exports.contracts.loading import shipped_contracts
from pipelines.exports.entities import entities
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
    "columns in another order": "reordered",
    "a dozen columns of one's own": "own",
    "a view of one row": "single",
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
    rejected: set[int] = field(default_factory=set)


def land(content: bytes, name: str, contracts: dict[str, Contract], folder: Path) -> Landed:
    """Lands one file in a store of its own."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path = Path(scratch) / name
        path.write_bytes(content)
        store = RawStore(Path(scratch) / "raw")
        store.receipts_folder.mkdir(parents=True)
        receipt = Landing(store, contracts, ReadingRules(now=lambda: NOON)).land_file(path, name)
        rows: Rows = {}
        rejected: set[int] = set()
        with connected() as connection:
            connection.execute("set timezone = 'UTC'")
            for counted in receipt.entities:
                entity = entities()[f"{counted['domain']}.{counted['entity']}"]
                folder_of = Path(scratch) / "raw" / entity.domain / entity.name
                names = [column.name for column in entity.columns]
                files = quoted(str(folder_of / "*[0-9a-f].parquet"))
                query = f"select _row, {', '.join(names)} from read_parquet({files}) where not _deleted order by _row"
                found = connection.execute(query).fetchall()
                rows[entity.id] = {row[0]: dict(zip(names, row[1:], strict=True)) for row in found}
                if list(folder_of.glob("*.rejects.parquet")):
                    query = f"select line from read_parquet({quoted(str(folder_of / '*.rejects.parquet'))})"
                    rejected |= {line for (line,) in connection.execute(query).fetchall()}
        return Landed(rows, receipt, rejected)


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
    now = land(changed.written(), export.name, contracts, folder)
    told = [row["code"] for row in now.receipt.held]
    outcome = partial(Outcome, export.name, kind)
    if told:
        reasons = " ".join(f"{row.get('column_name') or ''} {row.get('name') or ''}" for row in now.receipt.held)
        true = {"date_order_unknown", "kind_unclear", "values_unlike"} & set(told) or (
            gone and _names(gone, reasons, export.contract)
        )
        return outcome("held" if true else "wrong", f"{told[0]}: {reasons}")
    (read_by,) = (contracts[name] for name in now.receipt.digests)
    if read_by.system != export.contract.system or read_by.export != export.contract.export:
        return outcome("wrong", f"read by {read_by.contract}")
    blank = False
    left_out = {row["name"] for row in now.receipt.findings if row["code"] == "entity_missing"}
    for entity_id, rows in was.rows.items():
        found = now.rows.get(entity_id, {})
        if entity_id in left_out:
            blank = True
            continue
        columns, decides = _reads(export.contract, entity_id, gone) if gone else (set(), False)
        # What is not in the file any more tells nothing of its rows: an export without the column holds what it holds.
        made = _made(export.contract, entity_id) | _made(read_by, entity_id)
        if kind == "single":
            kept = [{name: value for name, value in row.items() if name not in made} for row in rows.values()]
            for row in found.values():
                if {name: value for name, value in row.items() if name not in made} not in kept:
                    return outcome("wrong", f"{entity_id}: {row}")
            continue
        if not decides and (set(rows) - set(found) or set(found) - set(rows) - was.rejected):
            return outcome("wrong", f"{entity_id}: lines {sorted(set(rows) ^ set(found))[:5]}")
        for line, row in rows.items():
            for name, value in row.items():
                after = found.get(line, row)[name]
                if name in made or _equal(value, after, kind in ("american", "british")):
                    continue
                part = isinstance(after, str) and isinstance(value, str) and after in value
                if name in columns and (after is None or part):
                    blank = True
                    continue
                return outcome("wrong", f"{entity_id} line {line}: {name} {value!r} → {after!r}")
    if gone and blank and not any(event["event"] == "missing" for event in now.receipt.schema_events) and not left_out:
        return outcome("wrong", "nothing is said of it")
    return outcome("blank" if blank else "same")


def _names(header: str, reasons: str, contract: Contract) -> bool:
    """Whether a reason names a header, in one of its spellings."""
    groups = [aliases for _, mapping in contract.feeds for spec in mapping.columns.values() for aliases in spec.headers]
    spellings = {
        squashed(alias) for aliases in groups if squashed(header) in map(squashed, aliases) for alias in aliases
    }
    said = {squashed(name) for name in re.findall(r"[^',][^']*", reasons)}
    return bool(said & (spellings | {squashed(header)}))


def changes(export: Export) -> Iterator[tuple[str, Export, str]]:
    """Every way in which an export is changed: (kind, the export, the header that is gone)."""
    for place, header in enumerate(export.header):
        if header.strip():
            yield "dropped", without(export, place), header
    yield "snake", respelt(export, snake), ""
    yield "reordered", reordered(export), ""
    yield "own", with_own_columns(export), ""
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
            assert was.rows, f"{path} gives no rows as it is"
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
