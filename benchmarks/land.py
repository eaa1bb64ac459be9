"""Landing beside plain readers: the same call log in each format, and what each way gives for its time.

Keybook recognises the file, casts every cell by its contract, keeps what it does not know, accounts for every row and
writes Parquet and control totals; DuckDB and Polars read the columns with the types they are told, DuckDB into a
table, with the lines of CSV that it could not read beside it; dlt normalises and loads into DuckDB. XLSX is read by
DuckDB through an extension that has to be downloaded, which nothing here does.

The floor is the least that raw needs of delimited text, one statement of DuckDB by hand: every column as text with its
line, the lines that are no rows beside it, written as Parquet. What Keybook takes beyond it is casting, checking and
accounting; what the floor takes beyond the plain reading is the price of keeping what was read. Others may
use the machine: the readers take turns, the median of the turns' ratios is stated, and beside the wall's the ratio of
processor time, which they disturb less.
"""

from __future__ import annotations

import gzip
import os
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import polars as pl
import zstandard

from benchmarks.processes import machine, table
from pipelines.exports.contracts.loading import load_contracts
from pipelines.exports.landing.alike import land_files
from pipelines.exports.landing.folder import NewFile, sha256_of, stamp_of
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.readers.unpack import XML_WORKBOOK
from pipelines.sample import generate

FORMATS = ("csv", "tsv", "csv.gz", "csv.zst", "csv.zip", "xlsx", "ods", "xml", "json", "jsonl", "parquet")
TURNS = 3
SMALL_ROWS = 100
TYPES = {"calldate": "TIMESTAMP", "duration": "INTEGER", "billsec": "INTEGER", "waittime": "INTEGER"}


