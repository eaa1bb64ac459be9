"""The dbt project: each model is an asset, each test an asset check, built in this process.

A failed test keeps what depends on its model from being built, and the run from publishing.
"""

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from pipelines.warehouse.refresh import PointInTime, Refresh
from pipelines.warehouse.transform import build as build_project
from pipelines.warehouse.transform import failures, read_manifest


class RefreshConfig(dg.Config):
    """What a run may be asked for.

    The day that it looks back from (ISO), else the newest event's; the moment whose knowledge counts (ISO), else now;
    and whether it builds everything, though much of it has not changed.
    """

    as_of: str | None = None
    known_at: str | None = None
    full: bool = False

    def view(self) -> PointInTime:
        """From where the run looks."""
        return PointInTime(self.as_of, self.known_at)


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


def _in_order(
    context: dg.AssetExecutionContext, manifest: Mapping[str, Any], translator: Translator, made: list[Any]
) -> Iterator[Any]:
    """What a build tells Dagster, upstream first: what was made, and of the rest that it came with the copy.

    A build that starts from a copy of the publication makes anew what has changed. Dagster is told of the other assets
    and checks too: the publication waits for all of them.
    """
    events: dict[dg.AssetKey, list[Any]] = {}
    checked: set[dg.AssetCheckKey] = set()
    for event in made:
        if isinstance(event, dg.Output):
            events.setdefault(context.asset_key_for_output(event.output_name), []).insert(0, event)
        else:
            if not isinstance(event, dg.AssetObservation):
                checked.add(dg.AssetCheckKey(event.asset_key, event.check_name))
            events.setdefault(event.asset_key, []).append(event)
    said = {"unchanged": True}
    for key in context.selected_asset_keys:
        if not any(isinstance(event, dg.Output) for event in events.get(key, [])):
            events.setdefault(key, []).insert(0, dg.MaterializeResult(asset_key=key, metadata=said))
    for check in context.selected_asset_check_keys - checked:
        told = "Passed on these rows before; nothing that it looks at has changed since."
        kept = dg.AssetCheckResult(
            passed=True, asset_key=check.asset_key, check_name=check.name, metadata=said, description=told
        )
        events.setdefault(check.asset_key, []).append(kept)
    nodes = manifest["nodes"]
    upstream = {node: [above for above in manifest["parent_map"][node] if above in nodes] for node in nodes}
    for node in TopologicalSorter(upstream).static_order():
        if nodes[node]["resource_type"] in ("model", "seed"):
            yield from events.pop(translator.get_asset_key(nodes[node]), [])
    for rest in events.values():
        yield from rest


def build(refresh: Refresh) -> dg.Definitions:
    """The models and their checks."""
    translator = Translator(DagsterDbtTranslatorSettings(enable_asset_checks=True))
    manifest = read_manifest(refresh.settings)

    @dbt_assets(manifest=manifest, dagster_dbt_translator=translator, name="transform")
    def transform(context: dg.AssetExecutionContext, config: RefreshConfig) -> Iterator[Any]:
        with refresh.warehouse.writing():
            changed = refresh.start_build(context.run.run_id, config.view(), config.full)
            events: list[dict[str, Any]] = []
            results = build_project(refresh.settings, on_event=events.append, on_node=refresh.on_node, changed=changed)
        failed = failures(results)
        made: list[Any] = []
        for event in events:
            message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
            target = Path(refresh.settings.warehouse / ".dbt")
            made += message.to_default_asset_events(manifest, translator, context, target)
        yield from made if failed else _in_order(context, manifest, translator, made)
        if failed:
            raise dg.Failure("\n".join(failed), allow_retries=False)

    return dg.Definitions(assets=[transform])
