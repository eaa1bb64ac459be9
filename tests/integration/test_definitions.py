"""What Dagster loads: the assets, the weekly schedule and the sensor on the landing folder."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import CronFreshnessPolicy

from pipelines.definitions import build_defs
from pipelines.defs import automation
from pipelines.exports.entities import entities
from pipelines.settings import PROJECT, load_settings
from pipelines.warehouse.refresh import Refresh
from tests.support.deliveries import MONDAY, plan


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def definitions(home: Path) -> dg.Definitions:
    return build_defs(Refresh(load_settings(home=home, business_timezone="Europe/Stockholm")))


def test_dagster_takes_all_of_them_together(definitions: dg.Definitions) -> None:
    # As the daemon, the web server and `dagster dev` load them: one that names another's name is loaded by none.
    dg.Definitions.validate_loadable(definitions)
    names = {schedule.name for schedule in definitions.get_repository_def().schedule_defs}
    assert names == {"weekly", "monthly", "quarterly", "half_yearly", "deliver"}


def test_every_entity_is_an_asset_that_staging_depends_on(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for entity in entities().values():
        key = dg.AssetKey(["raw", entity.domain, entity.name])
        schema = "parameters" if entity.domain == "lists" else "staging"
        staging = dg.AssetKey([schema, f"stg_{entity.domain}__{entity.name}"])
        assert key in graph.get(staging).parent_keys


def test_identities_are_asset_checks(definitions: dg.Definitions) -> None:
    checks = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    identities = {path.stem for path in (PROJECT / "dbt_project" / "tests").glob("assert_*.sql")}
    assert len(identities) > 20
    assert identities <= checks


def test_the_publication_waits_for_every_report(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    reports = {key for key in graph.get_all_asset_keys() if key.path[0] == "reporting"}
    assert len(reports) > 12
    assert reports <= graph.get(dg.AssetKey("build")).parent_keys
    assert graph.get(dg.AssetKey("verification")).parent_keys == {dg.AssetKey("build")}
    assert graph.get(dg.AssetKey("publication")).parent_keys == {dg.AssetKey("build"), dg.AssetKey("verification")}


def test_every_monday_at_six_business_time(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("weekly")
    assert schedule.cron_schedule == "0 6 * * 1"
    assert schedule.execution_timezone == "Europe/Stockholm"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


@pytest.mark.parametrize(
    ("tick", "sunday"),
    [
        ("2026-03-02T05:00:00+00:00", "2026-03-01"),
        # The clock has gone forward and back on the Sunday before.
        ("2026-03-30T04:00:00+00:00", "2026-03-29"),
        ("2026-10-26T05:00:00+00:00", "2026-10-25"),
    ],
)
def test_a_week_is_published_as_of_its_sunday(definitions: dg.Definitions, tick: str, sunday: str) -> None:
    schedule = definitions.resolve_schedule_def("weekly")
    context = dg.build_schedule_context(scheduled_execution_time=datetime.fromisoformat(tick))
    # What dashboards show, and beside it what the report is made of.
    today, beside = schedule.evaluate_tick(context).run_requests or []
    assert today.run_config == {}
    assert beside.run_config == {"ops": {"transform": {"config": {"as_of": sunday, "is_beside": True}}}}
    assert today.run_key != beside.run_key


def test_a_step_is_tried_again_later_each_time_but_not_while_a_person_waits(
    definitions: dg.Definitions, home: Path
) -> None:
    by_itself = definitions.resolve_job_def("refresh")
    assert by_itself._op_retry_policy is not None
    waits = [by_itself._op_retry_policy.calculate_delay(tries) for tries in (1, 2)]
    assert 0 < waits[0] < waits[1]
    by_hand = build_defs(Refresh(load_settings(home=home)), models=False).resolve_job_def("refresh")
    assert by_hand._op_retry_policy is None


def test_a_week_without_a_publication_is_seen(definitions: dg.Definitions) -> None:
    policy = definitions.resolve_asset_graph().get(dg.AssetKey("publication")).freshness_policy
    assert isinstance(policy, CronFreshnessPolicy)
    assert (policy.deadline_cron, policy.timezone) == ("0 7 * * 1", "Europe/Stockholm")


def test_deliveries_are_looked_at_where_something_waits(definitions: dg.Definitions, home: Path) -> None:
    schedule = definitions.resolve_schedule_def("deliver")
    ticks = [
        dg.build_schedule_context(scheduled_execution_time=moment) for moment in (MONDAY - timedelta(hours=1), MONDAY)
    ]
    assert [len(schedule.evaluate_tick(tick).run_requests or []) for tick in ticks] == [0, 0]
    (home / "delivery.yml").write_text(plan({"id": "chair"}), encoding="utf-8")
    assert [len(schedule.evaluate_tick(tick).run_requests or []) for tick in ticks] == [0, 1]


def test_a_run_of_deliver_shows_its_ledger(tmp_path: Path) -> None:
    (tmp_path / "delivery.yml").write_text(plan({"id": "chair", "until": date(2026, 3, 2)}), encoding="utf-8")
    refresh = Refresh(load_settings(home=tmp_path, business_timezone="Europe/Stockholm"))
    result = automation.build(refresh).resolve_job_def("deliver").execute_in_process()
    [output] = [event.event_specific_data for event in result.all_events if event.is_successful_output]
    shown = {name: value.value for name, value in output.metadata.items()}
    assert shown["held"] == 1
    assert [record.data for record in shown["ledger"].records] == [
        {"report": "weekly 2026-W09 to chair", "state": "held"}
    ]


def test_the_sensor_waits_for_files_to_settle_and_runs_once(definitions: dg.Definitions, home: Path) -> None:
    sensor = definitions.resolve_sensor_def("landing")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        assert isinstance(sensor(context), dg.SkipReason)
        file = home / "landing" / "export.csv"
        file.parent.mkdir()
        file.write_text("a,b\n1,2\n", encoding="utf-8")
        assert isinstance(sensor(context), dg.SkipReason)
        os.utime(file, (1_700_000_000, 1_700_000_000))
        assert isinstance(sensor(context), dg.RunRequest)
        assert isinstance(sensor(context), dg.SkipReason)
        # What a person says in a list counts from the next refresh on, and is no reason to wait for Monday.
        said = home / "lists" / "account_links.csv"
        said.parent.mkdir()
        for number, text in enumerate(
            ("kind,native_id,decision\n", "kind,native_id,decision\nphone,1,link\n"), start=1
        ):
            said.write_text(text, encoding="utf-8")
            assert isinstance(sensor(context), dg.SkipReason)
            os.utime(said, (1_700_000_000 + number, 1_700_000_000 + number))
            assert isinstance(sensor(context), dg.RunRequest)
            assert isinstance(sensor(context), dg.SkipReason)


@pytest.mark.parametrize(
    ("name", "tick", "last"),
    [
        ("monthly", "2026-03-01T04:00:00+00:00", "2026-02-28"),
        # Files that came since are in it; a day before, the clock has gone forward.
        ("monthly", "2026-04-03T03:00:00+00:00", "2026-03-31"),
        ("monthly", "2027-01-02T04:00:00+00:00", "2026-12-31"),
        ("quarterly", "2026-04-10T03:00:00+00:00", "2026-03-31"),
        ("quarterly", "2027-01-10T04:00:00+00:00", "2026-12-31"),
        ("half_yearly", "2026-07-15T03:00:00+00:00", "2026-06-30"),
        ("half_yearly", "2027-01-15T04:00:00+00:00", "2026-12-31"),
    ],
)
def test_a_period_is_published_as_of_its_last_day(definitions: dg.Definitions, name: str, tick: str, last: str) -> None:
    schedule = definitions.resolve_schedule_def(name)
    context = dg.build_schedule_context(scheduled_execution_time=datetime.fromisoformat(tick))
    [request] = schedule.evaluate_tick(context).run_requests or []
    assert request.run_config == {"ops": {"transform": {"config": {"as_of": last, "is_beside": True}}}}
