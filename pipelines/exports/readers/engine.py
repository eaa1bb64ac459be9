"""The DuckDB that files are read with: one in a process, because to start one takes longer than to read a small file."""

from __future__ import annotations

import atexit
import html
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import duckdb


@cache
def _instance() -> duckdb.DuckDBPyConnection:
    """An instance in memory, which nothing but `connected` uses; what does not fit goes to a folder that ends with it."""
    folder = tempfile.mkdtemp(prefix="keybook-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    instance = duckdb.connect(config={"temp_directory": folder, "autoinstall_known_extensions": "false"})
    instance.create_function("unescape_html", html.unescape, ["VARCHAR"], "VARCHAR")
    return instance


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own: temporary tables and `set timezone` are seen by it alone and end with it."""
    connection = _instance().cursor()
    try:
        yield connection
    finally:
        connection.close()
