"""The DuckDB that files are read with: one in a process, because to start one takes longer than to read a small file."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import duckdb

from pipelines import bounds
from pipelines.exports.readers.deadline import ends_in_time


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    """An instance in memory, which nothing but `connected` uses."""
    instance = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    instance.create_function("unescape_html", html.unescape, ["VARCHAR"], "VARCHAR")
    instance.create_function("noticed", _notice, ["BIGINT"], "BOOLEAN", side_effects=True)
    return instance


# How many rows a statement noticed, by a number of its own.
_noticed: Counter[int] = Counter()
_numbers = count()


def _notice(statement: int) -> bool:
    _noticed[statement] += 1
    return True


@contextmanager
def noticing() -> Iterator[tuple[str, Callable[[], int]]]:
    """SQL that is true and counts the rows that it is asked of as they pass, and how many they were.

    A statement that writes tells nothing of its rows; a sequence would have them pass through one thread.
    """
    statement = next(_numbers)
    try:
        yield f"noticed({statement})", lambda: _noticed[statement]
    finally:
        _noticed.pop(statement, None)


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
