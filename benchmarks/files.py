"""Thousands of small files: exports of several vendors in several formats, landed by a refresh's own first step.

Tables of a sample company are cut into pieces of a few records, each a file of its own as CSV, gzipped CSV, JSON or a
workbook. What they come to is held against the same rows landed as one CSV file a table: every row, and every rejected
row, must be there, in whatever format it came, and no file may be held.
"""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from itertools import cycle, islice, repeat, zip_longest
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.land import write
from benchmarks.processes import GIB, Measured, machine, table
from benchmarks.refresh import Size, exports
from benchmarks.scale import MEMORY_LIMIT, measure_in, within
from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.grids import quoted

# Exports of a call tracker, a CRM, a billing system and a payment provider, with the column that says what a row is of:
# a document is not cut in two.
TABLES = {
    "ringostat_calls_*.csv": ("calls", "uniqueid"),
    "Task.csv": ("tasks", "Id"),
    "OpportunityHistory.csv": ("history", "Id"),
    "Invoice.csv": ("invoices", "Invoice ID"),
    "Customer_Payment.csv": ("payments", "CustomerPayment ID"),
    "stripe_payments.csv": ("charges", "id"),
}
# Of twenty files in a row: most exports are text, a quarter of them packed.
FORMATS = ("json", "xlsx", *3 * ("csv", "csv", "csv.gz", "csv", "csv", "csv"))
RECORDS = 20
LAND = "from pipelines.settings import load_settings; from pipelines.warehouse.refresh import Refresh; "


def main(files: int, folder: Path | None = None) -> str:
    """The report on landing so many small files, and on looking at them again.

    Raises:
        RuntimeError: a row is missing or too many, or a file was held.
    """
    about = machine()
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        home, whole = (folder or Path(made)) / "pieces", (folder or Path(made)) / "whole"
        formats = _write(files, Path(made) / "sample", home / "landing", whole / "landing")
        with within(MEMORY_LIMIT):
            landed, _ = measure_in(home, _land(home))
            again, _ = measure_in(home, _land(home))
            measure_in(whole, _land(whole))
        receipts = list(_store(home).receipts())
        rows = _agree(receipts, home, whole)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(formats.items()))
    told = (
        f"{files:,} files of at most {RECORDS} records, of {len(TABLES)} exports of four vendors ({counted}): {rows:,} "
        f"rows, each of which is there; memory_limit {MEMORY_LIMIT}. {about}."
    )
    lines = [["Landing them", *_figures(landed, files)], ["A look at them again", *_figures(again, files)]]
    return f"{told}\n\n{table(['', 'wall, s', 'processor, s', 'ms of processor a file', 'peak, GiB'], lines)}\n"


def _figures(run: Measured, files: int) -> list[str]:
    return [f"{run.wall:.1f}", f"{run.cpu:.1f}", f"{1000 * run.cpu / files:.1f}", f"{run.peak / GIB:.2f}"]


def _land(home: Path) -> str:
    return f"{LAND}Refresh(load_settings(home={str(home)!r})).land()"


def _store(home: Path) -> RawStore:
    return RawStore(home / "warehouse" / "raw")


def _write(files: int, sample: Path, pieces: Path, whole: Path) -> Counter[str]:
    """Writes so many pieces, turn by turn of each table, and of each table all that they hold as one file."""
    accounts = max(24, files // 25)
    size = Size(accounts=accounts, months=12, calls=12 * files, invoices=6 * max(accounts, files))
    exports(size, sample, small_systems=True)
    pieces.mkdir(parents=True)
    whole.mkdir(parents=True)
    cut = {name: _cut(sorted(sample.glob(pattern)), key) for pattern, (name, key) in TABLES.items()}
    in_turn = [piece for turn in zip_longest(*(zip(repeat(name), of) for name, of in cut.items())) for piece in turn]
    taken: dict[str, list[pl.DataFrame]] = defaultdict(list)
    formats: Counter[str] = Counter()
    for (name, frame), kind in zip(islice(filter(None, in_turn), files), cycle(FORMATS), strict=False):
        write(frame, pieces / f"{name}_{len(taken[name]):05}.{kind}")
        taken[name].append(frame)
        formats[kind] += 1
    if formats.total() < files:
        raise RuntimeError(f"the sample has rows for {formats.total()} files, not for {files}")
    for name, frames in taken.items():
        write(pl.concat(frames), whole / f"{name}.csv")
    return formats


def _cut(files: list[Path], key: str) -> list[pl.DataFrame]:
    """A table's rows, in pieces of a few records."""
    frame = pl.concat([pl.read_csv(file, infer_schema=False) for file in files])
    piece = frame.select(pl.col(key).rle_id() // RECORDS).to_series()
    return frame.with_columns(piece.alias("_piece")).partition_by("_piece", include_key=False)


def _agree(receipts: list[Receipt], home: Path, whole: Path) -> int:
    """How many rows were read, if the pieces came to what the whole files did.

    Raises:
        RuntimeError: they did not, or a file was held.
    """
    both = {home: receipts, whole: list(_store(whole).receipts())}
    for held in (receipt for found in both.values() for receipt in found if receipt.held):
        raise RuntimeError(f"{held.file} is held: {held.held[0]}")
    counts: dict[Path, Counter[tuple[str, str]]] = {place: Counter() for place in both}
    for place, found in both.items():
        for row in (row for receipt in found for row in receipt.entities):
            for what in ("rows_loaded", "rows_rejected"):
                counts[place][f"{row['domain']}.{row['entity']}", what] += int(row[what])
    rejected = [{key: count for key, count in of.items() if key[1] == "rows_rejected"} for of in counts.values()]
    if rejected[0] != rejected[1]:
        raise RuntimeError(f"rejected of pieces: {rejected[0]}; of whole files: {rejected[1]}")
    with duckdb.connect() as connection:
        for name in {entity for entity, what in counts[home] if counts[home][entity, what]}:
            entity = entities()[name]
            columns = ", ".join(["_system", "_deleted", *(column.name for column in entity.columns)])
            ours, theirs = (
                f"select {columns} from read_parquet({quoted(str(files))}, union_by_name = true)"
                for place in both
                for files in [_store(place).root / entity.domain / entity.name / "*[0-9a-f].parquet"]
            )
            # A customer who stands in the invoices of many pieces comes with each of them.
            for query in (f"{theirs} except all {ours}", f"{ours} except {theirs}"):
                if differing := connection.execute(f"{query} limit 1").fetchall():
                    raise RuntimeError(f"{name}: {differing[0]}")
    return sum(counts[home].values())
