"""The design's rules on models: layers, grain, keys, descriptions, and no clock."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.exports.entities import entities
from pipelines.lists import lists
from pipelines.settings import load_settings
from pipelines.warehouse.transform import DBT_PROJECT, read_manifest

# Which layers a layer may read. `staging` alone reads what was landed; reporting reads marts.
READS = {
    # The lists: what people say, which every layer may read, with what it says instead of.
    "parameters": {"raw", "parameters"},
    # The run's day and settings, and its rates: what every layer may read. A copy of them in marts would only rename.
    "run": {"raw", "staging", "run", "parameters"},
    "staging": {"raw", "staging", "landing", "parameters", "run"},
    "intermediate": {"staging", "intermediate", "parameters", "raw", "run"},
    # What landing wrote of its own work is clean already: it needs no staging, and data health shows it without a mart.
    "landing": {"raw", "staging", "landing", "run", "parameters"},
    "marts": {"staging", "intermediate", "marts", "parameters", "run"},
    "reporting": {"marts", "parameters", "run"},
    "data_health": {"marts", "parameters", "run", "landing"},
}
RUN = {"int_run_dated", "int_fx_rates_dated"}
CLOCK = re.compile(r"\b(current_date|current_timestamp|now\s*\(|get_current_timestamp|today\s*\()", re.IGNORECASE)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    settings = load_settings(home=tmp_path_factory.mktemp("home"))
    parsed = read_manifest(settings)
    return {**parsed["nodes"], **parsed["sources"]}


def _models(nodes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in nodes.values() if node["resource_type"] == "model"]


def _layer(node: dict[str, Any]) -> str:
    """A node's schema, or what its rules are told by instead: its folder, or that it is the run's."""
    if node["resource_type"] != "model":
        return str(node["schema"])
    folder = Path(node["original_file_path"]).parent.name
    return "run" if node["name"] in RUN else folder if folder in READS else str(node["schema"])


def test_layers_read_only_what_they_may(nodes: dict[str, dict[str, Any]]) -> None:
    read = {
        (model["name"], nodes[upstream]["name"]): (_layer(model), _layer(nodes[upstream]))
        for model in _models(nodes)
        for upstream in model["depends_on"]["nodes"]
        # It looks at what is published, as whoever reads it would.
        if model["name"] not in ("rpt_plausibility", "rpt_findings")
        or _layer(nodes[upstream]) not in ("reporting", "data_health")
    }
    assert not [names for names, (layer, upstream) in read.items() if upstream not in READS[layer]]
    assert {layer for layer, _ in read.values()} == READS.keys(), "a layer without models has no rule to keep"


def test_every_model_states_its_grain_first(nodes: dict[str, dict[str, Any]]) -> None:
    silent = [model["name"] for model in _models(nodes) if not model["raw_code"].lstrip().startswith("-- Grain:")]
    assert not silent


def test_no_model_reads_the_clock(nodes: dict[str, dict[str, Any]]) -> None:
    sources = [*DBT_PROJECT.glob("models/**/*.sql"), *DBT_PROJECT.glob("macros/**/*.sql")]
    assert len(sources) > 50
    code = {path.name: re.sub(r"--.*|\{#.*?#\}", "", path.read_text(encoding="utf-8"))
            for path in sources}  # fmt: skip
    assert not [name for name, text in code.items() if CLOCK.search(text)]


def test_every_model_is_held_to_a_key(nodes: dict[str, dict[str, Any]]) -> None:
    def is_held(model: dict[str, Any]) -> bool:
        keys = [constraint for constraint in model["constraints"] if constraint["type"] in ("primary_key", "unique")]
        return bool(keys) and all(key["columns"] for key in keys)

    models = _models(nodes)
    assert len(models) > 200
    assert {model["config"]["materialized"] for model in models} == {"held_table", "held_view"}
    assert not [model["name"] for model in models if not is_held(model)]


def test_staging_is_held_to_its_entitys_key(nodes: dict[str, dict[str, Any]]) -> None:
    models = {model["name"]: model for model in _models(nodes)}
    for entity in entities().values():
        key, *_ = models[f"stg_{entity.domain}__{entity.name}"]["constraints"]
        # The lists are those of the one home: no system parts them.
        system = [] if entity.domain == "lists" else ["_system"]
        assert key["columns"] == [*system, *entity.key]


def test_reporting_is_described_and_its_columns_enforced(nodes: dict[str, dict[str, Any]]) -> None:
    reports = [model for model in _models(nodes) if model["schema"] == "reporting"]
    assert len(reports) > 12
    for model in reports:
        assert model["config"]["contract"]["enforced"], model["name"]
        assert model["description"], model["name"]
        bare = [name for name, column in model["columns"].items() if not column["description"]]
        assert not bare, f"{model['name']}: {bare}"


def test_a_models_name_says_its_layer(nodes: dict[str, dict[str, Any]]) -> None:
    prefixes = {
        "parameters": ("stg_lists__", *lists()),
        "staging": ("stg_",),
        "intermediate": ("int_",),
        "marts": ("dim_", "fct_"),
        "reporting": ("rpt_",),
    }
    assert not [model["name"] for model in _models(nodes) if not model["name"].startswith(prefixes[model["schema"]])]


def test_steps_carry_the_fields_terms() -> None:
    """A step is named by what its rows are, in a word that the field knows."""
    folder = DBT_PROJECT / "models"
    odd = re.compile(r"^(told|heard|manned|waves|here|surroundings|viewpoints?|cut_points?) as \($", re.MULTILINE)
    assert [path.name for path in folder.rglob("*.sql") if odd.search(path.read_text(encoding="utf-8"))] == []


def test_parameters_say_where_they_come_from() -> None:
    lines = (DBT_PROJECT / "seeds" / "parameter_defaults.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == ["parameter", "value", "unit", "meaning", "origin"]
    assert all(line.rsplit(",", 1)[1].strip() for line in lines[1:])


def test_the_layers_are_all_there() -> None:
    folders = {path.name for path in Path(DBT_PROJECT / "models").iterdir() if path.is_dir()}
    assert folders == {"staging", "intermediate", "marts", "reporting"}


def test_yaml_files_are_named_by_their_folder() -> None:
    found = [path for path in (DBT_PROJECT / "models").rglob("*.yml") if path.name != "_staging__sources.yml"]
    assert len(found) > 20
    wrong = [
        path.name for path in found if path.name.replace("unit_tests", "models") != f"_{path.parent.name}__models.yml"
    ]
    assert not wrong
