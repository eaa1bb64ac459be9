"""The design's rules on structure: who may import whom, what may stand where, how long a file may be."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.exports.contracts.loading import SOURCES
from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import raw_tables
from pipelines.files import read_yaml

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400


def _tracked(*patterns: str) -> list[Path]:
    """The project's files: those that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", _tracked("pipelines/exports/*.py"), ids=lambda path: path.name)
def test_exports_know_nothing_of_dagster(path: Path) -> None:
    assert not [name for name in _imports(path) if name.startswith(("dagster", "dbt", "pipelines.defs"))]


# Data flows one way: a package knows itself and those before it.
FLOW = ("words", "charts", "exports", "reports", "verification", "warehouse", "delivery", "defs", "commands")


@pytest.mark.parametrize("package", FLOW)
def test_a_package_knows_none_that_comes_after_it(package: str) -> None:
    paths = _tracked(f"pipelines/{package}/*.py")
    assert paths
    after = tuple(f"pipelines.{name}." for name in FLOW[FLOW.index(package) + 1 :])
    found = {(path.name, name) for path in paths for name in _imports(path) if f"{name}.".startswith(after)}
    assert not found


def test_every_package_has_its_place_in_the_flow() -> None:
    packages = {path.relative_to(ROOT).parts[1] for path in _tracked("pipelines/*/*.py")}
    # What the sample's exports are written by reads nothing of them.
    assert packages - {"sample"} == set(FLOW)


def test_dashboards_take_of_the_pipelines_only_what_they_share() -> None:
    paths = _tracked("dashboards/*.py")
    assert len(paths) > 5
    taken = {(path.name, name) for path in paths for name in _imports(path) if name.startswith("pipelines")}
    shared = (
        "settings", "bounds", "files", "formats", "words", "lists", "reporting_contract", "reports.statements", "adding",
        "waiting_files", "charts", "delivery.record", "delivery.alerts", "delivery.sight",
    )  # fmt: skip
    allowed = tuple(f"pipelines.{name}" for name in shared)
    assert not [(file, name) for file, name in taken if not (name + ".").startswith(tuple(a + "." for a in allowed))]


@pytest.mark.parametrize("path", _tracked("pipelines/reports/*.py"), ids=lambda path: path.name)
def test_statements_are_documents_and_nothing_else(path: Path) -> None:
    # So that the dashboards may take them in: no refresh, no landing, no Dagster and no dbt comes with them.
    taken = [name for name in _imports(path) if name.startswith(("pipelines", "dagster", "dbt", "streamlit"))]
    shared = ("pipelines.reports", "pipelines.files", "pipelines.formats", "pipelines.words", "pipelines.charts")
    assert not [name for name in taken if not name.startswith(shared)]


def test_nothing_heavy_is_imported_with_the_command() -> None:
    heavy = ("dagster", "dagster_dbt", "dbt", "streamlit", "polars", "duckdb", "pandas")
    code = f"import sys, pipelines.commands.main; print([name for name in {heavy} if name in sys.modules])"
    said = subprocess.run([str(ROOT / ".venv/bin/python"), "-c", code] if (ROOT / ".venv").exists()
                          else ["python", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)  # fmt: skip
    assert said.stdout.strip() == "[]"


def test_no_vendor_is_named_in_python() -> None:
    vendors = {path.stem.split("_")[0] for path in SOURCES.glob("*.yml")}
    vendors -= {"keybook"}
    assert len(vendors) > 5
    pattern = re.compile(r"\b(" + "|".join(sorted(vendors)) + r")(_|\b)", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in _tracked("pipelines/*.py", "dashboards/*.py")
        # The sample company writes the formats of real vendors.
        if "pipelines/sample" not in path.as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_no_file_is_much_longer_than_the_limit() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for path in _tracked("*.py", "*.sql")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST * 1.1
    }
    assert not long


def test_sources_of_dbt_are_the_canonical_entities() -> None:
    declared = read_yaml(ROOT / "dbt_project/models/staging/_staging__sources.yml")
    tables = {table["name"]: table for table in declared["sources"][0]["tables"]}
    assert tables.keys() == raw_tables().keys()
    for entity in entities().values():
        meta = tables[entity.table]["meta"]
        assert meta["dagster"]["asset_key"] == ["raw", entity.domain, entity.name]


def test_the_project_names_no_registry_and_no_path_of_a_machine() -> None:
    hosts = re.compile("|".join(["py" + "pi.org", "python" + "hosted", "npm" + "js", r"deb\.deb" + "ian"]))
    paths = re.compile(r"(^|[\s\"'(=])/(home|root|work|Users)/\w")
    found = []
    for path in _tracked():
        if path.suffix in {".parquet", ".png", ".xlsx", ".gz", ".zst", ".zip"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if hosts.search(text) or (path.name != "requirements.lock" and paths.search(text)):
            found.append(path.relative_to(ROOT).as_posix())
    assert not found


def test_the_lock_pins_every_package_by_hash() -> None:
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z0-9][^\s=]*)==", text, flags=re.MULTILINE)
    assert len(packages) > 100
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in block for block in blocks)


def test_what_is_depended_on_is_used() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.split(r"[=<>\[]", dependency)[0].strip() for dependency in declared}
    paths = _tracked("pipelines/*.py", "dashboards/*.py")
    texts = (path.read_text(encoding="utf-8") for path in paths)
    imported = {name for text in texts for name in re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)}
    called = {"pyyaml": "yaml", "pillow": "PIL", "fonttools": "fontTools", "vl-convert-python": "vl_convert"}
    called |= {"dbt-core": "dbt", "dbt-duckdb": "dbt"}
    # The standard library reads time zones where the machine has none of its own.
    assert {name for name in names if called.get(name, name.replace("-", "_")) not in imported} == {"tzdata"}
