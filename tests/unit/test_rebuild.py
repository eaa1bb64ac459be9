"""What a change flows to: models, boundaries and tests of a small project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import load_settings
from pipelines.warehouse import transform
from pipelines.warehouse.rebuild import Project, Rebuild

# raw.calls → day (a boundary) → calls, bills; raw.calls → calls → agents (a boundary) → people → report; calls → talk;
# raw.bills → bills → people.
READS = {
    "model.day": ["source.calls"],
    "model.calls": ["source.calls", "model.day"],
    "model.bills": ["source.bills", "model.day"],
    "model.agents": ["model.calls"],
    "model.talk": ["model.calls"],
    "model.people": ["model.agents", "model.bills"],
    "model.report": ["model.people"],
    "test.calls_key": ["model.calls"],
    "test.report_key": ["model.report"],
    "test.talk_is_calls": ["model.calls", "model.talk"],
    "test.bills_key": ["model.bills"],
    "test.calls_and_bills": ["model.calls", "model.bills"],
}


def _manifest() -> dict[str, Any]:
    names = {*READS, *(above for reads in READS.values() for above in reads)}
    nodes = {
        name: {
            "resource_type": name.split(".")[0],
            "name": name.split(".")[1],
            "schema": "main",
            "alias": name.split(".")[1],
            "config": {"meta": {"boundary": name in ("model.agents", "model.day")}},
        }
        for name in names
    }
    return {
        "nodes": {name: node for name, node in nodes.items() if node["resource_type"] != "source"},
        "sources": {name: node for name, node in nodes.items() if node["resource_type"] == "source"},
        "parent_map": {name: READS.get(name, []) for name in names},
        "child_map": {name: [child for child, reads in READS.items() if name in reads] for name in names},
    }


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "keybook.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table agents as select 'Ada' as name")
        connection.execute("create table day as select '2026-02-01' as day")
    return path


def _write(database: Path, statement: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)


def _steps(database: Path, changed: str, *between: str) -> list[list[str]]:
    """What each step builds, where each is followed by a statement that stands for its building."""
    statements = iter(between)
    found = []
    with duckdb.connect(str(database)) as connection:
        rebuild = Rebuild(_manifest(), {changed}, connection)
        for step in rebuild.steps():
            found.append(rebuild.names(step))
            connection.execute(next(statements, "select 1"))
    return found


def test_a_change_ends_at_a_boundary_that_came_out_as_it_was(database: Path) -> None:
    steps = _steps(database, "calls", "select 1", "create or replace table agents as select 'Ada' as name")
    assert steps == [["day"], ["agents", "calls", "calls_and_bills", "calls_key"], ["talk", "talk_is_calls"]]


def test_a_change_goes_on_where_a_boundary_changed(database: Path) -> None:
    steps = _steps(database, "calls", "select 1", "insert into agents values ('Eva')")
    assert steps[2] == ["people", "report", "report_key", "talk", "talk_is_calls"]


def test_another_day_changes_what_reads_it(database: Path) -> None:
    steps = _steps(database, "calls", "update day set day = '2026-02-02'")
    assert steps == [
        ["day"],
        ["agents", "calls", "calls_key"],
        ["bills", "bills_key", "calls_and_bills", "people", "report", "report_key", "talk", "talk_is_calls"],
    ]


def test_a_change_beside_the_boundary_needs_one_step(database: Path) -> None:
    steps = _steps(database, "bills")
    assert steps == [["bills", "bills_key", "calls_and_bills", "people", "report", "report_key"]]


def test_a_boundary_that_was_never_built_counts_as_changed(database: Path) -> None:
    _write(database, "drop table agents")
    assert "people" in _steps(database, "calls", "select 1", "create table agents as select 'Ada' as name")[2]


def test_a_test_of_landed_rows_runs_with_what_is_made_of_them() -> None:
    manifest = _manifest()
    manifest["nodes"]["test.landed"] = manifest["nodes"]["test.bills_key"]
    manifest["parent_map"]["test.landed"] = ["source.bills", "model.bills"]
    project = Project.of(manifest)
    for wanted in ({"test.landed"}, {"test.landed", "model.bills"}):
        assert project.needed(wanted, None) == {"test.landed", "model.bills", "model.day"}


def test_nothing_changed_builds_nothing(database: Path) -> None:
    assert _steps(database, "strangers") == [[]]


def test_a_checkout_that_may_not_be_written_is_parsed_into_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(home=tmp_path)
    monkeypatch.setattr(transform, "PARSED", tmp_path / "checkout" / "parsed")
    assert transform.shelf_of(settings) == tmp_path / "checkout" / "parsed"
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setattr(transform, "PARSED", tmp_path / "file" / "parsed")
    assert transform.shelf_of(settings) == settings.warehouse / ".parsed"
