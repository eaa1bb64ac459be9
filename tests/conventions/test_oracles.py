"""Every quantity of reporting says what holds it: `docs/oracles.md` names an oracle, or why there is none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest

ROOT = Path(__file__).resolve().parents[2]
QUANTITIES = {"money", "count", "seconds", "minutes", "hours", "days"}


def rows(section: str) -> list[tuple[str, str, str]]:
    """Table, column and what holds it, of the tables below a heading of the document."""
    text = (ROOT / "docs" / "oracles.md").read_text(encoding="utf-8")
    body = re.split(r"^## ", text, flags=re.M)
    [found] = [part for part in body if part.startswith(section)]
    lines = re.findall(r"^\| `(rpt_\w+)` \| (.*) \| `?(\w+)`? \|$", found, flags=re.M)
    return [(table, column, by) for table, columns, by in lines for column in re.findall(r"`(\w+)`", columns)]


@pytest.fixture(scope="module")
def quantities(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """The money, counts and durations of reporting."""
    parsed = read_manifest(load_settings(home=tmp_path_factory.mktemp("home")))
    return {
        (node["name"], name)
        for node in parsed["nodes"].values()
        if node["schema"] == "reporting"
        for name, column in node["columns"].items()
        if column["meta"].get("unit") in QUANTITIES
    }


def test_every_quantity_is_named_once(quantities: set[tuple[str, str]]) -> None:
    named = Counter((table, column) for section in ("By an oracle", "Otherwise") for table, column, _ in rows(section))
    assert len(quantities) > 500
    assert set(named) == quantities
    assert {name: number for name, number in named.items() if number > 1} == {}


def test_an_oracle_names_what_it_holds() -> None:
    """The test has the table's name, and it or what it imports the column's."""
    texts = {}
    for name in {by for _, _, by in rows("By an oracle")}:
        own = (ROOT / "tests" / "dbt" / f"{name}.py").read_text(encoding="utf-8")
        modules = re.findall(r"from tests\.support\.(\w+) import|from tests\.support import ([\w, ]+)", own)
        supports = [part.strip() for one, many in modules for part in (one or many).split(",")]
        texts[name] = own + "".join(
            (ROOT / "tests" / "support" / f"{part}.py").read_text(encoding="utf-8") for part in supports
        )
    made = re.compile(r"_accounts$|_12m$|^alarms_")  # names that a test puts together
    missing = [
        row for row in rows("By an oracle")
        if row[0] not in texts[row[2]] or not (made.search(row[1]) or re.search(rf"\b{row[1]}\b", texts[row[2]]))
    ]  # fmt: skip
    assert not missing


def test_reasons_are_known() -> None:
    assert {by for _, _, by in rows("Otherwise")} == {"equal", "row", "gate", "worked", "landing"}
