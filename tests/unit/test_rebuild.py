"""What a change flows to: models, boundaries and tests of a small project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.warehouse.rebuild import Rebuild

# raw.calls → calls → agents (a boundary) → people → report; calls → talk; raw.bills → bills → people.
READS = {
    "model.calls": ["source.calls"],
    "model.bills": ["source.bills"],
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
            "config": {"meta": {"boundary": name == "model.agents"}},
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
    return path


def _write(database: Path, statement: str) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)


def test_a_change_ends_at_a_boundary_that_came_out_as_it_was(database: Path) -> None:
    rebuild = Rebuild(_manifest(), {"calls"}, database)
    assert rebuild.names(rebuild.first()) == ["agents", "calls", "calls_and_bills", "calls_key"]
    _write(database, "create or replace table agents as select 'Ada' as name")
    assert rebuild.names(rebuild.second()) == ["talk", "talk_is_calls"]


def test_a_change_goes_on_where_a_boundary_changed(database: Path) -> None:
    rebuild = Rebuild(_manifest(), {"calls"}, database)
    rebuild.first()
    _write(database, "insert into agents values ('Eva')")
    assert rebuild.names(rebuild.second()) == ["people", "report", "report_key", "talk", "talk_is_calls"]


def test_a_change_beside_the_boundary_needs_one_wave(database: Path) -> None:
    rebuild = Rebuild(_manifest(), {"bills"}, database)
    assert rebuild.first() == set()
    found = rebuild.names(rebuild.second())
    assert found == ["bills", "bills_key", "calls_and_bills", "people", "report", "report_key"]


def test_a_boundary_that_was_never_built_counts_as_changed(database: Path) -> None:
    _write(database, "drop table agents")
    rebuild = Rebuild(_manifest(), {"calls"}, database)
    rebuild.first()
    _write(database, "create table agents as select 'Ada' as name")
    assert "people" in rebuild.names(rebuild.second())


def test_nothing_changed_builds_nothing(database: Path) -> None:
    rebuild = Rebuild(_manifest(), {"strangers"}, database)
    assert rebuild.first() == set()
    assert rebuild.second() == set()
