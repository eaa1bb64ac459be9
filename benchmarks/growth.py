"""What each step of a refresh costs as the company grows: parts of the largest size, and how costs rise between them.

A step whose cost is n to the power of 1 doubles with the company; n log n has an exponent a little above 1. Costs are
seconds of processor, which other work on the machine changes little: one statement runs at a time here, and each stage
in a process of its own. A model that comes out steep is made several times more, and the quickest counts. What was
measured stays in the folder, if one is given, and is not measured again.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import duckdb

from benchmarks.processes import GIB, machine, table
from benchmarks.refresh import exports, fresh
from benchmarks.scale import MEMORY_LIMIT, SHOWN, STAGES, WHOLE, build_first, measure_in, part, within
from pipelines.warehouse.transform import DBT_PROJECT

# Parts of the largest size, as one in so many.
SHARES = (40, 10)
SMALLEST = (8_000, 4_000)
# Where a step's exponent lies so much above n log n it is too much: caches that overflow and a busy machine do less.
BEYOND = 0.2
# How often a model is made again that came out steep: one turn of a second says little of what the model takes.
TURNS = 5
TIMES = "growth.json"
RUN = "growth"
COMMITS = "commits and checkpoints"
Steps = dict[str, float]


def run_stage(home: str, stage: str) -> None:
    """Runs one stage of a refresh of a home and writes what it and its steps cost; in a process of its own."""
    from pipelines.settings import load_settings
    from pipelines.verification import proof
    from pipelines.warehouse import refresh as refreshing
    from pipelines.warehouse import statements, transform
    from pipelines.warehouse.refresh import PointInTime, Refresh

    steps: Steps = {}

    def noted(function: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            began, ended = time.process_time(), steps.get(COMMITS, 0.0)
            result = function(*arguments, **options)
            step = name(*arguments)
            # A model has no part in what others have left to be written.
            others = steps.get(COMMITS, 0.0) - ended
            steps[step] = steps.get(step, 0.0) + time.process_time() - began - others
            return result

        return run

    land_files = refreshing.land_files

    def landed(*arguments: Any) -> Iterator[Any]:
        """Each file, with what it took to come to it: of files that are landed together the first has it all."""
        began = time.process_time()
        for file, receipt in land_files(*arguments):
            steps[f"landing {file.name}"] = time.process_time() - began
            yield file, receipt
            began = time.process_time()

    change: Any = setattr  # mypy takes methods for constants
    change(statements, "THREADS", 1)
    change(statements.Statements, "_work", noted(statements.Statements._work, lambda *given: given[2].split(".")[2]))
    change(statements, "_end", noted(statements._end, lambda *given: COMMITS))
    change(refreshing, "land_files", landed)
    change(proof, "_verdicts", noted(proof._verdicts, lambda *given: f"proof of {given[1]}"))
    refresh = Refresh(load_settings(home=home))
    began = time.process_time()
    if stage == "land":
        refresh.land()
    elif stage == "build":
        refresh.start_build(RUN, PointInTime(), full=True)
        if failed := transform.failures(transform.build(refresh.settings)):
            raise SystemExit("\n".join(failed))
    elif stage == "verify":
        if failed := [f"{one.subject}: {one.failure}" for one in refresh.verify(RUN) if one.failure]:
            print("\n".join(failed))
    else:
        refresh.publish(RUN, ())
    cost = {"seconds": time.process_time() - began, "steps": steps}
    Path(home, f"{stage}.json").write_text(json.dumps(cost), encoding="utf-8")


def stage_of(home: Path, stage: str) -> dict[str, Any]:
    """What a stage costs: measured now, unless it was.

    Raises:
        FailedRun: it failed.
    """
    told = home / TIMES
    known = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    if stage not in known:
        call = f"from benchmarks.growth import run_stage; run_stage({str(home)!r}, {stage!r})"
        with within(MEMORY_LIMIT):
            process, spilled = measure_in(home, call)
        cost = json.loads((home / f"{stage}.json").read_text(encoding="utf-8"))
        known[stage] = cost | {"peak": process.peak, "spilled": spilled}
        told.write_text(json.dumps(known), encoding="utf-8")
    return cast("dict[str, Any]", known[stage])


def costs(share: int, folder: Path) -> tuple[Steps, Steps]:
    """Seconds of processor by step and stage of one part of the size, and GiB of memory and of disk by stage."""
    home = folder / str(share)
    if not (home / "landing").exists():
        exports(part(WHOLE, share), fresh(home) / "landing")
    seconds: Steps = {}
    room: Steps = {}
    for stage in STAGES:
        cost = stage_of(home, stage)
        seconds |= cost["steps"] | {f"**{stage}**": cost["seconds"]}
        room[f"Peak memory of {stage}, GiB"] = cost["peak"] / GIB
        room[f"Written to disk for want of memory by {stage}, GiB"] = cost["spilled"] / GIB
    seconds["**all**"] = sum(seconds[f"**{stage}**"] for stage in STAGES)
    return seconds, room


def quickest(home: Path, model: str) -> float:
    """Seconds of processor of the quickest of several turns of a model's query on what a home has published."""
    from pipelines.settings import load_settings
    from pipelines.warehouse.raw_views import create_raw_views
    from pipelines.warehouse.sql_functions import register
    from pipelines.warehouse.transform import queries

    settings = load_settings(home=home)
    query = next(query for key, query in queries(settings).items() if key.split(".")[2] == model)
    turns = []
    with tempfile.TemporaryDirectory(dir=home) as scratch:
        # A copy of the same name, because queries name their database; raw views belong to a build.
        copy = shutil.copyfile(settings.warehouse / "keybook.duckdb", Path(scratch) / "keybook.duckdb")
        with duckdb.connect(str(copy), config={"memory_limit": MEMORY_LIMIT.replace(" ", "")}) as connection:
            connection.execute("set TimeZone = 'UTC'; set threads = 1")
            register(connection)
            create_raw_views(connection, settings)
            for _ in range(TURNS):
                began = time.process_time()
                connection.execute(f"create or replace temp table again as ({query}\n)")
                turns.append(time.process_time() - began)
    return min(turns)


