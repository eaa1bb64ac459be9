"""dbt in this process: parses the project once, builds it, and hands on what became of each node.

`DbtCliResource` would start a process for each call and ask it for its version first (`docs/decisions.md`); one runner
in this process does the same work without that. Nothing of dbt is imported before it is needed: that takes seconds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines.settings import PROJECT, Settings
from pipelines.warehouse.publications import digest_of_files
from pipelines.warehouse.rebuild import Rebuild

DBT_PROJECT = PROJECT / "dbt_project"
PARSED = DBT_PROJECT / "target" / "parsed"
KEEP_PARSED = 4
_SOURCES = ("*.sql", "*.yml", "*.csv", "*.md")
# What dbt says of a node that has ended.
_RESULTS = ("LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult")


class TransformError(Exception):
    """dbt could not parse or build the project; the message names each node that failed, and why."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test: its dbt id, status, seconds, and message when it failed."""

    unique_id: str
    status: str
    seconds: float
    message: str


def project_digest() -> str:
    """A hash of everything that the models are made from and by."""
    parts = [digest_of_files(DBT_PROJECT / folder, _SOURCES) for folder in ("models", "macros", "seeds", "tests")]
    functions = Path(__file__).with_name("sql_functions.py")
    files = (DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml", functions)
    settings = [path.read_text(encoding="utf-8") for path in files]
    names = ("dbt-core", "dbt-duckdb", "duckdb", "holidays", "phonenumbers", "rapidfuzz", "anyascii", "babel")
    versions = [version(name) for name in names]
    return hashlib.sha256("\0".join([*parts, *settings, *versions]).encode()).hexdigest()[:16]


def _arguments(settings: Settings, target: Path) -> list[str]:
    os.environ["KEYBOOK_HOME"] = str(settings.home)
    return [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(target), "--log-path", str(target), "--log-level", "none", "--no-use-colors",
    ]  # fmt: skip


def parsed(settings: Settings) -> Path:
    """The folder of what dbt has parsed, made anew only when the project has changed; every home shares it.

    Raises:
        TransformError: the project does not parse.
    """
    folder = PARSED / project_digest()
    if (folder / "manifest.json").exists():
        return folder
    from dbt.cli.main import dbtRunner

    PARSED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PARSED) as scratch:
        result = dbtRunner().invoke(["parse", *_arguments(settings, Path(scratch))])
        if not result.success:
            raise TransformError(f"the dbt project does not parse: {result.exception}")
        folder.mkdir(exist_ok=True)
        # The manifest is the last to come: where it is, the rest is too.
        for name in ("partial_parse.msgpack", "manifest.json"):
            os.replace(Path(scratch) / name, folder / name)
    for old in sorted(PARSED.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEEP_PARSED]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def read_manifest(settings: Settings) -> dict[str, Any]:
    """The project's manifest, as dagster-dbt takes it.

    Raises:
        TransformError: the project does not parse.
    """
    return dict(json.loads((parsed(settings) / "manifest.json").read_text(encoding="utf-8")))


def _runner(folder: Path, on_dbt_event: Callable[[Any], None]) -> Any:
    """A runner that has the parsed project already."""
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    packed = (folder / "partial_parse.msgpack").read_bytes()
    whole = Manifest.from_msgpack(packed, decoder=extended_mashumuro_decoder)
    return dbtRunner(manifest=whole, callbacks=[on_dbt_event])


def build(
    settings: Settings,
    select: list[str] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    on_node: Callable[[str, str], None] | None = None,
    changed: set[str] | None = None,
) -> list[NodeResult]:
    """Builds models, seeds and tests in dependency order; a failed test keeps what is below it from being built.

    Unit tests try the models on rows of their own, so their outcome depends on the project alone: they run whenever it
    has changed since they last passed, and gate that build of everything. Data tests run on all that is made anew.

    Args:
        settings: whose home holds the raw store and the build.
        select: dbt selection, for tests of a part; everything when not given.
        on_event: gets each result event of dbt as a dictionary.
        on_node: gets each node's name and status as it ends.
        changed: the names of the raw tables that have changed since the build was published that this one started
            from as a copy; everything is built when not given.
    """
    from google.protobuf.json_format import MessageToDict

    def on_dbt_event(event: Any) -> None:
        if event.info.name in _RESULTS:
            data = MessageToDict(event, preserving_proto_field_name=True)
            if on_event:
                on_event(data)
            if on_node:
                on_node(data["data"]["node_info"]["node_name"], data["data"]["node_info"]["node_status"])

    folder = parsed(settings)
    runner = _runner(folder, on_dbt_event)
    passed = folder / "unit_tests.passed"
    try:
        if changed is None:
            with _one_at_a_time(folder) if select is None and not passed.exists() else nullcontext():
                results = _build(runner, settings, select, unit_tests=select is None and not passed.exists())
                if select is None and not failures(results):
                    passed.touch()
        else:
            database = settings.warehouse / ".build" / "current" / "keybook.duckdb"
            rebuild = Rebuild(read_manifest(settings), changed, database)
            results = []
            for step in rebuild.steps():
                results += _build(runner, settings, rebuild.names(step), unit_tests=False, alone=True)
                if failures(results):
                    break
                _let_go()
    finally:
        _let_go()
    return results


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Holds the lock of a parsed project: of builds that start together one runs the unit tests, the others wait."""
    with (folder / "unit_tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(
    runner: Any, settings: Settings, select: list[str] | None, unit_tests: bool, alone: bool = False
) -> list[NodeResult]:
    # Nobody reads the manifest and the results that dbt would write: a tenth of a refresh.
    arguments = ["build", "--no-write-json", *_arguments(settings, settings.warehouse / ".dbt")]
    if select is not None:
        if not select:
            return []
        arguments += ["--select", *select]
    if alone:
        arguments += ["--indirect-selection", "empty"]
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    outcome = runner.invoke(arguments)
    if outcome.exception is not None:
        raise TransformError(f"dbt stopped: {outcome.exception}")
    return [
        NodeResult(node.node.unique_id, str(node.status), node.execution_time, node.message or "")
        for node in getattr(outcome.result, "results", [])
    ]


def _let_go() -> None:
    """Closes the build's file: dbt-duckdb keeps it open for the next call in the same process."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()  # type: ignore[no-untyped-call]
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


def failures(results: list[NodeResult]) -> list[str]:
    """A line for each node that failed: its name and why."""
    return [
        f"{result.unique_id.split('.')[2]}: {' '.join(result.message.split(' > in macro')[0].split())}"
        for result in results
        if result.status in ("error", "fail", "runtime error")
    ]
