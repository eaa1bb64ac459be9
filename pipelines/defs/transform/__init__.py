"""The dbt project: each model is an asset, each test an asset check, built in this process.

Dagster is told what runs, as it ends: what was made, what was checked. What a build keeps of the publication that it
starts from is observed as kept. A failed test keeps what depends on its model from being built, and the run from
publishing. Where somebody selects some models, these are built and what they need, and nothing can be published.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from pipelines.warehouse.refresh import PointInTime, Refresh
from pipelines.warehouse.statements import NodeResult
from pipelines.warehouse.transform import build_and_tell, failures, read_manifest

# What is published: a build in which every model is made or kept, and every check of what was made has passed.
BUILD = dg.AssetKey("build")
PUBLISHING = "publish"


class RefreshConfig(dg.Config):
    """What a run may be asked for.

    The day that it looks back from (ISO), else the newest event's; the moment whose knowledge counts (ISO), else now;
    whether it is published beside, for reports, and dashboards go on with what they show; and whether it builds
    everything, though much of it has not changed.
    """

    as_of: str | None = None
    known_at: str | None = None
    is_beside: bool = False
    full: bool = False

    def view(self) -> PointInTime:
        """From where the run looks."""
        return PointInTime(self.as_of, self.known_at, self.is_beside)


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """A model's key: its schema and name; `raw` tables have the keys of what lands them."""
    if node["resource_type"] == "source":
        given = node.get("meta", {}).get("dagster", {}).get("asset_key")
        return dg.AssetKey(given or ["raw", "landing", node["name"]])
    return dg.AssetKey([node["schema"], node["name"]])


