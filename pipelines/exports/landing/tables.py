"""Lands one recognised table: casts its rows, checks them, and writes rows, rejects and control totals.

Its rows stand in the temporary table `grid`, as text; how a file gets there is `land.py`. Everything here is SQL on
whole tables: there is no loop over rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import EntityMap
from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.accounting import account, note, note_columns, totals
from pipelines.exports.landing.cast import Cast
from pipelines.exports.landing.held import key_columns
from pipelines.exports.landing.likeness import is_unlike, likeness
from pipelines.exports.landing.raw import REJECT_COLUMNS, RawStore
from pipelines.exports.landing.reasons import rejection_sql
from pipelines.exports.landing.rows import EntityRows, hangs_on
from pipelines.exports.readers.grids import BadLine, Loaded, quoted

# So many times of day that fall on the same odd hour are no chance.
MIDNIGHTS = 3
# By so many of them it mostly shows that they do not.
SHOWN_MOMENTS = 1000
# A row that says so many headers again, and all, is no row.
LEAST_HEADERS = 3
# So many cells that could not be read are told by their lines; the others are counted.
SHOWN_CELLS = 10


class TableLanding(EntityRows):
    """Lands one recognised table: its rows stand in the temporary table `grid`, of which `cleaned` is a view."""

    def land(self, loaded: Loaded, staged: Path, store: RawStore, titles: int = 0) -> None:
        """Writes every entity's rows, rejects and control totals below `staged`, in the store's layout.

        `titles` counts the rows that were titles of groups and are taken out already.
        """
        note_columns(self.receipt, self.match, self.part)
        if self.contract.table.lines_below:
            self._take_out_lines_below()
        count = titles
        if self.contract.table.blank_rows == "skip":
            count += self._take_out_no_rows()
        if skipped := self._skipped():
            passed_over = self._count(f"select count(*) from cleaned where {skipped}")
            if passed_over:
                self.connection.execute(f"delete from grid where _line in (select _line from cleaned where {skipped})")
            count += passed_over
        if count:
            note(self.receipt, self.part, "note", Finding("rows_passed_over", row_count=count))
        mappings = [(entities()[entity_id], mapping) for entity_id, mapping in self.match.feeds]
        keys = {text for _, mapping in mappings for _, _, text in self._keys(mapping)}
        self.sql.alone = {text for text in keys if self._count(f"select count(distinct {text}) from cleaned") == 1}
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
        return " or ".join(f"({self.sql.where(conditions)})" for conditions in self.contract.table.skip)

    def _no_rows(self) -> tuple[str, str]:
        """SQL of rows of which nothing is filled that is asked for, and of those that say the header again."""
        own = len(self.match.headers) - len(self.contract.table.derived)
        texts = {f"t{place}": self.match.headers[place] for place in self.sql.asked_for() if place < own}
        blank = " and ".join(f"{text} is null" for text in texts) or "false"
        # Where a file begins within another one a mark of byte order stands before its first header.
        again = " and ".join(
            f"coalesce(lower(ltrim({text}, chr(65279))) = {quoted(header.lower())}, false)"
            for text, header in texts.items()
        )
        return blank, again if len(texts) >= LEAST_HEADERS else "false"

    def _take_out_no_rows(self) -> int:
        """Takes out rows that hold nothing at all, and the header where it stands again; how many there were."""
        blank, again = self._no_rows()
        if not self._count(f"select count(*) from cleaned where ({blank}) or ({again})"):
            return 0
        own = len(self.match.headers) - len(self.contract.table.derived)
        nothing = " and ".join(f"coalesce(trim(c{place}), '') = ''" for place in range(own))
        lines = f"select _line from cleaned where (({blank}) and {nothing}) or ({again})"
        return self._count(f"delete from grid where _line in ({lines})")

    def _take_out_lines_below(self) -> None:
        """Takes out the lines of one cell that stand below the last row of more, and tells what they say."""
        cells = [f"t{place}" for place in range(len(self.match.headers))]
        filled = " + ".join(f"cast({cell} is not null as integer)" for cell in cells)
        below = f"_line > (select max(_line) from cleaned where {filled} > 1)"
        query = f"select _line, coalesce({', '.join(cells)}) from cleaned where {below} order by _line"
        found = self.connection.execute(query).fetchall()
        if found:
            self.connection.execute(f"delete from grid where _line in (select _line from cleaned where {below})")
            said = " | ".join(text for _, text in found if text)
            note(self.receipt, self.part, "note", Finding("below_table", said=said[:200]))

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
        stem = staged / store.stem(entity, self.contract.contract, self.receipt.sha256).relative_to(store.root)
        stem.parent.mkdir(parents=True, exist_ok=True)
        self._write_rows(entity, mapping, casts, place, Path(f"{stem}.rows"))
        self._note_midnights(casts)
        self._note_cells(entity, casts)
        self._note_told(entity, mapping, casts)
        self._note_assumed(entity, mapping, casts)
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
        rows, folded = self._rows(mapping)
        read = self._count(f"select count(*) from {rows} {folded}") + len(bad_lines)
        if untaken:
            read += self._count(f"select count(*) from cleaned where {untaken}")
        if read != loaded + rejected:
            raise AssertionError(f"{self.receipt.file}: {read} rows read, {loaded} loaded, {rejected} rejected")
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

    def _note_cells(self, entity: Entity, casts: list[Cast]) -> None:
        """Tells by their lines the cells that were left blank because they cannot be read."""
        if not self._count("select count(*) from unread where odd and not bad"):
            return
        names = ", ".join(cast.column.name for cast in casts)
        rows = f"cleaned join (select _line, _deleted, {names} from unread where odd and not bad) using (_line)"
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

    def _note_told(self, entity: Entity, mapping: EntityMap, casts: list[Cast]) -> None:
        """Tells of words that nobody knows what the rest of their rows made of them (`unknown` in entities.yml)."""
        for name, header, query in self._told_words(entity, mapping, casts):
            told = f"select _row, word, {name} from ({query}) inner join {self._read()} on _row = _line"
            words = self.connection.execute(
                f"select word, {name}, count(*), min(_row) from ({told}) group by all order by 4"
            ).fetchall()
            if words:
                said = "; ".join(f"{line}: {word[:40]} = {meant}" for word, meant, _, line in words[:SHOWN_CELLS])
                count = sum(rows for _, _, rows, _ in words)
                note(
                    self.receipt, self.part, "note",
                    Finding("words_told", column_name=header, name=f"{entity.id}.{name}", row_count=count, said=said),
                )  # fmt: skip

    def _note_assumed(self, entity: Entity, mapping: EntityMap, casts: list[Cast]) -> None:
        """Tells of the one key of a currency in the file that nobody has said the meaning of."""
        sources = {cast.column.name: cast for cast in casts}
        for name, header, key in self._keys(mapping):
            cast, rows = sources[name], self.sql.typed(casts, self._rows(mapping)[0])
            # What another column says, or cannot say, is no default.
            untold = f"{key} is not null and {name} is null and {cast.text} is null"
            said, count = self.connection.execute(
                f"select min({key}), count(*) from ({rows}) where {untold}"
            ).fetchall()[0]
            if count:
                found = Finding(
                    "currency_assumed", contract=self.contract.contract, name=f"{entity.id}.{name}",
                    column_name=header, row_count=count, said=said,
                )  # fmt: skip
                note(self.receipt, self.part, "note", found)

    def _keys(self, mapping: EntityMap) -> Iterator[tuple[str, str, str]]:
        """The columns that read keys (`otherwise: alone`): each with the file's header and SQL of its text."""
        for name, spec in mapping.columns.items():
            for aliases in (column.from_ or [] for column in spec.alone):
                yield name, aliases[0], self.sql.header(aliases)

    def _reject_unread(self, entity: Entity, casts: list[Cast]) -> None:
        if not self._count("select count(*) from unread where bad"):
            return
        failing = [cast for cast in casts if cast.can_fail]
        # What counts is what the row hangs on; what else of it cannot be read is told with it.
        failing.sort(key=lambda cast: not hangs_on(entity, cast))
        names = ", ".join(cast.column.name for cast in casts)
        rows = f"select * from cleaned join (select _line, _deleted, {names} from unread where bad) using (_line)"
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
        of_system = ["_system"] if self.contract.system_column else []
        key = ", ".join([*of_system, *entity.key])
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
        if self._count("select count(*) from repeated where said != kept_said"):
            self._take_out(casts, "select _line from repeated where said != kept_said")

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
            if self._count("select count(*) from again"):
                self._take_out(casts, "select distinct _line from again")
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
        if self._count("select count(*) from rejected"):
            self._append("select * from rejected order by line", Path(f"{stem}.rejects.parquet"))
        of_file = {"file": quoted(self.receipt.file), "file_sha256": quoted(self.receipt.sha256)}
        self._append(totals(of_file, self.contract, entity, casts), Path(f"{stem}.totals.parquet"))
        rows = Path(f"{stem}.parquet")
        if rows.exists():
            self._append(f"select * from {self._read()}", rows)
            self.written.unlink()
        else:
            self.written.replace(rows)

    def _append(self, query: str, path: Path) -> None:
        """Writes a query's rows; where another part of the same file was written already, both stay."""
        if path.exists():
            query = f"({query}) union all by name from read_parquet({quoted(str(path))})"
        writing = path.with_suffix(".writing")
        self._copy_to(query, writing)
        writing.replace(path)
