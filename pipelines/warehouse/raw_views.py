"""The schema `raw` of a database that dbt works on: views on the raw store's folder of Parquet files.

They are made whenever dbt opens its database, whatever command that is for, and taken out of a build before it is
published, so that the published file reads no other. A table of which nothing is landed, and in a fresh clone that is
every table, has its types and no rows. A run that is asked for what was known at a moment sees no file of a later one.
"""

from __future__ import annotations

from typing import Any

import duckdb

from pipelines.bounds import current
from pipelines.exports.landing.raw import raw_tables
from pipelines.exports.readers.grids import pattern, quoted
from pipelines.settings import Settings
from pipelines.warehouse.sql_functions import register

# One row each, which is there before anything is landed too.
_ONE_ROW = ("run", "settings")


def told(settings: Settings, as_of: str | None = None, known_at: str | None = None) -> dict[str, Any]:
    """What the models are told of a run: what it was asked for, and the settings that they read."""
    names = ("base_currency", "default_currency", "business_timezone", "default_country", "fx_max_age_days")
    chosen = {name: getattr(settings, name) for name in (*names, "fiscal_year_first_month")}
    return {"as_of_date": as_of, "known_at": known_at, **chosen}


def furnish(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Gives a database that is built what the models need of it; every cursor of it has all of this."""
    connection.execute("set global TimeZone = 'UTC'; set global autoinstall_known_extensions = false")
    current().hold(connection)
    register(connection)
    create_raw_views(connection, settings)


def create_raw_views(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Makes the schema `raw` anew, on what a home's raw store holds now."""
    connection.execute("create schema if not exists raw")
    known_at = _known_at(connection, settings)
    values = told(settings)
    for table, (files, columns) in raw_tables().items():
        typed = ", ".join(f"cast({_literal(values.get(name))} as {kind}) as {name}" for name, kind in columns.items())
        if any(settings.raw.glob(files)):
            rows = f"select * from read_parquet({quoted(pattern(settings.raw, files))}, union_by_name = true)"
            if table.startswith("landing_"):
                # What an earlier version of Keybook wrote may lack a column.
                rows = f"select {typed} where false union all by name {rows}"
        else:
            rows = f"select {typed}{'' if table in _ONE_ROW else ' where false'}"
        if known_at and table not in _ONE_ROW:
            rows = f"select * from ({rows}) where {_known(columns, known_at)}"
        connection.execute(f"create or replace view raw.{table} as {rows}")


def _known_at(connection: duckdb.DuckDBPyConnection, settings: Settings) -> str | None:
    if not (settings.raw / "records" / "run.parquet").exists():
        return None
    run = quoted(pattern(settings.raw, "records/run.parquet"))
    query = f"select cast(known_at as varchar) from read_parquet({run})"
    rows = connection.execute(query).fetchall()
    return rows[0][0] if rows else None


def _known(columns: dict[str, str], known_at: str) -> str:
    """The condition that leaves of a raw table what was known at a moment."""
    moment = f"timestamptz '{known_at}'"
    for column in ("_known_at", "known_at"):
        if column in columns:
            return f"{column} <= {moment}"
    return "file_sha256 in (select file_sha256 from raw.landing_files)" if "file_sha256" in columns else "true"


def _literal(value: object) -> str:
    if value is None:
        return "null"
    return str(value) if isinstance(value, int) else f"'{value}'"
