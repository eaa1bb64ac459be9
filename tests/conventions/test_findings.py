"""No finding is told on Data health alone: each kind has a page whose header counts it."""

from __future__ import annotations

import csv
from pathlib import Path

from pipelines.exports.entities import entities
from pipelines.files import read_yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
PAGES = {path.stem for path in (ROOT / "dashboards" / "app_pages").glob("*.py")}


def counted() -> dict[str, set[str]]:
    """By source of findings what a page's header counts; all of them where that is `*`."""
    found: dict[str, set[str]] = {}
    with (PROJECT / "seeds" / "finding_pages.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["finding_source"], set()).add(row["touches"])
            assert row["page"] in PAGES, f"there is no page {row['page']}"
    return found


def test_every_kind_of_finding_is_counted_on_a_page() -> None:
    watched = read_yaml(PROJECT / "dbt_project.yml")["vars"]["watched_figures"]
    asked = {
        "receivables": {"*"},
        "figures": {figure["table"] for figure in watched},
        "files": {entity.domain for entity in entities().values()} | {"lists", "not_known"},
    }
    assert len(asked["figures"]) > 5
    found = counted()
    assert found.keys() == asked.keys()
    assert not {source: missing for source, names in asked.items() if (missing := names - found[source])}
