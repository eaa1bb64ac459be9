"""What each step of a refresh costs as the company grows: samples of a quarter, a half and the whole of a size.

A step that grows no faster than n log n takes about 2.1 times as long on twice the rows. A build's own time a model is
taken from dbt; two models run beside each other, so that the sum over models is more than the wall time.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.processes import GIB, Measured, machine, measure, table
from benchmarks.refresh import PUBLISHED, Size, exports, fresh

WHOLE = Size(accounts=100_000, months=12, calls=1_000_000, invoices=600_000)
SMALL = Size(accounts=2_000, months=12, calls=20_000, invoices=12_000)
TINY = Size(accounts=120, months=12, calls=1_200, invoices=720)
# Steps that take less than this at the largest size are told in the sums alone, in seconds.
SHOWN = 1.0
TIMES = "times.json"
# What a refresh does, one after the other: methods of `Refresh`, and dbt's build.
STAGES = ("land", "build", "verify", "publish")


@dataclass(frozen=True)
class Refreshed:
    """One refresh: the process, seconds by model and stage, the most bytes on disk for want of memory, and rows."""

    process: Measured
    models: dict[str, float]
    stages: dict[str, float]
    spilled: int
    rows: dict[str, int]


def timed_refresh(home: str) -> None:
    """Refreshes a home and writes the seconds of models and stages beside its warehouse, in a process of its own."""
    from pipelines.commands.main import main
    from pipelines.warehouse import transform
    from pipelines.warehouse.refresh import Refresh

    models: dict[str, float] = {}
    stages: dict[str, float] = defaultdict(float)

    def timed(function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            try:
                results = function(*arguments, **options)
            finally:
                stages[stage] += time.perf_counter() - started
            if stage == "build":
                models.update({result.unique_id: result.seconds for result in results})
            return results

        return noted

    transform._build = timed(transform._build, "build")
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
    import duckdb

    call = f"from benchmarks.growth import timed_refresh; timed_refresh({str(home)!r})"
    process, spilled = measure_in(home, call)
    times = json.loads((home / TIMES).read_text(encoding="utf-8"))
    counted = {}
    with duckdb.connect(str(home / "warehouse" / "keybook.duckdb"), read_only=True) as connection:
        for name in ("dim_accounts", "dim_contacts", "fct_calls", "fct_invoices", "fct_account_months"):
            counted[name] = int(connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0])
    return Refreshed(process, times["models"], times["stages"], spilled, counted)


def refreshed(size: Size, folder: Path) -> Refreshed:
    """The same of a sample that is written first."""
    home = fresh(folder / f"{size.accounts}")
    exports(size, home / "landing")
    return refresh(home)


def compare(size: Size, folder: Path) -> str:
    """The report.

    Raises:
        FailedRun: one of the refreshes failed.
    """
    about = machine()
    exports(part(TINY, 4), folder / "tiny" / "landing")
    refresh(folder / "tiny")
    sizes = [part(size, 4), part(size, 2), size]
    runs = [refreshed(one, folder) for one in sizes]
    folders = model_folders()

    def line(name: str, seconds: list[float]) -> list[str]:
        ratios = [f"{late / early:.2f}" if early else "" for early, late in pairwise(seconds)]
        return [name, *(f"{one:.2f}" for one in seconds), *ratios]

    by_folder: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    models = {}
    for node in runs[-1].models:
        seconds = [run.models.get(node, 0.0) for run in runs]
        if node in folders:
            by_folder[folders[node]] = [a + b for a, b in zip(by_folder[folders[node]], seconds, strict=True)]
            models[node.split(".")[-1]] = seconds
    rows = [line(f"**{name}**", seconds) for name, seconds in sorted(by_folder.items())]
    slow = sorted(models.items(), key=lambda item: -item[1][-1])
    rows += [line(name, seconds) for name, seconds in slow if seconds[-1] >= SHOWN]
    rows += [line(f"Stage {stage}", [run.stages.get(stage, 0.0) for run in runs]) for stage in STAGES]
    rows.append(line("Whole refresh, wall", [run.process.wall for run in runs]))
    rows.append(line("Whole refresh, processor", [run.process.cpu for run in runs]))
    rows.append(line("Peak memory, GiB", [run.process.peak / GIB for run in runs]))
    rows.append(line("Written to disk for want of memory, GiB", [run.spilled / GIB for run in runs]))
    rows += [line(f"Rows of {name}", [float(run.rows[name]) for run in runs]) for name in runs[-1].rows]
    allowed = 2 * math.log(2 * sizes[1].accounts) / math.log(sizes[1].accounts)
    told = (
        f"{size.accounts:,} accounts, {size.calls:,} calls, {size.invoices:,} invoices over {size.months} months, and "
        f"a half and a quarter of each. n log n from half to whole: {allowed:.2f} times. {about}."
    )
    header = ["seconds", *(f"{one.accounts:,} accounts" for one in sizes), "half ÷ quarter", "whole ÷ half"]
    return f"{told}\n\n{table(header, rows)}\n"


def model_folders() -> dict[str, str]:
    """Each model's layer and subject."""
    from pipelines.settings import load_settings
    from pipelines.warehouse.transform import read_manifest

    nodes = read_manifest(load_settings())["nodes"]
    return {
        unique_id: "/".join(node["fqn"][1:-1]) for unique_id, node in nodes.items() if node["resource_type"] == "model"
    }


def main(size: Size, folder: Path | None) -> str:
    """The report, made in a folder to keep or in a temporary one."""
    if folder:
        return compare(size, folder)
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        return compare(size, Path(made))
