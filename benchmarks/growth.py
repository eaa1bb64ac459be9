"""What each step of a refresh costs as the company grows: samples of a quarter, a half and the whole of a size.

A step that grows no faster than n log n takes about 2.1 times as long on twice the rows. A build's own time a model is
taken from dbt; two models run beside each other, so that the sum over models is more than the wall time.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import GIB, Measured, machine, measure, table
from benchmarks.refresh import PUBLISHED, Size, exports, fresh

WHOLE = Size(accounts=100_000, months=12, calls=1_000_000, invoices=600_000)
SMALL = Size(accounts=2_000, months=12, calls=20_000, invoices=12_000)
TINY = Size(accounts=120, months=12, calls=1_200, invoices=720)
# Steps that take less than this at the largest size are told in the sums alone, in seconds.
SHOWN = 1.0
TIMES = "times.json"


def timed_refresh(home: str) -> None:
    """Refreshes a home and writes the seconds of every model beside its warehouse. Runs in a process of its own."""
    from pipelines.commands.main import main
    from pipelines.warehouse import transform

    build, seconds = transform._build, {}

    def noted(*arguments: object, **options: object) -> list[transform.NodeResult]:
        results = build(*arguments, **options)  # type: ignore[arg-type]
        seconds.update({result.unique_id: result.seconds for result in results})
        return results

    transform._build = noted  # type: ignore[assignment]
    sys.argv = ["keybook", "refresh", "--home", home]
    try:
        main()
    finally:
        Path(home, TIMES).write_text(json.dumps(seconds), encoding="utf-8")


def part(size: Size, share: int) -> Size:
    """A size with every count but the months divided."""
    counts = {name: count // share for name, count in asdict(size).items() if name != "months"}
    return Size(months=size.months, **counts)


def refreshed(size: Size, folder: Path) -> tuple[dict[str, float], Measured, dict[str, int]]:
    """Seconds by model, the whole process, and how many rows came of it."""
    import duckdb

    home = fresh(folder / f"{size.accounts}")
    exports(size, home / "landing")
    whole = measure(["-c", f"from benchmarks.growth import timed_refresh; timed_refresh({str(home)!r})"], PUBLISHED)
    counted = {}
    with duckdb.connect(str(home / "warehouse" / "keybook.duckdb"), read_only=True) as connection:
        for name in ("dim_accounts", "dim_contacts", "fct_calls", "fct_invoices", "fct_account_months"):
            counted[name] = int(connection.execute(f"select count(*) from marts.{name}").fetchall()[0][0])
    return json.loads((home / TIMES).read_text(encoding="utf-8")), whole, counted


def compare(size: Size, folder: Path) -> str:
    """The report.

    Raises:
        FailedRun: one of the refreshes failed.
    """
    about = machine()
    exports(part(TINY, 4), folder / "tiny" / "landing")
    measure(["-c", f"from benchmarks.growth import timed_refresh; timed_refresh({str(folder / 'tiny')!r})"], PUBLISHED)
    sizes = [part(size, 4), part(size, 2), size]
    runs = [refreshed(one, folder) for one in sizes]
    folders = model_folders()

    def line(name: str, seconds: list[float]) -> list[str]:
        ratios = [f"{late / early:.2f}" if early else "" for early, late in pairwise(seconds)]
        return [name, *(f"{one:.2f}" for one in seconds), *ratios]

    by_folder: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(runs))
    models = {}
    for node in runs[-1][0]:
        seconds = [times.get(node, 0.0) for times, _, _ in runs]
        if node in folders:
            by_folder[folders[node]] = [a + b for a, b in zip(by_folder[folders[node]], seconds, strict=True)]
            models[node.split(".")[-1]] = seconds
    rows = [line(f"**{name}**", seconds) for name, seconds in sorted(by_folder.items())]
    slow = sorted(models.items(), key=lambda item: -item[1][-1])
    rows += [line(name, seconds) for name, seconds in slow if seconds[-1] >= SHOWN]
    rows.append(line("Whole refresh, wall", [one.wall for _, one, _ in runs]))
    rows.append(line("Whole refresh, processor", [one.cpu for _, one, _ in runs]))
    rows.append(line("Peak memory, GiB", [one.peak / GIB for _, one, _ in runs]))
    rows += [line(f"Rows of {name}", [float(counts[name]) for _, _, counts in runs]) for name in runs[-1][2]]
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
