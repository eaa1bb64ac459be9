"""Who exports no calls has not "0 calls": companies of which one domain alone is landed (tests/support/feeds.py).

Each build is the compiled SQL of all models on a bare connection; that a column whose feeds were not landed becomes
unknown is seen in a whole refresh (tests/integration/test_money_without_applications.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import floor
from pipelines.exports.entities import entities
from pipelines.files import read_yaml
from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest
from tests.support.feeds import nought_everywhere, of_domain
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.truncation import Rows, read_rows

EXCEPTIONS = read_yaml(Path(__file__).parents[1] / "support" / "feeds.yml")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the sample, whose models are compiled."""
    return sample(tmp_path_factory).parents[3]


@pytest.fixture(scope="module")
def manifest(published: Path) -> dict[str, Any]:
    """What dbt knows of the project."""
    return read_manifest(load_settings(home=published))


@pytest.fixture(scope="module")
def rows(published: Path) -> Rows:
    """What was landed of it."""
    return read_rows(published / "warehouse" / "raw")


def feeds_of(manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Column -> the feeds that tell it, of those that say so."""
    return {
        f"{node['name']}.{name}": column["meta"]["feeds"]
        for node in manifest["nodes"].values()
        if node["schema"] == "reporting"
        for name, column in node["columns"].items()
        if "feeds" in column["meta"]
    }


def test_feeds_are_entities_that_the_model_is_made_of(manifest: dict[str, Any]) -> None:
    """Else it would not be made anew when they come."""
    above: dict[str, set[str]] = {}

    def reached(node: str) -> set[str]:
        if node not in above:
            above[node] = set()
            above[node] = {node}.union(*(reached(parent) for parent in manifest["parent_map"].get(node, [])))
        return above[node]

    assert set().union(*feeds_of(manifest).values()) <= set(entities())
    wrong = {
        (column, feed)
        for column, feeds in feeds_of(manifest).items()
        for feed in feeds
        if f"model.keybook.stg_{feed.replace('.', '__')}" not in reached(f"model.keybook.{column.split('.')[0]}")
    }
    assert not wrong


@pytest.mark.parametrize("domain", ["billing", "crm", "calls", "plan"])
def test_no_nought_of_what_nobody_exported(
    published: Path, rows: Rows, manifest: dict[str, Any], domain: str, tmp_path: Path
) -> None:
    part = of_domain(rows, domain)
    write_raw(tmp_path, part)
    floor.run(published, tmp_path, raw_of=tmp_path, threads=1)
    contract = {node["name"]: node["columns"] for node in manifest["nodes"].values() if node["schema"] == "reporting"}
    noughts = nought_everywhere(published / "warehouse" / "keybook.duckdb", tmp_path / "keybook.duckdb", contract)
    assert noughts
    landed = {entity for entity, landed in part.items() if landed}
    feeds = feeds_of(manifest)
    unsaid = {name for name in noughts if not feeds.get(name) or landed & set(feeds[name])}
    assert unsaid - {name for exception in EXCEPTIONS for name in exception["of"]} == set()