class Nodes:
    """dbt's nodes as Dagster knows them, by dbt's ids."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        """Takes a manifest as dbt writes it."""
        self._manifest = manifest
        nodes = manifest["nodes"]
        self.assets = {
            unique_id: asset_key(node)
            for unique_id, node in nodes.items()
            if node["resource_type"] in ("model", "seed")
        }
        self.raw = [asset_key(source) for source in manifest["sources"].values()]
        self.checks = {
            unique_id: self._check(unique_id) for unique_id, node in nodes.items() if node["resource_type"] == "test"
        }

    def specs(self) -> list[dg.AssetSpec]:
        """Every model and seed, and the build that they are parts of."""
        found = _specs_of(self._manifest) if self.assets else []
        build = dg.AssetSpec(
            BUILD,
            deps=[*self.assets.values(), *self.raw],
            group_name=PUBLISHING,
            description="One run's warehouse: every model made or kept, every check of what was made passed.",
            kinds={"duckdb"},
            skippable=True,
        )
        return [*(spec.replace_attributes(skippable=True) for spec in found), build]

    def _check(self, test: str) -> dg.AssetCheckSpec:
        """A test as a check of the one model that it looks at, or of that which its meta names (`dagster: {ref}`)."""
        node = self._manifest["nodes"][test]
        looked_at = [self.assets[model] for model in self._manifest["parent_map"][test] if model in self.assets]
        named = node["config"]["meta"].get("dagster", {}).get("ref", {}).get("name")
        asset = next(key for key in looked_at if named in (None, key.path[-1]))
        return dg.AssetCheckSpec(
            node["name"],
            asset=asset,
            description=node["description"] or None,
            additional_deps=[key for key in looked_at if key != asset],
            blocking=node["config"]["severity"].lower() == "error",
        )

    def wanted(self, context: dg.AssetExecutionContext) -> set[str] | None:
        """The ids of what a run selects; None where it selects the build, which is everything."""
        if BUILD in context.selected_asset_keys:
            return None
        checks = {
            unique_id for unique_id, check in self.checks.items() if check.key in context.selected_asset_check_keys
        }
        return checks | {unique_id for unique_id, key in self.assets.items() if key in context.selected_asset_keys}

    def told(self, node: NodeResult, context: dg.AssetExecutionContext) -> Iterator[Any]:
        """What Dagster hears of a node that has ended."""
        key, check = self.assets.get(node.unique_id), self.checks.get(node.unique_id)
        metadata: dict[str, Any] = {"seconds": node.seconds, "status": node.status, "message": node.message}
        if key in context.selected_asset_keys and node.status == "success":
            yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        elif key is not None and node.status == "success" and BUILD not in context.selected_asset_keys:
            # It was not selected: what was selected needs it.
            context.log_event(dg.AssetMaterialization(key, metadata=metadata))
        if check and check.key in context.selected_asset_check_keys and node.status != "skipped":
            severity = dg.AssetCheckSeverity.ERROR if node.failed else dg.AssetCheckSeverity.WARN
            yield dg.AssetCheckResult(
                asset_key=check.asset_key, check_name=check.name, passed=node.status == "pass",
                severity=severity, metadata=metadata,
            )  # fmt: skip

    def kept(self, results: list[NodeResult], context: dg.AssetExecutionContext, version: str) -> Iterator[Any]:
        """What Dagster hears of the selected assets that were not made, because nothing that they read has changed."""
        ended = {node.unique_id for node in results}
        for unique_id, key in self.assets.items():
            if unique_id not in ended and key in context.selected_asset_keys:
                told = f"Kept as it was published in {version}: nothing that it is made from has changed since."
                yield dg.AssetObservation(key, description=told, metadata={"kept": True, "version": version})


def _specs_of(manifest: Mapping[str, Any]) -> Sequence[dg.AssetSpec]:
    """Models and seeds as assets, each in the group of its layer."""
    # It takes two seconds to load, and whoever hears of no model does without.
    from dagster_dbt import DagsterDbtTranslator, build_dbt_asset_specs

    class Translator(DagsterDbtTranslator):
        def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
            return asset_key(dbt_resource_props)

        def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
            return str(dbt_resource_props["schema"])

    return build_dbt_asset_specs(manifest=manifest, dagster_dbt_translator=Translator())


def build(refresh: Refresh, models: bool = True) -> dg.Definitions:
    """The models and their checks, and the build of them; or that alone."""
    manifest = read_manifest(refresh.settings)
    nodes = Nodes(manifest if models else {**manifest, "nodes": {}})

    @dg.multi_asset(
        name="transform",
        specs=nodes.specs(),
        check_specs=list(nodes.checks.values()),
        can_subset=True,
    )
    def transform(context: dg.AssetExecutionContext, config: RefreshConfig) -> Iterator[Any]:
        wanted = nodes.wanted(context)
        run_id, view = context.run.run_id, config.view()
        log, began = refresh.log.bind(command="refresh", run=run_id), time.monotonic()
        with refresh.warehouse.writing():
            if refresh.holds_no_row():
                raise dg.Failure("No row of any export could be loaded: nothing is built.", allow_retries=False)
            published = refresh.warehouse.published()
            # What an earlier try of this run left.
            refresh.warehouse.give_up(run_id)
            changed = refresh.start_build(run_id, view, config.full)
            held = [row for receipt in refresh.receipts(view.known_at) for row in receipt.held]
            for row in [*refresh.troubles(view.known_at), *held]:
                log.warning("held", what=row["file"], where=row["part"], status="held", code=row["code"])
            work = build_and_tell(refresh.settings, changed, wanted)
            results: list[NodeResult] = []
            for node in work:
                results.append(node)
                if refresh.on_node:
                    refresh.on_node(node.name, node.status)
                yield from nodes.told(node, context)
            failed = failures(results)
            if failed or wanted is not None:
                refresh.warehouse.give_up(run_id)
        counts = {"nodes": len(results), "failed": [node.name for node in results if node.failed]}
        status = "failed" if failed else "done" if wanted is None else "partial"
        log.info("build", what="everything" if changed is None else "what changed", status=status, **counts,
                 seconds=round(time.monotonic() - began, 3))  # fmt: skip
        if failed:
            raise dg.Failure("\n".join(failed), allow_retries=False)
        if changed is not None and published is not None:
            yield from nodes.kept(results, context, published.version)
        if wanted is None:
            yield dg.MaterializeResult(asset_key=BUILD, metadata={"nodes": len(results)})

    return dg.Definitions(assets=[transform])
