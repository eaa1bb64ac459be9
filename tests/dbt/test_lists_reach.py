"""What a changed list makes anew: what reads it, and the landing's records."""

from __future__ import annotations

import pytest

from pipelines.lists import landed_lists
from pipelines.settings import load_settings
from pipelines.warehouse.rebuild import Project
from pipelines.warehouse.transform import read_manifest


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.of(read_manifest(load_settings(home=tmp_path_factory.mktemp("home"))))


def _below(project: Project, *tables: str) -> set[str]:
    return {name.split(".")[-1] for name in project.models_below(project.sources(tables), set())}


RECORDS = ("landing_files", "landing_rejects", "landing_totals", "landing_schema_events", "landing_findings")


def test_a_plan_reaches_what_shows_plans(project: Project) -> None:
    shown = {"stg_lists__account_plans", "rpt_account_ownership", "int_landed_totals"}
    assert _below(project, "lists_account_plans") - _below(project, *RECORDS) == shown


def test_a_parameter_reaches_what_reads_parameters(project: Project) -> None:
    reached = _below(project, "lists_parameters") - _below(project, *RECORDS)
    readers = {name.split(".")[-1] for name in project.models_below({"model.keybook.parameters"}, set())}
    assert reached - readers == {"stg_lists__parameters", "parameters", "int_landed_totals"}
    assert {"rpt_parameters", "rpt_accounts", "int_business_days"} <= reached
    assert not {"int_run_dated", "stg_lists__account_plans", "rpt_known_now", "rpt_metric_catalogue"} & reached


@pytest.mark.parametrize("name", landed_lists())
def test_every_list_that_is_landed_is_read(project: Project, name: str) -> None:
    assert len(_below(project, f"lists_{name}")) > 1


def test_the_records_of_landing_reach_no_figure(project: Project) -> None:
    shown = _below(project, *RECORDS)
    assert not {name for name in shown if name.startswith("rpt_")} - {
        "rpt_control_totals",
        "rpt_data_health",
        "rpt_findings",
        "rpt_landing_findings",
        "rpt_rejected_rows",
        "rpt_schema_events",
        "rpt_superseded_rows",
    }
