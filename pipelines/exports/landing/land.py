"""Lands export files: recognises, reads, casts and checks each, and writes what came of it to the raw store.

Every row is loaded, typed, or rejected with its line, column, value and reason. A file that cannot be read or
recognised is held with a message; the other files go on. The same bytes are landed once, whatever they are called.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from pipelines.bounds import bound_reached
from pipelines.exports.codes import Finding, UnreadableError
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.no_exports import no_exports
from pipelines.exports.contracts.recognise import Match, Recognition, recognise
from pipelines.exports.landing.accounting import note, note_unfed
from pipelines.exports.landing.cast import Cast, RowSql
from pipelines.exports.landing.folder import Stamp, must_be, sha256_of, stamp_of, system_of
from pipelines.exports.landing.intact import known_before_damage
from pipelines.exports.landing.layout import fit, unescape
from pipelines.exports.landing.marks import to_own_marks
from pipelines.exports.landing.orders import DAY_FIRST, MONTH_FIRST, Dates, Writing, decided, said, written
from pipelines.exports.landing.owners import settled
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.landing.tables import TableLanding
from pipelines.exports.landing.told import Told
from pipelines.exports.landing.versions import format_of, reader_version
from pipelines.exports.landing.words import is_blank_at_ends
from pipelines.exports.landing.written_ids import to_own_ids
from pipelines.exports.readers.blocks import BlockText, find_blocks
from pipelines.exports.readers.deadline import within
from pipelines.exports.readers.delimited import Delimited
from pipelines.exports.readers.dialects import in_usual_dialect
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import Grid, quoted
from pipelines.exports.readers.pages import page_tables
from pipelines.exports.readers.records import json_records, parquet_records
from pipelines.exports.readers.sections import footer, sections
from pipelines.exports.readers.unpack import OF_ALL, Limits, Member, hold_lines, unpack
from pipelines.exports.readers.workbook import sheets
from pipelines.lists import lists

# So many rows are worth a look at all of them.
MANY = 10_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ReadingRules:
    """What landing is told from outside: time zone, limits, and the moment that counts as now."""

    business_timezone: str = "UTC"
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], datetime] = _utc_now


def needs_landing(
    receipt: Receipt | None,
    contracts: dict[str, Contract],
    all_digest: str,
    reading_rules: ReadingRules,
    accepted: str | None = None,
    system: str = "",
) -> bool:
    """Whether a file is new, or was held or read by contracts, code, a person's word or for a system that have changed."""
    if receipt is None or (receipt.held and receipt.contracts != all_digest):
        return True
    if (receipt.accepted, receipt.system) != (accepted, system):
        return True
    if receipt.retired_at is not None:
        return False
    if any(reader_version(reader) != version for reader, version in receipt.readers.items()):
        return True
    # A receipt of a time before readers were noted.
    if receipt.digests and not receipt.readers:
        return True
    wanted = {name: digest_of(contracts[name], reading_rules) if name in contracts else "" for name in receipt.digests}
    return wanted != receipt.digests


def digest_of(contract: Contract, reading_rules: ReadingRules) -> str:
    """What a file's reading depends on besides its bytes and the code: the contract, and the zone of naive times."""
    return f"{contract.digest}-{reading_rules.business_timezone}"


def digest_of_all(contracts: dict[str, Contract], reading_rules: ReadingRules | None = None) -> str:
    """What recognition depends on: a held file is tried again when any contract, a limit or the code has changed."""
    text = "".join(contract.digest for contract in contracts.values()) + repr((reading_rules or ReadingRules()).limits)
    text += repr(no_exports())
    return hashlib.sha256((text + reader_version("")).encode()).hexdigest()[:16]


def open_grids(
    path: Path,
    scratch: Path,
    contracts: dict[str, Contract],
    limits: Limits,
    broken: dict[str, Finding] | None = None,
    read: Sequence[Grid] | None = None,
) -> list[Grid]:
    """Every table that a file holds, as text.

    Into `broken` go the members of an archive that cannot be read, by name: they hold up no other. `read` are the sheets
    of a workbook, where they were read before.

    Raises:
        UnreadableError: it cannot be read at all.
    """
    found: list[Grid] = []
    declared = tuple({pair: None for contract in contracts.values() for pair in contract.table.encodings.items()})
    broken = {} if broken is None else broken
    if not str(path).isprintable():
        # DuckDB opens no name that is not UTF-8.
        link = scratch / "export"
        link.symlink_to(path.absolute())
        path = link
    for member in unpack(path, scratch, limits, declared):
        try:
            if member.problem:
                raise member.problem
            found += _grids_of(member, scratch, contracts, limits) if read is None else read
        except UnreadableError as error:
            if not member.name or error.finding.code in OF_ALL:
                raise
            broken[member.name] = error.finding
    if any(contract.table.ends for contract in contracts.values()):
        return [part for grid in found for part in sections(grid, contracts)]
    return found