def call_log(rows: int) -> pl.DataFrame:
    """A call tracker's export of about so many rows, all text, out of the sample."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        accounts = max(24, rows // 2_000)
        generate(Path(folder) / "sample", accounts=accounts, months=12, calls=rows, invoices=6 * accounts)
        files = sorted((Path(folder) / "sample").glob("ringostat_calls_*.csv"))
        frames = [pl.read_csv(file, infer_schema=False) for file in files]
    return pl.concat(frames).head(rows)


def write(frame: pl.DataFrame, path: Path) -> None:
    """Writes the frame in the format that the file's name ends in."""
    kind = path.name.split(".", 1)[1]
    if kind == "csv":
        frame.write_csv(path)
    elif kind == "tsv":
        frame.write_csv(path, separator="\t")
    elif kind == "csv.zst":
        path.write_bytes(zstandard.compress(frame.write_csv().encode()))
    elif kind == "csv.zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("calls.csv", frame.write_csv())
    elif kind == "csv.gz":
        with gzip.open(path, "wb", compresslevel=6) as file:
            file.write(frame.write_csv().encode())
    elif kind == "xlsx":
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet("Calls")
        sheet.append(frame.columns)
        for row in frame.iter_rows():
            sheet.append(row)
        book.save(path)
    elif kind in ("ods", "xml"):
        _write_tagged(frame, path, kind)
    elif kind == "json":
        frame.write_json(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_parquet(path)


def _write_tagged(frame: pl.DataFrame, path: Path, kind: str) -> None:
    """Writes the frame as OpenDocument, or as the XML of Excel 2003; every cell is a text."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    row, cell, text, begin, end = {
        "ods": (
            "table:table-row",
            'table:table-cell office:value-type="string"',
            "text:p",
            f'<office:document-content xmlns:office="{names}:office:1.0" xmlns:table="{names}:table:1.0" '
            f'xmlns:text="{names}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Calls">',
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        ),
        "xml": (
            "Row",
            "Cell",
            'Data ss:Type="String"',
            f'<?xml version="1.0"?><Workbook xmlns="{XML_WORKBOOK}" xmlns:ss="{XML_WORKBOOK}">'
            '<Worksheet ss:Name="Calls"><Table>',
            "</Table></Worksheet></Workbook>",
        ),
    }[kind]
    opened, closed = f"<{cell}><{text}>", f"</{text.split(' ')[0]}></{cell.split(' ')[0]}>"
    rows = (
        f"<{row}>{''.join(f'{opened}{escape(value or str())}{closed}' for value in values)}</{row}>"
        for values in (frame.columns, *frame.iter_rows())
    )
    content = "".join([begin, *rows, end])
    if kind == "xml":
        path.write_text(content, encoding="utf-8")
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        entries = "".join(
            f'<m:file-entry m:full-path="{name}" m:media-type="{kind}"/>'
            for name, kind in (("/", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "text/xml"))
        )
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{names}:manifest:1.0">{entries}</m:manifest>')


@dataclass(frozen=True)
class Taken:
    """What work gave, and the seconds that it took: of the wall, and of the processor over all cores."""

    rows: int
    wall: float
    processor: float


def taken(work: Callable[[], int]) -> Taken:
    """Does the work."""
    wall, processor = time.perf_counter(), _processor()
    rows = work()
    return Taken(rows, time.perf_counter() - wall, _processor() - processor)


def _processor() -> float:
    """Seconds of processor so far, those of ended processes that this one started too: JSON is read in one."""
    return sum(os.times()[:4])


def land(files: list[Path]) -> int:
    """Lands files into a new raw store; the rows that were loaded."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        store = RawStore(Path(folder) / "raw")
        store.prepare()
        landing = Landing(store, load_contracts(), ReadingRules())
        new = [NewFile(file, file.name, sha256_of(file), stamp_of(file)) for file in files]
        receipts = [receipt for _, receipt in land_files(landing, new) if receipt]
        held = [message for receipt in receipts for message in receipt.held]
        if held:
            raise RuntimeError(held[0])
        return sum(int(row["rows_loaded"]) for receipt in receipts for row in receipt.entities)


def by_duckdb(files: list[Path], names: list[str]) -> int:
    """Reads the files into a typed table; the rows, 0 where DuckDB does not read the format by itself."""
    kind = files[0].name.split(".", 1)[1]
    if kind in ("xlsx", "ods", "xml", "csv.zip"):
        return 0
    columns = {name: TYPES.get(name, "VARCHAR") for name in names}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    cast = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
    paths = f"[{', '.join(repr(str(file)) for file in files)}]"
    if kind.startswith(("csv", "tsv")):
        mark = "\t" if kind == "tsv" else ","
        read = f"read_csv({paths}, header = true, delim = '{mark}', columns = {{{listed}}}, store_rejects = true)"
    elif kind == "parquet":
        read = f"(select {cast} from read_parquet({paths}))"
    else:
        read = f"read_json({paths}, columns = {{{listed}}})"
    with duckdb.connect() as connection:
        connection.execute(f"create table calls as select * from {read}")
        return int(connection.execute("select count(*) from calls").fetchall()[0][0])


def by_hand(files: list[Path], names: list[str]) -> int:
    """Writes delimited text as Parquet, all of it as text, and each row's line; 0 for other formats."""
    kind = files[0].name.split(".", 1)[1]
    if not kind.startswith(("csv", "tsv")) or kind == "csv.zip":
        return 0
    listed = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    mark = "\t" if kind == "tsv" else ","
    rows = 0
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder, duckdb.connect() as connection:
        for path in files:
            told = f"header = true, delim = '{mark}', columns = {{{listed}}}, store_rejects = true"
            read = f"select row_number() over () + 1 as line, * from read_csv({str(path)!r}, {told})"
            query = f"copy ({read}) to '{folder}/{path.name}.parquet'"
            rows += int(connection.execute(query).fetchall()[0][0])
    return rows


def by_polars(files: list[Path], names: list[str]) -> int:
    """Reads the files into typed frames; the rows, 0 where Polars does not read the format."""
    kind = files[0].name.split(".", 1)[1]
    if kind in ("csv.zip", "xml"):
        return 0
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        "tsv": lambda path: pl.read_csv(path, infer_schema=False, separator="\t"),
        "xlsx": lambda path: pl.read_excel(path, infer_schema_length=0),
        "ods": lambda path: pl.read_ods(path, infer_schema_length=0),
        "json": lambda path: pl.read_json(path, infer_schema_length=None),
        "jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
        "parquet": pl.read_parquet,
    }
    whole = [pl.col(name).cast(pl.String).cast(pl.Int32) for name, kind in TYPES.items() if kind == "INTEGER"]
    day = pl.col("calldate").cast(pl.String).str.to_datetime("%Y-%m-%d %H:%M:%S")
    rows = 0
    for path in files:
        frame = readers.get(kind, lambda path: pl.read_csv(path, infer_schema=False))(path)
        rows += frame.select(names).with_columns(day, *whole).height
    return rows


