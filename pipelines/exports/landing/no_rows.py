"""Typed files without rows, one beside every entity's: a reader of all of them finds every column of today."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted


def no_rows(columns: dict[str, str]) -> bytes:
    """A Parquet file of these columns and types: the same for every entity's rejects and totals, and for every home."""
    return _written(typed_nulls(columns))


def made_of(path: Path, columns: dict[str, str]) -> list[object]:
    """What tells that a file is still the one that was made with these columns; nothing where there is none."""
    if not path.exists():
        return []
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, typed_nulls(columns)]


def typed_nulls(columns: dict[str, str]) -> str:
    """SQL of what a query selects to have these columns and types, each NULL."""
    return ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())


@cache
def _written(typed: str) -> bytes:
    with TemporaryDirectory() as folder, connected() as connection:
        path = Path(folder) / "none.parquet"
        connection.execute(f"copy (select {typed} where false) to {quoted(str(path))} (format parquet)")
        return path.read_bytes()
