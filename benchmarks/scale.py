"""One machine at its limit: 10,000,000 calls, 3,000,000 invoices and 200,000 accounts with 4 GiB for DuckDB.

What it must hold: it finishes, and the whole process never takes more than 5 GiB. A part of the size says which models
and stages take most, before the whole is run; one large export can be landed by itself.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import polars as pl

from benchmarks import land
from benchmarks.processes import GIB, Measured, machine, measure, peak, table
from benchmarks.refresh import PUBLISHED, TINY, Size, exports, fresh
from pipelines.warehouse.statements import NodeResult

WHOLE = Size(accounts=200_000, months=12, calls=10_000_000, invoices=3_000_000)
MEMORY_LIMIT = "4 GiB"
MOST = 5 * GIB
# Steps that take less than this at the largest size are not shown one by one, in seconds.
SHOWN = 1.0
TIMES = "times.json"
# What has ended so far, a line each, for a run of hours that is ended before it is through.
PROGRESS = "progress.txt"
# What a refresh does, one after the other: methods of `Refresh`, and the build.
STAGES = ("land", "build", "verify", "publish")


@dataclass(frozen=True)
class Refreshed:
    """One refresh: the process, seconds on the wall by model and stage, the most bytes on disk for want of memory."""

    process: Measured
    models: dict[str, float]
    stages: dict[str, float]
    spilled: int


def timed_refresh(home: str) -> None:
    """Refreshes a home and writes the seconds of models and stages beside its warehouse, in a process of its own."""
    from pipelines.commands.main import main
    from pipelines.warehouse import transform
    from pipelines.warehouse.refresh import Refresh

    models: dict[str, float] = {}
    stages: dict[str, float] = defaultdict(float)

    Path(home, PROGRESS).unlink(missing_ok=True)

    def tell(what: str) -> None:
        most = peak(resource.getrusage(resource.RUSAGE_SELF)) / GIB
        said = f"{time.strftime('%H:%M:%S')} {time.process_time():.0f} s of processor, peak {most:.2f} GiB: {what}\n"
        with Path(home, PROGRESS).open("a", encoding="utf-8") as file:
            file.write(said)

    def told(on_node: Callable[[NodeResult], None]) -> Callable[[NodeResult], None]:
        def noted(node: NodeResult) -> None:
            tell(f"{node.unique_id} {node.status} {node.seconds:.1f} s")
            on_node(node)

        return noted

    def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            if "on_node" in options:
                options["on_node"] = told(options["on_node"])
            try:
                results = function(*arguments, **options)
            finally:
                stages[stage] += time.perf_counter() - started
                tell(stage)
            if stage == "build":
                models.update({result.unique_id: result.seconds for result in results})
            return results

        return noted

    transform.build = timed(transform.build, "build")
    for stage in STAGES:
        if stage != "build":
            setattr(Refresh, stage, timed(getattr(Refresh, stage), stage))
    sys.argv = ["keybook", "refresh", "--home", home]
    try:
        main()
    finally:
        Path(home, TIMES).write_text(json.dumps({"models": models, "stages": stages}), encoding="utf-8")


def part(size: Size, share: int) -> Size:
    """A size with every count but the months divided."""
    counts = {name: count // share for name, count in asdict(size).items() if name != "months"}
    return Size(months=size.months, **counts)


def measure_in(home: Path, call: str) -> tuple[Measured, int]:
    """Runs Python in a process of its own; and the most bytes that it wrote to a home for want of memory.

    Raises:
        FailedRun: it failed.
    """
    spilled, ended = [0], Event()

    def watch() -> None:
        while not ended.wait(0.2):
            with suppress(OSError):  # a file may go while it is looked at
                files = home.glob("warehouse/.spill-*/*")
                spilled.append(sum(file.stat().st_size for file in files))

    watching = Thread(target=watch)
    watching.start()
    try:
        process = measure(["-c", call], PUBLISHED)
    finally:
        ended.set()
        watching.join()
    return process, max(spilled)


def refresh(home: Path) -> Refreshed:
    """Refreshes a home in a process of its own.

    Raises:
        FailedRun: it failed.
    """
    call = f"from benchmarks.scale import timed_refresh; timed_refresh({str(home)!r})"
    process, spilled = measure_in(home, call)
    times = json.loads((home / TIMES).read_text(encoding="utf-8"))
    return Refreshed(process, times["models"], times["stages"], spilled)


def build_first(folder: Path) -> None:
    """Refreshes a tiny company in a folder, unless somebody has built the project since it changed.

    The project's first build is dbt's, the others send what it sent.

    Raises:
        FailedRun: it failed.
    """
    from pipelines.settings import load_settings
    from pipelines.warehouse.statements import recorded
    from pipelines.warehouse.transform import parsed, read_manifest

    settings = load_settings(home=folder)
    if recorded(parsed(settings), read_manifest(settings)) is None:
        exports(TINY, folder / "tiny" / "landing")
        refresh(folder / "tiny")


def main(share: int, folder: Path | None, memory_limit: str = MEMORY_LIMIT) -> tuple[str, bool]:
    """The report on one part of the size, and whether the process stayed within what it may take."""
    if folder:
        return _report(part(WHOLE, share), folder, memory_limit)
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        return _report(part(WHOLE, share), Path(made), memory_limit)


def _report(size: Size, folder: Path, memory_limit: str) -> tuple[str, bool]:
    about = machine()
    home = folder / str(size.calls)
    if not (home / "landing").exists():
        exports(size, home / "landing")
    build_first(folder)
    exported = sum(path.stat().st_size for path in (home / "landing").rglob("*") if path.is_file())
    with within(memory_limit):
        run = refresh(fresh(home))
    rows = [
        ["Whole refresh, wall", f"{run.process.wall:.1f} s"],
        ["Whole refresh, processor", f"{run.process.cpu:.1f} s"],
        ["Peak memory of the process", f"{run.process.peak / GIB:.2f} GiB"],
        ["Written to disk for want of memory, at most", f"{run.spilled / GIB:.2f} GiB"],
        *([f"Stage {stage}", f"{run.stages.get(stage, 0.0):.1f} s"] for stage in STAGES),
    ]
    slow = sorted(run.models.items(), key=lambda item: -item[1])
    rows += [[name.split(".")[-1], f"{seconds:.1f} s"] for name, seconds in slow[:25] if seconds >= SHOWN]
    told = (
        f"{size.calls:,} calls, {size.invoices:,} invoices, {size.accounts:,} accounts over {size.months} months: "
        f"{exported / 1e9:.2f} GB of exports, memory_limit {memory_limit}. {about}."
    )
    return f"{told}\n\n{table(['', ''], rows)}\n", run.process.peak <= MOST


@contextmanager
def within(memory_limit: str) -> Iterator[None]:
    """What is started meanwhile works within a limit."""
    os.environ["KEYBOOK_MEMORY_LIMIT"] = memory_limit
    try:
        yield
    finally:
        del os.environ["KEYBOOK_MEMORY_LIMIT"]


def one_export(rows: int, memory_limit: str = MEMORY_LIMIT) -> tuple[str, bool]:
    """The report on landing one call log of so many rows, and whether the process stayed within what it may take."""
    about = machine()
    log = land.call_log(min(rows, 200_000))
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        home = Path(made)
        (home / "landing").mkdir()
        export = home / "landing" / "calls.csv"
        with export.open("wb") as file:
            for number, start in enumerate(range(0, rows, log.height)):
                again = log.head(rows - start).with_columns(pl.col("uniqueid") + f"-{number}")
                again.write_csv(file, include_header=number == 0)
        size = export.stat().st_size
        call = (
            "from pipelines.settings import load_settings; from pipelines.warehouse.refresh import Refresh; "
            f"(receipt,) = Refresh(load_settings(home={made!r})).land(); "
            f"assert receipt.entities[0]['rows_loaded'] > 0.99 * {rows}, receipt"
        )
        with within(memory_limit):
            process, spilled = measure_in(home, call)
    told = f"One call log of {rows:,} rows, {size / 1e9:.2f} GB, memory_limit {memory_limit}. {about}."
    lines = [
        ["Wall", f"{process.wall:.1f} s"],
        ["Processor", f"{process.cpu:.1f} s"],
        ["Peak memory of the process", f"{process.peak / GIB:.2f} GiB"],
        ["Written to disk for want of memory, at most", f"{spilled / GIB:.2f} GiB"],
    ]
    return f"{told}\n\n{table(['', ''], lines)}\n", process.peak <= MOST
