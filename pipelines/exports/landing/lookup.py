"""Finds a text in everything that was landed: "why isn't my invoice here?".

Searches the raw store, because it is complete: every version of every row, what no column takes (`_extra`), and the
rejected rows with the file's own text. One query an entity, over all its files at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.raw import EMPTY, RawStore
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted

# A text of so many digits and no letter may be a phone number: it is found however it is punctuated.
PHONE_DIGITS = 7
# The end of a number is the same with and without the country's code and the trunk prefix.
SIGNIFICANT_DIGITS = 9
# A value is shown from the first match on, about so long.
SHOWN = 200


@dataclass(frozen=True)
class Hit:
    """One row that holds the text: where it stands in its file, in which column, and what became of it.

    `state` is loaded, superseded (a newer version of the row or of its document counts), deleted (the newest version
    says so) or rejected; `why` says more.
    """

    file: str
    part: str
    line: int
    entity: str
    column: str
    value: str
    state: str
    why: str


@dataclass
class Found:
    """The hits, at most as many as were asked for, and how many there are in all."""

    hits: list[Hit] = field(default_factory=list)
    total: int = 0


def _phone_pattern(text: str) -> str | None:
    """A regular expression for the number's last digits with any punctuation between them, or None."""
    digits = re.sub(r"\D", "", text)
    if len(digits) < PHONE_DIGITS or not re.fullmatch(r"[\d\s().+/–-]+", text):
        return None
    significant = digits.lstrip("0")[-SIGNIFICANT_DIGITS:]
    return r"[\s().+/–-]{0,3}".join(significant)


def _holds(column: str, text: str, pattern: str | None) -> str:
    found = f"contains(lower({column}), {quoted(text.lower())})"
    if pattern:
        found = f"({found} or regexp_matches({column}, {quoted(pattern)}))"
    return f"coalesce({found}, false)"


def find(store: RawStore, text: str, most: int = 100) -> Found:
    """Every landed or rejected row with the text in it, without regard to case; whole values come before parts."""
    wanted = text.strip()
    found = Found()
    if not wanted:
        return found
    pattern = _phone_pattern(wanted)
    hits: list[tuple[bool, Hit]] = []
    with connected() as connection:
        for entity in entities().values():
            folder = store.root / entity.domain / entity.name
            # Most entities have no file but the empty one, and need no query.
            there = {
                path.name
                for path in folder.glob("*.parquet")
                if not path.name.startswith(EMPTY.removesuffix(".parquet"))
            }
            queries = []
            if any("." not in name.removesuffix(".parquet") for name in there):
                queries.append(_loaded(entity, str(folder), wanted, pattern))
            if any(name.endswith(".rejects.parquet") for name in there):
                queries.append(_rejected(str(folder), wanted, pattern))
            for query in queries:
                found.total += _search(connection, hits, entity, query, wanted, most)
    found.hits = [hit for _, hit in sorted(hits, key=lambda entry: not entry[0])][:most]
    return found


def _search(
    connection: duckdb.DuckDBPyConnection,
    hits: list[tuple[bool, Hit]],
    entity: Entity,
    query: str,
    text: str,
    most: int,
) -> int:
    """Adds a query's first hits, and says how many there are in all."""
    connection.execute(f"create or replace temp table hits as {query}")
    rows: list[tuple[Any, ...]] = connection.execute(
        f"select lower(value) = {quoted(text.lower())} as whole, file, part, line, column_name, value, state, why, "
        "count(*) over () from hits order by not whole, file, part, line limit ?",
        [most],
    ).fetchall()
    for whole, file, part, line, column, value, state, why, _ in rows:
        hits.append((whole, Hit(file, part or "", line, entity.id, column or "", _shown(value), state, why or "")))
    return int(rows[0][-1]) if rows else 0


def _shown(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _loaded(entity: Entity, folder: str, text: str, pattern: str | None) -> str:
    """Rows of the entity; of several versions of one row the newest is loaded, as staging decides it."""
    columns = [column.name for column in entity.columns if column.stored_type == "VARCHAR"] + ["_extra"]
    rows = f"read_parquet({quoted(folder + '/*[0-9a-f].parquet')}, union_by_name = true)"
    tests = {name: _holds(f"cast({name} as varchar)", text, pattern) for name in columns}
    first = "case " + " ".join(f"when {test} then {quoted(name)}" for name, test in tests.items()) + " end"
    value = "case " + " ".join(f"when {test} then cast({name} as varchar)" for name, test in tests.items()) + " end"
    key = ", ".join(["_system", *entity.key])
    export = "_known_at, _loaded_at, _file_sha256"
    return f"""
        with matching as (
            select *, {first} as column_name, {value} as value from {rows} where {" or ".join(tests.values())}
        ),
        -- Of rows that replace their document only those of its newest export count.
        documents as (
            select _system, _replaces, max_by(_file, ({export})) as _file, max(({export})) as export
            from {rows} semi join matching using (_system, _replaces)
            where _replaces is not null group by all
        ),
        versions as (
            select
                {key}, _file_sha256, _part, _row, _file, coalesce(_deleted, false) as gone,
                row_number() over (
                    partition by {key} order by _known_at desc, _loaded_at desc, _file_sha256 desc, _row desc
                ) as place
            from {rows} semi join matching using ({key})
        ),
        newest as (select {key}, _file, _row from versions where place = 1)
        select
            matching._file as file, matching._part as part, matching._row as line, column_name, value,
            case
                when versions.place > 1 or ({export}) < documents.export then 'superseded'
                when versions.gone then 'deleted'
                else 'loaded'
            end as state,
            case
                when versions.place > 1
                    then 'the newer ' || newest._file || ', line ' || newest._row || ' counts for '
                        || concat_ws(', ', {", ".join(f"cast(matching.{name} as varchar)" for name in entity.key)})
                when ({export}) < documents.export
                    then 'the newer ' || documents._file || ' gives all rows of ' || matching._replaces || ' anew'
                when versions.gone then 'the export marks it as deleted'
            end as why
        from matching
        left join versions using ({key}, _file_sha256, _part, _row)
        left join newest using ({key})
        left join documents on matching._system = documents._system and matching._replaces = documents._replaces
    """


def _rejected(folder: str, text: str, pattern: str | None) -> str:
    rows = f"read_parquet({quoted(folder + '/*.rejects.parquet')}, union_by_name = true)"
    value, whole = _holds("value", text, pattern), _holds("row_text", text, pattern)
    return f"""
        select file, part, line, case when {value} then column_name end as column_name,
            case when {value} then value else row_text end as value, 'rejected' as state, reason as why
        from {rows} where {value} or {whole}
    """
