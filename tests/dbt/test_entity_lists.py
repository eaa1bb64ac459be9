"""The entities that control totals are taken of are the canonical ones: none is left out, and no money column."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pipelines.exports.entities import entities

MACRO = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "landing.sql"


def test_control_totals_cover_every_entity_and_measure() -> None:
    """The list in the macro names each entity with its key, its measures and whether it has currencies."""
    text = MACRO.read_text(encoding="utf-8")
    found = re.search(r"return\((\{.*?\n\})\) \}\}", text, re.DOTALL)
    assert found, "landed_entities() does not return a dictionary"
    listed = ast.literal_eval(found[1].replace("true", "True").replace("false", "False"))
    assert list(listed) == list(entities())
    for entity in entities().values():
        columns = {column.name: column.type for column in entity.columns}
        entry = listed[entity.id]
        assert entry["key"] == list(entity.key)
        assert entry["measures"] == [name for name, kind in columns.items() if kind in ("money", "seconds")]
        assert entry["has_currency"] == ("currency" in columns)
        assert {columns[day] for day in entry["days"]} <= {"date"}
        assert {columns[moment] for moment in entry["moments"]} <= {"timestamp"}


def test_only_seconds_are_called_seconds() -> None:
    """A control total tells money from seconds by the column's name."""
    for entity in entities().values():
        for column in entity.columns:
            if column.type in ("money", "seconds"):
                assert (column.type == "seconds") == column.name.endswith("_seconds"), f"{entity.id}.{column.name}"
