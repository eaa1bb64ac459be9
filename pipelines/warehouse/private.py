"""What this project uses of dbt that dbt does not promise to keep: all of it stands here.

Beside each stands the public way that was tried first and why it does not do, so that whoever upgrades dbt knows what
to try again. Of Dagster and dagster-dbt nothing private is used.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

# A node's end as dbt tells it to callbacks: the callbacks are public, their events' names are not promised. The public
# way, the results of the whole invocation, comes when the last node has ended: Dagster could not be told as it runs.
NODE_ENDED = "NodeFinished"


def parsed_runner(folder: Path, on_dbt_event: Callable[[Any], None]) -> Any:
    """A dbt runner that has a parsed project (`partial_parse.msgpack` in a folder) already.

    The public ways: a runner without a manifest, which reads what it parsed before and compares it with every file of
    the project (0.5 to 1.4 s an invocation, of which a refresh needs up to two, against 0.08 s here), and one with the
    manifest that `parse` returns, which costs the same once. `manifest.json` cannot be turned into one.
    """
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    packed = (folder / "partial_parse.msgpack").read_bytes()
    whole = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    return dbtRunner(manifest=whole, callbacks=[on_dbt_event])


def close_database() -> None:
    """Closes the file that dbt has built: dbt-duckdb keeps it open for the next invocation in the same process.

    The public way is `keep_open: false` in the profile: the file is then closed whenever no node happens to run and
    opened again for the next, with its functions and its views on raw, a dozen times in a build of three nodes.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()  # type: ignore[no-untyped-call]
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
