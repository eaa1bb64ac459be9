"""Publishing: the finished, checked build becomes the warehouse that readers open."""

import dagster as dg

from pipelines.defs.transform import BUILD, PUBLISHING
from pipelines.warehouse.publications import PublishError
from pipelines.warehouse.refresh import Refresh


def build(refresh: Refresh) -> dg.Definitions:
    """The publication, which waits for the build of every model."""

    @dg.asset(
        key=dg.AssetKey("publication"),
        deps=[BUILD],
        group_name=PUBLISHING,
        description="The published warehouse: a read-only file that the link warehouse/keybook.duckdb points to.",
        kinds={"duckdb"},
    )
    def publication(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with refresh.warehouse.writing():
            try:
                published = refresh.publish(context.run.run_id)
            except PublishError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        return dg.MaterializeResult(metadata={"as_of_date": published.as_of_date, "rows": published.rows_loaded})

    return dg.Definitions(assets=[publication])
