"""Whole processes measured from outside: wall time, processor time and peak memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
GIB = 2**30


@dataclass(frozen=True)
class Measured:
    """One process: seconds on the wall, seconds of processor time over all cores, peak memory in bytes."""

    wall: float
    cpu: float
    peak: int


class FailedRun(Exception):
    """A measured process did not end as it should; the message holds what it said."""


def measure(arguments: list[str], accepted: tuple[int, ...] = (0,)) -> Measured:
    """Runs `python <arguments>` in the project's folder to its end, alone.

    Raises:
        FailedRun: it ended with another exit code than the accepted ones.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode not in accepted:
        raise FailedRun(f"python {' '.join(arguments)} ended with {process.returncode}:\n{said[-4000:]}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, peak(usage))


def peak(usage: resource.struct_rusage) -> int:
    """The most memory that a process has had, in bytes."""
    # Linux counts it in KiB, macOS in bytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def machine() -> str:
    """What the figures depend on, without saying whose machine it is."""
    import duckdb

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    load = os.getloadavg()[0]
    return (
        f"{cores} cores, {memory:.0f} GiB of memory, {sys.platform}, Python {sys.version.split()[0]}, "
        f"DuckDB {duckdb.__version__}; load before the first run {load:.1f}"
    )


def table(header: list[str], rows: list[list[str]]) -> str:
    """Rows as a Markdown table: the first column to the left, the others to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
