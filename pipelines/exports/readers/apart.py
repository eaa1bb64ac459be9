"""Reads in a process of its own, with a limit on its memory and its time, what cannot be bounded inside one.

How much a library takes is decided by what a file claims or how it is built; a process of its own ends at its limit.
`python -m pipelines.exports.readers.apart READER FILE OUT MEMORY GIVEN` calls the reader's `write`, which leaves Parquet
files in OUT and answers with what is to be known of them, as JSON; `read_apart` starts it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from pipelines import bounds
from pipelines.exports.codes import UnreadableError
from pipelines.exports.readers.deadline import left
from pipelines.exports.readers.unpack import Limits
from pipelines.settings import LEAST_MEMORY, PREFIX

_ROOT = Path(__file__).resolve().parents[3]


class BrokenReaderError(Exception):
    """The reader ended with an error of its own; the message is its last line."""


def read_apart(reader: str, path: Path, out: Path, limits: Limits, given: dict[str, Any]) -> Any:
    """What a reader's `write(path, out, given)` answers, run in a process of its own; `out` is made.

    Raises:
        UnreadableError: the reader says so, or takes more memory or time than the limits.
        BrokenReaderError: it failed otherwise.
    """
    out.mkdir()
    command = [sys.executable, "-m", __name__, reader, str(path), str(out), str(limits.memory_bytes), json.dumps(given)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=left(limits.seconds),
            cwd=_ROOT,
            env=os.environ | _bounds(limits),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableError("too_slow", limit_count=limits.seconds) from error
    if done.returncode != 0:
        if "memory" in done.stderr.lower() or done.returncode < 0:
            raise UnreadableError("too_much_memory", limit_count=limits.memory_bytes)
        said = done.stderr.strip().splitlines()
        raise BrokenReaderError(said[-1] if said else str(done.returncode))
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise UnreadableError(**answer["problem"])
    return answer["found"]


def _bounds(limits: Limits) -> dict[str, str]:
    """DuckDB's bounds within the process: half of its memory, so that it writes to disk before it is ended."""
    own = bounds.current()
    memory = max(min(own.memory, limits.memory_bytes // 2), LEAST_MEMORY)
    told = {"home": own.folder.parent, "memory_limit": memory, "max_temp_directory_size": own.disk}
    # Each thread's own heap would take of the address space what it never uses.
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in told.items()} | {"MALLOC_ARENA_MAX": "2"}


def main(arguments: list[str]) -> None:
    """The bounded process: limits its own address space, then reads and prints what it found or why it cannot."""
    reader, path, out, memory, given = arguments
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    except (ImportError, ValueError):  # no such limit on this system: the time limit and the claimed extent remain
        pass
    write = importlib.import_module(f"pipelines.exports.readers.{reader}").write
    try:
        print(json.dumps({"found": write(Path(path), Path(out), json.loads(given))}))
    except UnreadableError as error:
        print(json.dumps({"problem": dict(error.finding.facts)}))


if __name__ == "__main__":
    main(sys.argv[1:])
