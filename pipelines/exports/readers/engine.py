"""The DuckDB that files are read with: one in a process, because to start one takes longer than to read a small file."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

from pipelines import bounds
from pipelines.exports.readers.deadline import ends_in_time


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    """An instance in memory, which nothing but `connected` uses."""
    instance = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    instance.create_function("unescape_html", html.unescape, ["VARCHAR"], "VARCHAR")
    return instance


# The bounds that the instance was told last: to tell it takes longer than a small query.
_told: list[bounds.Bounds] = []


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own: temporary tables and `set timezone` are seen by it alone and end with it."""
    connection = _instance().cursor()
    now = bounds.current()
    if not _told or (now.memory, now.folder) != (_told[0].memory, _told[0].folder):
        now.hold(connection)
        _told[:] = [now]
    try:
        with ends_in_time(connection):
            yield connection
    finally:
        connection.close()


def answer(query: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
    """The rows of one query on files."""
    with connected() as connection:
        return connection.execute(query, parameters).fetchall()
