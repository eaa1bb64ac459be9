"""Finds a text in everything that was landed: "why isn't my invoice here?".

Searches the raw store, because it is complete: every version of every row, what no column takes (`_extra`), and the
rejected rows with the file's own text. One query an entity, over all its files at once. What became of a row the
publication says: the row that staging took for its key, and the versions that it says count no longer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.raw import EMPTY, REJECT_FACTS, RawStore, rejects_of
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import pattern, quoted
from pipelines.lists import DOMAIN

# A text of so many digits and no letter may be a phone number: it is found however it is punctuated.
PHONE_DIGITS = 7
# The end of a number is the same with and without the country's code and the trunk prefix.
SIGNIFICANT_DIGITS = 9
# A value is shown from the first match on, about so long.
SHOWN = 200
# What a publication tells of landed rows.
BUILT = FILES, SUPERSEDED, RUN, _ = (
    "marts.fct_landed_files",
    "staging.stg_landing__superseded_rows",
    "intermediate.int_run_dated",
    # Where it is missing, staging does not say which columns its rows keep.
    "intermediate.int_kept_columns",
)


@dataclass(frozen=True)
class Hit:
    """One row that holds the text: where it stands in its file, in which column, and what became of it.

    `state` is counted (the publication has this row), superseded (it has a newer version of the row, or of its
    document), vanished (the newest full export does not hold it), deleted (its export says so), later (it begins after
    the publication's day), landed (the publication was built without its file) or rejected. `code` says why, with
    `facts`: one of the words `row_state`, or of a rejected row `rejection`.
    """

    file: str
    part: str
    line: int
    entity: str
    column: str
    value: str
    state: str
    code: str
    facts: dict[str, Any]


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


def _holds(column: str, text: str, phone: str | None) -> str:
    found = f"contains(lower({column}), {quoted(text.lower())})"
    if phone:
        found = f"({found} or regexp_matches({column}, {quoted(phone)}))"
    return f"coalesce({found}, false)"


def find(
    store: RawStore, text: str, most: int = 100, published: Path | None = None, lists: Iterable[str] = ()
) -> Found:
    """Every landed or rejected row with the text in it, without regard to case; whole values come before parts.

    `published` is the warehouse file that says what became of the rows; without one, all that was loaded is landed.
    `lists` are the hashes of the versions of lists that are in force: rows of others count no longer.
    """
    wanted = text.strip()
    found = Found()
    if not wanted:
        return found
    phone = _phone_pattern(wanted)
    hits: list[tuple[bool, Hit]] = []
    with connected() as connection:
        known = _attach(connection, published)
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
                queries.append(_loaded(entity, str(folder), wanted, phone, known, tuple(lists)))
            if any(name.endswith(".rejects.parquet") for name in there):
                queries.append(_rejected(str(folder), wanted, phone))
            for query in queries:
                found.total += _search(connection, hits, entity, query, wanted, most)
        if known:
            connection.execute("detach built")
    found.hits = [hit for _, hit in sorted(hits, key=lambda entry: not entry[0])][:most]
    return found


def _attach(connection: duckdb.DuckDBPyConnection, published: Path | None) -> set[str]:
    """Attaches the publication as `built`; its tables, by schema and name."""
    if published is None or not published.exists():
        return set()
    connection.execute("detach database if exists built")
    connection.execute(f"attach {quoted(os.path.realpath(published))} as built (read_only)")
    query = "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'built'"
    return {name for (name,) in connection.execute(query).fetchall()}


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
        f"select lower(value) = {quoted(text.lower())} as whole, file, part, line, column_name, value, state, code, facts, "
        "count(*) over () from hits order by not whole, file, part, line limit ?",
        [most],
    ).fetchall()
    for whole, file, part, line, column, value, state, code, facts, _ in rows:
        hits.append(
            (whole, Hit(file, part or "", line, entity.id, column or "", _shown(value), state, code or "", facts))
        )
    return int(rows[0][-1]) if rows else 0


def _shown(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _loaded(entity: Entity, folder: str, text: str, phone: str | None, known: set[str], lists: tuple[str, ...]) -> str:
    """Rows of the entity that were loaded, each with what the publication makes of it."""
    columns = [column.name for column in entity.columns if column.stored_type == "VARCHAR"] + ["_extra"]
    rows = f"read_parquet({quoted(pattern(folder, '*[0-9a-f].parquet'))}, union_by_name = true)"
    tests = {name: _holds(f"cast({name} as varchar)", text, phone) for name in columns}
    first = "case " + " ".join(f"when {test} then {quoted(name)}" for name, test in tests.items()) + " end"
    value = "case " + " ".join(f"when {test} then cast({name} as varchar)" for name, test in tests.items()) + " end"
    matching = f"select *, {first} as _found_in, {value} as _found from {rows} where {' or '.join(tests.values())}"
    shown = (
        "matching._file as file, matching._part as part, matching._row as line, "
        "matching._found_in as column_name, matching._found as value"
    )
    staged = f"{'parameters' if entity.domain == DOMAIN else 'staging'}.stg_{entity.domain}__{entity.name}"
    if not known >= {staged, *BUILT}:
        built = "'landed' as state, 'not_built' as code, map() as facts"
        return f"with matching as ({matching}) select {shown}, {built} from matching"
    key = ["_system", *entity.key]
    in_force = f"matching._file_sha256 in ({', '.join(quoted(sha256) for sha256 in ('', *lists))})"
    of_before = f"not {in_force}" if entity.domain == DOMAIN else "false"
    # A newer file without the column leaves what this row says of it.
    kept = "counted._kept[matching._found_in]"
    keeps = f"{kept}.file_sha256 = matching._file_sha256 and {kept}.line = matching._row"
    if entity.domain == DOMAIN:
        keeps = "false"
    same_key = " and ".join(f"matching.{name} is not distinct from counted.{name}" for name in key)
    return f"""
        with matching as ({matching}),
        built_files as (select distinct file_sha256 from built.{FILES}),
        gone as (
            select * from built.{SUPERSEDED}
            where domain = {quoted(entity.domain)} and entity = {quoted(entity.name)}
        ),
        deleted as (
            select distinct {", ".join(f"versions.{name}" for name in key)}
            from {rows} as versions
            semi join (select * from gone where state = 'deleted') as marks
                on versions._file_sha256 = marks.file_sha256 and versions._row = marks.line
        ),
        judged as (
            select
                {shown},
                case
                    when gone.state in ('changed', 'replaced') then 'superseded'
                    when gone.state is not null then gone.state
                    when counted._file_sha256 = matching._file_sha256 and counted._row = matching._row then 'counted'
                    when {keeps} then 'counted'
                    when counted._file is not null or deleted._system is not null then 'superseded'
                    when {of_before} then 'superseded'
                    when built_files.file_sha256 is null then 'landed'
                    else 'later'
                end as state,
                gone.state as gone_state, deleted._system is not null as is_deleted, gone.newer_file, gone.newer_line, counted._file as counted_file,
                counted._row as counted_line, matching._replaces as document
            from matching
            left join built_files on matching._file_sha256 = built_files.file_sha256
            left join gone
                on matching._file_sha256 = gone.file_sha256 and matching._row = gone.line
                and matching._source = gone.contract and matching._part is not distinct from gone.part
            left join built.{staged} as counted on {same_key}
            left join deleted on {same_key.replace("counted.", "deleted.")}
        )
        select file, part, line, column_name, value, state,
            case
                when gone_state in ('changed', 'replaced') then gone_state
                when state in ('vanished', 'deleted', 'later') then state
                when state = 'superseded' and is_deleted then 'deleted_since'
                when state = 'superseded' and counted_file is null then 'not_listed'
                when state = 'superseded' then 'said_again'
                when state = 'landed' then 'landed_since'
            end as code,
            struct_pack(
                newer_file := coalesce(newer_file, counted_file),
                newer_line := coalesce(newer_line, counted_line),
                document := document,
                as_of_date := (select max(as_of_date) from built.{RUN})
            ) as facts
        from judged
    """


def _rejected(folder: str, text: str, phone: str | None) -> str:
    rows = f"({rejects_of([pattern(folder, '*.rejects.parquet')])})"
    facts = ", ".join(f"{name} := rejects.{name}" for name in ("column_name", *REJECT_FACTS))
    value, whole = _holds("value", text, phone), _holds("row_text", text, phone)
    return f"""
        select file, part, line, case when {value} then column_name end as column_name,
            case when {value} then value else row_text end as value, 'rejected' as state, code, struct_pack({facts}) as facts
        from {rows} as rejects where {value} or {whole}
    """
