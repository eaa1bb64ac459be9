"""dbt in this process: parses the project once, builds it, and hands on what became of each node.

`DbtCliResource` would start a process for each call and ask it for its version first (`docs/decisions.md`); one runner
in this process does the same work without that. Nothing of dbt is imported before it is needed: that takes seconds.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.publications import digest_of_files
from pipelines.settings import PROJECT, Settings

DBT_PROJECT = PROJECT / "dbt_project"
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
    """A hash of everything that the models are made from."""
    parts = [digest_of_files(DBT_PROJECT / folder, _SOURCES) for folder in ("models", "macros", "seeds", "tests")]
    return "-".join([*parts, digest_of_files(DBT_PROJECT, ("dbt_project.yml", "profiles.yml"))])


def _arguments(settings: Settings) -> list[str]:
    os.environ["KEYBOOK_HOME"] = str(settings.home)
    target = settings.warehouse / ".dbt"
    return [
        "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT),
        "--target-path", str(target), "--log-path", str(target), "--quiet", "--no-use-colors",
    ]  # fmt: skip


def manifest(settings: Settings) -> Path:
    """The project's manifest, parsed anew only when the project has changed.

    Raises:
        TransformError: the project does not parse.
    """
    folder = settings.warehouse / ".dbt"
    file, stamp = folder / "manifest.json", folder / "manifest.digest"
    digest = project_digest()
    if file.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return file
    from dbt.cli.main import dbtRunner

    folder.mkdir(parents=True, exist_ok=True)
    result = dbtRunner().invoke(["parse", *_arguments(settings)])
    if not result.success:
        raise TransformError(f"the dbt project does not parse: {result.exception}")
    stamp.write_text(digest, encoding="utf-8")
    return file


def build(
    settings: Settings,
    select: list[str] | None = None,
    on_event: Callable[[dict[str, Any]], None] | None = None,
    on_node: Callable[[str, str], None] | None = None,
) -> list[NodeResult]:
    """Builds models, seeds and tests in dependency order; a failed test keeps what is below it from being built.

    Args:
        settings: whose home holds the raw store and the build.
        select: dbt selection; everything when not given.
        on_event: gets each result event of dbt as a dictionary.
        on_node: gets each node's name and status as it ends.
    """
    from dbt.cli.main import dbtRunner
    from google.protobuf.json_format import MessageToDict

    def hear(event: Any) -> None:
        if event.info.name in _RESULTS:
            data = MessageToDict(event, preserving_proto_field_name=True)
            if on_event:
                on_event(data)
            if on_node:
                on_node(data["data"]["node_info"]["node_name"], data["data"]["node_info"]["node_status"])

    arguments = ["build", *_arguments(settings)]
    if select is not None:
        arguments += ["--select", *select]
    try:
        outcome = dbtRunner(callbacks=[hear]).invoke(arguments)
    finally:
        _let_go()
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
        f"{result.unique_id.split('.')[2]}: {' '.join(result.message.split())}"
        for result in results
        if result.status in ("error", "fail", "runtime error")
    ]


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest as dagster-dbt takes it."""
    return dict(json.loads(path.read_text(encoding="utf-8")))
