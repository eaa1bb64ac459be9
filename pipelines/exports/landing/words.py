"""Texts as a contract reads them: what it replaces in them, and what its vendor's words mean."""

from __future__ import annotations

from pipelines.exports.contracts.contract import ColumnMap
from pipelines.exports.entities import Column
from pipelines.exports.readers.grids import quoted


def replaced(text: str, spec: ColumnMap) -> str:
    """A text after the contract's replacements, NULL where nothing is left of it."""
    read = text
    for pattern, instead in (spec.replace or {}).items():
        read = f"regexp_replace({read}, {quoted(pattern)}, {quoted(instead)})"
    # Once, at the end: DuckDB writes a nullif's text out twice, which doubles with every level.
    return f"nullif({read}, '')" if spec.replace else read


def mapped(text: str, spec: ColumnMap, column: Column) -> str:
    """SQL of a text as a word of ours; what a word that is not in the contract's map becomes, the contract says."""
    branches = "".join(
        f" when {quoted(word.strip().lower())} then {'null' if value is None else quoted(value)}"
        for word, value in (spec.map or {}).items()
    )
    otherwise = spec.otherwise or ("reject" if column.one_of else "keep")
    rest = {"keep": text, "blank": "null", "reject": "null"}.get(otherwise, quoted(otherwise))
    if otherwise not in ("keep", "blank", "reject"):
        rest = f"case when {text} is null then null else {rest} end"
    return f"(case lower({text}){branches} else {rest} end)" if branches else rest
