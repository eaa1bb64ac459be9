"""Publishing: the finished, checked build becomes the warehouse that readers open."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import duckdb

from pipelines.bounds import connect
from pipelines.defs.transform import BUILD, PUBLISHING
from pipelines.delivery.restated import kept_for_reports
from pipelines.warehouse.publications import PublishError
from pipelines.warehouse.refresh import Refresh

PROOF = dg.AssetKey("verification")
# What has a newest event that grows old.
DOMAINS = ("crm", "billing", "calls", "plan")
SOURCES = """
    select domain, concat_ws(' ', source, entity), freshness_state, newest_event_at::date
    from reporting.rpt_data_health
    where freshness_state is not null
    order by all"""
# What a run shows of what it published: sums over the company, and of each file what became of it.
SHOWN = {
    "preview": """
        select month, currency, sales, collected, open_amount, overdue_amount
        from reporting.rpt_receivable_kpis
        order by month desc, currency
        limit 6""",
    "control_totals": """
        select file, entity, measure, currency, file_total, loaded, rejected, superseded, difference
        from reporting.rpt_control_totals
        order by difference <> 0 desc, file, entity, measure, currency
        limit 100""",
}


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
        log, began = refresh.log.bind(command="refresh", run=context.run.run_id), time.monotonic()
        with refresh.warehouse.writing():
            try:
                verdicts = refresh.verify(context.run.run_id)
            except PublishError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        for verdict in verdicts:
            if verdict.failure:
                context.log.error(f"{verdict.subject} could not be computed again: {verdict.failure}")
        counted = {name: sum(getattr(verdict, name) for verdict in verdicts) for name in ("cells", "equal")}
        differing = sorted({f"{each.table}.{each.measure}" for each in verdicts if each.state != "agrees"})
        log.info("proof", what="figures computed again", status="differs" if differing else "agrees", **counted,
                 differing=differing, seconds=round(time.monotonic() - began, 3))  # fmt: skip
        return dg.MaterializeResult(metadata=counted)

    @dg.asset(
        key=dg.AssetKey("publication"),
        deps=[BUILD, PROOF],
        group_name=PUBLISHING,
        description="The published warehouse: a read-only file that the link warehouse/keybook.duckdb points to.",
        kinds={"duckdb"},
        # The schedule of Mondays begins at six.
        freshness_policy=dg.FreshnessPolicy.cron("0 7 * * 1", timedelta(hours=1), refresh.settings.business_timezone),
        check_specs=[
            dg.AssetCheckSpec(f"{domain}_is_fresh", asset="publication", description=f"Each export of {domain} is.")
            for domain in DOMAINS
        ],
    )
    def publication(context: dg.AssetExecutionContext) -> Iterator[Any]:
        with refresh.warehouse.writing():
            try:
                # Whatever fails here, what was published before stands.
                with connect(refresh.warehouse.built(context.run.run_id)[0], read_only=True) as connection:
                    shown = {name: dg.MetadataValue.md(_as_table(connection.sql(sql))) for name, sql in SHOWN.items()}
                    sources = connection.execute(SOURCES).fetchall()
                published = refresh.publish(context.run.run_id, kept_for_reports(refresh.settings.home))
            except PublishError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        told: dict[str, Any] = {
            "as_of_date": published.as_of_date,
            "rows": published.rows_loaded,
            "is_beside": published.is_beside,
            **shown,
        }
        counts = {name: getattr(published, name) for name in ("files", "files_held", "rows_loaded", "rows_rejected")}
        log = refresh.log.bind(command="refresh", run=context.run.run_id)
        log.info("publication", what=published.version, where="beside" if published.is_beside else "dashboards",
                 status="published", as_of=published.as_of_date, bytes=published.bytes, **counts)  # fmt: skip
        checks = [
            dg.AssetCheckResult(
                check_name=f"{domain}_is_fresh",
                passed=all(state == "fresh" for of, _, state, _ in sources if of == domain),
                severity=dg.AssetCheckSeverity.WARN,
                metadata={name: f"{state}, newest {newest}" for of, name, state, newest in sources if of == domain},
            )
            for domain in DOMAINS
        ]
        yield dg.MaterializeResult(metadata=told, check_results=checks)

    return dg.Definitions(assets=[verification, publication])


def _as_table(rows: duckdb.DuckDBPyRelation) -> str:
    """Rows as a Markdown table, each text as it is."""
    lines = [rows.columns, ["---"] * len(rows.columns), *rows.fetchall()]
    cells = ([str("" if cell is None else cell).replace("|", "\\|") for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
