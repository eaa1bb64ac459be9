"""Casts the rows of one recognised table for one entity, and writes those that can be loaded, in one statement.

Rows are cast as they are written: to keep them in a table between the two takes as long as either. Whatever is asked of
them afterwards (a key that stands twice, totals, times that are all midnight) needs few columns, and the file that was
written gives those. Only rows of which something has to be said are cast again, into a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from pipelines.exports.contracts.contract import EntityMap
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import PROVENANCE, Entity
from pipelines.exports.landing.cast import BLANK, Cast, RowSql
from pipelines.exports.landing.held import holds_sql
from pipelines.exports.landing.raw import Receipt
from pipelines.exports.readers.engine import noticing
from pipelines.exports.readers.grids import quoted

# What cannot be read of these would make another figure of the row, not an unknown one.
_DECIDING_TYPES = ("money", "rate", "currency")


def hangs_on(entity: Entity, cast: Cast) -> bool:
    """Whether a row means nothing, or something else, without a cell that cannot be read: its row is rejected.

    That is its key, what its entity needs, a word of a vocabulary, and money.
    """
    column = cast.column
    needed = cast.required or column.name in entity.key or (column.name,) in entity.needs
    return needed or bool(column.one_of) or column.type in _DECIDING_TYPES


def stored(casts: list[Cast], provenance: dict[str, str]) -> str:
    """The select list of the entity's columns as raw keeps them; `provenance` is SQL of what `cast_rows` does not hold."""
    told = {name: provenance.get(name, name) for name in PROVENANCE}
    return f"select {', '.join(cast.column.name for cast in casts)}, {', '.join(f'{sql} as {name}' for name, sql in told.items())}"


