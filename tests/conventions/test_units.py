"""Every reporting column says what it is counted in and, a number, what it may be: macros/materializations.sql holds it."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.files import read_yaml
from pipelines.settings import load_settings
from pipelines.warehouse.transform import DBT_PROJECT, read_manifest

# Units of what is no number, by the types that have them.
WORDS = {
    "varchar": {"id", "code", "text"},
    "boolean": {"flag"},
    "date": {"date"},
    "timestamptz": {"time"},
    "timestamp with time zone": {"time"},
}
# `of_row`: the row itself says it. `line` and `number` are given by exports; a `rank` begins at 1, a place of a list.
NUMBERS = {
    "money", "ratio", "percent", "score", "count", "rank", "line", "number", "bytes", "of_row",
    "seconds", "minutes", "hours", "days", "months", "years",
}  # fmt: skip


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, dict[str, Any]]]:
    """Table -> column -> what the YAML says of it."""
    parsed = read_manifest(load_settings(home=tmp_path_factory.mktemp("home")))
    return {node["name"]: node["columns"] for node in parsed["nodes"].values() if node["schema"] == "reporting"}


def _of(reports: dict[str, dict[str, dict[str, Any]]]) -> list[tuple[str, str, dict[str, Any]]]:
    found = [
        (f"{table}.{name}", column["data_type"].lower(), column["meta"])
        for table, columns in reports.items()
        for name, column in columns.items()
    ]
    assert len(found) > 1000
    return found


def test_every_column_has_a_unit_of_its_type(reports: dict[str, dict[str, dict[str, Any]]]) -> None:
    assert not [name for name, kind, meta in _of(reports) if meta.get("unit") not in WORDS.get(kind, NUMBERS)]


def test_every_number_has_a_range_and_nothing_else_has(reports: dict[str, dict[str, dict[str, Any]]]) -> None:
    def is_sound(kind: str, meta: dict[str, Any]) -> bool:
        if kind in WORDS:
            return "range" not in meta
        if len(meta.get("range", [])) != 2:
            return False
        least, most = meta["range"]
        return least is None or most is None or least < most

    assert not [name for name, kind, meta in _of(reports) if not is_sound(kind, meta)]


def test_money_names_the_column_of_its_currency(reports: dict[str, dict[str, dict[str, Any]]]) -> None:
    wrong = [
        name
        for name, _, meta in _of(reports)
        if (meta["unit"] == "money") != ("in" in meta)
        or ("in" in meta and meta["in"] not in reports[name.split(".")[0]])
    ]
    assert not wrong


def test_watched_figures_are_what_their_columns_say(reports: dict[str, dict[str, dict[str, Any]]]) -> None:
    project = read_yaml(DBT_PROJECT / "dbt_project.yml")
    watched = project["vars"]["watched_figures"]
    assert len(watched) > 5
    codes = reports["rpt_plausibility"]["column_name"]["meta"]["codes"]
    assert {column for of in watched for column in of["columns"]} == set(codes)
    for of in watched:
        declared = reports[of["table"]]
        assert set(of.get("by", [])) <= declared.keys()
        for column, unit in of["columns"].items():
            meta = declared[column]["meta"]
            assert meta["unit"] == unit, (of["table"], column)
            assert unit != "money" or meta["in"] == of.get("currency", "base_currency"), (of["table"], column)


def test_what_is_no_sum_is_watched_in_its_own_grain() -> None:
    project = read_yaml(DBT_PROJECT / "dbt_project.yml")
    grain = {
        model["name"]: set(model["constraints"][0]["columns"])
        for file in (DBT_PROJECT / "models" / "reporting").rglob("_*models.yml")
        for model in read_yaml(file).get("models", [])
    }
    for of in project["vars"]["watched_figures"]:
        if set(of["columns"].values()) - {"count", "money"}:
            one = {"month", *of.get("by", []), *of.get("where", "").split()[:1]}
            assert grain[of["table"]] == one, of["table"]