def exponent(before: float, after: float, times: float) -> float:
    """The power of the size by which a cost rises as the size grows so many times."""
    return math.log(after / before) / math.log(times) if before > 0 and after > 0 else 0.0


def allowed(before: int, after: int) -> float:
    """The exponent of n log n between two sizes."""
    return exponent(before * math.log(before), after * math.log(after), after / before)


def compare(shares: tuple[int, ...], folder: Path) -> tuple[str, bool]:
    """The report, and whether no step grows faster than n log n.

    Raises:
        FailedRun: one of the stages failed.
    """
    about = machine()
    build_first(folder)
    sizes = [part(WHOLE, share) for share in sorted(shares, reverse=True)]
    found = [costs(share, folder) for share in sorted(shares, reverse=True)]
    most = [allowed(early.calls, late.calls) for early, late in pairwise(sizes)]
    homes = [folder / str(share) for share in sorted(shares, reverse=True)]
    models = {path.stem for path in DBT_PROJECT.glob("models/**/*.sql")}
    rows, beyond = [], []
    steps = [seconds for seconds, _ in found]

    def powers_of(taken: list[float]) -> list[float]:
        return [
            exponent(early, late, after.calls / before.calls)
            for (early, late), (before, after) in zip(pairwise(taken), pairwise(sizes), strict=True)
        ]

    def steep(taken: list[float]) -> list[float]:
        powers = zip(powers_of(taken), most, taken[1:], strict=True)
        return [power for power, limit, late in powers if late > SHOWN and power > limit + BEYOND]

    order = sorted(steps[-1], key=lambda name: (not name.startswith("**"), -steps[-1][name]))
    for name in order:
        taken = [seconds.get(name, 0.0) for seconds in steps]
        if steep(taken) and name in models:
            taken = [min(once, quickest(home, name)) for once, home in zip(taken, homes, strict=True)]
        powers = powers_of(taken)
        rises = [f"{name} {power:.2f}" for power in steep(taken)]
        beyond += rises
        if taken[-1] >= SHOWN or rises or name.startswith("**"):
            rows.append([name, *(f"{one:.1f}" for one in taken), *(f"{power:.2f}" for power in powers)])
    for name in found[-1][1]:
        rows.append([name, *(f"{room[name]:.2f}" for _, room in found), *("" for _ in most)])
    told = "; ".join(
        f"{size.accounts:,} accounts, {size.calls:,} calls, {size.invoices:,} invoices over {size.months} months"
        for size in sizes
    )
    limits = " and ".join(f"{limit:.2f}" for limit in most)
    verdict = (
        f"Faster than n log n (an exponent of {limits}) by more than {BEYOND}: {'; '.join(beyond)}."
        if beyond
        else f"No step of more than {SHOWN:.0f} s grows faster than n log n (an exponent of {limits}) by {BEYOND}."
    )
    header = ["seconds of processor", *(f"{size.calls:,} calls" for size in sizes)]
    header += [f"exponent to {size.calls:,}" for size in sizes[1:]]
    return f"{told}. {about}.\n\n{table(header, rows)}\n\n{verdict}\n", not beyond


def main(shares: tuple[int, ...], folder: Path | None) -> tuple[str, bool]:
    """The report and whether all is within it, made in a folder to keep or in a temporary one."""
    if folder:
        return compare(shares, folder)
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as made:
        return compare(shares, Path(made))
