"""Documented columns are the materialised ones, and whoever opens the published file reads what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import load_settings
from pipelines.warehouse.transform import queries, read_manifest
from tests.support.publications import sample

LAYERS = ("staging", "parameters", "intermediate", "marts", "reporting")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    parsed = read_manifest(load_settings(home=tmp_path_factory.mktemp("home")))
    return [node for node in parsed["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file: Path = sample(tmp_path_factory)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("layer", LAYERS)
def test_documented_columns_are_the_materialised_ones(
    models: list[dict[str, Any]], published: duckdb.DuckDBPyConnection, layer: str
) -> None:
    of_layer = [model for model in models if model["schema"] == layer]
    documented = {
        (model["name"], column["name"]): " ".join(column["description"].split())
        for model in of_layer
        for column in model["columns"].values()
    }
    made = published.execute(
        "select table_name, column_name, regexp_replace(trim(comment), '\\s+', ' ', 'g') "
        "from duckdb_columns() where not internal and schema_name = ? and list_contains(?, table_name)",
        [layer, [model["name"] for model in of_layer]],
    ).fetchall()
    assert len(made) > 100
    assert {(table, column): comment for table, column, comment in made} == documented
    assert not [column for column, description in documented.items() if not description]


def test_every_model_is_described(models: list[dict[str, Any]], published: duckdb.DuckDBPyConnection) -> None:
    comments = dict(
        published.execute(
            "select table_name, comment from duckdb_tables() where not internal "
            "union all select view_name, comment from duckdb_views() where not internal"
        ).fetchall()
    )
    assert not [model["name"] for model in models if not comments[model["name"]]]


# What is spelt as a person reads it though a model writes it, each with why.
SPELT = {
    ("dim_accounts", "No customer given"): "a name among names, in every list of accounts: it is the account's own",
}


def test_no_model_writes_words_for_people(
    models: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Models publish codes; words are made at the exits. Held on what dbt rendered, macros included."""
    compiled = queries(load_settings(home=sample(tmp_path_factory).parents[3]))
    found, files = set(), 0
    for model in models:
        if model["schema"] in ("marts", "reporting"):
            files += 1
            for literal in re.findall(r"'((?:[^']|'')*)'", re.sub(r"--.*", "", compiled[model["unique_id"]])):
                if re.search(r"[^\W\d_] [^\W\d_]", literal):
                    found.add((model["name"], literal))
    assert files > 100
    assert found == set(SPELT)