class EntityRows:
    """The rows of one recognised table, which stands in the view `cleaned`, as an entity's."""

    # SQL of which file a row is of, where `grid` holds the rows of several (`alike.py`).
    file_of = "0"

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: RowSql, receipt: Receipt, part: str) -> None:
        """Everything that comes of the table is written into the receipt."""
        self.connection = connection
        self.sql = sql
        self.contract = sql.contract
        self.match: Match = sql.match
        self.receipt = receipt
        self.part = part
        self.system_sql = self._system()
        # The rows of the entity at hand that can be loaded, as raw has them.
        self.written = Path()

    def _system(self) -> str:
        given = quoted(self.receipt.system or self.contract.system)
        if self.contract.system_column is None:
            return given
        return f"coalesce({self.sql.header([self.contract.system_column])}, {given})"

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchall()[0][0])

    def _failed(self, entity: Entity, cast: Cast) -> str:
        """As `Cast.failed`; of a row that the export marks as deleted only its key must be there."""
        if not self.contract.deleted or not cast.required or cast.column.name in entity.key:
            return cast.failed
        return f"({cast.failed} and not (_deleted and {cast.text} is null))"

    def _rows(self, mapping: EntityMap) -> tuple[str, str]:
        """SQL of the rows of `cleaned` that feed an entity, and of the condition that leaves one a key of them."""
        rows, folded = f"(select * from cleaned where {self.sql.where(mapping.where)})", ""
        if mapping.one_row_per:
            key = ", ".join(self.sql.header([name]) for name in mapping.one_row_per)
            blank = " and ".join(f"{self.sql.header([name])} is null" for name in mapping.one_row_per)
            # The line of each key's first row is found on narrow rows; a window over whole ones would sort them all.
            first = f"select min(_line) as _line from (select *, {self.file_of} as _of from {rows}) group by _of, {key}"
            # Totals are taken over all rows, before those that repeat are left out.
            folded = f"where ({blank}) or _line in ({first})"
            if not any(column.total for column in mapping.columns.values()):
                rows, folded = f"(select * from {rows} {folded})", ""
        return rows, folded

    def _cast_rows(
        self, entity: Entity, mapping: EntityMap, casts: list[Cast], place: int = 0, noticed: str = ""
    ) -> str:
        """SQL of the entity's rows: what raw keeps of each, and whether it is `bad`, or has a cell that is `odd`.

        `noticed` is SQL that counts those rows as they pass, where they are kept: then an odd cell is left blank, and
        `_extra` has its text; as it erases nothing, the row does not hold it.
        """
        failing = [cast for cast in casts if cast.can_fail and not cast.is_sure]
        bad = " or ".join(self._failed(entity, cast) for cast in failing if hangs_on(entity, cast))
        cells = {cast: self._failed(entity, cast) for cast in failing if not hangs_on(entity, cast)}
        extra, holds = self._extra(), holds_sql(entity, mapping, self.match, self.sql.header)
        rows, folded = self._rows(mapping)
        if noticed:
            kept, held = f"coalesce({extra}, '{{}}')", holds
            for cast, failed in cells.items():
                cell = f"json_object({quoted(cast.source)}, {cast.text})"
                kept = f"json_merge_patch({kept}, case when {failed} then {cell} else '{{}}' end)"
                held = f"replace({held}, case when {failed} then {quoted(f',{cast.column.name},')} else ',' end, ',')"
            extra = f"case when bad or odd then case when {noticed} then {kept} end else {extra} end"
            holds = f"case when bad or odd then {held} else {holds} end"
        columns = ", ".join(cast.column.name for cast in casts)
        document = f"cast({mapping.replaces} as varchar)" if mapping.replaces else "cast(null as varchar)"
        select = (
            f"select _line, {columns}, {self.system_sql} as _system, {self.sql.deleted()} as _deleted, "
            f"{document} as _replaces, {bad or 'false'} as bad, {' or '.join(cells.values()) or 'false'} as odd, "
            f"{extra} as _extra, {holds} as _holds from ({self.sql.typed(casts, rows)}) {folded}"
        )
        return self._with_key(select, entity, mapping, casts, place) if mapping.key == "made" else select

    def _told_words(self, entity: Entity, mapping: EntityMap, casts: list[Cast]) -> Iterator[tuple[str, str, str]]:
        """Column, header, and SQL of the lines and words that only the rest of their rows may tell."""
        for cast in casts:
            if cast.column.unknown and cast.text != BLANK:
                bare = replace(cast, column=replace(cast.column, unknown=()))
                rows = self.sql.typed([bare if other is cast else other for other in casts], self._rows(mapping)[0])
                yield (
                    cast.column.name,
                    cast.source,
                    f"select _line, {cast.text} as word from ({rows}) where {bare.failed}",
                )

    def _with_key(self, rows: str, entity: Entity, mapping: EntityMap, casts: list[Cast], place: int) -> str:
        """The rows with the hash of what tells each, as the first of its kind, for exports whose rows have no key."""
        mapped = [
            cast.column.name
            for cast in casts
            if cast.source and (not mapping.key_from or cast.column.name in mapping.key_from)
        ]
        parts = [f"coalesce(cast({name} as varchar), chr(30))" for name in mapped]
        digest = f"md5(concat_ws(chr(31), {', '.join([*parts, *([quoted(str(place))] if place else [])])}))"
        return f"select * replace (left({digest}, 16) || '-1' as {self._made_key(entity, casts)}) from ({rows})"

    @staticmethod
    def _made_key(entity: Entity, casts: list[Cast]) -> str:
        return next(cast.column.name for cast in casts if cast.column.name in entity.key and not cast.source)

    def _numbered(self, made: str) -> str:
        """SQL of the lines whose made key stands above them already, each with the key that is its own."""
        # Numbered are only those that stand more than once: a window over all of them would sort them all.
        return (
            f"select _line, left({made}, 16) || '-' || occurrence as own_key from (select _line, {made}, "
            f"row_number() over (partition by {self.file_of}, {made} order by _line) as occurrence from cast_rows "
            f"semi join (select {self.file_of} as file, {made} from cast_rows group by all having count(*) > 1) as twice "
            f"on twice.file = {self.file_of} and twice.{made} = cast_rows.{made}) where occurrence > 1"
        )

    def _write_rows(self, entity: Entity, mapping: EntityMap, casts: list[Cast], place: int, path: Path) -> None:
        """Writes the rows that can be loaded, and makes the view `cast_rows` of them and of those that cannot.

        Those that are bad, or have an odd cell, stand in the table `unread`: where there are any, they are cast again.
        Not to write the bad ones at all would be to cast each row twice, in the condition too.
        """
        self.written = path
        with noticing() as (noticed, count):
            cast_rows = self._cast_rows(entity, mapping, casts, place, noticed)
            self._copy_to(f"{stored(casts, self._provenance())} from ({cast_rows})", path)
            unread = f"select *, _row as _line, false as bad, false as odd from {self._read()} limit 0"
            if count():
                unread = f"select * from ({cast_rows}) where bad or odd"
        self.connection.execute(f"create or replace temp table unread as {unread}")
        self._view(casts)
        if self._count("select count(*) from unread where bad"):
            self._write_again(casts, self._without("select _line from unread where bad"))
        if mapping.key == "made":
            made = self._made_key(entity, casts)
            if self._count(f"select count(*) from ({self._numbered(made)})"):
                self._write_again(
                    casts,
                    f"select written.* replace (coalesce(own_key, {made}) as {made}) from {self._read()} as written "
                    f"left join ({self._numbered(made)}) on _row = _line order by _row",
                )

    def _read(self) -> str:
        return f"read_parquet({quoted(str(self.written))})"

    def _view(self, casts: list[Cast]) -> None:
        names = ", ".join(
            [*(cast.column.name for cast in casts), "_system", "_extra", "_deleted", "_replaces", "_holds"]
        )
        self.connection.execute(
            f"create or replace temp view cast_rows as select _row as _line, {names}, false as bad from {self._read()} "
            f"union all select _line, {names}, bad from unread where bad"
        )

    def _write_again(self, casts: list[Cast], query: str) -> None:
        """Writes what is to stand instead of the rows that were written."""
        before, after = self.written, Path(f"{self.written}-again")
        self._copy_to(query, after)
        before.unlink()
        self.written = after
        self._view(casts)

    def _take_out(self, casts: list[Cast], lines: str) -> None:
        """Makes rows bad that were written as good ones; `lines` is SQL of their lines."""
        self.connection.execute(f"create or replace temp table taken_out as {lines}")
        self.connection.execute(
            "insert into unread by name select * replace (true as bad) from cast_rows where _line in (from taken_out)"
        )
        self._write_again(casts, self._without("from taken_out"))

    def _without(self, lines: str) -> str:
        return f"select * from {self._read()} where _row not in ({lines})"

    def _copy_to(self, query: str, path: Path) -> None:
        self.connection.execute(f"copy ({query}) to {quoted(str(path))} (format parquet)")

    def _provenance(self) -> dict[str, str]:
        # What every row has is written as the only word of an enumeration: of a text each row would be looked up.
        texts = {
            "_source": self.contract.contract,
            "_file": self.receipt.file,
            "_file_sha256": self.receipt.sha256,
            "_part": self.part,
        }
        if self.contract.system_column is None:
            texts["_system"] = self.receipt.system or self.contract.system
        return {
            **{name: f"cast({quoted(text)} as enum({quoted(text)}))" for name, text in texts.items()},
            "_row": "_line",
            "_loaded_at": f"cast({quoted(self.receipt.landed_at)} as timestamptz)",
            "_known_at": f"cast({quoted(self.receipt.known_at)} as timestamptz)",
        }

    def _extra(self) -> str:
        """Unmapped columns as JSON: nothing of a row is lost. Blank ones are left out."""
        unmapped = self.sql.unmapped()
        filled = []
        if unmapped:
            counts = self.connection.execute(
                f"select {', '.join(f'count(c{place})' for _, place in unmapped)} from grid"
            ).fetchall()[0]
            filled = [column for column, count in zip(unmapped, counts, strict=True) if count]
        if not filled:
            return "cast(null as json)"
        pairs = ", ".join(f"{quoted(header)}, c{place}" for header, place in filled)
        return f"json_object({pairs})"
