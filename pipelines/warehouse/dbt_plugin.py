"""What dbt's database has besides tables: a plugin of dbt-duckdb, which `profiles.yml` names.

So `keybook refresh`, Dagster and plain `dbt` have it alike, with nothing that has to run before.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.settings import load_settings
from pipelines.warehouse.raw_views import furnish

if TYPE_CHECKING:
    import duckdb

# Where a refresh says which file it builds; profiles.yml reads it too.
DATABASE = "DBT_KEYBOOK_DATABASE"


class Plugin(BasePlugin):
    """Makes the views on what was landed, and registers the functions in Python."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Called before the file is opened: whoever calls plain dbt begins with a copy of what is published, if any.

        So `dbt show` and `dbt test` have all tables without a build of everything. A refresh begins as it needs to.
        """
        mine, published = Path(creds.path), load_settings().published
        if DATABASE not in os.environ and not mine.exists() and published.exists():
            mine.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(published, mine)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once for the database that dbt opens; every cursor of it has all of this.

        The settings stand here because those of a profile are set again for every node.
        """
        furnish(conn, load_settings())
