"""Homes for tests that need a warehouse: lands real files and runs the same job as `keybook refresh`, or its models alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from benchmarks import floor
from pipelines.commands.main import main
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import PointInTime, Refresh

# Data sets that others made: read in place, never copied. Tests of them are skipped, by name, where they are missing.
SHARED = Path(os.environ.get("REAL_DATA_FOLDER", Path(__file__).resolve().parents[3] / "shared" / "data"))


def keybook(*arguments: object) -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is filled once a test run, by the first worker that asks for it: it is only to be read."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            (folder / "made").touch()
    return folder


def build(
    home: Path, compiled: Path, landing: Path | None = None, as_of: str | None = None, tables: Collection[str] = ()
) -> None:
    """Lands as a refresh does and makes all models, as another home's whole refresh has compiled them, with nothing checked.

    Where `tables` are named these, and what they are made of.

    It is a quarter of what a refresh takes: for figures of data whose gates another test passes.
    """
    settings = load_settings(home=home, **({"landing": landing} if landing else {}))
    refresh = Refresh(settings)
    refresh.land()
    refresh.start_build("test", PointInTime(as_of), full=True)
    floor.run(compiled, settings.warehouse, raw_of=home, tables=tables)


def query(home: Path, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query on the published warehouse."""
    published = os.path.realpath(home / "warehouse" / "keybook.duckdb")
    with duckdb.connect(published, read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()
