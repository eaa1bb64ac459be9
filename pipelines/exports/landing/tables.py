"""Lands one recognised table: casts its rows, checks them, and writes rows, rejects and control totals.

Its rows stand in the temporary table `grid`, as text; how a file gets there is `land.py`. Everything here is SQL on
whole tables: there is no loop over rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import EntityMap
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import PROVENANCE, Entity, entities
from pipelines.exports.landing.accounting import account, note, note_columns, totals
from pipelines.exports.landing.cast import Cast, RowSql
from pipelines.exports.landing.held import holds_sql, key_columns
from pipelines.exports.landing.likeness import is_unlike, likeness
from pipelines.exports.landing.raw import REJECT_COLUMNS, RawStore, Receipt
from pipelines.exports.landing.reasons import rejection_sql
from pipelines.exports.readers.grids import BadLine, Loaded, quoted

# So many times of day that fall on the same odd hour are no chance.
MIDNIGHTS = 3
# By so many of them it mostly shows that they do not.
SHOWN_MOMENTS = 1000
# So many cells that could not be read are told by their lines; the others are counted.
SHOWN_CELLS = 10
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


class TableLanding:
    """Lands one recognised table: its rows stand in the temporary table `grid`."""

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

    def _system(self) -> str:
        given = quoted(self.receipt.system or self.contract.system)
        if self.contract.system_column is None:
            return given
        return f"coalesce({self.sql.header([self.contract.system_column])}, {given})"

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchall()[0][0])

    def land(self, loaded: Loaded, staged: Path, store: RawStore, titles: int = 0) -> None:
        """Writes every entity's rows, rejects and control totals below `staged`, in the store's layout.

        `titles` counts the rows that were titles of groups and are taken out already.
        """
        note_columns(self.receipt, self.match, self.part)
        self.connection.execute(f"create or replace temp view cleaned as {self.sql.cleaned(loaded.only_spaces)}")
        count = titles
        if skipped := self._skipped():
            count += self._count(f"select count(*) from cleaned where {skipped}")
            self.connection.execute(f"delete from grid where _line in (select _line from cleaned where {skipped})")
        if count:
            note(self.receipt, self.part, "note", Finding("rows_passed_over", row_count=count))
        mappings = [(entities()[entity_id], mapping) for entity_id, mapping in self.match.feeds]
        share, unlike = likeness(self.connection, self.sql, mappings).get(0, (1.0, []))
        if is_unlike(share, unlike, loaded.rows):
            title, columns = self.contract.title, ", ".join(unlike)
            found = Finding("values_unlike", column_name=columns, name=title, contract=self.contract.contract)
            note(self.receipt, self.part, "held", found)
            return
        for number, (entity, mapping) in enumerate(mappings):
            # Lines that are no rows at all, and rows that no entity takes, are counted with the first entity.
            bad_lines = loaded.bad_lines if number == 0 else []
            untaken = self._untaken(mappings) if number == 0 else None
            # Which of an entity's maps this is: a row may feed one entity twice (an invoice row with two tax lines).
            place = sum(entity is other for other, _ in mappings[:number])
            self._land_entity(entity, mapping, place, bad_lines, untaken, staged, store)

    def _skipped(self) -> str:
        """SQL of the rows that the contract passes over; empty where it says of none."""
        skips = [f"({self.sql.where(conditions)})" for conditions in self.contract.table.skip]
        if self.contract.table.blank_rows == "skip":
            skips.append(f"coalesce({', '.join(f't{place}' for place in range(len(self.match.headers)))}) is null")
        return " or ".join(skips)

    def _untaken(self, mappings: list[tuple[Entity, EntityMap]]) -> str | None:
        if any(not mapping.where for _, mapping in mappings):
            return None
        return " and ".join(f"not ({self.sql.where(mapping.where)})" for _, mapping in mappings)

    def _land_entity(
        self,
        entity: Entity,
        mapping: EntityMap,
        place: int,
        bad_lines: list[BadLine],
        untaken: str | None,
        staged: Path,
        store: RawStore,
    ) -> None:
        casts = self.sql.entity(entity, mapping)
        self._cast_rows(entity, mapping, casts, place)
        self._note_midnights(casts)
        self._reject_cells(entity, casts)
        self.connection.execute(
            f"create or replace temp table rejected ({', '.join(f'{name} {kind}' for name, kind in REJECT_COLUMNS.items())})"
        )
        self._reject_unread(entity, casts)
        self._reject_repeated(entity, casts)
        if sum(entity_id == entity.id for entity_id, _ in self.match.feeds) > 1:
            self._reject_fed_before(entity, casts, place)
        for bad in bad_lines:
            self._reject_line(entity, bad)
        if untaken:
            self._reject_untaken(entity, untaken)
        rejected = self._count("select count(*) from rejected")
        loaded = self._count("select count(*) from cast_rows where not bad")
        read = self._count("select count(*) from cast_rows") + len(bad_lines)
        if untaken:
            read += self._count(f"select count(*) from cleaned where {untaken}")
        if read != loaded + rejected:
            raise AssertionError(f"{self.receipt.file}: {read} rows read, {loaded} loaded, {rejected} rejected")
        stem = staged / store.stem(entity, self.contract.contract, self.receipt.sha256).relative_to(store.root)
        stem.parent.mkdir(parents=True, exist_ok=True)
        self._write(stem, entity, casts)
        account(self.receipt, self.contract, entity, read, loaded, rejected, key_columns(entity, mapping, self.match))

    def _note_midnights(self, casts: list[Cast]) -> None:
        """Says of a column whose times are all midnight in the business time zone, if only they were in UTC."""
        for cast, are_midnights in self._midnights(casts).items():
            # What the first do not show the whole column does not: to ask all of them takes longer.
            some = f"(select * from cast_rows where {cast.column.name} is not null limit {SHOWN_MOMENTS})"
            if all(self._count(f"select {are_midnights} from {rows}") for rows in (some, "cast_rows")):
                found = Finding("midnights", column_name=cast.source, name=self.sql.business_timezone)
                note(self.receipt, self.part, "note", found)

    def _midnights(self, casts: list[Cast]) -> dict[Cast, str]:
        """Columns of times -> SQL on many rows of whether all of it are midnight, if only they were in UTC."""
        business = quoted(self.sql.business_timezone)
        found = {}
        for cast in casts:
            if cast.column.type == "timestamp" and cast.source:
                written = f"timezone(current_setting('TimeZone'), {cast.column.name})"
                in_business = f"timezone({business}, timezone('UTC', {written}))"
                found[cast] = (
                    f"count({written}) >= {MIDNIGHTS} and count({written}) = count(*) filter (where "
                    f"cast({written} as time) <> time '00:00:00' and cast({in_business} as time) = time '00:00:00')"
                )
        return found

    def _failed(self, entity: Entity, cast: Cast) -> str:
        """As `Cast.failed`; of a row that the export marks as deleted only its key must be there."""
        if not self.contract.deleted or not cast.required or cast.column.name in entity.key:
            return cast.failed
        return f"({cast.failed} and not (_deleted and {cast.text} is null))"

    def _cast_rows(self, entity: Entity, mapping: EntityMap, casts: list[Cast], place: int) -> None:
        failing = [cast for cast in casts if cast.can_fail]
        bad = " or ".join(self._failed(entity, cast) for cast in failing if hangs_on(entity, cast))
        odd = " or ".join(self._failed(entity, cast) for cast in failing if not hangs_on(entity, cast))
        rows, folded = f"(select * from cleaned where {self.sql.where(mapping.where)})", ""
        if mapping.one_row_per:
            key = ", ".join(self.sql.header([name]) for name in mapping.one_row_per)
            blank = " and ".join(f"{self.sql.header([name])} is null" for name in mapping.one_row_per)
            # The line of each key's first row is found on narrow rows; a window over whole ones would sort them all.
            first = f"select min(_line) as _line from {rows} group by {key}"
            # Totals are taken over all rows, before those that repeat are left out.
            folded = f"where ({blank}) or _line in ({first})"
            if not any(column.total for column in mapping.columns.values()):
                rows, folded = f"(select * from {rows} {folded})", ""
        columns = ", ".join(cast.column.name for cast in casts)
        document = f"cast({mapping.replaces} as varchar)" if mapping.replaces else "cast(null as varchar)"
        self.connection.execute(
            f"create or replace temp table cast_rows as select _line, {columns}, {self.system_sql} as _system, "
            f"{self._extra()} as _extra, {self.sql.deleted()} as _deleted, {document} as _replaces, "
            f"{holds_sql(entity, mapping, self.match, self.sql.header)} as _holds, "
            f"{bad or 'false'} as bad, {odd or 'false'} as odd from ({self.sql.typed(casts, rows)}) {folded}"
        )
        if mapping.key == "made":
            self._make_key(entity, mapping, casts, place)

    def _make_key(self, entity: Entity, mapping: EntityMap, casts: list[Cast], place: int) -> None:
        """The hash of what tells a row and the occurrence number, for exports whose rows have no key of their own."""
        made = next(cast.column.name for cast in casts if cast.column.name in entity.key and not cast.source)
        mapped = [
            cast.column.name
            for cast in casts
            if cast.source and (not mapping.key_from or cast.column.name in mapping.key_from)
        ]
        parts = [f"coalesce(cast({name} as varchar), chr(30))" for name in mapped]
        digest = f"md5(concat_ws(chr(31), {', '.join([*parts, *([quoted(str(place))] if place else [])])}))"
        self.connection.execute(
            f"create or replace temp table digests as "
            f"select _line, {self.file_of} as file, left({digest}, 16) as digest from cast_rows"
        )
        # Numbered are only those that stand more than once: a window over all of them would sort them all.
        self.connection.execute(
            f"create or replace temp table cast_rows as select cast_rows.* replace ("
            f"digest || '-' || coalesce(occurrence, 1) as {made}) from cast_rows join digests using (_line) left join ("
            "select _line, row_number() over (partition by file, digest order by _line) as occurrence from digests "
            "semi join (select file, digest from digests group by all having count(*) > 1) using (file, digest)) using (_line)"
        )

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

    def _row_text(self) -> str:
        cells = ", ".join(f"coalesce(c{place}, '')" for place in range(len(self.match.headers)))
        return f"concat_ws(' | ', {cells})"

    def _reject(self, entity: Entity, select: str) -> None:
        """Adds rejects from a query that gives line, row_text, code and what the code speaks of."""
        fixed = {
            "file": self.receipt.file,
            "file_sha256": self.receipt.sha256,
            "part": self.part,
            "contract": self.contract.contract,
            "system": self.receipt.system or self.contract.system,
            "domain": entity.domain,
            "entity": entity.name,
        }
        named = ", ".join(f"{quoted(value)} as {name}" for name, value in fixed.items())
        self.connection.execute(
            f"insert into rejected by name select {named}, *, "
            f"cast({quoted(self.receipt.landed_at)} as timestamptz) as landed_at from ({select})"
        )

    def _reject_cells(self, entity: Entity, casts: list[Cast]) -> None:
        """Leaves cells blank that cannot be read and that the row does not hang on, each told by its line and kept in `_extra`."""
        if not self._count("select count(*) from cast_rows where odd and not bad"):
            return
        names = ", ".join(cast.column.name for cast in casts)
        rows = f"cleaned join (select _line, _deleted, {names} from cast_rows where odd and not bad) using (_line)"
        for cast in (cast for cast in casts if cast.can_fail and not hangs_on(entity, cast)):
            cells = f"select _line, {cast.text} as cell from {rows} where {self._failed(entity, cast)}"
            found = self.connection.execute(
                f"select _line, cell, count(*) over () from ({cells}) order by _line limit {SHOWN_CELLS}"
            ).fetchall()
            if not found:
                continue
            said = "; ".join(f"{line}: {cell[:40]}" for line, cell, _ in found)
            code = Finding("cells_blank", column_name=cast.source, name=entity.id, row_count=found[0][2], said=said)
            note(self.receipt, self.part, "note", code)
            # What cannot be read erases nothing: the row does not hold it.
            self.connection.execute(
                f"update cast_rows set _holds = replace(_holds, ',{cast.column.name},', ','), "
                f"_extra = json_merge_patch(coalesce(_extra, '{{}}'), json_object({quoted(cast.source)}, cell)) from ({cells}) as unread where cast_rows._line = unread._line"
            )

    def _reject_unread(self, entity: Entity, casts: list[Cast]) -> None:
        if not self._count("select count(*) from cast_rows where bad"):
            return
        failing = [cast for cast in casts if cast.can_fail]
        # What counts is what the row hangs on; what else of it cannot be read is told with it.
        failing.sort(key=lambda cast: not hangs_on(entity, cast))
        names = ", ".join(cast.column.name for cast in casts)
        rows = f"select * from cleaned join (select _line, _deleted, {names} from cast_rows where bad) using (_line)"
        failed = {cast.column.name: self._failed(entity, cast) for cast in failing}

        def first(of: Callable[[Cast], str]) -> str:
            return f"case {' '.join(f'when {failed[cast.column.name]} then {of(cast)}' for cast in failing)} end"

        # Every column that could not be read is named: the first one with its value and why, then the others.
        headers = {cast.column.name: cast.source or cast.column.name for cast in failing}
        named: dict[str, list[str]] = {}
        for column, header in headers.items():
            named.setdefault(header, []).append(failed[column])
        others = ", ".join(
            f"case when ({' or '.join(tests)}) and column_name <> {quoted(name)} then {quoted(name)} end"
            for name, tests in named.items()
        )
        self._reject(
            entity,
            f"select line, column_name, value, field, unnest(why), other_columns, row_text from ("
            f"select _line as line, {first(lambda cast: quoted(headers[cast.column.name]))} as column_name, "
            f"{first(lambda cast: cast.text)} as value, {first(lambda cast: quoted(cast.column.name))} as field, "
            f"{first(lambda cast: cast.reason_sql)} as why, nullif(concat_ws(', ', {others}), '') as other_columns, "
            f"{self._row_text()} as row_text from ({rows}))",
        )

    def _reject_repeated(self, entity: Entity, casts: list[Cast]) -> None:
        """Of rows with the same key the newest counts; an earlier one that says something else is rejected by name."""
        key = ", ".join(["_system", *entity.key])
        if not self._count(
            f"select count(*) from (select 1 from cast_rows where not bad group by {key} having count(*) > 1)"
        ):
            return
        names = [cast.column.name for cast in casts] + ["_deleted"]
        newest = "updated_at desc nulls last, _line desc" if "updated_at" in names else "_line desc"
        said = f"md5(concat_ws(chr(31), {', '.join(f'coalesce(cast({name} as varchar), chr(30))' for name in names)}))"
        # Only rows whose key stands more than once are compared: few, even where millions are landed.
        self.connection.execute(
            f"create or replace temp table repeated as select _line, first_value(_line) over newest as kept, "
            f"said, first_value(said) over newest as kept_said from (select *, {said} as said from cast_rows "
            f"semi join (select {key} from cast_rows where not bad group by {key} having count(*) > 1) using ({key}) "
            f"where not bad) window newest as (partition by {key} order by {newest}) qualify kept != _line"
        )
        headers = ", ".join(cast.source for cast in casts if cast.column.name in entity.key)
        values = ", ".join(f"cast({name} as varchar)" for name in entity.key)
        self._reject(
            entity,
            f"select _line as line, {quoted(headers)} as column_name, concat_ws(', ', {values}) as value, "
            f"'repeated' as code, kept as other_line, "
            f"{self._row_text()} as row_text from grid join (select * from repeated where said != kept_said) using (_line) "
            f"join (select _line, {', '.join(entity.key)} from cast_rows) using (_line)",
        )
        self.connection.execute(
            "update cast_rows set bad = true where _line in (select _line from repeated where said != kept_said)"
        )

    def _reject_fed_before(self, entity: Entity, casts: list[Cast], place: int) -> None:
        """Where a row feeds the entity twice, the first map's row counts; another one with its key is rejected by name."""
        key = ", ".join(["_system", *entity.key])
        fed = f"select {key}, _line from cast_rows where not bad"
        if place:
            again = f"select _line, kept from cast_rows join (select {key}, _line as kept from fed) using ({key}) where not bad"
            self.connection.execute(f"create or replace temp table again as {again}")
            headers = ", ".join(cast.source for cast in casts if cast.column.name in entity.key)
            values = ", ".join(f"cast({name} as varchar)" for name in entity.key)
            self._reject(
                entity,
                f"select _line as line, {quoted(headers)} as column_name, concat_ws(', ', {values}) as value, "
                f"'fed_before' as code, kept as other_line, {self._row_text()} as row_text "
                f"from grid join (select _line, max(kept) as kept from again group by _line) using (_line) "
                f"join (select _line, {', '.join(entity.key)} from cast_rows) using (_line)",
            )
            self.connection.execute("update cast_rows set bad = true where _line in (select _line from again)")
            self.connection.execute(f"insert into fed {fed}")
        else:
            self.connection.execute(f"create or replace temp table fed as {fed}")

    def _reject_line(self, entity: Entity, bad: BadLine) -> None:
        self._reject(
            entity,
            f"select {bad.line} as line, unnest({rejection_sql(bad.rejection)}), "
            f"{quoted(bad.text[:10_000])} as row_text",
        )

    def _reject_untaken(self, entity: Entity, untaken: str) -> None:
        self._reject(
            entity,
            f"select _line as line, 'no_rule' as code, {self._row_text()} as row_text from cleaned where {untaken}",
        )

    def _write(self, stem: Path, entity: Entity, casts: list[Cast]) -> None:
        provenance = {
            "_source": quoted(self.contract.contract),
            "_file": quoted(self.receipt.file),
            "_file_sha256": quoted(self.receipt.sha256),
            "_part": quoted(self.part),
            "_row": "_line",
            "_loaded_at": f"cast({quoted(self.receipt.landed_at)} as timestamptz)",
            "_known_at": f"cast({quoted(self.receipt.known_at)} as timestamptz)",
        }
        self._append(f"{stored(casts, provenance)} from cast_rows where not bad", Path(f"{stem}.parquet"))
        if self._count("select count(*) from rejected"):
            self._append("select * from rejected order by line", Path(f"{stem}.rejects.parquet"))
        of_file = {"file": quoted(self.receipt.file), "file_sha256": quoted(self.receipt.sha256)}
        self._append(totals(of_file, self.contract, entity, casts), Path(f"{stem}.totals.parquet"))

    def _append(self, query: str, path: Path) -> None:
        """Writes a query's rows; where another part of the same file was written already, both stay."""
        if path.exists():
            query = f"({query}) union all by name from read_parquet({quoted(str(path))})"
        writing = path.with_suffix(".writing")
        self.connection.execute(f"copy ({query}) to {quoted(str(writing))} (format parquet)")
        writing.replace(path)
