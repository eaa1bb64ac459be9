"""The floor of a refresh: the compiled SQL of all models, on one bare DuckDB connection, statement after statement.

What a refresh takes beyond this is landing, parsing, orchestration, keys, contracts and tests. Run it with
`python -m benchmarks.floor HOME FOLDER` after a refresh of the home.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from pipelines.settings import load_settings
from pipelines.warehouse import statements
from pipelines.warehouse.raw_views import create_raw_views
from pipelines.warehouse.sql_functions import register
from pipelines.warehouse.transform import queries, read_manifest


def run(
    home: Path, folder: Path, raw_of: Path | None = None, tables: Collection[str] = (), threads: int | None = None
) -> int:
    """Makes the models of a home's last build in a new database; how many there were.

    Args:
        home: whose parameters are taken, as it has published them.
        folder: where the database is made.
        raw_of: the home whose raw store is read; the same one when not given.
        tables: the models that are wanted, with what they are made of; all when not given.
        threads: of DuckDB; as many as it takes when not given. Of few rows one makes them with the least work.

    Raises:
        FileNotFoundError: the project was never built as a whole.
    """
    settings = load_settings(home=home)
    manifest = read_manifest(settings)
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    compiled = queries(settings)
    upstream = {key: [name for name in manifest["parent_map"][key] if name in models] for key in models}
    wanted = _made_of({key for key, node in models.items() if not tables or node["name"] in tables}, upstream)
    database = folder / "keybook.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database), config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if threads:
            connection.execute(f"set threads = {threads}")
        register(connection)
        create_raw_views(connection, load_settings(home=raw_of or home))
        published = os.path.realpath(settings.warehouse / "keybook.duckdb").replace("'", "''")
        connection.execute(f"attach '{published}' as published (read_only)")
        # Loading a few hundred rows of parameters is no model's work: they are taken as they are.
        for node in manifest["nodes"].values():
            connection.execute(f"create schema if not exists {node['schema']}")
            if node["resource_type"] == "seed":
                table = f"{node['schema']}.{node['alias']}"
                connection.execute(f"create table {table} as from published.{table}")
        for key in TopologicalSorter(wanted).static_order():
            node = models[key]
            kind = "view" if "view" in node["config"]["materialized"] else "table"
            statements.run(connection, f"create or replace {kind} {node['relation_name']} as ({compiled[key]}\n)")
        connection.execute("checkpoint")
    return len(wanted)


def _made_of(wanted: set[str], upstream: dict[str, list[str]]) -> dict[str, list[str]]:
    """The models that are wanted and all that they are made of."""
    found: dict[str, list[str]] = {}
    while wanted:
        found |= {key: upstream[key] for key in wanted}
        wanted = {name for key in wanted for name in upstream[key]} - found.keys()
    return found


if __name__ == "__main__":
    print(run(Path(sys.argv[1]), Path(sys.argv[2])))
