"""Homes for tests that need a published warehouse: lands real files and runs the same job as `keybook refresh`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from pipelines.commands.main import main

# Data sets that others made: read in place, never copied. Tests of them are skipped, by name, where they are missing.
SHARED = Path(os.environ.get("REAL_DATA_FOLDER", Path(__file__).resolve().parents[3] / "shared" / "data"))


def keybook(*arguments: object) -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def query(home: Path, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query on the published warehouse."""
    published = os.path.realpath(home / "warehouse" / "keybook.duckdb")
    with duckdb.connect(published, read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()
