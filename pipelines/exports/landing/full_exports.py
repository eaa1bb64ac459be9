"""Which full exports are believed: what one lacks is gone, unless it lacks more than is likely.

A filtered view looks like a full export of a smaller company. So each is held against the last state that was believed
(the last whole export and what came since), not against the file before it, and one that would take away much takes
away nothing until a person says that it is whole (`keybook accept`). Its rows count; those that it lacks stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.exports.codes import Finding
from pipelines.exports.entities import entities, seed_rows
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted
from pipelines.lists import DOMAIN

# One record may always go: in a small company it is more than any share.
ALWAYS = 1
MOST_GONE, LEAST_SHARE = "full_export_most_gone", "full_export_least_share"


@dataclass(frozen=True)
class Judged:
    """One full export of one entity: the rows of the state before it, how many of them it lacks, whether it is believed.

    `rows_before` and `rows_gone` are NULL for the first.
    """

    contract: str
    system: str
    raw_table: str
    export: str
    known_at: str
    file: str
    file_sha256: str
    rows_read: int
    rows_before: int | None
    rows_gone: int | None
    is_accepted: bool
    is_whole: bool


def parameters(store: RawStore, receipts: Iterable[Receipt]) -> dict[str, float]:
    """The two parameters, as the list in force has them, or their defaults."""
    found = {row["parameter"]: float(row["value"]) for row in seed_rows("parameter_defaults")}
    own = [path for receipt in receipts if receipt.list_name == "parameters" for path in _paths(store, receipt)]
    if own:
        with connected() as connection:
            query = f"select parameter, cast(value as double) from read_parquet([{', '.join(map(_quoted, own))}])"
            found |= dict(connection.execute(query).fetchall())
    return {name: found[name] for name in (MOST_GONE, LEAST_SHARE)}


def _paths(store: RawStore, receipt: Receipt) -> list[Path]:
    entity = entities()[f"{DOMAIN}.parameters"]
    found = {store.rows_file(entity, str(row["contract"]), receipt.sha256) for row in receipt.entities}
    return [path for path in found if path]


def _quoted(path: Path) -> str:
    return quoted(str(path))


def judge(store: RawStore, receipts: list[Receipt], known_at: str | None = None) -> list[Judged]:
    """Every full export, and list of all that is open, of what was known at a moment or is now; oldest first."""
    until = None if known_at is None else datetime.fromisoformat(known_at)
    sources: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for receipt in receipts:
        if until is not None and datetime.fromisoformat(receipt.known_at) > until:
            continue
        for row in receipt.entities:
            if row["export"] == "full" or (row["export"], row["entity"]) == ("open_items", "invoices"):
                sources[row["contract"], row["system"]].append(row | {"sha256": receipt.sha256})
    if not sources:
        return []
    accepted = {
        sha256
        for sha256, said in store.accepted().items()
        if until is None or datetime.fromisoformat(said["accepted_at"]) <= until
    }
    limits = parameters(store, receipts)
    return [judged for rows in sources.values() for judged in _judge_source(store, rows, accepted, limits)]


def _judge_source(
    store: RawStore, rows: list[dict[str, Any]], accepted: set[str], limits: dict[str, float]
) -> list[Judged]:
    """The exports of one contract and system, in their order: the files that came at one moment are one."""
    exports: dict[datetime, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        exports[datetime.fromisoformat(row["known_at"])][f"{row['domain']}.{row['entity']}"].append(row)
    moments = sorted(exports)
    tables = {entity_id for export in exports.values() for entity_id in export}
    seen = {entity_id: _appearances(store, entity_id, rows) if len(moments) > 1 else {} for entity_id in tables}
    found: list[Judged] = []
    believed: datetime | None = None
    for moment in moments:
        export = exports[moment]
        is_accepted = any(row["sha256"] in accepted for files in export.values() for row in files)
        counts = {}
        for entity_id in export:
            counts[entity_id] = None if believed is None else _gone(seen[entity_id], believed, moment)
        is_whole = is_accepted or not any(
            _takes_too_much(exports, entity_id, believed, moment, counts[entity_id], limits) for entity_id in export
        )
        for entity_id, files in sorted(export.items()):
            last = max(files, key=lambda row: str(row["file"]))
            state, gone = counts[entity_id] or (None, None)
            found.append(
                Judged(
                    last["contract"], last["system"], entity_id.replace(".", "_"), last["export"], last["known_at"],
                    last["file"], last["sha256"], sum(row["rows_read"] for row in files), state, gone, is_accepted,
                    is_whole,
                )
            )  # fmt: skip
        if is_whole:
            believed = moment
    return found


def _takes_too_much(
    exports: dict[datetime, dict[str, list[dict[str, Any]]]],
    entity_id: str,
    believed: datetime | None,
    moment: datetime,
    counted: tuple[int, int] | None,
    limits: dict[str, float],
) -> bool:
    """Whether an export lacks more of an entity than is likely.

    Of what is open much is settled from one list to the next, so there the size of the list tells.
    """
    if believed is None or counted is None:
        return False
    files = exports[moment][entity_id]
    if files[0]["export"] == "full":
        state, gone = counted
        return gone > max(ALWAYS, limits[MOST_GONE] * state)
    before = sum(int(row["rows_read"]) for row in exports[believed].get(entity_id, []))
    return sum(int(row["rows_read"]) for row in files) < limits[LEAST_SHARE] * before


# What people know a row by besides its key and its name.
_KNOWN_BY = ("number", "stage", "status", "gross_amount", "amount", "open_amount", "currency")
Appearances = dict[tuple[datetime, datetime | None], int]


def _appearances(store: RawStore, entity_id: str, rows: list[dict[str, Any]]) -> Appearances:
    """How many keys stand in the export of one moment and next in that of another (None: in none since)."""
    entity = entities()[entity_id]
    own = [row for row in rows if f"{row['domain']}.{row['entity']}" == entity_id]
    found_of = {store.rows_file(entity, row["contract"], row["sha256"]) for row in own}
    paths = [path for path in found_of if path]
    if not paths:
        return {}
    key = ", ".join(["_system", *entity.key])
    with connected() as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(
            f"select seen, next_seen, count(*) from (select _known_at as seen, "
            f"lead(_known_at) over (partition by {key} order by _known_at) as next_seen from (select distinct {key}, "
            f"_known_at from read_parquet([{', '.join(map(_quoted, sorted(paths)))}], union_by_name = true) "
            "where not coalesce(_deleted, false))) group by all"
        ).fetchall()
    return {(seen, then): count for seen, then, count in found}


def _gone(seen: Appearances, believed: datetime, moment: datetime) -> tuple[int, int]:
    """The rows that stood before an export, since the one that was believed, and how many of them it lacks."""
    since = dict.fromkeys((True, False), 0)
    for (at, then), count in seen.items():
        if believed <= at < moment and (then is None or then >= moment):
            since[then is None or then > moment] += count
    return since[True] + since[False], since[True]


def lacking(
    store: RawStore, receipts: list[Receipt], judged: list[Judged], export: Judged, most: int
) -> list[dict[str, str]]:
    """The first rows that stood before an export and that it lacks, by their key and what people call them by."""
    same = [one for one in judged if (one.contract, one.system) == (export.contract, export.system) and one.is_whole]
    moment = datetime.fromisoformat(export.known_at)
    since = max((at for one in same if (at := datetime.fromisoformat(one.known_at)) < moment), default=None)
    entity = entities()[export.raw_table.replace("_", ".", 1)]
    found_of = {
        store.rows_file(entity, row["contract"], receipt.sha256)
        for receipt in receipts
        for row in receipt.entities
        if (row["contract"], row["system"]) == (export.contract, export.system)
    }
    paths = sorted(path for path in found_of if path)
    if since is None or not paths:
        return []
    there = {column.name for column in entity.columns}
    shown = [name for name in dict.fromkeys([*entity.same[:1], *_KNOWN_BY, *entity.key]) if name in there]
    with connected() as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(
            f"select {', '.join(f'cast(arg_max({name}, _known_at) as varchar)' for name in shown)} "
            f"from read_parquet([{', '.join(map(_quoted, paths))}], union_by_name = true) "
            f"where not coalesce(_deleted, false) group by {', '.join(['_system', *entity.key])} "
            "having max(_known_at) >= ? and max(_known_at) < ? order by all limit ?",
            [since, moment, most],
        ).fetchall()
    return [{name: value or "" for name, value in zip(shown, row, strict=True)} for row in rows]


def asked(judged: list[Judged]) -> list[dict[str, Any]]:
    """A finding for each export that takes nothing away until a person says so, of those that nothing came after."""
    believed: dict[tuple[str, str], datetime] = {}
    for export in judged:
        if export.is_whole:
            believed[export.contract, export.system] = datetime.fromisoformat(export.known_at)
    found: dict[str, dict[str, Any]] = {}
    for export in judged:
        later = believed.get((export.contract, export.system))
        if export.is_whole or (later and later > datetime.fromisoformat(export.known_at)):
            continue
        finding = Finding("export_takes_away", row_count=export.rows_gone or 0, other_count=export.rows_before or 0)
        facts = {"contract": export.contract, "name": export.raw_table.replace("_", ".", 1), **finding.facts}
        place = {"file": export.file, "file_sha256": export.file_sha256, "part": "", "severity": "held"}
        known = found.get(export.file_sha256)
        if known is None or facts["row_count"] > known["row_count"]:
            found[export.file_sha256] = {**place, **facts, "known_at": export.known_at}
    return list(found.values())
