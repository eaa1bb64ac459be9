"""The raw store: a folder of Parquet files that are named by what they were made from.

One export file becomes, for each entity that it feeds, `<domain>/<entity>/<contract>-<sha256>.parquet`, with
`….rejects.parquet` and `….totals.parquet` beside it, and one receipt, `receipts/<sha256>.json`, that is written last:
without its receipt a file has not been landed, and `sweep` clears what a crash left. What a person said of a file
(`file_words.py`) stands beside it. What files may hold is
`entities.py`; how they are made is `land.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.entities import PROVENANCE, Entity, entities
from pipelines.exports.landing.file_words import FileWords
from pipelines.exports.landing.no_rows import made_of, no_rows, typed_nulls
from pipelines.exports.readers.engine import answer, connected
from pipelines.exports.readers.grids import quoted
from pipelines.files import UNFINISHED, clear_unfinished, read_object, remove, replacing, replacing_all, write_whole
from pipelines.lists import DOMAIN

# What a file fed, and by which contract.
_FED = dict.fromkeys(("file", "file_sha256", "contract", "system", "domain", "entity"), "VARCHAR")
REJECT_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "part": "VARCHAR",
    "contract": "VARCHAR",
    "system": "VARCHAR",
    "domain": "VARCHAR",
    "entity": "VARCHAR",
    "line": "BIGINT",
    "column_name": "VARCHAR",
    "value": "VARCHAR",
    # Why, as a code, and what it speaks of: the canonical column, what the contract expects and what stood there instead,
    # the least and most that the column takes, the line that counts, the header's other cells that cannot be read.
    "code": "VARCHAR",
    "field": "VARCHAR",
    "expected": "VARCHAR",
    "found": "VARCHAR",
    "least": "VARCHAR",
    "most": "VARCHAR",
    "other_line": "BIGINT",
    "other_columns": "VARCHAR",
    # What files of before have instead of a code: a sentence.
    "reason": "VARCHAR",
    "row_text": "VARCHAR",
    "landed_at": "TIMESTAMP WITH TIME ZONE",
}
REJECT_FACTS = ("code", "field", "expected", "found", "least", "most", "other_line", "other_columns")
TOTAL_COLUMNS = {
    **_FED,
    "measure": "VARCHAR",
    "currency": "VARCHAR",
    "file_total": "DECIMAL(38,4)",
    "loaded": "DECIMAL(38,4)",
    "rejected": "DECIMAL(38,4)",
}
# One row per file and entity: what `rows read = rows loaded + rows rejected` is held against.
FILE_COLUMNS = {
    **_FED,
    "export": "VARCHAR",
    "rows_read": "BIGINT",
    "rows_loaded": "BIGINT",
    "rows_rejected": "BIGINT",
    "raw_bytes": "BIGINT",
    "landed_at": "TIMESTAMP WITH TIME ZONE",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
# One row per full export and entity: whether what it lacks is gone (`full_exports.py`).
FULL_EXPORT_COLUMNS = {
    "contract": "VARCHAR",
    "system": "VARCHAR",
    "raw_table": "VARCHAR",
    "export": "VARCHAR",
    "known_at": "TIMESTAMP WITH TIME ZONE",
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "rows_read": "BIGINT",
    "rows_before": "BIGINT",
    "rows_gone": "BIGINT",
    "is_accepted": "BOOLEAN",
    "is_whole": "BOOLEAN",
}
SCHEMA_EVENT_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "contract": "VARCHAR",
    "part": "VARCHAR",
    "column_name": "VARCHAR",
    "event": "VARCHAR",
    # What was done about it: kept, left_blank or read_as, and the canonical column or header that it was done to.
    "action": "VARCHAR",
    "target": "VARCHAR",
}
# Something about a file that a person should know: why it was held, or what in it was odd. `severity` is held or note,
# `code` says what it is, and the rest what it speaks of (`codes.Facts`).
FINDING_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "part": "VARCHAR",
    "severity": "VARCHAR",
    "code": "VARCHAR",
    "contract": "VARCHAR",
    "column_name": "VARCHAR",
    "name": "VARCHAR",
    "said": "VARCHAR",
    "row_count": "BIGINT",
    "other_count": "BIGINT",
    "limit_count": "BIGINT",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
# One row: what this run was asked for. NULL is the newest.
RUN_COLUMNS = {
    "as_of_date": "DATE",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
# One row: the settings that models read. Apart from the run, because what was asked changes and they do not.
SETTING_COLUMNS = {
    "base_currency": "VARCHAR",
    "default_currency": "VARCHAR",
    "business_timezone": "VARCHAR",
    "default_country": "VARCHAR",
    "fx_max_age_days": "BIGINT",
    "fiscal_year_first_month": "BIGINT",
}
# One row per public holiday; `made_by` says which country's, as `pipelines/warehouse/calendar.py` looked them up.
HOLIDAY_COLUMNS = {"day": "DATE", "name": "VARCHAR", "made_by": "VARCHAR"}
RECORDS = {
    "files": FILE_COLUMNS,
    "whole_files": FILE_COLUMNS,
    "full_exports": FULL_EXPORT_COLUMNS,
    "schema_events": SCHEMA_EVENT_COLUMNS,
    "findings": FINDING_COLUMNS,
    "run": RUN_COLUMNS,
    "settings": SETTING_COLUMNS,
}
# The name of the typed file without rows. It ends in a hexadecimal digit, as every content-addressed name does, so that
# the pattern `*[0-9a-f].parquet` finds rows and leaves rejects and totals out.
EMPTY = "none-0.parquet"


@dataclass
class Receipt:
    """What came of one export file: written once all of its Parquet files are in place.

    `digests` maps each contract that recognised a part of the file to the digest of the contract's text, so that a
    changed contract re-lands the files it concerns; `contracts` is the digest of all of them. `entities` holds a row of FILE_COLUMNS each.
    """

    sha256: str
    file: str
    bytes: int
    landed_at: str
    known_at: str
    contracts: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    # The version of each reader that read a part of it (`versions.py`).
    readers: dict[str, str] = field(default_factory=dict)
    entities: list[dict[str, Any]] = field(default_factory=list)
    # When its rows were taken out of raw, because none of them counted any more (`keep_superseded_days`).
    retired_at: str | None = None
    schema_events: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    # The order of day and month that its own dates told, by contract.
    date_orders: dict[str, str] = field(default_factory=dict)
    # The list that it is a version of (`lists.py`); empty for an export.
    list_name: str = ""
    # What a person had said of it when it was landed (`RawStore.accepted`); NULL for nothing.
    accepted: str | None = None
    # The system that the folder directly below the landing folder names; empty for the contract's own.
    system: str = ""
    # Bytes of each of its files in raw, by place: by these it is known that one is gone or cut off (`intact.py`).
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def rows_rejected(self) -> int:
        """Rejected rows over all entities of the file."""
        return sum(int(row["rows_rejected"]) for row in self.entities)

    @property
    def held(self) -> list[dict[str, Any]]:
        """The findings that say why the file, or a part of it, was held; empty when all of it was landed."""
        return [row for row in self.findings if row["severity"] == "held"]

    @property
    def assumed(self) -> list[dict[str, Any]]:
        """The findings that say which key was read as the default currency, because nobody has said what it is."""
        return [row for row in self.findings if row["code"] == "currency_assumed"]


def _read_receipt(path: Path) -> Receipt | None:
    """A receipt, or None where there is none that is whole: a file with a damaged one has not been landed."""
    known = {item.name for item in fields(Receipt)}
    if (data := read_object(path)) is None:
        return None
    try:
        receipt = Receipt(**{name: value for name, value in data.items() if name in known})
        # One of before codes has sentences.
        receipt.findings = [
            row if "code" in row else row | {"code": "other", "said": row["message"]} for row in receipt.findings
        ]
        receipt.schema_events = [
            row if "target" in row else row | {"action": "other", "target": row["action"]}
            for row in receipt.schema_events
        ]
        return receipt
    except (TypeError, KeyError):
        return None


def _files_of(receipt: Receipt) -> set[str]:
    """Where in raw the rows, totals and rejects of a file stand; nowhere once it was retired."""
    found = set()
    for row in receipt.entities:
        stem = f"{row['domain']}/{row['entity']}/{row['contract']}-{receipt.sha256}"
        found |= {f"{stem}.parquet", f"{stem}.totals.parquet"}
        if row["rows_rejected"]:
            found.add(f"{stem}.rejects.parquet")
    return found


def rejects_of(files: list[str]) -> str:
    """A query for rejected rows of files; those of a file of before codes are `other`, and `found` is its sentence."""
    read = f"read_parquet([{', '.join(map(quoted, files))}], union_by_name = true)"
    typed = f"select {typed_nulls(REJECT_COLUMNS)} where false union all by name select * from {read}"
    return f"select * replace (coalesce(code, 'other') as code, coalesce(found, reason) as found) from ({typed})"


def stored_columns(entity: Entity) -> dict[str, str]:
    """Column -> DuckDB type of the entity's files in raw, provenance last."""
    return {column.name: column.stored_type for column in entity.columns} | PROVENANCE


