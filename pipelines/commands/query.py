"""`keybook sql`: a query of the published warehouse, which can reach nothing else, within limits of time and rows."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.shared import HomeCommand, settings_of
from pipelines.formats import csv_line, printable

if TYPE_CHECKING:
    import duckdb

    from pipelines.settings import Settings

_EXPLAIN = re.compile(r"\s*explain\b(\s+analyze\b)?(\s*\([^()]*\))?", re.IGNORECASE)
_ASKS = re.compile(r"\s*(from|pivot|select|with|\()", re.IGNORECASE)


@click.command(cls=HomeCommand)
@click.argument("query")
@click.option("--format", "shape", type=click.Choice(["table", "csv", "json"]), default="table")
@click.option(
    "--seconds", type=click.IntRange(1, 86_400), default=300, show_default=True, help="Stop it after so long."
)
@click.option("--rows", type=click.IntRange(1), default=1_000_000, show_default=True, help="Stop after so many rows.")
def sql(home: Path | None, query: str, shape: str, seconds: int, rows: int) -> None:
    """Run a read-only query on the published warehouse."""
    import duckdb

    from pipelines.bounds import bound_reached

    settings = settings_of(home=home)
    if not settings.published.exists():
        raise click.ClickException("Nothing is published yet; run `keybook refresh` first.")
    try:
        with open_published(settings) as connection:
            for statement in connection.extract_statements(query):
                if not _only_asks(connection, statement):
                    raise click.ClickException(
                        f"Only queries are run or explained, and this is {statement.type.name}. `show tables`, "
                        "`describe TABLE` and `from duckdb_columns()` tell what there is to ask."
                    )
            with _stopped_after(seconds, connection.interrupt):
                result = connection.sql(query)
                if result is None:
                    return
                is_more = _write(result, shape, rows)
    except duckdb.InterruptException as error:
        raise click.ClickException(f"The query took longer than {seconds} seconds; --seconds lets it.") from error
    except duckdb.Error as error:
        raise click.ClickException(bound_reached(str(error)) or str(error)) from error
    if is_more:
        raise click.ClickException(f"There are more rows than {rows:,}, after which this stopped; --rows lets more.")


def open_published(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Opens the published warehouse, which is all that a query may read: no file, no network, and no other setting."""
    from pipelines.bounds import connect

    connection = connect(os.path.realpath(settings.published), read_only=True)
    # In one process connections to a file share its settings: they may be locked already.
    if connection.execute("select not current_setting('lock_configuration')").fetchall()[0][0]:
        connection.execute("set enable_external_access = false; set lock_configuration = true")
    return connection


def _only_asks(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Whether a statement is a query, or the question how one is run.

    DuckDB itself lets the published file be attached again under another name, temporary tables be made (also by
    EXPLAIN ANALYZE, which runs what it explains), and some of what PRAGMA changes be changed under a lock. Whatever
    PRAGMA or CALL tells, SHOW, DESCRIBE and table functions in a query tell too.
    """
    import duckdb

    kind = duckdb.StatementType
    asked = connection.extract_statements(_EXPLAIN.sub("", statement.query, count=1))
    # A pivot is several statements, whatever is made of it.
    return bool(asked) and all(
        one.type == kind.SELECT or (one.type == kind.MULTI and _ASKS.match(one.query)) for one in asked
    )


def _write(result: duckdb.DuckDBPyRelation, shape: str, most: int) -> bool:
    """Prints the first rows; whether there are more."""
    if shape == "table":
        click.echo("\n".join(map(printable, str(result).split("\n"))))
        return False
    names, found = result.columns, result.limit(most + 1).fetchall()
    if shape == "csv":
        sys.stdout.writelines(map(csv_line, [names, *found[:most]]))
    else:
        records = [dict(zip(names, row, strict=True)) for row in found[:most]]
        click.echo(json.dumps(records, indent=1, ensure_ascii=False, default=str))
    return len(found) > most


@contextmanager
def _stopped_after(seconds: int, stop: Callable[[], object]) -> Iterator[None]:
    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
