"""The reporting contract: which tables and columns, of which types, the schema `reporting` has.

It is declared once, in the YAML beside the reporting models, where dbt enforces it. A publication carries the digest of
the contract that it was made by; who reads publications (dashboards, reports, tests) compares it with its own.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from pipelines.files import read_yaml

_FOLDER = Path(__file__).resolve().parent.parent / "dbt_project" / "models" / "reporting"


@cache
def declared() -> dict[str, dict[str, str]]:
    """Table -> column -> type in DuckDB's SQL, in the order of the YAML."""
    tables: dict[str, dict[str, str]] = {}
    for file in sorted(_FOLDER.rglob("_*.yml")):
        for model in read_yaml(file).get("models", []):
            tables[model["name"]] = {column["name"]: column["data_type"] for column in model["columns"]}
    return tables


@cache
def keys() -> dict[str, tuple[str, ...]]:
    """Table -> the columns that tell its rows apart."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(_FOLDER.rglob("_*.yml")):
        for model in read_yaml(file).get("models", []):
            for rule in model.get("constraints", []):
                if rule["type"] in ("primary_key", "unique"):
                    found.setdefault(model["name"], tuple(rule["columns"]))
    return found


@cache
def digest() -> str:
    """A hash over names and types; descriptions and the order of columns are no part of it."""
    canonical = {
        table: {name: kind.lower().replace(" ", "") for name, kind in columns.items()}
        for table, columns in declared().items()
    }
    return hashlib.sha256(json.dumps(canonical, sort_keys=True).encode()).hexdigest()[:16]
