"""The dbt project: each model is an asset, each test an asset check, built in this process.

A failed test keeps what depends on its model from being built, and the run from publishing.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines.refresh import Refresh
from pipelines.transform import build as build_project
from pipelines.transform import failures, read_manifest


class RefreshConfig(dg.Config):
    """What a run may be asked for: the day that it looks back from (ISO), else the newest event's."""

    as_of: str | None = None


class Translator(DagsterDbtTranslator):
    """Names dbt's nodes as assets: by schema and model, in the group of their layer."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`raw` tables have the keys of what lands them, models those of their schema."""
        if dbt_resource_props["resource_type"] == "source":
            given = dbt_resource_props.get("meta", {}).get("dagster", {}).get("asset_key")
            return dg.AssetKey(given or ["raw", "landing", dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The layer that the model stands in."""
        return str(dbt_resource_props["schema"])


def build(refresh: Refresh) -> dg.Definitions:
    """The models and their checks."""
    translator = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=True))
    manifest = read_manifest(refresh.settings)

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="transform")
    def transform(context: dg.AssetExecutionContext, config: RefreshConfig) -> Iterator[Any]:
        with refresh.warehouse.writing():
            refresh.start_build(context.run.run_id, config.as_of)
            events: list[dict[str, Any]] = []
            results = build_project(refresh.settings, on_event=events.append, on_node=refresh.on_node)
        for event in events:
            message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
            target = Path(refresh.settings.warehouse / ".dbt")
            yield from message.to_default_asset_events(manifest, translator, context, target)
        failed = failures(results)
        if failed:
            raise dg.Failure("\n".join(failed), allow_retries=False)

    return dg.Definitions(assets=[transform])
