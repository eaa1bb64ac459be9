"""What dbt's database has besides tables: a plugin of dbt-duckdb, which `profiles.yml` names.

So `keybook refresh`, Dagster and plain `dbt` have it alike, with nothing that has to run before.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.events.logging import AdapterLogger

from pipelines.bounds import connect
from pipelines.files import read_yaml
from pipelines.settings import PROJECT, load_settings
from pipelines.warehouse.raw_views import furnish

if TYPE_CHECKING:
    import duckdb

# Where a refresh says which file it builds; profiles.yml reads it too.
DATABASE = "DBT_KEYBOOK_DATABASE"
MODELS = PROJECT / "dbt_project" / "models"


def begin(mine: Path, published: Path) -> str | None:
    """Makes ready what plain dbt works on: a copy of what is published, where there is none or it is of other models.

    So `dbt show` and `dbt test` have all tables without a build of everything, and still do when the models have
    changed since, once there is a publication of theirs.

    Returns:
        What has to be said: that a file of other models was replaced, or that it has to be built; None for nothing.
    """
    different = differing_models(mine)
    is_new = not mine.exists()
    if published.exists() and (is_new or (different and not differing_models(published))):
        mine.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(published, mine)
        if not is_new:
            return f"{mine} was of other models ({_few(different)}) and is a copy of what is published again."
        different = differing_models(mine)
    if different:
        return f"{mine} is of other models ({_few(different)}): `dbt build` makes it anew; to begin anew, delete it."
    return None


def differing_models(database: Path) -> list[str]:
    """The models whose columns are others in a database than their YAML names, or that it does not have."""
    if not database.exists():
        return []
    declared = {
        model["name"]: {column["name"] for column in model.get("columns", [])}
        for file in sorted(MODELS.rglob("_*.yml"))
        for model in read_yaml(file).get("models", [])
    }
    made: dict[str, set[str]] = {}
    with connect(database, read_only=True) as connection:
        for table, column in connection.execute("select table_name, column_name from duckdb_columns()").fetchall():
            made.setdefault(table, set()).add(column)
    return [name for name, columns in declared.items() if made.get(name) != columns]


def _few(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


class Plugin(BasePlugin):
    """Makes the views on what was landed, and registers the functions in Python."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called before the file is opened: plain dbt begins with what is published, a refresh as it needs to."""
        if DATABASE not in os.environ and (said := begin(Path(creds.path), load_settings().published)):
            AdapterLogger("Keybook").warning(said)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once for the database that dbt opens; every cursor of it has all of this.

        The settings stand here because those of a profile are set again for every node.
        """
        furnish(conn, load_settings())
