"""Landing: one asset for each canonical entity, those of a domain landed in one step."""

import time
from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.exports.entities import Entity, entities
from pipelines.exports.landing.intact import DamagedError
from pipelines.exports.landing.raw import Receipt
from pipelines.warehouse.refresh import Refresh
from pipelines.words.landed import finding_said


def asset_key(entity: Entity) -> dg.AssetKey:
    """The key of an entity's raw table, which dbt's sources name as theirs."""
    return dg.AssetKey(["raw", entity.domain, entity.name])


DOMAINS = {
    "crm": "From CRM exports",
    "billing": "From billing systems' exports",
    "calls": "From call trackers' and telephone systems' exports",
    "plan": "From sheets that people keep",
    "lists": "From the lists in which people say what no export knows",
}


def _told(receipt: Receipt) -> dict[str, Any]:
    """What the log says of a file that was landed."""
    return {
        "what": receipt.file,
        "where": sorted({f"{row['domain']}.{row['entity']}" for row in receipt.entities}),
        "status": "held" if receipt.held else "rows_rejected" if receipt.rows_rejected else "landed",
        "rows_loaded": sum(int(row["rows_loaded"]) for row in receipt.entities),
        "rows_rejected": receipt.rows_rejected,
        "findings": sorted({str(row["code"]) for row in receipt.findings}),
    }


def _landing_of(domain: str, description: str, refresh: Refresh) -> dg.Definitions:
    """The raw tables of one domain: each run lands the domain's new files from the landing folder."""
    tables = [entity for entity in entities().values() if entity.domain == domain]
    specs = [
        dg.AssetSpec(
            asset_key(entity),
            group_name=domain,
            description=f"{description}: {entity.name}. Key {', '.join(entity.key)} within one source system.",
            kinds={"parquet"},
            skippable=True,
        )
        for entity in tables
    ]

    @dg.multi_asset(name=f"land_{domain}", specs=specs, can_subset=True)
    def land(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        log, began = refresh.log.bind(command="refresh", run=context.run.run_id), time.monotonic()
        try:
            landed = refresh.land(domain, context.run.run_id)
        except DamagedError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for receipt in landed:
            log.info("file", **_told(receipt))
            for finding in receipt.findings:
                context.log.warning(finding_said(finding, refresh.settings.language))
        seconds = round(time.monotonic() - began, 3)
        log.info("landing", what=domain, status="done", files=len(landed), seconds=seconds)
        rows = [row for receipt in refresh.receipts() for row in receipt.entities]
        for entity in tables:
            if asset_key(entity) not in context.selected_asset_keys:
                continue
            of_entity = [row for row in rows if (row["domain"], row["entity"]) == (domain, entity.name)]
            yield dg.MaterializeResult(
                asset_key=asset_key(entity),
                metadata={
                    "files": len(of_entity),
                    "rows_loaded": sum(row["rows_loaded"] for row in of_entity),
                    "rows_rejected": sum(row["rows_rejected"] for row in of_entity),
                },
            )

    return dg.Definitions(assets=[land])


def build(refresh: Refresh) -> dg.Definitions:
    """The raw tables of every domain: accounts and deals, invoices and payments, calls, what people plan and say."""
    return dg.Definitions.merge(*(_landing_of(domain, description, refresh) for domain, description in DOMAINS.items()))