def by_dlt(files: list[Path], python: Path | None) -> float:
    """The seconds that dlt takes for the files; 0 without an interpreter that has it, or where it has no reader."""
    if python is None or files[0].name.split(".", 1)[1] not in ("csv", "csv.gz", "jsonl", "parquet"):
        return 0.0
    script = Path(__file__).parent / "by_dlt.py"
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        command = [str(python), str(script), folder, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-2000:])
    return float(done.stdout.split()[-1])


def _taking_turns(
    turns: int, files: list[Path], names: list[str], dlt: Path | None, expected: int
) -> tuple[float, list[str]]:
    """Keybook's median time for the files, and how many times as long as each other reader it takes."""
    ours: list[float] = []
    ratios: dict[str, list[float]] = {"DuckDB": [], "processor": [], "floor": [], "Polars": [], "dlt": []}
    for _ in range(turns):
        landed = taken(partial(land, files))
        assert expected >= landed.rows > 0.99 * expected, f"{files[0].name}: {landed.rows} of {expected} rows"
        ours.append(landed.wall)
        for name, work in (("DuckDB", by_duckdb), ("floor", by_hand), ("Polars", by_polars)):
            read = taken(partial(work, files, names))
            if read.rows:
                assert read.rows == expected, f"{files[0].name}: {name} reads {read.rows} of {expected} rows"
                ratios[name].append(landed.wall / read.wall)
                if name == "DuckDB":
                    ratios["processor"].append(landed.processor / read.processor)
        if theirs := by_dlt(files, dlt):
            ratios["dlt"].append(landed.wall / theirs)
    stated = [f"{statistics.median(found):.2f}" if found else "—" for found in ratios.values()]
    return statistics.median(ours), stated


def compare(
    rows: int, files: int, dlt: Path | None = None, formats: Sequence[str] = FORMATS, turns: int = TURNS
) -> str:
    """The report: rows a second of one large file a format, files a second of small ones, and the ratios of times."""
    about = machine()
    lines = []
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as temporary:
        frame = call_log(rows)
        for kind in formats:
            large = Path(temporary) / f"calls.{kind}"
            write(frame, large)
            small = [Path(temporary) / f"small{number}.{kind}" for number in range(files)]
            for number, path in enumerate(small):
                write(frame.slice(number * SMALL_ROWS, SMALL_ROWS), path)
            one, ratios = _taking_turns(turns, [large], frame.columns, dlt, frame.height)
            line = [kind, f"{large.stat().st_size / 1e6:.1f}", f"{frame.height / one:,.0f}", *ratios]
            if small:
                many, ratios = _taking_turns(turns, small, frame.columns, dlt, files * SMALL_ROWS)
                line += [f"{files / many:.1f}", *ratios]
            lines.append(line)
    beside = ["÷ DuckDB", "in processor time", "÷ floor", "÷ Polars", "÷ dlt"]
    header = ["format", "MB", "rows/s", *beside, *(["files/s", *beside] if files else [])]
    return (
        f"{frame.height:,} rows of a call log in one file; {files} files of {SMALL_ROWS} rows. Keybook's time as a "
        f"multiple of the others' (÷), median of {turns} turns. {about}.\n\n{table(header, lines)}\n"
    )
