"""One file dropped onto a landed history: 1 % new calls, beside the refresh of everything."""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.processes import GIB, Measured, machine, measure, table
from benchmarks.refresh import KEYBOOK, PUBLISHED, Size, exports, fresh
from benchmarks.scale import build_first


def take_newest(landing: Path, count: int) -> Path:
    """Moves the last rows of the newest file of calls into a file of their own, outside of the landing folder."""
    newest = sorted(landing.glob("*calls_2*.csv"))[-1]
    with newest.open(encoding="utf-8") as file:
        rows = sum(1 for _ in file) - 1
    apart = landing.parent / "dropped_calls.csv"
    kept = newest.with_suffix(".kept")
    with newest.open(encoding="utf-8") as source, kept.open("w", encoding="utf-8") as older:
        header = next(source)
        older.write(header)
        older.writelines(islice(source, max(rows - count, 0)))
        with apart.open("w", encoding="utf-8") as newer:
            newer.write(header)
            newer.writelines(source)
    kept.replace(newest)
    return apart


def compare(size: Size, folder: Path) -> str:
    """Refreshes a sample without its newest calls, then with them, then all of it again; the report.

    Raises:
        FailedRun: one of the refreshes failed.
    """
    about = machine()
    home = folder / "home"
    landing = home / "landing"
    exports(size, landing)
    # The first refresh of a clone parses the models and runs their unit tests: that is measured elsewhere.
    build_first(folder)
    dropped = take_newest(landing, size.calls // 100)
    full = measure([*KEYBOOK, str(fresh(home))], PUBLISHED)
    dropped.rename(landing / dropped.name)
    one_file = measure([*KEYBOOK, str(home)], PUBLISHED)
    rebuilt = measure([*KEYBOOK, str(home), "--full"], PUBLISHED)

    def row(what: str, one: Measured) -> list[str]:
        ratios = [f"{one.wall / full.wall:.2f}", f"{one.cpu / full.cpu:.2f}"]
        return [what, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak / GIB:.2f}", *ratios]

    rows = [
        row("Refresh of everything, fresh home", full),
        row(f"Refresh after one file with {size.calls // 100:,} new calls", one_file),
        row("`--full`: everything built again, nothing landed", rebuilt),
    ]
    told = f"{size.calls:,} calls, {size.invoices:,} invoices, {size.accounts:,} accounts. {about}."
    header = ["", "wall, s", "processor, s", "peak, GiB", "wall ÷ everything", "processor ÷ everything"]
    return f"{told}\n\n{table(header, rows)}\n"


def main(size: Size) -> str:
    """The report, made in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as folder:
        return compare(size, Path(folder))
