"""Lands export files: recognises, reads, casts and checks each, and writes what came of it to the raw store.

Every row is loaded, typed, or rejected with its line, column, value and reason. A file that cannot be read or
recognised is held with a message; the other files go on. The same bytes are landed once, whatever they are called.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.cast import Cast, RowSql
from pipelines.exports.contracts import Contract, EntityMap
from pipelines.exports.delimited import Delimited
from pipelines.exports.entities import PROVENANCE, Entity, entities
from pipelines.exports.grids import BadLine, Grid, Loaded, quoted
from pipelines.exports.raw import REJECT_COLUMNS, TOTAL_COLUMNS, RawStore, Receipt
from pipelines.exports.recognise import Match, Recognition, normal, recognise
from pipelines.exports.records import json_records, parquet_records
from pipelines.exports.unpack import Limits, Member, UnreadableError, unpack
from pipelines.exports.workbook import sheets

# Operating systems and editors leave these in folders; they are no exports.
_NO_EXPORTS = (".", "~$", "Thumbs.db", "desktop.ini")


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Surroundings:
    """What landing is told from outside: time zone, limits, and the moment that counts as now."""

    business_timezone: str = "UTC"
    limits: Limits = Limits()
    now: Callable[[], datetime] = _utc_now


def export_files(landing: Path) -> list[Path]:
    """The files below the landing folder, in the order of their names."""
    if not landing.is_dir():
        return []
    found = [path for path in landing.rglob("*") if path.is_file() and not path.name.startswith(_NO_EXPORTS)]
    return sorted(found, key=lambda path: path.relative_to(landing).as_posix())


def sha256_of(path: Path) -> str:
    """The hash that a file is known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def needs_landing(
    receipt: Receipt | None, contracts: dict[str, Contract], all_digest: str, surroundings: Surroundings
) -> bool:
    """Whether a file is new, or was held or read by contracts that have changed since."""
    if receipt is None or (receipt.held and receipt.contracts != all_digest):
        return True
    wanted = {name: digest_of(contracts[name], surroundings) if name in contracts else "" for name in receipt.digests}
    return wanted != receipt.digests


def digest_of(contract: Contract, surroundings: Surroundings) -> str:
    """What a file's reading depends on besides its bytes: the contract, and the zone of its naive times."""
    return f"{contract.digest}-{surroundings.business_timezone}"


def digest_of_all(contracts: dict[str, Contract]) -> str:
    """What recognition depends on: a file that was held is tried again when any contract has changed."""
    return hashlib.sha256("".join(contract.digest for contract in contracts.values()).encode()).hexdigest()[:16]


def open_grids(path: Path, scratch: Path, contracts: dict[str, Contract], limits: Limits) -> list[Grid]:
    """Every table that a file holds, as text.

    Raises:
        UnreadableError: it cannot be read at all.
    """
    found: list[Grid] = []
    for member in unpack(path, scratch, limits):
        found += _grids_of(member, scratch, contracts, limits)
    return found


def _grids_of(member: Member, scratch: Path, contracts: dict[str, Contract], limits: Limits) -> Iterable[Grid]:
    if member.kind == "workbook":
        return sheets(member.path, scratch, limits, member.name)
    if member.kind == "parquet":
        return parquet_records(member.path, member.name)
    if member.kind == "json":
        paths = [contract.table.path for contract in contracts.values() if contract.table.path]
        try:
            return json_records(member.path, member.name, paths)
        except UnreadableError:
            # A line of delimited text may begin with a bracket too.
            if any(member.name.endswith(end) for end in (".json", ".jsonl", ".ndjson")):
                raise
    return [Delimited(member.path, scratch, member.name, bad_bytes=member.bad_bytes)]


