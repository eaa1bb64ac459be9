"""Publishing: the finished, checked build becomes the warehouse that readers open."""

import dagster as dg

from pipelines.defs.transform import RefreshConfig
from pipelines.warehouse.refresh import Refresh
from pipelines.warehouse.transform import read_manifest


def build(refresh: Refresh) -> dg.Definitions:
    """The publication, which waits for every model of the reporting layer."""
    nodes = read_manifest(refresh.settings)["nodes"].values()
    gates = [
        dg.AssetKey([node["schema"], node["name"]])
        for node in nodes
        if node["resource_type"] == "model" and node["schema"] == "reporting"
    ]

    @dg.asset(
        key=dg.AssetKey("publication"),
        deps=gates,
        group_name="publish",
        description="The published warehouse: a read-only file that the link warehouse/keybook.duckdb points to.",
        kinds={"duckdb"},
    )
    def publication(context: dg.AssetExecutionContext, config: RefreshConfig) -> dg.MaterializeResult[None]:
        with refresh.warehouse.writing():
            published = refresh.publish(context.run.run_id, config.view())
        return dg.MaterializeResult(metadata={"as_of_date": published.as_of_date, "rows": published.rows_loaded})

    return dg.Definitions(assets=[publication])
