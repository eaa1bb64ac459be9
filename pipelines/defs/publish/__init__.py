"""Publishing: the finished, checked build becomes the warehouse that readers open."""

import dagster as dg

from pipelines.defs.transform import BUILD, PUBLISHING
from pipelines.warehouse.publications import PublishError
from pipelines.warehouse.refresh import Refresh

PROOF = dg.AssetKey("verification")


def build(refresh: Refresh) -> dg.Definitions:
    """The proof of the build of every model, and the publication, which waits for both."""

    @dg.asset(
        key=PROOF,
        deps=[BUILD],
        group_name=PUBLISHING,
        description="The build's figures computed again from raw: reporting.rpt_verification says how many agree.",
        kinds={"python"},
    )
    def verification(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        with refresh.warehouse.writing():
            try:
                verdicts = refresh.verify(context.run.run_id)
            except PublishError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        for verdict in verdicts:
            if verdict.failure:
                context.log.error(f"{verdict.subject} could not be computed again: {verdict.failure}")
        counted = {name: sum(getattr(verdict, name) for verdict in verdicts) for name in ("cells", "equal")}
        return dg.MaterializeResult(metadata=counted)

    @dg.asset(
        key=dg.AssetKey("publication"),
        deps=[BUILD, PROOF],
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

    return dg.Definitions(assets=[verification, publication])
