"""Two systems of one vendor whose ids are alike, and one system that lies in two folders: found by what rows say.

An id is unique within its system alone. Where a new file calls other things by ids that are known, it is of another
system; where it calls the same things by the same ids as another system's files, it is of that one and would count
twice. Either is held. The columns by which a thing is known again stand in `pipelines/entities.yml` (`same`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from pipelines.exports.codes import Finding, FindingCode
from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.accounting import note
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.landing.spreadsheets import Source, rounded, rounded_since, shortened
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted

# A few records are renamed between two exports; where half of those that both have are others, it is another system.
LEAST_SHARE = 0.5
# A line or two is taken off an invoice between two exports; where more than a tenth of the documents lost some, it is a view.
MOST_SHORTENED = 0.1
# Two rows may say the same by chance; where more than a tenth of a file's do, they are the other file's rows.
MOST_DOUBLED = 0.1
# So many columns at least must agree: a day alone is the same in many rows.
LEAST_COLUMNS = 2
# What has few values agrees by chance.
_SHARED_TYPES = ("boolean", "currency")


@dataclass
class _Seen:
    """What a new file and an older one say of the ids that both have: of how many the same, of how many not."""

    same: int = 0
    other: int = 0
    # Of how many nothing that both say tells it.
    untold: int = 0
    # An id that is something else, and what the older and the new file call it.
    example: str = ""


# What a file is held for that collides with an older one, which its finding names; a person's word lets it in.
CODES = {"ids_collide", "ids_rounded", "ids_shortened", "key_changed", "key_doubled", "lines_gone", "system_doubled"}


def to_compare_again(receipts: Iterable[Receipt]) -> set[str]:
    """The hashes of files that were held for others which are out of raw since: by name, as their findings have them.

    What was held for a file that is held itself waits as that one does.
    """
    receipts = list(receipts)
    standing = {receipt.file for receipt in receipts if receipt.entities or receipt.retired_at}
    held = {receipt.sha256: receipt for receipt in receipts if any(row["code"] in CODES for row in receipt.held)}
    while waiting := [
        receipt
        for receipt in held.values()
        if {str(row.get("name")) for row in receipt.held if row["code"] in CODES} <= standing
    ]:
        for receipt in waiting:
            standing.add(receipt.file)
            del held[receipt.sha256]
    return set(held)


def hold_collisions(store: RawStore, landed: list[Receipt]) -> list[Receipt]:
    """Holds of the files that were just landed those that collide; the receipts as they are then.

    Those too which a run landed that broke off before it came to this (`RawStore.begin`). A file that a person gave his
    word for (`keybook accept`) is taken.
    """
    left = store.begun() - {receipt.sha256 for receipt in landed}
    landed = [*landed, *(receipt for sha256 in sorted(left) if (receipt := store.receipt(sha256)))]
    judged = _judge(store, landed)
    store.end()
    return judged


def _judge(store: RawStore, landed: list[Receipt]) -> list[Receipt]:
    new = {receipt.sha256: receipt for receipt in landed if receipt.accepted is None and not receipt.list_name}
    if not any(receipt.entities for receipt in new.values()):
        return landed
    held: dict[str, Finding] = {}
    # In the order in which they are held against each other: what was there goes before what came at the same moment.
    receipts = sorted(store.receipts(), key=lambda receipt: (receipt.known_at, receipt.sha256 in new, receipt.file))
    names = {receipt.sha256: receipt.file for receipt in receipts}
    gone, fewer = _fewer_lines(store, receipts, set(new))
    for sha256, finding in [
        *rounded(store, receipts, set(new)),
        *_told_otherwise(receipts, set(new)),
        *_told_twice(store, receipts, set(new)),
        *gone,
    ]:
        held.setdefault(sha256, finding)
    for source in _sources(receipts, set(new)):
        for spelt in (shortened, rounded_since):
            for sha256, finding in spelt(store, source, set(new), names):
                held.setdefault(sha256, finding)
        judged, untold = _judged(store, source, set(new), set(held), names)
        for sha256, finding in judged:
            held.setdefault(sha256, finding)
        fewer += untold
    for sha256, finding in fewer:
        if sha256 not in held:
            note(new[sha256], "", "note", finding)
            store.write_receipt(new[sha256])
    return [_held(store, receipt, held[receipt.sha256]) if receipt.sha256 in held else receipt for receipt in landed]


def _held(store: RawStore, receipt: Receipt, finding: Finding) -> Receipt:
    taken_back = replace(receipt, entities=[], schema_events=[], findings=[], sizes={})
    note(taken_back, "", "held", finding)
    store.write_receipt(taken_back)
    store.clear(receipt, taken_back)
    return taken_back


def _told_otherwise(receipts: list[Receipt], new: set[str]) -> list[tuple[str, Finding]]:
    """The new files whose rows have no id and are told by other columns than those of the file before.

    Each row would be another one: in a full export instead of its older version, of which nothing could be kept, and in
    any other beside it.
    """
    found: dict[str, Finding] = {}
    before: dict[tuple[str, ...], tuple[set[str], str]] = {}
    for receipt in receipts:
        for row in receipt.entities:
            if not (told_by := row.get("told_by")):
                continue
            key = (row["contract"], row["system"], row["domain"], row["entity"])
            now, (then, file) = set(told_by.split(",")), before.get(key, (set(), ""))
            more_of_all = row["export"] == "full" and then < now
            if receipt.sha256 in new and then and then != now and not more_of_all:
                column = ", ".join(sorted(then ^ now))
                facts = {"contract": row["contract"], "column_name": column, "name": file}
                found.setdefault(receipt.sha256, Finding("key_changed", **facts))
            else:
                before[key] = (now, receipt.file)
    return list(found.items())


def _told_twice(store: RawStore, receipts: list[Receipt], new: set[str]) -> list[tuple[str, Finding]]:
    """The new files whose rows stand in another export of the system under another kind of key, and would count twice.

    One export of a thing has its ids, the other none, so that its keys are made of what the rows say.
    """
    sources: dict[tuple[str, str], list[tuple[Receipt, dict[str, Any]]]] = defaultdict(list)
    for receipt in receipts:
        for row in receipt.entities:
            sources[f"{row['domain']}.{row['entity']}", row["system"]].append((receipt, row))
    found: dict[str, Finding] = {}
    for (entity_id, _), files in sources.items():
        for place, (later, row) in enumerate(files):
            for earlier, other in files[:place]:
                told_by = row.get("told_by") or other.get("told_by")
                if later.sha256 not in new or later.sha256 in found or earlier.sha256 in found or not told_by:
                    continue
                if bool(row.get("told_by")) == bool(other.get("told_by")) or row["contract"] == other["contract"]:
                    continue
                paths = [
                    store.rows_file(entities()[entity_id], each["contract"], receipt.sha256)
                    for receipt, each in ((later, row), (earlier, other))
                ]
                if not all(paths):
                    continue
                both = _alike(entities()[entity_id], told_by.split(","), *map(str, paths))
                if both > MOST_DOUBLED * min(row["rows_loaded"], other["rows_loaded"]):
                    facts = {"contract": row["contract"], "name": earlier.file, "row_count": both}
                    found[later.sha256] = Finding("key_doubled", **facts, other_count=row["rows_loaded"])
    return list(found.items())


def _alike(entity: Entity, told_by: list[str], later: str, earlier: str) -> int:
    """How many rows of a file say the same as one of another does, in the columns that both say in the same way.

    One may give a name where the other gives an id; without a date or a time in common nothing is the same.
    """
    with connected() as connection:
        for name, path in (("later", later), ("earlier", earlier)):
            texts = ", ".join(f"cast({column} as varchar) as {column}" for column in told_by)
            connection.execute(f"create temp table {name} as select {texts} from read_parquet({quoted(path)})")
        shared = ", ".join(f"count(*) filter (where {column} in (select {column} from earlier))" for column in told_by)
        counts = connection.execute(f"select {shared} from later").fetchall()[0]
        same = [column for column, count in zip(told_by, counts, strict=True) if count]
        if len(same) < LEAST_COLUMNS or not any(entity.column(name).type in ("date", "timestamp") for name in same):
            return 0
        agree = " and ".join(f"earlier.{column} is not distinct from later.{column}" for column in same)
        return int(connection.execute(f"select count(*) from later semi join earlier on {agree}").fetchall()[0][0])


def _fewer_lines(
    store: RawStore, receipts: list[Receipt], new: set[str]
) -> tuple[list[tuple[str, Finding]], list[tuple[str, Finding]]]:
    """The new files in which documents have fewer rows than in the file before: views of some of their lines, and others.

    What is made of the rows, as a document's total, falls with them. In a view many are shorter; few among many were
    corrected, and are told.
    """
    files: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for receipt in receipts:
        for row in receipt.entities:
            key = (f"{row['domain']}.{row['entity']}", row["contract"], row["system"])
            files[key][receipt.sha256] = receipt.file
    found: dict[str, Finding] = {}
    told: dict[str, Finding] = {}
    for (entity_id, contract, _), named in files.items():
        if len(named) < 2 or not new & named.keys() or not _has_documents(entity_id):
            continue
        found_of = {sha256: store.rows_file(entities()[entity_id], contract, sha256) for sha256 in named}
        paths = {sha256: path for sha256, path in found_of.items() if path}
        if not new & paths.keys() or len(paths) < 2:
            continue
        places = ", ".join(f"({quoted(sha256)}, {place})" for place, sha256 in enumerate(named))
        with connected() as connection:
            counted = connection.execute(
                "select sha256, last(before_sha256 order by before_place), count(*) filter (lines < before), count(*) from ("
                "select sha256, lines, lag(lines) over same as before, lag(sha256) over same as before_sha256, "
                "lag(place) over same as before_place from (select _file_sha256 as sha256, _replaces, count(*) as lines "
                f"from read_parquet([{', '.join(quoted(str(path)) for path in paths.values())}], union_by_name = true) "
                "where _replaces is not null and not coalesce(_deleted, false) group by all) "
                f"join (values {places}) as landed (sha256, place) using (sha256) "
                "window same as (partition by _replaces order by place)) where before is not null group by sha256"
            ).fetchall()
        for sha256, before, fewer, both in counted:
            if sha256 not in new or not fewer:
                continue
            facts = {"contract": contract, "name": named[before], "row_count": fewer, "other_count": both}
            if fewer > MOST_SHORTENED * both:
                found.setdefault(sha256, Finding("lines_gone", **facts))
            else:
                told.setdefault(sha256, Finding("lines_fewer", **facts))
    return list(found.items()), list(told.items())


def _has_documents(entity_id: str) -> bool:
    """Whether rows of an entity may be those of a document, which a newer export of it replaces."""
    return any(column.name == "invoice_id" for column in entities()[entity_id].columns)


def _sources(receipts: list[Receipt], new: set[str]) -> list[Source]:
    """Where new files stand beside others of their contract."""
    found: dict[tuple[str, str], Source] = {}
    for receipt in receipts:
        for row in receipt.entities:
            entity = entities()[f"{row['domain']}.{row['entity']}"]
            if entity.same:
                source = found.setdefault((entity.id, row["contract"]), Source(entity, row["contract"]))
                source.systems[receipt.sha256] = row["system"]
    return [source for source in found.values() if len(source.systems) > 1 and new & source.systems.keys()]


def _judged(
    store: RawStore, source: Source, new: set[str], held: set[str], names: dict[str, str]
) -> tuple[list[tuple[str, Finding]], list[tuple[str, Finding]]]:
    """The new files of a source that are to be held, and why; and those of which nothing tells whose ids they have."""
    found: list[tuple[str, Finding]] = []
    untold: list[tuple[str, Finding]] = []
    within, across = _compared(store, source, new)
    for sha256 in (sha256 for sha256 in source.systems if sha256 in new):
        seen = within.get(sha256, {})
        # What agrees with a file that is held is of the same system as that one.
        other = sum(pair.same if older in held else pair.other for older, pair in seen.items())
        same = sum(pair.other if older in held else pair.same for older, pair in seen.items())
        facts: dict[str, Any] = {"contract": source.contract, "row_count": other, "other_count": other + same}
        code: FindingCode = "ids_collide"
        worst = max(seen.items(), key=lambda item: item[1].other, default=None)
        if worst and not other + same:
            facts = {"contract": source.contract, "name": names[worst[0]], "row_count": worst[1].untold}
            untold.append((sha256, Finding("system_untold", **facts)))
            continue
        if not other or other < LEAST_SHARE * (other + same):
            doubled = {older: pair for older, pair in across.get(sha256, {}).items() if older not in held}
            agreeing = sum(pair.same for pair in doubled.values())
            if not agreeing or agreeing < LEAST_SHARE * sum(pair.same + pair.other for pair in across[sha256].values()):
                continue
            code, worst = "system_doubled", max(doubled.items(), key=lambda item: item[1].same)
            facts |= {"row_count": agreeing, "other_count": _rows(store, sha256, source)}
            if agreeing < LEAST_SHARE * facts["other_count"]:
                continue
        assert worst is not None
        older, pair = worst
        said = pair.example if code == "ids_collide" else source.systems[older]
        facts |= {"name": names[older], "said": said}
        found.append((sha256, Finding(code, **facts)))
        held.add(sha256)
    return found, untold


def _rows(store: RawStore, sha256: str, source: Source) -> int:
    receipt = store.receipt(sha256)
    rows = receipt.entities if receipt else []
    return sum(row["rows_loaded"] for row in rows if f"{row['domain']}.{row['entity']}" == source.entity.id)


Pairs = dict[str, dict[str, _Seen]]


def _compared(store: RawStore, source: Source, new: set[str]) -> tuple[Pairs, Pairs]:
    """Each new file's rows against the version before of the same id: in its own system, and in others.

    In its own by whatever both hold, where none of its rows has a column in common by which a thing is known again.
    """
    entity = source.entity
    found_of = {sha256: store.rows_file(entity, source.contract, sha256) for sha256 in source.systems}
    paths = {sha256: str(path) for sha256, path in found_of.items() if path}
    if not new & paths.keys() or len(paths) < 2:
        return {}, {}
    same = {name: f"nullif(lower(trim(cast({name} as varchar))), '')" for name in entity.same}
    with connected() as connection:
        _versions(connection, source, paths, new, same)
        agreeing, comparable = _agreeing(same)
        told = f"case when {comparable} > 0 then {agreeing} > 0 end"
        within, across = (_counted(connection, entity, same, rows, told, new) for rows in (_OWN, _OTHERS))
        if untold := {
            sha256 for sha256, seen in within.items() if not any(pair.same + pair.other for pair in seen.values())
        }:
            others = {
                column.name: f"nullif(lower(trim(cast({column.name} as varchar))), '')"
                for column in entity.columns
                if column.name not in (*entity.key, *entity.same)
                and not column.one_of
                and column.type not in _SHARED_TYPES
            }
            _versions(connection, source, paths, untold, others)
            agreeing, comparable = _agreeing(others)
            # What is written over from day to day may be another in one column; where most are, it is another thing.
            told = (
                f"case when {comparable} >= {LEAST_COLUMNS} then 2 * {agreeing} >= {comparable} "
                f"when {agreeing} > 0 then true end"
            )
            within |= _counted(connection, entity, others, _OWN, told, untold)
    return within, across


# Of each version of an id the one before it in its system; and of each other system the first, if it was there before.
_OWN = "select versions as row, lag(versions) over (partition by _system, {key} order by place) as before from versions"
_OTHERS = (
    "select versions as row, other as before from versions join (select * from versions qualify row_number() over "
    "(partition by _system, {key} order by place) = 1) as other using ({key}) "
    "where other._system <> versions._system and other.place < versions.place"
)


def _versions(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    paths: dict[str, str],
    new: set[str],
    told: dict[str, str],
) -> None:
    """Makes the table `versions` of all rows whose ids the new files have, with the columns that tell a thing."""
    order = ", ".join(f"({quoted(sha256)}, {place})" for place, sha256 in enumerate(source.systems))
    key = ", ".join(source.entity.key)
    files = ", ".join(map(quoted, paths.values()))
    fresh = ", ".join(quoted(paths[sha256]) for sha256 in sorted(new & paths.keys()))
    connection.execute(
        f"create or replace temp table versions as select _system, {key}, _file_sha256, place, "
        f"{', '.join(f'{text} as {name}' for name, text in told.items())} "
        f"from read_parquet([{files}], union_by_name = true) "
        f"join (values {order}) as landed (sha256, place) on _file_sha256 = sha256 "
        f"semi join (select {key} from read_parquet([{fresh}], union_by_name = true)) using ({key}) "
        "where not coalesce(_deleted, false)"
    )


def _agreeing(told: dict[str, str]) -> tuple[str, str]:
    """SQL of how many of the columns agree in a row and the one before, and of how many both have."""
    agreeing = " + ".join(f"cast(coalesce(row.{name} = before.{name}, false) as integer)" for name in told)
    both = " + ".join(f"cast(row.{name} is not null and before.{name} is not null as integer)" for name in told)
    return f"({agreeing})", f"({both})"


def _counted(
    connection: duckdb.DuckDBPyConnection, entity: Entity, told: dict[str, str], rows: str, same: str, new: set[str]
) -> Pairs:
    """By new file and older one, of how many rows `same` (SQL) is true, false and unknown."""
    key = ", ".join(entity.key)
    differs = " ".join(
        f"when row.{name} <> before.{name} then concat(row.{entity.key[0]}, ': ', before.{name}, ' / ', row.{name})"
        for name in told
    )
    counted = connection.execute(
        "select row._file_sha256, before._file_sha256, count(*) filter (where same), count(*) filter (where not same), "
        f"count(*) filter (where same is null), first(case {differs} end) filter (where not same) "
        f"from (select *, {same} as same from ({rows.format(key=key)}) where before is not null "
        "and before._file_sha256 <> row._file_sha256) group by all"
    ).fetchall()
    pairs: Pairs = defaultdict(dict)
    for sha256, older, same_rows, other_rows, untold_rows, example in counted:
        if sha256 in new:
            pairs[sha256][older] = _Seen(same_rows, other_rows, untold_rows, example or "")
    return pairs
