"""A full refresh beside one hand-written script, each a process of its own: wall time, processor time, peak memory."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.figures import FIGURES, differences
from benchmarks.handwritten import tell_who
from benchmarks.processes import GIB, Measured, machine, measure, table

KEYBOOK = ["-c", "from pipelines.commands.main import main; main()", "refresh", "--home"]
# A sample holds faulty rows on purpose: 3 is published with rejects.
PUBLISHED = (0, 3)


@dataclass(frozen=True)
class Size:
    """How large the sample is."""

    accounts: int = 2_000
    months: int = 36
    calls: int = 1_000_000
    invoices: int = 300_000


SMALL = Size(accounts=120, months=12, calls=20_000, invoices=5_000)
# What is left when there is next to no data: starting Dagster and dbt, and what each model and test costs by being one.
TINY = Size(accounts=24, months=12, calls=240, invoices=144)


def quickest(measured: list[Measured]) -> Measured:
    """The run with least interference from outside."""
    return min(measured, key=lambda one: one.wall)


def exports(size: Size, landing: Path, small_systems: bool = False) -> tuple[int, int]:
    """Writes a sample, in a process of its own: a child's peak memory is never less than its parent's.

    It has no small billing systems beside the main one, which the script knows nothing of, unless they are asked for.

    Returns:
        Its rows and its bytes.
    """
    say = (
        "import sys; from pathlib import Path; from pipelines.sample import generate; "
        "accounts, months, calls, invoices = map(int, sys.argv[2:]); "
        "sample = generate(Path(sys.argv[1]), accounts, months, calls=calls, invoices=invoices, "
        f"small_systems={small_systems}); "
        "Path(sys.argv[1] + '.rows').write_text(str(sum(sample.rows.values())))"
    )
    landing.parent.mkdir(parents=True, exist_ok=True)
    measure(["-c", say, str(landing), *(str(number) for number in asdict(size).values())])
    rows = int(landing.with_name(f"{landing.name}.rows").read_text())
    return rows, sum(path.stat().st_size for path in landing.rglob("*") if path.is_file())


def fresh(home: Path) -> Path:
    """A home without a warehouse."""
    shutil.rmtree(home / "warehouse", ignore_errors=True)
    home.mkdir(exist_ok=True)
    return home


def compare(size: Size, folder: Path, repeat: int) -> tuple[str, list[str]]:
    """Runs everything below a folder; gives the report, and what the two sides disagree on.

    The two sides take turns, so that whatever else the machine does meets both; of several turns the quickest counts.

    Raises:
        FailedRun: one of the processes failed.
    """
    about = machine()
    landing, tiny, home, script = folder / "landing", folder / "tiny", folder / "home", folder / "handwritten.duckdb"
    rows, exported = exports(size, landing)
    exports(TINY, tiny / "landing")
    # The first refresh of a clone parses the models and runs their unit tests; what comes of it serves every home.
    first = measure([*KEYBOOK, str(fresh(tiny))], PUBLISHED)
    # Who is who does not depend on the turn: the list for the script comes from a refresh that is not counted.
    measure([*KEYBOOK, str(fresh(home)), "--landing", str(landing)], PUBLISHED)
    who = folder / "who.parquet"
    tell_who(home / "warehouse" / "keybook.duckdb", who)
    scripted, refreshed, started = [], [], []
    for _ in range(repeat):
        started.append(measure([*KEYBOOK, str(fresh(tiny))], PUBLISHED))
        scripted.append(measure(["-m", "benchmarks.handwritten", str(landing), str(who), str(script)]))
        refreshed.append(measure([*KEYBOOK, str(fresh(home)), "--landing", str(landing)], PUBLISHED))
    unchanged = measure([*KEYBOOK, str(home), "--landing", str(landing)], PUBLISHED)
    rebuilt = measure([*KEYBOOK, str(home), "--landing", str(landing), "--full"], PUBLISHED)
    bare = folder / "bare"
    bare.mkdir(exist_ok=True)
    floor = measure(["-m", "benchmarks.floor", str(home), str(bare)])
    by_hand, full, empty = quickest(scripted), quickest(refreshed), quickest(started)

    def row(what: str, one: Measured) -> list[str]:
        return [
            what, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.peak / GIB:.2f}",
            f"{one.wall / by_hand.wall:.2f}", f"{one.cpu / by_hand.cpu:.2f}",
        ]  # fmt: skip

    lines = [
        row("One hand-written DuckDB script", by_hand),
        row("`keybook refresh`, fresh home", full),
        row("… of it orchestration: a tiny sample", empty),
        row("… of it the data", Measured(full.wall - empty.wall, full.cpu - empty.cpu, full.peak)),
        row("The compiled SQL of all models, one bare connection", floor),
        row("`keybook refresh --full` of what is landed", rebuilt),
        row("`keybook refresh`, nothing changed", unchanged),
        row("The clone's first refresh: a tiny sample", first),
    ]
    told = (
        f"{size.calls:,} calls, {size.invoices:,} invoices, {size.accounts:,} accounts, {size.months} months: "
        f"{rows:,} rows in {exported / 1e6:.0f} MB of exports. {about}."
    )
    header = ["", "wall, s", "processor, s", "peak, GiB", "wall ÷ script", "processor ÷ script"]
    report = f"{told}\n\n{table(header, lines)}\n"
    return report, differences(home / "warehouse" / "keybook.duckdb", script)


def main(size: Size, keep: Path | None, repeat: int, out: Path | None) -> int:
    """Prints the report; 1 when the two sides disagree, and then no times."""
    with tempfile.TemporaryDirectory(prefix="keybook-bench-") as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        report, apart = compare(size, folder, repeat)
    if apart:
        print("The refresh and the script disagree, so their times say nothing:", *apart, sep="\n  ")
        return 1
    report += f"\nEqual in both, to the cent and the call: {'; '.join(FIGURES)}.\n"
    print(report)
    if out:
        out.write_text(report, encoding="utf-8")
    return 0