def raw_tables() -> dict[str, tuple[str, dict[str, str]]]:
    """Every table of the schema `raw`: its name -> the files below the store that it is made of, and its columns."""
    records = RECORDS | {"holidays": HOLIDAY_COLUMNS}
    apart = ("run", "settings", "holidays")
    found = {
        name if name in apart else f"landing_{name}": (f"records/{name}.parquet", columns)
        for name, columns in records.items()
    }
    found |= {
        "landing_rejects": ("*/*/*.rejects.parquet", REJECT_COLUMNS),
        "landing_held_payments": ("billing/payments/*.rejects.parquet", REJECT_COLUMNS),
        "landing_totals": ("*/*/*.totals.parquet", TOTAL_COLUMNS),
    }
    for entity in entities().values():
        # Of a list the version in force counts, and no other.
        in_force = f"records/{entity.table}.parquet"
        files = in_force if entity.domain == DOMAIN else f"{entity.domain}/{entity.name}/*[0-9a-f].parquet"
        found[entity.table] = (files, stored_columns(entity))
    return found


class RawStore(FileWords):
    """The raw store under one folder (`<home>/warehouse/raw`)."""

    def __init__(self, root: Path) -> None:
        """Names the folder; nothing is written before `prepare`."""
        super().__init__(root)
        self.receipts_folder = root / "receipts"
        self.records = root / "records"
        # The hashes of files whose receipts could not be read, when all were last read.
        self.unreadable: set[str] = set()

    def prepare(self) -> None:
        """Makes every entity's folder with its typed file without rows, and takes away what a crash left."""
        self.receipts_folder.mkdir(parents=True, exist_ok=True)
        empty: dict[Path, dict[str, str]] = {}
        for entity in entities().values():
            stem = self.root / entity.domain / entity.name / EMPTY.removesuffix(".parquet")
            empty[stem.with_name(EMPTY)] = stored_columns(entity)
            empty[stem.with_name(f"{stem.name}.rejects.parquet")] = REJECT_COLUMNS
            empty[stem.with_name(f"{stem.name}.totals.parquet")] = TOTAL_COLUMNS
        # As they were made: asking each file for its columns takes longer than all else in a refresh of nothing new.
        memory = self.root / "empty.json"
        known = read_object(memory) or {}
        if any(
            known.get(str(path.relative_to(self.root))) != made_of(path, columns) for path, columns in empty.items()
        ):
            for path, columns in empty.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                with replacing(path, lasting=False) as target:
                    target.write_bytes(no_rows(columns))
            made = {str(path.relative_to(self.root)): made_of(path, columns) for path, columns in empty.items()}
            write_whole(memory, json.dumps(made))
        self.sweep()

    @staticmethod
    def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
        """Writes a query's rows as Parquet, of which a reader sees all or nothing; the next run makes it anew if need be."""
        with replacing(path, lasting=False) as target:
            connection.execute(f"copy ({query}) to '{str(target).replace(chr(39), chr(39) * 2)}' (format parquet)")

    def stem(self, entity: Entity, contract: str, sha256: str) -> Path:
        """The path, without its ending, of what one file gives to one entity."""
        return self.root / entity.domain / entity.name / f"{contract}-{sha256}"

    def rows_file(self, entity: Entity, contract: str, sha256: str) -> Path | None:
        """The rows that one file gives to one entity; None where there are none."""
        path = Path(f"{self.stem(entity, contract, sha256)}.parquet")
        return path if path.exists() else None

    def receipts(self) -> Iterator[Receipt]:
        """Every receipt that can be read, oldest landing first."""
        paths = list(self.receipts_folder.glob("*.json"))
        found = {path.stem: receipt for path in paths if (receipt := _read_receipt(path))}
        self.unreadable = {path.stem for path in paths if path.stem not in found and path.exists()}
        yield from sorted(found.values(), key=lambda receipt: (receipt.landed_at, receipt.file))

    def receipt(self, sha256: str) -> Receipt | None:
        """The receipt of one file by its content, or None when it was never landed."""
        return _read_receipt(self.receipts_folder / f"{sha256}.json")

    def rejects(self, sha256: str, most: int) -> list[dict[str, Any]]:
        """The first rejected rows of one file, by entity and line; `code` is why. None where they are damaged."""
        files = [str(path) for path in self.root.glob(f"*/*/*-{sha256}.rejects.parquet")]
        if not files:
            return []
        names = ("contract", "domain", "entity", "part", "line", "column_name", "value", *REJECT_FACTS)
        query = f"select {', '.join(names)} from ({rejects_of(files)}) order by entity, line limit ?"
        try:
            return [dict(zip(names, row, strict=True)) for row in answer(query, [most])]
        except duckdb.Error:
            return []  # `intact.py` says so

    def write_receipt(self, *receipts: Receipt) -> None:
        """Commits landed files: from here on they count."""
        with replacing_all([self.receipts_folder / f"{receipt.sha256}.json" for receipt in receipts]) as places:
            for receipt, place in zip(receipts, places, strict=True):
                text = json.dumps(vars(receipt), ensure_ascii=False, indent=1, default=str)
                place.write_text(text, encoding="utf-8", newline="")

    def put(self, files: dict[Path, Path]) -> None:
        """Moves finished files to their places below the store: a reader sees all of each, or what was there before."""
        targets = {file: self.root / place for file, place in files.items()}
        for folder in dict.fromkeys(target.parent for target in targets.values()):
            folder.mkdir(parents=True, exist_ok=True)
        with replacing_all(list(targets.values())) as temporaries:
            for file, temporary in zip(targets, temporaries, strict=True):
                shutil.move(file, temporary)

    def retire(self, receipt: Receipt, at: str) -> int:
        """Takes a file's rows out of raw and keeps its receipt, so that it is not landed again; how many bytes were freed.

        The receipt goes first: what a crash leaves behind it, the next sweep clears.
        """
        freed = sum(int(row.get("raw_bytes") or 0) for row in receipt.entities)
        self.write_receipt(replace(receipt, retired_at=at, entities=[], schema_events=[], findings=[], sizes={}))
        self.sweep()
        return freed

    def remove(self, sha256: str) -> None:
        """Takes one file's rows out again, the receipt first; also what a crash left of it without one."""
        remove(self.receipts_folder / f"{sha256}.json")
        self.sweep()

    def sweep(self) -> None:
        """Deletes Parquet files that no receipt speaks of, and half-written ones."""
        for folder in (self.root, self.receipts_folder, self.forgotten_folder, self.accepted_folder, self.records):
            clear_unfinished(folder)
        known = {file for receipt in self.receipts() for file in _files_of(receipt)}
        # What a damaged receipt speaks of cannot be told: nothing of that file is taken away.
        spared = tuple(self.unreadable)
        paths = self.root.glob("*/*/*")
        self._clear((path for path in paths if not any(sha256 in path.name for sha256 in spared)), known)

    def clear(self, before: Receipt, now: Receipt) -> None:
        """Deletes what one file gave before and its receipt speaks of no more; by name, however many lie beside it."""
        for place in _files_of(before) - _files_of(now):
            (self.root / place).unlink(missing_ok=True)

    def _clear(self, paths: Iterable[Path], known: set[str]) -> None:
        for path in paths:
            is_empty_one = path.name.startswith(EMPTY.removesuffix(".parquet"))
            unknown = path.suffix == ".parquet" and path.relative_to(self.root).as_posix() not in known
            if path.suffix == UNFINISHED or (unknown and not is_empty_one):
                path.unlink()

    def write_records(
        self,
        run: dict[str, Any],
        troubles: list[dict[str, Any]] | None = None,
        receipts: list[Receipt] | None = None,
        full_exports: list[dict[str, Any]] | None = None,
    ) -> None:
        """Writes the receipts as tables for the build (`records/*.parquet`), and what the run was asked for and told.

        `run` has the columns of RUN_COLUMNS and SETTING_COLUMNS; `troubles` are findings about files without a receipt.
        `receipts` are those that count; all of them, if not given. Of a list the rows that count stand in a
        file of their own (`records/lists_*.parquet`).
        """
        receipts = list(self.receipts()) if receipts is None else receipts
        files = [row for receipt in receipts for row in receipt.entities]
        rows: dict[str, Iterable[dict[str, Any]]] = {
            "files": files,
            "whole_files": [row for row in files if row["export"] != "partial"],
            "full_exports": full_exports or [],
            "schema_events": [row for receipt in receipts for row in receipt.schema_events],
            "findings": [
                *(row | {"known_at": receipt.known_at} for receipt in receipts for row in receipt.findings),
                *(troubles or []),
            ],
            "run": [run],
            "settings": [run],
        }
        self.records.mkdir(exist_ok=True)
        with connected() as connection:
            connection.execute("set timezone = 'UTC'")
            for name, columns in RECORDS.items():
                values = json.dumps(list(rows[name]), ensure_ascii=False, default=str)
                structure = json.dumps([columns])
                connection.execute("create or replace temp table record as select ? as value", [values])
                query = f"select unnest(from_json(value, '{structure}'), recursive := true) from record"
                self._copy(connection, query, self.records / f"{name}.parquet")
            for entity in entities().values():
                if entity.domain == DOMAIN:
                    folder = self.root / entity.domain / entity.name
                    in_force = [path for receipt in receipts for path in folder.glob(f"*-{receipt.sha256}.parquet")]
                    there = ", ".join(quoted(str(path)) for path in [*in_force, folder / EMPTY])
                    rows_in_force = f"select * from read_parquet([{there}], union_by_name = true)"
                    self._copy(connection, rows_in_force, self.records / f"{entity.table}.parquet")
            if not (self.records / "holidays.parquet").exists():
                self._copy(
                    connection, f"select {typed_nulls(HOLIDAY_COLUMNS)} where false", self.records / "holidays.parquet"
                )
