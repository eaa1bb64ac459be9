"""Lands small files that are alike together: one header, one contract, and nothing to be said of any of them alone.

To ask DuckDB anything takes longer than to read a small file, so what one file is asked, many are asked at once. Their
rows stand in one table, and a row's `_line` says its file too. What comes of a file is what comes of it alone: one of
which anything has to be said by its line or its cells (a row that cannot be read, a repeated key, a date whose order
must be made out) is left to `Landing.land_file`, and so is every file that is no plain table.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.recognise import Match, recognise
from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.accounting import account, note_columns, note_unfed, totals
from pipelines.exports.landing.cast import Cast, RowSql
from pipelines.exports.landing.folder import ChangedError, NewFile, must_be
from pipelines.exports.landing.held import key_columns
from pipelines.exports.landing.land import Landing, digest_of, open_grids
from pipelines.exports.landing.layout import ENTITY, holds_entity
from pipelines.exports.landing.likeness import ROWS, is_unlike, likeness
from pipelines.exports.landing.marks import written_otherwise
from pipelines.exports.landing.orders import Dates, Writing, written
from pipelines.exports.landing.raw import Receipt
from pipelines.exports.landing.rows import stored
from pipelines.exports.landing.small_workbooks import MOST_BYTES, Workbooks
from pipelines.exports.landing.tables import TableLanding
from pipelines.exports.landing.versions import format_of, reader_version
from pipelines.exports.landing.written_ids import written_by_programs
from pipelines.exports.readers.deadline import within
from pipelines.exports.readers.delimited import Delimited
from pipelines.exports.readers.engine import answer, connected
from pipelines.exports.readers.grids import Blanks, Grid, quoted
from pipelines.exports.readers.records import Records
from pipelines.exports.readers.unpack import is_zip_of_one
from pipelines.exports.readers.workbook import Sheet

# A file's lines are numbered from its own number times this on.
STRIDE = 1024
FILE_OF = f"(_line // {STRIDE})"
MOST_FILES = 128
# What text begins with that is no JSON, and JSON whose records stand in a list or line by line: a document may hold several
# tables, and would be read twice.
_TEXT = re.compile(rb"\s*[^\s\[{\x00-\x1f][^\x00-\x08\x0e-\x1f]{3}")
_LISTED = re.compile(rb"\s*(?:\[\s*\{|\{[^\n]*\}\s*\n\s*\{)")
# What Gzip and Zstandard begin with, and Parquet, as a text may.
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PARQUET = b"PAR1"
_ENTITY = re.compile(ENTITY)


@dataclass(frozen=True)
class Small:
    """A small file that may be landed with others: what it was recognised as, and its rows.

    They are its lines below the header, or of records and sheets the query that gives them as text.
    """

    file: NewFile
    receipt: Receipt
    before: Receipt | None
    match: Match
    header: tuple[str | None, ...]
    reader: str
    # The member of an archive that it is.
    part: str
    rows: int
    delimiter: str = ""
    lines: tuple[str, ...] = ()
    query: str = ""
    read: list[Sheet] | None = None

    @property
    def kind(self) -> tuple[object, ...]:
        """What files have in common that are read by the same SQL."""
        receipt = self.receipt
        return (
            self.match.contract.contract,
            self.header,
            self.reader,
            self.delimiter,
            receipt.system,
            receipt.known_at[:4],
        )


def land_files(
    landing: Landing, files: list[NewFile], known_at: str | None = None
) -> Iterator[tuple[NewFile, Receipt | None]]:
    """Lands files, and gives each with its receipt; None for one that changed while it was read."""
    waiting: dict[tuple[object, ...], list[Small]] = {}
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        workbooks = Workbooks(files, Path(folder), landing.reading_rules.limits)
        for file in files:
            read = workbooks.sheets(file)
            small = _small(landing, file, known_at, Path(folder), read)
            if small is None:
                yield file, _alone(landing, file, known_at, read)
                continue
            alike = waiting.setdefault(small.kind, [])
            alike.append(small)
            if len(alike) == MOST_FILES:
                yield from _land(landing, waiting.pop(small.kind), known_at)
        for alike in waiting.values():
            yield from _land(landing, alike, known_at)


def _alone(landing: Landing, file: NewFile, known_at: str | None, read: list[Sheet] | None = None) -> Receipt | None:
    try:
        return landing.land_file(file.path, file.name, file.sha256, known_at, stamp=file.stamp, read=read)
    except ChangedError:
        return None


def _small(
    landing: Landing, file: NewFile, known_at: str | None, folder: Path, read: list[Sheet] | None
) -> Small | None:
    """The file as one of many; None where it has to be landed alone, for whatever reason. What is unpacked goes below `folder`."""
    if file.stamp[0] > MOST_BYTES or landing.store.word(file.sha256) is not None:
        return None
    try:
        return _read(landing, file, known_at, folder, read)
    except Exception:  # what is wrong with it, `land_file` says; it holds up no other
        return None


def _read(
    landing: Landing, file: NewFile, known_at: str | None, folder: Path, read: list[Sheet] | None
) -> Small | None:
    head = file.path.read_bytes()
    packed, is_text = head.startswith((*_PACKED, _PARQUET)) or is_zip_of_one(file.path), _TEXT.match(head)
    if read is None and not packed and not is_text and not _LISTED.match(head):
        return None
    # Records are read when their rows are: what they were unpacked to has a folder of its own. Lines are taken now.
    scratch = folder if is_text and not packed else Path(tempfile.mkdtemp(dir=folder))
    limits = landing.reading_rules.limits
    with within(limits.seconds):
        grids = open_grids(file.path, scratch, landing.contracts, limits, read=read)
        match = recognise(grids[0], landing.contracts).match if len(grids) == 1 else None
    grid = grids[0] if grids else None
    if match is None or grid is None or not _is_plain(match, grid):
        return None
    header = tuple(grid.heads()[0].rows[0])
    before = landing.store.receipt(file.sha256)
    receipt = landing.begun(file.sha256, file.name, file.stamp, known_at, before=before)
    small = partial(Small, file, receipt, before, match, header, format_of(grid), grid.part)
    if isinstance(grid, Records | Sheet):
        query = grid.select() if isinstance(grid, Records) else grid.below(1)
        rows, last = answer(f"select count(*), max(_line) from ({query})")[0]
        return small(rows, query=query, read=read) if 0 < rows < ROWS and last < STRIDE else None
    if not isinstance(grid, Delimited) or grid.path.stat().st_size > MOST_BYTES:
        return None
    text = grid.path.read_bytes().decode()
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if not 1 < len(lines) <= ROWS or "\r" in "".join(lines) or _ENTITY.search(text):
        return None
    if any("\n" in (cell or "") for cell in header):
        return None
    return small(len(lines) - 1, delimiter=grid.delimiter(0), lines=tuple(lines[1:]))


def _is_plain(match: Match, grid: Grid) -> bool:
    """Whether the file is a header in its first line and rows below it, or records, each of which is read by itself."""
    contract, table = match.contract, match.contract.table
    feeds = [entity_id for entity_id, _ in match.feeds]
    unread = grid.bad_bytes if isinstance(grid, Delimited) else isinstance(grid, Records) and grid.bad_lines
    return (
        not (contract.refuse or contract.ask or grid.document or unread)
        and (match.head, match.header_row, table.header_rows, table.short_rows) == (0, 0, 1, "reject")
        and not (table.path or table.header or table.derived or table.blocks or table.drop or table.ends)
        and len(feeds) == len(set(feeds))
        and not any(spec.total or spec.alone for _, mapping in match.feeds for spec in mapping.columns.values())
    )


def _land(landing: Landing, files: list[Small], known_at: str | None) -> Iterator[tuple[NewFile, Receipt | None]]:
    """Lands files of one kind: together those of which nothing has to be said, the others alone."""
    together: list[Small] = []
    others: list[Small] = []
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        staged = Path(folder) / "staged"
        if len(files) > 1:
            try:
                with within(landing.reading_rules.limits.seconds), connected() as connection:
                    batch = _Together(landing, files, connection, staged)
                    together, others = batch.land_all(), batch.others
            except Exception:
                pass  # one of them cannot be read with the others: the half without it can
        landed = []
        for small in together:
            try:
                must_be(small.file.path, small.file.stamp)
                landed.append(small)
            except ChangedError:
                yield small.file, None
        if landed:
            landing.commit([(small.receipt, small.before) for small in landed], staged)
        yield from ((small.file, small.receipt) for small in landed)
    if not together and len(files) > 2:
        middle = len(files) // 2
        for half in (files[:middle], files[middle:]):
            yield from _land(landing, half, known_at)
        return
    others = others if together else []
    for small in files:
        if small not in together and small not in others:
            yield small.file, _alone(landing, small.file, known_at, small.read)
    if others:
        yield from _land(landing, others, known_at)


class _Together(TableLanding):
    """The rows of several files of one kind in the temporary table `grid`."""

    file_of = FILE_OF

    def __init__(
        self, landing: Landing, files: list[Small], connection: duckdb.DuckDBPyConnection, staged: Path
    ) -> None:
        """Everything that comes of the files is written into their receipts."""
        first = files[0]
        self.landing, self.files, self.staged = landing, files, staged
        known_in = int(first.receipt.known_at[:4])
        sql = RowSql(first.match.contract, first.match, landing.reading_rules.business_timezone, known_in=known_in)
        super().__init__(connection, sql, first.receipt, "")
        # The numbers of files of which something has to be said.
        self.apart: set[int] = set()
        # Files that write their dates otherwise.
        self.others: list[Small] = []

    def land_all(self) -> list[Small]:
        """Writes every entity's rows and control totals below `staged`; the files that are landed by it.

        Raises:
            UnreadableError: a line of one of them is no row by itself.
        """
        self.connection.execute(f"set timezone = {quoted(self.landing.zone_of(self.contract))}")
        self._load()
        sql = self.sql
        moments = sql.moments()
        writings = written(self.connection, [cast.read or cast.text for cast in moments], FILE_OF)
        plain = all(writing == Writing() for writing in writings.values())
        dates = Writing().dates(None) if plain else self._dates(moments, writings)
        self.sql = RowSql(self.contract, self.match, sql.business_timezone, dates, sql.known_in)
        mappings = [(entities()[entity_id], mapping) for entity_id, mapping in self.match.feeds]
        otherwise = (written_otherwise(self.sql), written_by_programs(self.sql), *self._no_rows())
        for unread in filter(None, (self._skipped(), self._untaken(mappings), *otherwise)):
            self._set_apart(f"select distinct {FILE_OF} from cleaned where {unread}")
        found = likeness(self.connection, self.sql, mappings, FILE_OF, len(self.files))
        self.apart |= {number for number, told in found.items() if is_unlike(*told, self.files[number].rows)}
        self.staged.mkdir()
        counts = {}
        for entity, mapping in mappings:
            casts = self.sql.entity(entity, mapping)
            rows = self._cast_rows(entity, mapping, casts)
            self.connection.execute(f"create or replace temp table cast_rows as {rows}")
            if mapping.key == "made":
                made = self._made_key(entity, casts)
                self.connection.execute(
                    f"update cast_rows set {made} = own_key from ({self._numbered(made)}) as numbered "
                    "where cast_rows._line = numbered._line"
                )
            self._set_apart(f"select distinct {FILE_OF} from cast_rows where bad or odd")
            for _, _, words in self._told_words(entity, mapping, casts):
                self._set_apart(f"select distinct {FILE_OF} from ({words})")
            key = ", ".join(["_system", *entity.key])
            self._set_apart(f"select {FILE_OF} from cast_rows group by {FILE_OF}, {key} having count(*) > 1")
            for are_midnights in self._midnights(casts).values():
                self._set_apart(f"select {FILE_OF} from cast_rows group by 1 having {are_midnights}")
            query = f"select {FILE_OF}, count(*) from cast_rows group by 1"
            counts[entity.id] = dict(self.connection.execute(query).fetchall())
            self._write_all(entity, casts)
        landed = [small for number, small in enumerate(self.files) if number not in self.apart]
        told = replace(self.receipt, schema_events=[], findings=[])
        note_columns(told, self.match, "")
        for number, small in enumerate(self.files):
            if number in self.apart:
                continue
            self._tell(small, told)
            for entity, mapping in mappings:
                rows = counts[entity.id].get(number, 0)
                account(small.receipt, self.contract, entity, rows, rows, 0, key_columns(entity, mapping, self.match))
        return landed

    def _dates(self, moments: list[Cast], writings: dict[int, Writing]) -> Dates:
        """How most of the files write their dates, which each tells by itself; the others wait for one another."""
        told: list[tuple[Dates, set[int]]] = []
        for number, small in enumerate(self.files):
            writing = writings.get(number, Writing())
            dates, problem = self.landing.dates_as(writing, self.contract, moments, small.receipt)
            if dates is None or problem:
                self.apart.add(number)
                continue
            alike = next((numbers for other, numbers in told if other == dates), None)
            if alike is None:
                told.append((dates, alike := set()))
            alike.add(number)
        told.sort(key=lambda pair: -len(pair[1]))
        others = set().union(*(numbers for _, numbers in told[1:]))
        self.others = [small for number, small in enumerate(self.files) if number in others]
        self.apart |= others
        return told[0][0] if told else Dates()

    def _set_apart(self, query: str) -> None:
        self.apart |= {number for (number,) in self.connection.execute(query).fetchall()}

    def _load(self) -> None:
        """Fills `grid`, and `files` with what tells where a row comes from.

        Raises:
            UnreadableError: there are not as many rows as lines: one line is no row, or part of one.
        """
        blanks = self._load_records() if self.files[0].query else self._load_lines()
        self.connection.execute(f"create or replace temp view cleaned as {self.sql.cleaned(blanks)}")

    def _load_records(self) -> Blanks:
        """Records say themselves which they are of their file."""
        self._files()
        parts = (
            f"select {number} * {STRIDE} + _line as _line, * exclude (_line) from ({small.query})"
            for number, small in enumerate(self.files)
        )
        self.connection.execute(f"create or replace temp table grid as {' union all '.join(parts)}")
        cells = " or ".join(holds_entity(f"c{place}") for place in range(len(self.files[0].header)))
        self._set_apart(f"select distinct {FILE_OF} from grid where {cells}")
        return "any"

    def _load_lines(self) -> Blanks:
        """Lines are numbered over all files, and then by those above each."""
        rows = self.staged.with_name("rows.csv")
        rows.write_text(
            "".join(f"{line}\n" for small in self.files for line in small.lines), encoding="utf-8", newline=""
        )
        grid = Delimited(rows, rows.parent, "", self.files[0].delimiter)
        loaded = grid.load(self.connection, 0, -1, False)
        count = sum(len(small.lines) for small in self.files)
        width = len(self.connection.execute("from grid limit 0").description or []) - 1
        if loaded.bad_lines or loaded.rows != count or width != len(self.files[0].header):
            raise UnreadableError("unknown_format")
        self._files()
        # Below the header, which is a file's first line.
        self.connection.execute(
            f"create or replace temp table grid as select _number * {STRIDE} + _line - above + 1 as _line, "
            "grid.* exclude (_line) from grid asof join files on grid._line > files.above order by all"
        )
        return loaded.blanks

    def _files(self) -> None:
        """Makes the table `files`: each with how many rows stand above its own."""
        self.connection.execute(
            "create or replace temp table files (_number bigint, above bigint, file varchar, part varchar, "
            "file_sha256 varchar, landed_at timestamptz, known_at timestamptz)"
        )
        above = 0
        values = []
        for number, small in enumerate(self.files):
            receipt = small.receipt
            texts = map(quoted, (receipt.file, small.part, receipt.sha256, receipt.landed_at, receipt.known_at))
            values.append(f"({number}, {above}, {', '.join(texts)})")
            above += small.rows
        self.connection.execute(f"insert into files values {', '.join(values)}")

    def _extra(self) -> str:
        """As of one file: a column that is blank in all of it is none of its rows'."""
        unmapped = self.sql.unmapped()
        if not unmapped:
            return "cast(null as json)"
        asked = f"select {FILE_OF}, {', '.join(f'count(c{place})' for _, place in unmapped)} from grid group by 1"
        alike: dict[tuple[bool, ...], list[str]] = {}
        for number, *counts in self.connection.execute(asked).fetchall():
            alike.setdefault(tuple(map(bool, counts)), []).append(str(number))
        cases = []
        for filled, numbers in alike.items():
            pairs = [
                f"{quoted(name)}, c{place}"
                for (name, place), is_filled in zip(unmapped, filled, strict=True)
                if is_filled
            ]
            made = f"json_object({', '.join(pairs)})" if pairs else "cast(null as json)"
            cases.append(f"when {FILE_OF} in ({', '.join(numbers)}) then {made}")
        return f"case {' '.join(cases)} end"

    def _write_all(self, entity: Entity, casts: list[Cast]) -> None:
        provenance = {
            "_source": quoted(self.contract.contract),
            "_file": "files.file",
            "_file_sha256": "files.file_sha256",
            "_part": "files.part",
            "_row": f"_line % {STRIDE}",
            "_loaded_at": "files.landed_at",
            "_known_at": "files.known_at",
        }
        rows = f"cast_rows join files on {FILE_OF} = _number"
        self._copy(f"{stored(casts, provenance)}, _number from {rows} order by _line", entity, ".parquet")
        of_file = {"file": "files.file", "file_sha256": "files.file_sha256"}
        rows, files = f"(select *, {FILE_OF} as _number from cast_rows)", "join files using (_number)"
        self._copy(totals(of_file, self.contract, entity, casts, rows, "_number", files), entity, ".totals.parquet")

    def _copy(self, query: str, entity: Entity, ending: str) -> None:
        """Writes a query's rows, a file of raw for each file; one without rows, where it has none."""
        folder = self.staged / f"{entity.domain}.{entity.name}{ending}"
        self.connection.execute(f"copy ({query}) to {quoted(str(folder))} (format parquet, partition_by (_number))")
        for number, small in enumerate(self.files):
            if number in self.apart:
                continue
            stem = self.landing.store.stem(entity, self.contract.contract, small.receipt.sha256)
            place = self.staged / stem.relative_to(self.landing.store.root)
            place.parent.mkdir(parents=True, exist_ok=True)
            made = list((folder / f"_number={number}").glob("*.parquet"))
            if len(made) > 1:
                raise UnreadableError("unknown_format")
            if not made:
                empty = folder / "empty"
                if not empty.exists():
                    none = f"select * exclude (_number) from ({query}) where false"
                    self.connection.execute(f"copy ({none}) to {quoted(str(empty))} (format parquet)")
                shutil.copyfile(empty, f"{place}{ending}")
            else:
                made[0].rename(f"{place}{ending}")
        shutil.rmtree(folder)

    def _tell(self, small: Small, told: Receipt) -> None:
        """Writes into a file's receipt what the header says, which is the same of all."""
        receipt = small.receipt
        reader = self.files[0].reader
        receipt.readers[reader] = reader_version(reader)
        receipt.digests[self.contract.contract] = digest_of(self.contract, self.landing.reading_rules)
        note_unfed(receipt, self.match, small.part)
        place = {"file": receipt.file, "file_sha256": receipt.sha256, "part": small.part}
        receipt.findings += [row | place for row in told.findings]
        receipt.schema_events += [row | place for row in told.schema_events]