class Landing:
    """Lands files of one folder into one raw store."""

    def __init__(self, store: RawStore, contracts: dict[str, Contract], surroundings: Surroundings) -> None:
        """The store must be prepared."""
        self.store = store
        self.contracts = contracts
        self.surroundings = surroundings
        self._domains: dict[str, set[str]] = {}

    def domains(self, path: Path, sha256: str) -> set[str]:
        """The domains that a file feeds; none when it is held."""
        if sha256 not in self._domains:
            found = [
                recognition.match.contract
                for _, recognition in detect(path, self.contracts, self.surroundings.limits)
                if isinstance(recognition, Recognition) and recognition.match
            ]
            self._domains[sha256] = {entity.split(".")[0] for contract in found for entity in contract.entities}
        return self._domains[sha256]

    def land_file(self, path: Path, name: str, sha256: str | None = None) -> Receipt:
        """Lands one file and returns its receipt; a file that is held leaves a receipt that says why."""
        sha256 = sha256 or sha256_of(path)
        before = self.store.receipt(sha256)
        now = self.surroundings.now().isoformat(timespec="seconds")
        receipt = Receipt(
            sha256=sha256,
            file=name,
            bytes=path.stat().st_size,
            landed_at=now,
            known_at=before.known_at if before else now,
            contracts=digest_of_all(self.contracts),
        )
        with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
            scratch = Path(folder)
            staged = scratch / "staged"
            staged.mkdir()
            try:
                for grid in open_grids(path, scratch, self.contracts, self.surroundings.limits):
                    self._land_grid(grid, receipt, scratch, staged)
            except UnreadableError as error:
                _find(receipt, "", "held", f"{name}: {error}")
            # A file that is landed again replaces all that it gave before, under whatever contract.
            if before is not None:
                self.store.remove(sha256)
            for file in sorted(staged.rglob("*.parquet")):
                target = self.store.root / file.relative_to(staged)
                shutil.move(file, target.with_suffix(".writing"))
                target.with_suffix(".writing").replace(target)
        self.store.write_receipt(receipt)
        return receipt

    def _land_grid(self, grid: Grid, receipt: Receipt, scratch: Path, staged: Path) -> None:
        recognition = recognise(grid, self.contracts)
        match = recognition.match
        where = f"{receipt.file}{' › ' + grid.part if grid.part else ''}"
        if match is None:
            _find(receipt, grid.part, "held", f"{where}: {recognition.reason}")
            return
        contract = match.contract
        receipt.digests[contract.contract] = digest_of(contract, self.surroundings)
        if contract.refuse:
            _find(receipt, grid.part, "held", f"{where}: {contract.title}: {contract.refuse}")
            return
        connection = duckdb.connect(config={"temp_directory": str(scratch), "autoinstall_known_extensions": "false"})
        zone = contract.formats.timezone
        zone = self.surroundings.business_timezone if zone == "business" else zone
        connection.execute(f"set timezone = {quoted(zone)}")
        loaded = grid.load(connection, match.head, match.header_row, contract.table.short_rows == "pad")
        sql = RowSql(contract, match, self.surroundings.business_timezone)
        order, problem = self._date_order(connection, sql)
        if problem:
            _find(receipt, grid.part, "held", f"{where}: {problem}")
            return
        table = TableLanding(
            connection, RowSql(contract, match, self.surroundings.business_timezone, order), receipt, grid.part
        )
        table.land(loaded, staged, self.store)

    @staticmethod
    def _date_order(connection: duckdb.DuckDBPyConnection, sql: RowSql) -> tuple[str | None, str]:
        """The one order of day and month that reads the file's dates, or why there is not one."""
        contract = sql.contract
        moments = [
            (entity_id, cast)
            for entity_id, mapping in contract.entities.items()
            for cast in sql.moments(entities()[entity_id], mapping)
        ]
        orders = contract.formats.date_orders or {}
        if not moments or not orders:
            return None, ""
        failures: dict[str, int] = {}
        readings: dict[str, str] = {}
        for order in orders:
            tried = RowSql(contract, sql.match, sql.business_timezone, order)
            casts = [
                cast
                for entity_id, mapping in contract.entities.items()
                for cast in tried.moments(entities()[entity_id], mapping)
            ]
            failed = " + ".join(f"count(*) filter (where {cast.failed})" for cast in casts)
            hashed = ", ".join(f"bit_xor(hash(_line, {cast.typed}))" for cast in casts)
            row = connection.execute(f"select {failed}, {hashed} from grid").fetchall()[0]
            failures[order], readings[order] = int(row[0]), str(row[1:])
        fewest = min(failures.values())
        best = [order for order in orders if failures[order] == fewest]
        if len({readings[order] for order in best}) == 1:
            return best[0], ""
        columns = ", ".join(dict.fromkeys(cast.source for _, cast in moments))
        return None, (
            f"the dates in {columns} can be read as {' and as '.join(best)}, and nothing in the file tells which; "
            f"write the one order in the contract {contract.contract} (formats: date), then run `keybook refresh` again"
        )


