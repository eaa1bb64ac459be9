"""Homes for tests that need a warehouse: lands real files and runs the same job as `keybook refresh`, or some of its models alone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from pipelines.commands.main import main
from pipelines.exports.landing.raw import Receipt
from pipelines.files import link_whole
from pipelines.settings import load_settings
from pipelines.warehouse import transform
from pipelines.warehouse.refresh import PointInTime, Refresh
from pipelines.warehouse.statements import recorded

# Data sets that others made: read in place, never copied. Tests of them are skipped, by name, where they are missing.
SHARED = Path(os.environ.get("REAL_DATA_FOLDER", Path(__file__).resolve().parents[3] / "shared" / "data"))


def keybook(*arguments: object) -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that is filled once a test run, by the first worker that asks for it: it is only to be read."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    folder = base / name
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            (folder / "made").touch()
    return folder


def build(home: Path, models: Collection[str], landing: Path | None = None, as_of: str | None = None) -> list[Receipt]:
    """Lands as a refresh does and makes models as `make` does, to be read as published; the receipts of what was landed.

    It is a half of what a refresh takes or less: for figures of which not everything is wanted.
    """
    refresh = Refresh(load_settings(home=home, **({"landing": landing} if landing else {})))
    receipts = refresh.land()
    refresh.start_build("test", PointInTime(as_of), full=True)
    made = make(home, models)
    link_whole(home / "warehouse" / "keybook.duckdb", made.resolve())
    return receipts


def make(home: Path, models: Collection[str], *, passing: Collection[str] = ()) -> Path:
    """Makes models by name in a home whose raw store is filled, with all that they are made of; the database.

    Keys, types, ranges and every data test that looks at nothing else hold; of those that are named all that they look
    at is made. What dbt sent as it built the whole project is sent again; where it never has, since the project
    changed, dbt makes them.
    """
    settings = load_settings(home=home)
    manifest = transform.read_manifest(settings)
    nodes = manifest["nodes"]
    tests = {node["name"]: key for key, node in nodes.items() if node["resource_type"] == "test"}
    named = {key for key, node in nodes.items() if node["resource_type"] == "model" and node["name"] in models}
    assert len(named) == len(set(models))
    looked_at = {key for name in passing for key in manifest["parent_map"][tests[name]]} & nodes.keys()
    results = transform.build(settings, wanted=named | looked_at | set(tests.values()))
    assert not transform.failures(results)
    assert {result.name for result in results if result.status == "pass"} >= set(passing)
    return settings.warehouse / ".build" / "current" / "keybook.duckdb"


def gates(home: Path) -> dict[str, str]:
    """What a build sends to hold each data test, by its name: how many rows break it, whether they warn, whether they fail.

    A build of everything has to have succeeded since the project changed, such as the sample's.
    """
    settings = load_settings(home=home)
    sent = recorded(transform.parsed(settings), transform.read_manifest(settings))
    assert sent is not None
    return {key.split(".")[2]: item["sent"] for key, item in sent.items() if key.startswith("test.")}


def breaks(warehouse: duckdb.DuckDBPyConnection, gate: str, change: str) -> bool:
    """Whether a data test that holds counts rows that fail a build once a change is made, which is then taken back."""
    assert warehouse.execute(gate).fetchall() == [(0, False, False)]
    warehouse.execute("begin")
    try:
        warehouse.execute(change)
        [(count, _, is_failure)] = warehouse.execute(gate).fetchall()
    finally:
        warehouse.execute("rollback")
    return bool(count and is_failure)


def query(home: Path, sql: str, parameters: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query on the published warehouse."""
    published = os.path.realpath(home / "warehouse" / "keybook.duckdb")
    with duckdb.connect(published, read_only=True) as connection:
        return connection.execute(sql, list(parameters)).fetchall()