def _grids_of(member: Member, scratch: Path, contracts: dict[str, Contract], limits: Limits) -> Iterable[Grid]:
    if member.kind == "workbook":
        return sheets(member.path, scratch, limits, member.name)
    if member.kind == "page":
        return page_tables(member.path, scratch, limits, member.name)
    if member.kind == "parquet":
        return parquet_records(member.path, member.name)
    if member.kind == "json":
        paths = [contract.table.path for contract in contracts.values() if contract.table.path]
        try:
            return json_records(member.path, scratch, limits, member.name, paths)
        except UnreadableError as error:
            # A line of delimited text may begin with a bracket too.
            limited = error.finding.code in ("too_slow", "too_much_memory")
            if limited or any(member.name.endswith(end) for end in (".json", ".jsonl", ".ndjson")):
                raise
            hold_lines(member.path, limits.line_bytes)
    known = dict.fromkeys(contract.table.blocks for contract in contracts.values() if contract.table.blocks)
    if known and (blocks := find_blocks(member.path, list(known))):
        return [BlockText(member.path, scratch, member.name, blocks)]
    plain, delimiter = in_usual_dialect(member.path, scratch)
    grid = Delimited(plain, scratch, member.name, delimiter, member.bad_bytes)
    if max((len(row) for head in grid.heads() for row in head.rows), default=0) > limits.columns:
        raise UnreadableError("too_wide", limit_count=limits.columns)
    return [grid]


