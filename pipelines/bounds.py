"""Within which bounds DuckDB works: memory, and disk for what does not fit there. Whatever opens it opens it here.

A process works on one home, whose bounds hold for all that it opens from when it is told of the home.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import duckdb

from pipelines.machine import size
from pipelines.settings import Settings, load_settings

# What does not fit into memory is written to a folder of its own a database, `<warehouse>/.spill-<host>-<process>-<n>`,
# which DuckDB makes when it needs it and deletes as it closes.
_SPILL = ".spill-"
_numbers = count(1)
# What a killed process on another host, or in a container that is gone, has left is deleted after so long.
_LEFT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Bounds:
    """Bytes of memory and of disk that one database may take, and the folder that the disk is taken of."""

    memory: int
    disk: int
    folder: Path

    @classmethod
    def of(cls, settings: Settings, dashboards: bool = False) -> Bounds:
        """As a home's settings say; the dashboards, which run beside refreshes, have less memory."""
        folder = settings.warehouse
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            folder = Path(tempfile.gettempdir())
        memory = settings.dashboard_memory_limit if dashboards else settings.memory_limit
        free = shutil.disk_usage(folder).free
        return cls(int(memory), int(settings.max_temp_directory_size or free // 2), folder)

    def part(self, of: int) -> Bounds:
        """The same with one part in so many of the memory, for a database beside which something else needs it."""
        return replace(self, memory=self.memory // of)

    def _own(self) -> Path:
        return self.folder / f"{_SPILL}{platform.node()}-{os.getpid()}-{next(_numbers)}"

    def scratch(self) -> Path:
        """A new folder for what does not fit into memory, to be deleted; a later run deletes what a kill leaves."""
        folder = self._own()
        folder.mkdir(parents=True)
        return folder

    def hold(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Sets the bounds for a database, unless its settings are locked: then they were set before."""
        if connection.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
            return
        connection.execute(f"set global memory_limit = '{self.memory}B'")
        spilling = Path(connection.execute("select current_setting('temp_directory')").fetchall()[0][0])
        if spilling.parent != self.folder or not spilling.name.startswith(_SPILL):
            own = self._own()
            with suppress(duckdb.NotImplementedException):  # it has written to another folder already
                connection.execute(f"set global temp_directory = '{str(own).replace(chr(39), chr(39) * 2)}'")
        # What is written there already may be more than this; no more is written then.
        with suppress(duckdb.OutOfMemoryException):
            connection.execute(f"set global max_temp_directory_size = '{self.disk}B'")


_settings: Settings | None = None


def work_within(settings: Settings) -> None:
    """Tells which home this process works on."""
    global _settings
    _settings = settings


def current() -> Bounds:
    """The bounds of the home that this process works on; of the default one until it was told."""
    return Bounds.of(_settings or load_settings())


def room() -> str:
    """How much disk is free in the home that this process works on, and how much a refresh needs."""
    settings = _settings or load_settings()
    folder = next(place for place in (settings.warehouse, *settings.warehouse.parents) if place.is_dir())
    free = f"{size(shutil.disk_usage(folder).free)} are free"
    if not settings.published.exists():
        return free
    return f"{free}, and a refresh needs about {size(settings.published.stat().st_size)}"


def connect(
    database: Path | str = ":memory:", read_only: bool = False, bounds: Bounds | None = None
) -> duckdb.DuckDBPyConnection:
    """Opens a database within bounds: those of the home that this process works on, if not given."""
    connection = duckdb.connect(str(database), read_only=read_only)
    (bounds or current()).hold(connection)
    return connection


def clear_left(folder: Path) -> None:
    """Deletes what killed processes have left in a folder of what did not fit into memory."""
    mine = f"{_SPILL}{platform.node()}-"
    for left in folder.glob(f"{_SPILL}*"):
        with suppress(OSError):
            process = left.name.removeprefix(mine).split("-")[0] if left.name.startswith(mine) else ""
            old = time.time() - left.stat().st_mtime > _LEFT_SECONDS
            if old or (process.isdigit() and not _is_running(int(process))):
                shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def bound_reached(said: str) -> str | None:
    """One line for DuckDB's word that a bound was reached, with the setting that raises it; None for anything else."""
    if "Out of Memory Error" not in said:
        return None
    size = re.search(r"/([\d.]+ \w+) used", said)
    of = f" of {size[1]}" if size else ""
    if "max_temp_directory_size" in said:
        return (
            f"what does not fit into memory needs more disk than the bound{of}: raise max_temp_directory_size, "
            "or memory_limit, in keybook.toml"
        )
    return f"this needs more memory than the bound{of}: raise memory_limit in keybook.toml"


def lacks_memory(said: str) -> bool:
    """Whether DuckDB says that its memory did not suffice, with all that could go to disk there."""
    return "Out of Memory Error" in said and "max_temp_directory_size" not in said
