"""`python -m benchmarks NAME`: refresh if none is named, one of those below, or `small`, which is each of them."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, fields
from pathlib import Path


def main() -> int:
    """Reads the arguments and runs one benchmark, `refresh` when none is named, or each of them on next to nothing."""
    from benchmarks import aging, drafts, drop, files, growth, identity, land, legs, pollock, refresh, robustness, scale

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    full = commands.add_parser("refresh", help="a full refresh beside a hand-written script")
    for field in fields(refresh.Size):
        full.add_argument(f"--{field.name}", type=int, help=f"{field.default:,} if not given")
    full.add_argument("--small", action="store_true", help="a sample that takes two minutes")
    full.add_argument("--repeat", type=int, default=1, help="turns of each side; the quickest counts")
    full.add_argument("--folder", type=Path, help="an empty folder to work in and keep; a temporary one if not given")
    full.add_argument("--out", type=Path, help="write the report here too")
    dropping = commands.add_parser("drop", help="one file with 1 %% new calls, beside the refresh of everything")
    dropping.add_argument("--small", action="store_true", help="a sample that takes two minutes")
    growing = commands.add_parser("growth", help="what each step costs as the company grows")
    growing.add_argument(
        "--shares", type=int, nargs="+", default=growth.SHARES, help="parts of the largest size, as one in so many"
    )
    growing.add_argument("--folder", type=Path, help="a folder to work in and keep: what it has is not measured again")
    largest = commands.add_parser("scale", help="10,000,000 calls on one machine, within 4 GiB for DuckDB")
    largest.add_argument("--share", type=int, default=1, help="run one part in so many of the size")
    largest.add_argument("--folder", type=Path, help="a folder to work in and keep")
    largest.add_argument("--export-rows", type=int, help="land one call log of so many rows instead")
    largest.add_argument("--memory-limit", default=scale.MEMORY_LIMIT, help="what DuckDB may take")
    history = commands.add_parser("aging", help="the ageing history beside one query written by hand")
    history.add_argument("--invoices", type=int, default=1_000_000)
    folding = commands.add_parser("legs", help="call legs folded, given to sources and counted, beside one script")
    folding.add_argument("--legs", type=int, default=10_000_000)
    folding.add_argument(
        "--folder", type=Path, help="an empty folder to work in and keep; a temporary one if not given"
    )
    reading = commands.add_parser("land", help="landing beside DuckDB's and Polars' readers, a format at a time")
    reading.add_argument("--rows", type=int, default=200_000, help="of each file")
    reading.add_argument("--files", type=int, default=40, help="small files, for files a second")
    reading.add_argument("--formats", nargs="+", choices=land.FORMATS, default=land.FORMATS, help="all if not given")
    reading.add_argument("--dlt", type=Path, help="an interpreter that has dlt[duckdb], to be measured too")
    many = commands.add_parser("files", help="thousands of small files of several vendors and formats")
    many.add_argument("--files", type=int, default=5_000)
    many.add_argument("--folder", type=Path, help="an empty folder to work in and keep; a temporary one if not given")
    yardstick = commands.add_parser("pollock", help="polluted CSV files, read without a contract and scored")
    yardstick.add_argument("--files", type=Path, help="the published polluted_files folder; made here if not given")
    who = commands.add_parser("identity", help="who is who: precision and recall on samples, seconds on many accounts")
    who.add_argument("--accounts", type=int, default=2_000, help="of each sample company; 0 leaves them out")
    who.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    who.add_argument("--scale", type=int, default=100_000, help="accounts of the timed run; 0 leaves it out")
    changed = commands.add_parser(
        "robustness", help="what becomes of exports that users change: the same, told, or wrong"
    )
    changed.add_argument("--small", action="store_true", help="every eighth fixture")
    drafting = commands.add_parser("drafts", help="first contracts, held against the contracts that are known")
    drafting.add_argument("--small", action="store_true", help="every eighth fixture")
    drafting.add_argument("--real", action="store_true", help="real exports too, where they lie beside the project")
    drafting.add_argument("--every", action="store_true", help="a line for each table too")
    commands.add_parser("small", help="each of them on next to nothing: do they run, and agree")
    arguments = parser.parse_args(sys.argv[1:] or ["refresh"])
    if arguments.command == "refresh":
        size = refresh.SMALL if arguments.small else refresh.Size()
        given = {name: getattr(arguments, name) for name in asdict(size) if getattr(arguments, name) is not None}
        return refresh.main(refresh.Size(**asdict(size) | given), arguments.folder, arguments.repeat, arguments.out)
    if arguments.command == "small":
        for report in (
            lambda: land.compare(500, 2, turns=1),
            lambda: files.main(40),
            lambda: aging.main(20_000),
            lambda: legs.main(6_000)[0],
            lambda: identity.main(60, [1], 1_000),
            lambda: pollock.main(None, 4),
            lambda: robustness.main(4 * robustness.SMALL),
            lambda: drafts.main(4 * drafts.SMALL, False, False),
            lambda: drop.main(refresh.TINY),
            lambda: growth.main(growth.SMALLEST, None)[0],
            lambda: scale.one_export(5_000)[0],
        ):
            print(report(), flush=True)
        return refresh.main(refresh.TINY, None, 1, None)
    if arguments.command in ("growth", "scale"):
        if arguments.command == "growth":
            told, is_within = growth.main(tuple(arguments.shares), arguments.folder)
        elif arguments.export_rows:
            told, is_within = scale.one_export(arguments.export_rows, arguments.memory_limit)
        else:
            told, is_within = scale.main(arguments.share, arguments.folder, arguments.memory_limit)
        print(told)
        return 0 if is_within else 1
    if arguments.command == "legs":
        told, times = legs.main(arguments.legs, arguments.folder)
        print(told)
        return 0 if times <= legs.MOST else 1
    print(
        {
            "land": lambda: land.compare(arguments.rows, arguments.files, arguments.dlt, arguments.formats),
            "files": lambda: files.main(arguments.files, arguments.folder),
            "drop": lambda: drop.main(refresh.SMALL if arguments.small else refresh.Size()),
            "aging": lambda: aging.main(arguments.invoices),
            "identity": lambda: identity.main(arguments.accounts, arguments.seeds, arguments.scale),
            "drafts": lambda: drafts.main(drafts.SMALL if arguments.small else 1, arguments.real, arguments.every),
            "pollock": lambda: pollock.main(arguments.files),
            "robustness": lambda: robustness.main(robustness.SMALL if arguments.small else 1),
        }[arguments.command]()
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
