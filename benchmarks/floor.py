"""The floor of a refresh: the compiled SQL of all models, on one bare DuckDB connection, statement after statement.

What a refresh takes beyond this is landing, parsing, orchestration, keys, contracts and tests. Run it with
`python -m benchmarks.floor HOME FOLDER` after a whole refresh of the home: dbt leaves there what it has compiled.
"""

from __future__ import annotations

import os
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from pipelines.settings import load_settings
from pipelines.warehouse.raw_views import create_raw_views
from pipelines.warehouse.sql_functions import register
from pipelines.warehouse.transform import read_manifest


def run(home: Path, folder: Path, raw_of: Path | None = None) -> int:
    """Makes every model of a home's last build in a new database; how many there were.

    Args:
        home: whose last refresh built everything.
        folder: where the database is made.
        raw_of: the home whose raw store is read; the same one when not given.

    Raises:
        FileNotFoundError: the last refresh did not build everything, so that not every model was compiled.
    """
    settings = load_settings(home=home)
    manifest = read_manifest(settings)
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    compiled = settings.warehouse / ".dbt" / "compiled" / "keybook"
    upstream = {key: [name for name in manifest["parent_map"][key] if name in models] for key in models}
    database = folder / "keybook.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database), config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("set TimeZone = 'UTC'")
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
        for key in TopologicalSorter(upstream).static_order():
            node = models[key]
            kind = "view" if "view" in node["config"]["materialized"] else "table"
            query = (compiled / node["original_file_path"]).read_text(encoding="utf-8")
            connection.execute(f"create {kind} {node['schema']}.{node['alias']} as ({query}\n)")
        connection.execute("checkpoint")
    return len(models)


if __name__ == "__main__":
    print(run(Path(sys.argv[1]), Path(sys.argv[2])))