def _find(receipt: Receipt, part: str, severity: str, message: str) -> None:
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

    def land(self, loaded: Loaded, staged: Path, store: RawStore) -> None:
        """Writes every entity's rows, rejects and control totals below `staged`, in the store's layout."""
        self._schema_events()
        if self.contract.table.skip:
            skipped = " or ".join(f"({self.sql.where([condition])})" for condition in self.contract.table.skip)
            count = self._count(f"select count(*) from grid where {skipped}")
            self.connection.execute(f"delete from grid where {skipped}")
            if count:
                _find(
                    self.receipt,
                    self.part,
                    "note",
                    f"{self.receipt.file}: {count} rows are totals or notes and no data",
                )
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
            read += self._count(f"select count(*) from grid where {untaken}")
        if read != loaded + rejected:
            raise AssertionError(f"{self.receipt.file}: {read} rows read, {loaded} loaded, {rejected} rejected")
        stem = staged / store.stem(entity, self.contract.contract, self.receipt.sha256).relative_to(store.root)
        stem.parent.mkdir(parents=True, exist_ok=True)
        self._write(stem, entity, casts)
        self._account(entity, read, loaded, rejected)

    def _cast_rows(self, entity: Entity, mapping: EntityMap, casts: list[Cast]) -> None:
        columns = [f"{cast.typed} as {cast.column.name}" for cast in casts]
        bad = " or ".join(cast.failed for cast in casts if cast.text != "cast(null as varchar)" or cast.required)
        once = ""
        if mapping.one_row_per:
            key = ", ".join(self.sql.header([name]) for name in mapping.one_row_per)
            blank = " and ".join(f"{self.sql.header([name])} is null" for name in mapping.one_row_per)
            once = f"qualify ({blank}) or row_number() over (partition by {key} order by _line) = 1"
        where = self.sql.where(mapping.where)
        select = ",\n".join([*columns, f"{self.system_sql} as _system", f"{self._extra()} as _extra"])
        self.connection.execute(
            f"create or replace temp table cast_rows as select _line, {select}, {bad or 'false'} as bad "
            f"from grid where {where} {once}"
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
            f"create or replace temp table cast_rows as select * exclude (digest) replace ("
            f"left(digest, 16) || '-' || row_number() over (partition by digest order by _line) as {made}) "
            f"from (select *, {digest} as digest from cast_rows)"
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

    def _row_text(self, grid: str = "grid") -> str:
        cells = ", ".join(f"coalesce({grid}.c{place}, '')" for place in range(len(self.match.headers)))
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
        failing = [cast for cast in casts if cast.text != "cast(null as varchar)" or cast.required]
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
            f"{self._row_text()} as row_text from grid semi join (select _line from cast_rows where bad) using (_line)",
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
        self.connection.execute(
            f"create or replace temp table repeated as select _line, first_value(_line) over newest as kept, "
            f"said, first_value(said) over newest as kept_said from (select *, {said} as said from cast_rows where not bad) "
            f"window newest as (partition by {key} order by {newest}) qualify kept != _line"
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
            f"{self._row_text()} as row_text from grid where {untaken}",
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
                for aliases in spec.headers:
                    place = self.match.find(aliases)
                    if place is None:
                        events.append(
                            {"column_name": aliases[0], "event": "missing", "action": f"{name} is left blank"}
                        )
                    elif normal(self.match.headers[place]) != normal(aliases[0]):
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


def detect(path: Path, contracts: dict[str, Contract], limits: Limits) -> list[tuple[str, Recognition | str]]:
    """What each table of a file is recognised as: (part, recognition), or (empty, why it cannot be read)."""
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        try:
            grids = open_grids(path, Path(folder), contracts, limits)
            return [(grid.part, recognise(grid, contracts)) for grid in grids]
        except UnreadableError as error:
            return [("", str(error))]
