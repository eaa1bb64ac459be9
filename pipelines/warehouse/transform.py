"""Builds: dbt parses a project and builds it once, what it sent is sent again later (`statements.py`).

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
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from pipelines.bounds import bound_reached, connect, lacks_memory
from pipelines.files import read_object, write_whole
from pipelines.settings import IS_CLONE, PROJECT, Settings
from pipelines.warehouse.private import NODE_ENDED, close_database, parsed_runner
from pipelines.warehouse.publications import digest_of_files
from pipelines.warehouse.raw_views import furnish
from pipelines.warehouse.rebuild import Project, Rebuild
from pipelines.warehouse.statements import THREADS, NodeResult, Statements, record, recorded

DBT_PROJECT = PROJECT / "dbt_project"
PARSED = DBT_PROJECT / "target" / "parsed"
KEEP_PARSED = 4
# What dbt has parsed, and how large each was when it came.
_PARSED, _SIZES = ("partial_parse.msgpack", "manifest.json"), "sizes.json"
_SOURCES = ("*.sql", "*.yml", "*.csv", "*.md")


class TransformError(Exception):
    """dbt could not parse or build the project; the message names each node that failed, and why."""


def project_digest() -> str:
    """A hash of everything that the models are made from and by."""
    parts = [digest_of_files(DBT_PROJECT / folder, _SOURCES) for folder in ("models", "macros", "seeds", "tests")]
    plugin = [Path(__file__).with_name(name) for name in ("dbt_plugin.py", "raw_views.py", "sql_functions.py")]
    files = (DBT_PROJECT / "dbt_project.yml", DBT_PROJECT / "profiles.yml", *plugin)
    settings = [path.read_text(encoding="utf-8") for path in files]
    names = ("dbt-core", "dbt-duckdb", "duckdb", "holidays", "phonenumbers", "rapidfuzz", "anyascii", "babel")
    versions = [version(name) for name in names]
    return hashlib.sha256("\0".join([*parts, *settings, *versions]).encode()).hexdigest()[:16]


def _arguments(settings: Settings, target: Path) -> list[str]:
    os.environ["KEYBOOK_HOME"] = str(settings.home)
    os.environ["DBT_KEYBOOK_DATABASE"] = str(settings.warehouse / ".build" / "current" / "keybook.duckdb")
    return [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(target), "--log-path", str(target), "--log-level", "none", "--no-use-colors",
    ]  # fmt: skip


def shelf_of(settings: Settings) -> Path:
    """Where parsed projects lie: in the clone, or in the home where there is none or it may not be written."""
    if not IS_CLONE:
        return settings.warehouse / ".parsed"
    try:
        PARSED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=PARSED):
            return PARSED
    except OSError:
        return settings.warehouse / ".parsed"


def parsed(settings: Settings) -> Path:
    """The folder of what dbt has parsed, made anew only when the project has changed; the homes of a checkout share it.

    Raises:
        TransformError: the project does not parse.
    """
    digest = project_digest()
    shelf = shelf_of(settings)
    if _is_whole(shelf / digest):
        return shelf / digest
    from dbt.cli.main import dbtRunner

    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=shelf) as scratch:
        result = dbtRunner().invoke(["parse", *_arguments(settings, Path(scratch))])
        if not result.success:
            raise TransformError(f"the dbt project does not parse: {result.exception}")
        if digest != project_digest():
            raise TransformError("the dbt project was changed while it was read; run this again")
        folder = shelf / digest
        folder.mkdir(exist_ok=True)
        sizes = {}
        for name in _PARSED:
            sizes[name] = (Path(scratch) / name).stat().st_size
            os.replace(Path(scratch) / name, folder / name)
        write_whole(folder / _SIZES, json.dumps(sizes))
    for old in sorted(shelf.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEEP_PARSED]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def _is_whole(folder: Path) -> bool:
    """Whether all of a parsed project lies there, as large as it was written."""
    sizes = read_object(folder / _SIZES) or {}
    return sizes.keys() == set(_PARSED) and all(
        (folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items()
    )


def read_manifest(settings: Settings) -> dict[str, Any]:
    """The project's manifest, as dagster-dbt takes it.

    Raises:
        TransformError: the project does not parse.
    """
    return dict(json.loads((parsed(settings) / "manifest.json").read_text(encoding="utf-8")))


def build(
    settings: Settings,
    select: list[str] | None = None,
    on_node: Callable[[NodeResult], None] | None = None,
    changed: set[str] | None = None,
    wanted: set[str] | None = None,
) -> list[NodeResult]:
    """Builds models, seeds and tests in dependency order; a failed test keeps what is below it from being built.

    Unit tests try the models on rows of their own, so their outcome depends on the project alone: they run in the
    first build of everything after it has changed, which is dbt's, and gate it. Data tests run on all that is made.

    Args:
        settings: whose home holds the raw store and the build.
        select: dbt selection, for tests of a part; everything when not given.
        on_node: gets what became of each node as it ends, on another thread than the caller's.
        changed: the names of the raw tables that have changed since the build was published that this one started
            from as a copy; everything is built when not given.
        wanted: the dbt ids of the models, seeds and tests that somebody asked for: these are built and what they need,
            which is all that they are made from or, in a copy, what of it has changed. Everything when not given.
    """
    folder = parsed(settings)
    if select is not None:
        return _build(folder, settings, select, on_node)
    manifest = read_manifest(settings)
    sent = recorded(folder, manifest)
    if sent is None and wanted is not None:
        project = Project.of(manifest)
        return _build(folder, settings, project.names(project.needed(wanted, changed)), on_node, alone=True)
    if sent is None:
        with _one_at_a_time(folder):
            sent = recorded(folder, manifest)
            if sent is None:
                results = _build_whole(folder, settings, manifest, on_node)
                if not failures(results):
                    record(folder, manifest, _target(settings), DBT_PROJECT)
                return results
    # What only some models are wanted of is never published.
    statements = Statements(manifest, sent, DBT_PROJECT, with_comments=wanted is None)
    return _send(statements, settings, manifest, on_node, changed, wanted)


def _build_whole(
    folder: Path, settings: Settings, manifest: dict[str, Any], on_node: Callable[[NodeResult], None] | None
) -> list[NodeResult]:
    """Builds everything with dbt; what found no memory beside another, and what is made of it, once more alone."""
    results = _build(folder, settings, None, on_node, unit_tests=True)
    if not any(result.failed and lacks_memory(result.message) for result in results):
        return results
    nodes = manifest["nodes"] | manifest["unit_tests"]
    again = {result.unique_id for result in results if result.failed or result.status == "skipped"}
    names = sorted(nodes[unique_id]["name"] for unique_id in again & nodes.keys())
    kept = [result for result in results if result.unique_id not in again]
    return kept + _build(folder, settings, names, on_node, unit_tests=True, alone=True, threads=1)


def _send(
    statements: Statements,
    settings: Settings,
    manifest: dict[str, Any],
    on_node: Callable[[NodeResult], None] | None,
    changed: set[str] | None,
    wanted: set[str] | None,
) -> list[NodeResult]:
    """Builds without dbt, as `build` is asked to."""
    project = Project.of(manifest)
    with connect(settings.warehouse / ".build" / "current" / "keybook.duckdb") as connection:
        furnish(connection, settings)
        if wanted is not None:
            return statements.send(connection, project.needed(wanted, changed), on_node)
        if changed is None:
            return statements.send(connection, manifest["nodes"], on_node)
        results: list[NodeResult] = []
        for step in Rebuild(manifest, changed, connection).steps():
            results += statements.send(connection, step, on_node)
            if failures(results):
                break
        return results


def build_and_tell(
    settings: Settings, changed: set[str] | None, wanted: set[str] | None
) -> Generator[NodeResult, None, list[NodeResult]]:
    """Builds as `build` does and gives what became of each node as it ends; returns the results of all.

    dbt works on a thread of its own, which ends with the process if nobody waits for it any more.
    """
    ended: SimpleQueue[NodeResult | None] = SimpleQueue()
    outcome: list[list[NodeResult] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(build(settings, on_node=ended.put, changed=changed, wanted=wanted))
        except BaseException as error:
            outcome.append(error)
        finally:
            ended.put(None)

    Thread(target=work, name="dbt", daemon=True).start()
    while (node := ended.get()) is not None:
        yield node
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Holds the lock of a parsed project: of builds that start together one is dbt's, the others wait for it."""
    with (folder / "first_build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _target(settings: Settings) -> Path:
    """Where dbt leaves what it has compiled and sent."""
    return settings.warehouse / ".dbt"


def _build(
    folder: Path,
    settings: Settings,
    select: list[str] | None,
    on_node: Callable[[NodeResult], None] | None,
    unit_tests: bool = False,
    alone: bool = False,
    threads: int = THREADS,
) -> list[NodeResult]:
    """Builds with dbt; `alone` is what is selected, without the tests that look at it."""
    from google.protobuf.json_format import MessageToDict

    def on_dbt_event(event: Any) -> None:
        if on_node and event.info.name == NODE_ENDED:
            data = MessageToDict(event.data, preserving_proto_field_name=True)
            said = data["run_result"]
            seconds = float(said.get("execution_time", 0))
            on_node(NodeResult(data["node_info"]["unique_id"], said["status"], seconds, said.get("message", "")))

    # Nobody reads the manifest and the results that dbt would write: a tenth of a refresh.
    arguments = ["build", "--no-write-json", *_arguments(settings, _target(settings))]
    arguments += ["--threads", str(threads)]
    if select is not None:
        if not select:
            return []
        arguments += ["--select", *select]
    if alone:
        arguments += ["--indirect-selection", "empty"]
    if not unit_tests:
        arguments += ["--exclude-resource-type", "unit_test"]
    try:
        outcome = parsed_runner(folder, on_dbt_event).invoke(arguments)
    finally:
        close_database()
    if outcome.exception is not None:
        raise TransformError(f"dbt stopped: {outcome.exception}")
    return [
        NodeResult(node.node.unique_id, str(node.status), node.execution_time, node.message or "")
        for node in getattr(outcome.result, "results", [])
    ]


def queries(settings: Settings) -> dict[str, str]:
    """Each model's query as dbt compiled it, by the model's dbt id.

    Raises:
        FileNotFoundError: no build of everything has succeeded since the project changed.
    """
    folder, manifest = parsed(settings), read_manifest(settings)
    sent = recorded(folder, manifest)
    if sent is None:
        raise FileNotFoundError(f"nothing is recorded in {folder}: refresh a home first")
    return {key: item["query"] for key, item in sent.items() if manifest["nodes"][key]["resource_type"] == "model"}


def failures(results: list[NodeResult]) -> list[str]:
    """A line for each node that failed: its name and why."""
    return [
        f"{result.name}: {bound_reached(result.message) or ' '.join(result.message.split(' > in macro')[0].split())}"
        for result in results
        if result.failed
    ]
