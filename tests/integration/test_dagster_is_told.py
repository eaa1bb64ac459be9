"""What Dagster hears of a refresh: what ran, as it ran, and nothing else; and what it builds of a selection."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.definitions import build_defs
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.integration.conftest import FILES, drop

LAYERS = ("staging", "intermediate", "marts", "reporting", "parameters")
MADE, SEEN = dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION
CHECKED = dg.DagsterEventType.ASSET_CHECK_EVALUATION
PUBLICATION = dg.AssetKey("publication")


@dataclass
class Told:
    """One run: which of dbt's nodes have ended and when, and what Dagster recorded of the models and when."""

    home: Path
    success: bool
    ended: dict[str, float]
    events: list[tuple[dg.DagsterEventType, str, float]]
    # What the publication says of itself, and the checks of it that passed and did not.
    published: dict[str, object]
    checks: dict[str, bool]

    def of(self, kind: dg.DagsterEventType) -> dict[str, float]:
        """The names in one kind of event, each with its moment."""
        return {name: moment for event, name, moment in self.events if event == kind}


def _run(home: Path, selection: list[dg.AssetKey] | None = None) -> Told:
    refresh = Refresh(load_settings(home=home))
    ended: dict[str, float] = {}
    refresh.on_node = lambda name, _: ended.update({name: time.time()})
    events, published, checks = [], {}, {}
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_defs(refresh).resolve_job_def("refresh")
        result = job.execute_in_process(asset_selection=selection, instance=instance, raise_on_error=False)
        for entry in instance.all_logs(result.run_id):
            event = entry.dagster_event
            if event is not None and event.event_type == MADE and event.asset_key == PUBLICATION:
                published = {name: value.value for name, value in event.materialization.metadata.items()}
            elif (
                event is not None
                and event.event_type == CHECKED
                and (event.asset_check_evaluation_data.asset_key == PUBLICATION)
            ):
                checks[event.asset_check_evaluation_data.check_name] = event.asset_check_evaluation_data.passed
            elif event is not None and event.event_type == CHECKED:
                events.append((CHECKED, event.asset_check_evaluation_data.check_name, entry.timestamp))
            elif event is not None and event.asset_key is not None and event.asset_key.path[0] in LAYERS:
                events.append((event.event_type, event.asset_key.path[-1], entry.timestamp))
    return Told(home, result.success, ended, events, published, checks)


@pytest.fixture(scope="module")
def told(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A refresh after a correction of one invoice."""
    home = tmp_path_factory.mktemp("told") / "home"
    shutil.copytree(_small, home, symlinks=True)
    drop(home, {"newer.csv": FILES["invoices.csv"].replace("100.00,issued", "90.00,issued")})
    return _run(home)


def test_what_was_made_is_materialized_and_what_was_kept_is_observed(told: Told) -> None:
    assert told.success
    made, kept = set(told.of(MADE)), set(told.of(SEEN))
    assert {"stg_billing__invoices", "fct_invoices", "rpt_open_invoices"} <= made
    assert {"stg_crm__deals", "parameters"} <= kept
    assert not made & kept
    assert made == {name for name in told.ended if name.startswith(("stg_", "int_", "dim_", "fct_", "rpt_"))}


def test_only_checks_that_were_executed_are_told(told: Told) -> None:
    executed = {name for name in told.ended if name.startswith("assert_")}
    assert "assert_control_totals_tie" in executed
    assert set(told.of(CHECKED)) == executed


def test_the_publication_shows_what_it_holds_and_which_exports_are_old(told: Told) -> None:
    shown = str(told.published["control_totals"]).splitlines()
    assert shown[0].startswith("| file | entity | measure |")
    assert [line for line in shown if line.startswith("| newer.csv | invoices | gross_amount | EUR |")]
    assert "| 2026-03-01 | ALL |" in str(told.published["preview"])
    # Nothing but billing is exported here, and its newest invoice is a month older than the as-of date.
    fresh = {"crm": True, "billing": False, "calls": True, "plan": True}
    assert told.checks == {f"{domain}_is_fresh": is_fresh for domain, is_fresh in fresh.items()}


def test_dagster_hears_of_each_model_while_dbt_works(told: Told) -> None:
    last = max(told.ended.values())
    early = [name for name, moment in told.of(MADE).items() if moment < last]
    assert len(early) > 0.8 * len(told.of(MADE))
    # Each is told when it has ended, not all at once at some time before the last: few others end meanwhile.
    for name, moment in told.of(MADE).items():
        meanwhile = [other for other in told.ended.values() if told.ended[name] < other < moment]
        assert len(meanwhile) < len(told.ended) / 4, name


def test_a_model_that_is_selected_is_built_with_what_it_needs_and_nothing_is_published(told: Told) -> None:
    version = Refresh(load_settings(home=told.home)).warehouse.published()
    one = _run(told.home, [dg.AssetKey(["marts", "dim_products"])])
    assert one.success
    assert set(one.of(MADE)) == {"dim_products"}
    # Without a publication to start from it needs all that it is made from, told though it was not selected.
    shutil.rmtree(told.home / "warehouse" / "versions")
    alone = _run(told.home, [dg.AssetKey(["staging", "stg_crm__deals"])])
    assert alone.success
    made = set(alone.of(MADE))
    assert "stg_crm__deals" in made
    assert made == set(alone.ended)
    assert not {name for name in made if name.startswith(("dim_", "fct_", "rpt_"))}
    assert version is not None
    assert not (told.home / "warehouse" / "versions").exists()
    built = told.home / "warehouse" / ".build" / "current" / "keybook.duckdb"
    with duckdb.connect(str(built), read_only=True) as connection:
        assert connection.execute("select count(*) from staging.stg_crm__deals").fetchall() == [(0,)]
