"""What an unknown gives is said by name: models call no function that passes over NULLs in silence.

`least`, `greatest`, `min_by` and `max_by` skip what is unknown, in DuckDB as in Spark. The macros of
dbt_project/macros/unknowns.sql say in their names whether that is meant.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
MACROS = PROJECT / "macros" / "unknowns.sql"
BARE = re.compile(r"(?<![\w.])(?:least|greatest|min_by|max_by|arg_min|arg_max)\s*\(", re.IGNORECASE)
REMARKS = re.compile(r"--[^\n]*|\{#.*?#\}", re.DOTALL)

# Columns that cannot be NULL.
CANNOT_BE_UNKNOWN = {
    "models/intermediate/receivables/": "amounts and days of documents and postings that count, by their contracts",
    "macros/receivables/allocation.sql": "the same, as allocation reads them",
}


def bare(text: str) -> list[str]:
    """The calls of such functions, remarks left aside."""
    return [found.group().rstrip("( ") for found in BARE.finditer(REMARKS.sub("", text))]


@pytest.mark.parametrize("folder", ["models", "macros", "tests"])
def test_no_bare_function_that_skips_unknowns(folder: str) -> None:
    files = [path for path in sorted((PROJECT / folder).rglob("*.sql")) if path != MACROS]
    assert files
    found = {
        str(path.relative_to(PROJECT)): calls
        for path in files
        if not str(path.relative_to(PROJECT)).startswith(tuple(CANNOT_BE_UNKNOWN))
        and (calls := bare(path.read_text(encoding="utf-8")))
    }
    assert not found, "macros/unknowns.sql has names for these"


def test_what_is_bare() -> None:
    assert bare("select least(a, b), max_by(c, d) from x -- greatest(e, f)\n") == ["least", "max_by"]
    assert bare("{{ least_known('a', 'b') }} {# min_by(a, b) #}") == []
