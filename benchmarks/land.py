"""Landing beside plain readers: the same call log in each format, and what each way gives for its time.

Keybook recognises the file, casts every cell by its contract, keeps what it does not know, accounts for every row and
writes Parquet; DuckDB and Polars read the columns with the types they are told, DuckDB into a table. XLSX is read by
DuckDB through an extension that has to be downloaded, which nothing here does.
"""

from __future__ import annotations

import gzip
import importlib.util
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.processes import machine, table
from pipelines.exports.contracts import load_contracts
from pipelines.exports.land import Landing, Surroundings
from pipelines.exports.raw import RawStore
from pipelines.sample import generate

FORMATS = ("csv", "csv.gz", "xlsx", "json", "jsonl", "parquet")
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
    elif kind == "json":
        frame.write_json(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_parquet(path)


def seconds(work: Callable[[], int], turns: int = 2) -> tuple[int, float]:
    """What the work gives, and the least time that it took."""
    best, given = float("inf"), 0
    for _ in range(turns):
        started = time.perf_counter()
        given = work()
        best = min(best, time.perf_counter() - started)
    return given, best


def land(files: list[Path]) -> int:
    """Lands files into a new raw store; the rows that were loaded."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        store = RawStore(Path(folder) / "raw")
        store.prepare()
        landing = Landing(store, load_contracts(), Surroundings())
        receipts = [landing.land_file(file, file.name) for file in files]
        held = [message for receipt in receipts for message in receipt.held]
        if held:
            raise RuntimeError(held[0])
        return sum(int(row["rows_loaded"]) for receipt in receipts for row in receipt.entities)


def by_duckdb(path: Path, names: list[str]) -> int:
    """Reads the file into a typed table; the rows, 0 where DuckDB does not read the format by itself."""
    kind = path.name.split(".", 1)[1]
    if kind == "xlsx":
        return 0
    columns = {name: TYPES.get(name, "VARCHAR") for name in names}
    listed = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    cast = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in columns.items())
    read = {
        "csv": f"read_csv('{path}', header = true, columns = {{{listed}}})",
        "csv.gz": f"read_csv('{path}', header = true, columns = {{{listed}}})",
        "json": f"read_json('{path}', columns = {{{listed}}})",
        "jsonl": f"read_json('{path}', columns = {{{listed}}})",
        "parquet": f"(select {cast} from read_parquet('{path}'))",
    }[kind]
    with duckdb.connect() as connection:
        connection.execute(f"create table calls as select * from {read}")
        return int(connection.execute("select count(*) from calls").fetchall()[0][0])


def by_polars(path: Path, names: list[str]) -> int:
    """Reads the file into a typed frame; the rows."""
    kind = path.name.split(".", 1)[1]
    if kind.startswith("csv"):
        frame = pl.read_csv(path, infer_schema=False)
    elif kind == "xlsx":
        frame = pl.read_excel(path, infer_schema_length=0)
    elif kind == "json":
        frame = pl.read_json(path, infer_schema_length=None)
    elif kind == "jsonl":
        frame = pl.read_ndjson(path, infer_schema_length=None)
    else:
        frame = pl.read_parquet(path)
    whole = [pl.col(name).cast(pl.String).cast(pl.Int32) for name, kind in TYPES.items() if kind == "INTEGER"]
    day = pl.col("calldate").cast(pl.String).str.to_datetime("%Y-%m-%d %H:%M:%S")
    return frame.select(names).with_columns(day, *whole).height


def compare(rows: int, files: int) -> str:
    """The report: rows a second of one large file a format, and files a second of small ones."""
    about = machine()
    dlt = "not measured" if importlib.util.find_spec("dlt") else "not installed"
    lines = []
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as temporary:
        frame = call_log(rows)
        for kind in FORMATS:
            large = Path(temporary) / f"calls.{kind}"
            write(frame, large)
            small = [Path(temporary) / f"small{number}.{kind}" for number in range(files)]
            for number, path in enumerate(small):
                write(frame.slice(number * SMALL_ROWS, SMALL_ROWS), path)
            loaded, ours = seconds(partial(land, [large]))
            _, many = seconds(partial(land, small), 1)
            read, theirs = seconds(partial(by_duckdb, large, frame.columns))
            framed, polars = seconds(partial(by_polars, large, frame.columns))
            if read:
                assert read == framed >= loaded > 0.99 * framed, f"{kind}: {loaded}, {read} and {framed} rows"
            lines.append([
                kind, f"{large.stat().st_size / 1e6:.1f}", f"{loaded / ours:,.0f}", f"{files / many:.1f}",
                f"{read / theirs:,.0f}" if read else "—", f"{framed / polars:,.0f}", dlt,
            ])  # fmt: skip
    header = ["format", "MB", "Keybook, rows/s", "Keybook, files/s", "DuckDB, rows/s", "Polars, rows/s", "dlt"]
    return f"{rows:,} rows of a call log; {files} files of {SMALL_ROWS} rows. {about}.\n\n{table(header, lines)}\n"
