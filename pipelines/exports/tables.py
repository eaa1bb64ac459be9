"""Lands one recognised table: casts its rows, checks them, and writes rows, rejects and control totals.

Its rows stand in the temporary table `grid`, as text; how a file gets there is `land.py`. Everything here is SQL on
whole tables: there is no loop over rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.cast import Cast, RowSql
from pipelines.exports.contracts import EntityMap
from pipelines.exports.entities import PROVENANCE, Entity, entities
from pipelines.exports.grids import BadLine, Loaded, quoted
from pipelines.exports.raw import REJECT_COLUMNS, TOTAL_COLUMNS, RawStore, Receipt
from pipelines.exports.recognise import Match, normal


def note(receipt: Receipt, part: str, severity: str, message: str) -> None:
    """Adds a finding to a receipt: `held` says why a part of the file was not landed, `note` what in it was odd."""
    receipt.findings.append(
        {"file": receipt.file, "file_sha256": receipt.sha256, "part": part, "severity": severity, "message": message}
    )


class TableLanding:
    """Lands one recognised table: its rows stand in the temporary table `grid`."""

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
        given = quoted(self.contract.system)
        if self.contract.system_column is None:
            return given
        return f"coalesce({self.sql.header([self.contract.system_column])}, {given})"

    def _count(self, query: str) -> int:
        return int(self.connection.execute(query).fetchall()[0][0])

    def land(self, loaded: Loaded, staged: Path, store: RawStore, titles: int = 0) -> None:
        """Writes every entity's rows, rejects and control totals below `staged`, in the store's layout.

        `titles` counts the rows that were titles of groups and are taken out already.
        """
        self._schema_events()
        self.connection.execute(f"create or replace temp view cleaned as {self.sql.cleaned(loaded.only_spaces)}")
        count = titles
        if self.contract.table.skip:
            skipped = " or ".join(f"({self.sql.where([condition])})" for condition in self.contract.table.skip)
            count += self._count(f"select count(*) from cleaned where {skipped}")
            self.connection.execute(f"delete from grid where _line in (select _line from cleaned where {skipped})")
        if count:
            message = (
                f"{self.receipt.file}: {count} rows are titles, totals or of no concern here, as the contract says"
            )
            note(self.receipt, self.part, "note", message)
        mappings = [(entities()[entity_id], mapping) for entity_id, mapping in self.contract.entities.items()]
        for number, (entity, mapping) in enumerate(mappings):
            # Lines that are no rows at all, and rows that no entity takes, are counted with the first entity.
            bad_lines = loaded.bad_lines if number == 0 else []
            untaken = self._untaken(mappings) if number == 0 else None
            self._land_entity(entity, mapping, bad_lines, untaken, staged, store)

    def _untaken(self, mappings: list[tuple[Entity, EntityMap]]) -> str | None:
        if any(not mapping.where for _, mapping in mappings):
            return None
        return " and ".join(f"not ({self.sql.where(mapping.where)})" for _, mapping in mappings)

    def _land_entity(
        self,
        entity: Entity,
        mapping: EntityMap,
        bad_lines: list[BadLine],
        untaken: str | None,
        staged: Path,
        store: RawStore,
    ) -> None:
        casts = self.sql.entity(entity, mapping)
        self._cast_rows(entity, mapping, casts)
        self.connection.execute(
            f"create or replace temp table rejected ({', '.join(f'{name} {kind}' for name, kind in REJECT_COLUMNS.items())})"
        )
        self._reject_unread(entity, casts)
        self._reject_repeated(entity, casts)
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
        self._account(entity, read, loaded, rejected)

    def _cast_rows(self, entity: Entity, mapping: EntityMap, casts: list[Cast]) -> None:
        bad = " or ".join(cast.failed for cast in casts if cast.can_fail)
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
        self.connection.execute(
            f"create or replace temp table cast_rows as select _line, {columns}, {self.system_sql} as _system, "
            f"{self._extra()} as _extra, {bad or 'false'} as bad from ({self.sql.typed(casts, rows)}) {folded}"
        )
        if mapping.key == "made":
            self._make_key(entity, casts)

    def _make_key(self, entity: Entity, casts: list[Cast]) -> None:
        """The hash of the mapped columns and the occurrence number, for exports whose rows have no key of their own."""
        made = next(cast.column.name for cast in casts if cast.column.name in entity.key and not cast.source)
        mapped = [cast.column.name for cast in casts if cast.source]
        digest = (
            f"md5(concat_ws(chr(31), {', '.join(f'coalesce(cast({name} as varchar), chr(30))' for name in mapped)}))"
        )
        self.connection.execute(
            f"create or replace temp table digests as select _line, left({digest}, 16) as digest from cast_rows"
        )
        # Numbered are only those that stand more than once: a window over all of them would sort them all.
        self.connection.execute(
            f"create or replace temp table cast_rows as select cast_rows.* replace ("
            f"digest || '-' || coalesce(occurrence, 1) as {made}) from cast_rows join digests using (_line) left join ("
            "select _line, row_number() over (partition by digest order by _line) as occurrence from digests "
            "semi join (select digest from digests group by digest having count(*) > 1) using (digest)) using (_line)"
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
        """Adds rejects from a query that gives line, column_name, value, reason, row_text."""
        fixed = [
            self.receipt.file, self.receipt.sha256, self.part, self.contract.contract, self.contract.system,
            entity.domain, entity.name,
        ]  # fmt: skip
        named = ", ".join(quoted(value) for value in fixed)
        self.connection.execute(
            f"insert into rejected select {named}, line, column_name, value, reason, row_text, "
            f"cast({quoted(self.receipt.landed_at)} as timestamptz) from ({select})"
        )

    def _reject_unread(self, entity: Entity, casts: list[Cast]) -> None:
        if not self._count("select count(*) from cast_rows where bad"):
            return
        failing = [cast for cast in casts if cast.can_fail]
        names = ", ".join(cast.column.name for cast in casts)
        rows = f"select * from cleaned join (select _line, {names} from cast_rows where bad) using (_line)"
        column = "case " + " ".join(f"when {cast.failed} then {quoted(cast.source)}" for cast in failing) + " end"
        value = "case " + " ".join(f"when {cast.failed} then {cast.text}" for cast in failing) + " end"
        # Every column that could not be read is named; the first one stands in column_name and value.
        reasons = ", ".join(
            f"case when {cast.failed} then {quoted(cast.source or cast.column.name)} || ': ' || {cast.reason_sql} end"
            for cast in failing
        )
        self._reject(
            entity,
            f"select _line as line, {column} as column_name, {value} as value, concat_ws('; ', {reasons}) as reason, "
            f"{self._row_text()} as row_text from ({rows})",
        )

    def _reject_repeated(self, entity: Entity, casts: list[Cast]) -> None:
        """Of rows with the same key the newest counts; an earlier one that says something else is rejected by name."""
        key = ", ".join(["_system", *entity.key])
        if not self._count(
            f"select count(*) from (select 1 from cast_rows where not bad group by {key} having count(*) > 1)"
        ):
            return
        names = [cast.column.name for cast in casts]
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
            f"'stands again on line ' || kept || ' with other values; that line counts' as reason, "
            f"{self._row_text()} as row_text from grid join (select * from repeated where said != kept_said) using (_line) "
            f"join (select _line, {', '.join(entity.key)} from cast_rows) using (_line)",
        )
        self.connection.execute(
            "update cast_rows set bad = true where _line in (select _line from repeated where said != kept_said)"
        )

    def _reject_line(self, entity: Entity, bad: BadLine) -> None:
        self._reject(
            entity,
            f"select {bad.line} as line, null as column_name, null as value, {quoted(bad.reason)} as reason, "
            f"{quoted(bad.text[:10_000])} as row_text",
        )

    def _reject_untaken(self, entity: Entity, untaken: str) -> None:
        self._reject(
            entity,
            f"select _line as line, null as column_name, null as value, 'no rule of the contract takes this row' as reason, "
            f"{self._row_text()} as row_text from cleaned where {untaken}",
        )

    def _write(self, stem: Path, entity: Entity, casts: list[Cast]) -> None:
        provenance = {
            "_system": "_system",
            "_source": quoted(self.contract.contract),
            "_file": quoted(self.receipt.file),
            "_file_sha256": quoted(self.receipt.sha256),
            "_part": quoted(self.part),
            "_row": "_line",
            "_loaded_at": f"cast({quoted(self.receipt.landed_at)} as timestamptz)",
            "_known_at": f"cast({quoted(self.receipt.known_at)} as timestamptz)",
            "_extra": "_extra",
        }
        assert provenance.keys() == PROVENANCE.keys()
        columns = [cast.column.name for cast in casts] + [f"{value} as {name}" for name, value in provenance.items()]
        self._append(f"select {', '.join(columns)} from cast_rows where not bad", Path(f"{stem}.parquet"))
        if self._count("select count(*) from rejected"):
            self._append("select * from rejected order by line", Path(f"{stem}.rejects.parquet"))
        self._append(self._totals(entity, casts), Path(f"{stem}.totals.parquet"))

    def _append(self, query: str, path: Path) -> None:
        """Writes a query's rows; where another part of the same file was written already, both stay."""
        if path.exists():
            query = f"({query}) union all by name from read_parquet({quoted(str(path))})"
        writing = path.with_suffix(".writing")
        self.connection.execute(f"copy ({query}) to {quoted(str(writing))} (format parquet)")
        writing.replace(path)

    def _totals(self, entity: Entity, casts: list[Cast]) -> str:
        """Control totals: what the file's own text adds up to, and what of it was loaded and what rejected."""
        currency = "coalesce(currency, '')" if any(cast.column.name == "currency" for cast in casts) else "''"
        measures = {"rows": "1"} | {
            cast.column.name: f"coalesce({cast.column.name}, 0)"
            for cast in casts
            if cast.column.type in ("money", "seconds") and cast.source
        }
        fixed = {
            "file": self.receipt.file,
            "file_sha256": self.receipt.sha256,
            "contract": self.contract.contract,
            "domain": entity.domain,
            "entity": entity.name,
        }
        named = ", ".join(f"{quoted(value)} as {name}" for name, value in fixed.items())
        parts = [
            f"select {named}, _system as system, {quoted(measure)} as measure, {currency} as currency, "
            f"sum({amount}) as file_total, coalesce(sum({amount}) filter (where not bad), 0) as loaded, "
            f"coalesce(sum({amount}) filter (where bad), 0) as rejected from cast_rows group by all"
            for measure, amount in measures.items()
        ]
        order = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in TOTAL_COLUMNS.items())
        return f"select {order} from ({' union all '.join(parts)})"

    def _account(self, entity: Entity, read: int, loaded: int, rejected: int) -> None:
        for row in self.receipt.entities:
            if (row["contract"], row["domain"], row["entity"]) == (self.contract.contract, entity.domain, entity.name):
                row["rows_read"] += read
                row["rows_loaded"] += loaded
                row["rows_rejected"] += rejected
                return
        self.receipt.entities.append(
            {
                "file": self.receipt.file,
                "file_sha256": self.receipt.sha256,
                "contract": self.contract.contract,
                "system": self.contract.system,
                "domain": entity.domain,
                "entity": entity.name,
                "export": self.contract.export,
                "rows_read": read,
                "rows_loaded": loaded,
                "rows_rejected": rejected,
                "landed_at": self.receipt.landed_at,
                "known_at": self.receipt.known_at,
            }
        )

    def _schema_events(self) -> None:
        events: list[dict[str, Any]] = []
        for header in self.match.unmapped:
            events.append(
                {"column_name": header, "event": "new", "action": "kept in _extra; the contract does not know it"}
            )
        for mapping in self.contract.entities.values():
            for name, spec in mapping.columns.items():
                places = [(aliases, self.match.find(aliases)) for aliases in spec.origins]
                if places and all(place is None for _, place in places):
                    # One event a column that has no origin at all: other spellings and second choices are no loss.
                    event = {"column_name": places[0][0][0], "event": "missing", "action": f"{name} is left blank"}
                    events.append(event)
                for aliases, place in places:
                    if place is not None and normal(self.match.headers[place]) != normal(aliases[0]):
                        action = f"read as {aliases[0]}"
                        events.append({"column_name": self.match.headers[place], "event": "renamed", "action": action})
        fixed = {
            "file": self.receipt.file,
            "file_sha256": self.receipt.sha256,
            "contract": self.contract.contract,
            "part": self.part,
        }
        unique = {tuple(event.values()): event for event in events}
        self.receipt.schema_events += [fixed | event for event in unique.values()]