class Landing:
    """Lands files of one folder into one raw store."""

    def __init__(self, store: RawStore, contracts: dict[str, Contract], reading_rules: ReadingRules) -> None:
        """The store must be prepared."""
        self.store = store
        self.contracts = contracts
        self.reading_rules = reading_rules
        self._domains: dict[str, set[str]] = {}
        self.told = Told(store, contracts)

    def domains(self, path: Path, sha256: str) -> set[str]:
        """The domains that a file feeds; none when it is held."""
        if sha256 not in self._domains:
            found = [
                recognition.match.contract
                for _, recognition in detect(path, self._contracts(sha256), self.reading_rules.limits)
                if isinstance(recognition, Recognition) and recognition.match
            ]
            self._domains[sha256] = {entity.split(".")[0] for contract in found for entity in contract.entities}
        return self._domains[sha256]

    def _contracts(self, sha256: str) -> dict[str, Contract]:
        """The contracts that a file may be of: all, or the one that a person said."""
        said = self.store.word(sha256)
        return {said: self.contracts[said]} if said in self.contracts else self.contracts

    def land_file(
        self,
        path: Path,
        name: str,
        sha256: str | None = None,
        known_at: str | None = None,
        list_name: str = "",
        stamp: Stamp | None = None,
        read: Sequence[Grid] | None = None,
    ) -> Receipt:
        """Lands one file and returns its receipt; a file that is held leaves a receipt that says why.

        `known_at` (ISO) is when its contents became known: now, if not given. A file that is landed again keeps its own.
        `list_name` says that it is a version of a list, `stamp` what the file was when it was hashed, `read` are the sheets
        of a workbook, where they were read since.

        Raises:
            ChangedError: it is not what it was, or gone; nothing was landed.
            OSError: it cannot be hashed, where no hash was given.
        """
        if sha256 is None or stamp is None:
            stamp, sha256 = stamp_of(path), sha256 or sha256_of(path)
        must_be(path, stamp)
        before = self.store.receipt(sha256)
        receipt = self.begun(sha256, name, stamp, known_at, list_name, before)
        with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
            scratch = Path(folder)
            staged = scratch / "staged"
            staged.mkdir()
            broken: dict[str, Finding] = {}
            try:
                limits = self.reading_rules.limits
                with within(limits.seconds):
                    for grid in open_grids(path, scratch, self.contracts, limits, broken, read):
                        self._land_grid(grid, receipt, staged)
                for part, problem in broken.items():
                    note(receipt, part, "held", problem)
            except UnreadableError as error:
                staged = scratch / "nothing"
                _hold(receipt, error.finding)
            except Exception as error:  # one file, whatever is in it, holds up no other
                staged = scratch / "nothing"
                _hold(receipt, _not_landed(error))
                # A full disk, a folder that may not be read or too little memory is no fault of the file: it is tried
                # again.
                if isinstance(error, OSError | MemoryError | duckdb.IOException | duckdb.OutOfMemoryException):
                    receipt.contracts = ""
            # A part that has no place here holds a file only where there is nothing else in it.
            for finding in receipt.findings:
                if finding["severity"] == "refused":
                    finding["severity"] = "note" if receipt.entities else "held"
            must_be(path, stamp)
            self.commit([(receipt, before)], staged)
        return receipt

    def begun(
        self,
        sha256: str,
        name: str,
        stamp: Stamp,
        known_at: str | None,
        list_name: str = "",
        before: Receipt | None = None,
    ) -> Receipt:
        """The receipt of a file of which nothing was landed yet; `before` is the one that it has."""
        known_before = before.known_at if before else known_before_damage(self.store, sha256)
        clock = self.reading_rules.now()
        now = clock.isoformat(timespec="seconds")
        receipt = Receipt(
            sha256=sha256,
            file=name,
            bytes=stamp[0],
            landed_at=now,
            known_at=known_before or known_at or now,
            contracts=self._all_digest,
            list_name=list_name,
            accepted=self.store.word(sha256),
            system="" if list_name else system_of(name),
        )
        if known_before is None and datetime.fromisoformat(receipt.known_at) > clock:
            note(receipt, "", "note", Finding("clock_went_back", said=known_at))
        return receipt

    @cached_property
    def _all_digest(self) -> str:
        return digest_of_all(self.contracts, self.reading_rules)

    def commit(self, landed: list[tuple[Receipt, Receipt | None]], staged: Path) -> None:
        """Moves what files gave from `staged` into the store, and writes their receipts, each with the one of before."""
        places: dict[str, dict[Path, Path]] = {}
        for file in sorted(staged.rglob("*.parquet")):
            places.setdefault(_hash_in(file), {})[file] = file.relative_to(staged)
        for receipt, _ in landed:
            receipt.sizes = {
                place.as_posix(): file.stat().st_size for file, place in places.get(receipt.sha256, {}).items()
            }
            for row in receipt.entities:
                folder = f"{row['domain']}/{row['entity']}/{row['contract']}-"
                row["raw_bytes"] = sum(size for place, size in receipt.sizes.items() if place.startswith(folder))
        self.store.put({file: place for receipt, _ in landed for file, place in places.get(receipt.sha256, {}).items()})
        # The receipt of before stands until this one is whole: a crash in between leaves what the file is known by, and
        # the next refresh lands it again.
        self.store.write_receipt(*(receipt for receipt, _ in landed))
        for receipt, before in landed:
            self.told.note(receipt)
            if before is not None:
                self.store.clear(before, receipt)

    def _land_grid(self, grid: Grid, receipt: Receipt, staged: Path) -> None:
        receipt.readers[format_of(grid)] = reader_version(format_of(grid))
        recognition = settled(recognise(grid, self._contracts(receipt.sha256)), grid, self.store.root)
        match = recognition.match
        if match is None and (texts := footer(grid)):
            note(receipt, grid.part, "note", Finding("below_table", said=" | ".join(texts)[:200]))
            return
        if match is None:
            problem = recognition.problem
            if receipt.list_name:
                problem = Finding("list_columns_missing", column_name=", ".join(lists()[receipt.list_name].required))
            note(receipt, grid.part, "held", problem)
            return
        contract = match.contract
        receipt.digests[contract.contract] = digest_of(contract, self.reading_rules)
        if contract.refuse:
            note(receipt, grid.part, "refused", Finding("refused", name=contract.title, said=contract.refuse))
            return
        if contract.ask:
            asked = Finding(
                "contract_asks", contract=contract.contract, name=contract.title, said=" ".join(contract.ask)
            )
            note(receipt, grid.part, "held", asked)
            return
        with connected() as connection:
            self._land_match(grid, match, receipt, staged, connection)

    def _land_match(
        self,
        grid: Grid,
        match: Match,
        receipt: Receipt,
        staged: Path,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        contract = match.contract
        connection.execute(f"set timezone = {quoted(self.zone_of(contract))}")
        loaded = grid.load(connection, match.head, match.header_row, contract.table.short_rows == "pad")
        known_in = datetime.fromisoformat(receipt.known_at).year
        sql = RowSql(contract, match, self.reading_rules.business_timezone, known_in=known_in)
        if count := unescape(connection, match, loaded):
            note(receipt, grid.part, "note", Finding("html_entities", row_count=count))
        note_unfed(receipt, match, grid.part)
        titles = fit(connection, grid, sql)
        if loaded.blanks == "any" and loaded.rows > MANY:
            # Of most files no cell has any at its ends: to look once is less than to trim each cell wherever it is asked for.
            cells = " or ".join(is_blank_at_ends(f"c{place}") for place in sql.asked_for())
            if not connection.execute(f"select 1 from grid where {cells} limit 1").fetchall():
                loaded.blanks = "none"
        connection.execute(f"create or replace temp view cleaned as {sql.cleaned(loaded.blanks)}")
        if rewritten := to_own_ids(connection, sql, loaded):
            note(receipt, grid.part, "note", rewritten)
        if told := to_own_marks(connection, sql, loaded):
            note(receipt, grid.part, "note", Finding("decimal_otherwise", column_name=told[0], said=told[1]))
        dates, problem = self.dates(connection, sql, receipt)
        if problem:
            note(receipt, grid.part, problem[0], problem[1])
        if dates is None:
            return
        ordered = RowSql(contract, match, self.reading_rules.business_timezone, dates, known_in)
        table = TableLanding(connection, ordered, receipt, grid.part)
        table.land(loaded, staged, self.store, titles)

    def zone_of(self, contract: Contract) -> str:
        """The time zone of a contract's naive times."""
        zone = contract.formats.timezone
        return self.reading_rules.business_timezone if zone == "business" else zone

    def dates(
        self, connection: duckdb.DuckDBPyConnection, sql: RowSql, receipt: Receipt
    ) -> tuple[Dates | None, tuple[str, Finding] | None]:
        """How a file, whose rows stand in the view `cleaned`, writes its dates; and what is to be said of it.

        The file itself tells their order, else the contract, else what an earlier file of the source told; None where
        nothing does.
        """
        moments = sql.moments()
        writings = written(connection, [cast.read or cast.text for cast in moments])
        return self.dates_as(writings.get(0, Writing()), sql.contract, moments, receipt)

    def dates_as(
        self, writing: Writing, contract: Contract, moments: list[Cast], receipt: Receipt
    ) -> tuple[Dates | None, tuple[str, Finding] | None]:
        """As `dates`, of a file that writes the columns of `moments` so."""
        order = decided(writing)
        if order:
            receipt.date_orders[contract.contract] = order
        if order or not writing.unclear:
            return writing.dates(order), None
        if order := said(contract, writing):
            return writing.dates(order), None
        columns = ", ".join(dict.fromkeys(cast.source for cast in moments))
        if order := self.told.order(contract, receipt.known_at):
            finding = Finding("date_order_remembered", column_name=columns, name=order, contract=contract.contract)
            return writing.dates(order), ("note", finding)
        names = f"{DAY_FIRST}, {MONTH_FIRST}"
        return None, (
            "held",
            Finding("date_order_unknown", column_name=columns, name=names, contract=contract.contract),
        )


def _hash_in(file: Path) -> str:
    """The hash of the export in the name of one of its files: `<contract>-<sha256>.totals.parquet`."""
    return file.name.rsplit("-", 1)[-1].split(".")[0]


def _not_landed(error: Exception) -> Finding:
    said = bound_reached(str(error)) or str(error).strip().split("\n")[0][:300]
    return Finding("not_landed", name=type(error).__name__, said=said)


def _hold(receipt: Receipt, problem: Finding) -> None:
    """Holds a file that cannot be read or broke its reader, and takes back what the receipt said of the parts before."""
    receipt.entities.clear()
    receipt.schema_events.clear()
    receipt.findings.clear()
    note(receipt, "", "held", problem)


def detect(path: Path, contracts: dict[str, Contract], limits: Limits) -> list[tuple[str, Recognition | Finding]]:
    """What each table of a file is recognised as: (part, recognition), or (empty, why it cannot be read)."""
    broken: dict[str, Finding] = {}
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        try:
            with within(limits.seconds):
                grids = open_grids(path, Path(folder), contracts, limits, broken)
                found: list[tuple[str, Recognition | Finding]] = [
                    (grid.part, recognise(grid, contracts)) for grid in grids
                ]
            return found + list(broken.items())
        except UnreadableError as error:
            return [("", error.finding)]
        except Exception as error:  # `land_file` holds it, by name
            return [("", _not_landed(error))]
