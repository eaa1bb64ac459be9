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

# Where columns cannot be NULL, but for those whose names say below that they may.
CANNOT_BE_UNKNOWN = {
    "models/intermediate/receivables/": "amounts and days of documents and postings that count, by their contracts",
    "macros/receivables/allocation.sql": "the same, as allocation reads them",
}
# What no contract says of every document: a balance, and the days on which it ended.
MAY_BE_UNKNOWN = re.compile(
    r"\b(?:reported_balance|left_amount|settled_on|voided_on|known_on|applied_on|received_on)\b"
)


def bare(text: str) -> list[str]:
    """The calls of such functions, remarks left aside."""
    return [call[: call.index("(")].rstrip() for call in calls(text)]


def calls(text: str) -> list[str]:
    """The same with what they are called with."""
    code, found = REMARKS.sub("", text), []
    for start in BARE.finditer(code):
        depth, end = 1, start.end()
        while depth and end < len(code):
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        found.append(code[start.start() : end])
    return found


@pytest.mark.parametrize("folder", ["models", "macros", "tests"])
def test_no_bare_function_that_skips_unknowns(folder: str) -> None:
    files = [path for path in sorted((PROJECT / folder).rglob("*.sql")) if path != MACROS]
    assert files
    found = {
        str(path.relative_to(PROJECT)): named
        for path in files
        if not str(path.relative_to(PROJECT)).startswith(tuple(CANNOT_BE_UNKNOWN))
        and (named := bare(path.read_text(encoding="utf-8")))
    }
    assert not found, "macros/unknowns.sql has names for these"


def test_nor_one_of_a_column_that_may_be_unknown_where_others_may_not() -> None:
    assert may_be_unknown("case when greatest(d.reported_balance, 0) > 0 then greatest(d.issued_on, e.due_on) end") == [
        "greatest(d.reported_balance, 0)"
    ]
    files = [
        path for folder in CANNOT_BE_UNKNOWN for path in sorted(PROJECT.glob(f"{folder}*")) if path.suffix == ".sql"
    ]
    assert len(files) > 10
    found = {path.name: named for path in files if (named := may_be_unknown(path.read_text(encoding="utf-8")))}
    assert not found, "macros/unknowns.sql has names for these"


def may_be_unknown(text: str) -> list[str]:
    """The calls with a column that may be NULL."""
    return [call for call in calls(text) if MAY_BE_UNKNOWN.search(call)]


def test_what_is_bare() -> None:
    assert bare("select least(a, b), max_by(c, d) from x -- greatest(e, f)\n") == ["least", "max_by"]
    assert bare("{{ least_known('a', 'b') }} {# min_by(a, b) #}") == []
