"""Which columns of an entity a file holds: what a newer export has no column for it does not erase.

A blank cell in a column that is there is a real emptiness. Where a value is made of several headers all of them must be
there: half a sum is another amount, not a newer one.
"""

from __future__ import annotations

from pipelines.exports.contracts.contract import ColumnMap, EntityMap
from pipelines.exports.contracts.needs import is_given
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import Entity


def _says(spec: ColumnMap, match: Match) -> bool:
    """Whether the file's headers say anything of a column."""

    def has(aliases: list[str]) -> bool:
        return match.find(aliases) is not None

    if spec.cases is not None:
        for where, column in spec.branches:
            # A value that stands for what a cell says is said by that cell; what is missing says nothing.
            conditions = [aliases for condition in where for aliases in condition.headers]
            if _says(column, match) if column.value is None else any(map(has, conditions)):
                return True
        return not spec.headers
    return is_given(spec, has, whole=True)


def held_columns(entity: Entity, mapping: EntityMap, match: Match) -> str:
    """The columns that the file holds, as raw writes them: `,amount,currency,`; those of the key it always does."""
    found = []
    for column in entity.columns:
        spec = mapping.columns.get(column.name)
        says = spec is not None and all(_says(mapping.columns[name], match) for name in (column.name, *spec.when))
        if says or column.name in entity.key:
            found.append(column.name)
    return f",{','.join(found)},"


def key_columns(entity: Entity, mapping: EntityMap, match: Match) -> str:
    """The columns that a made key is made of, as far as the file holds them, with commas between; empty for a given key."""
    if mapping.key != "made":
        return ""
    made_of = mapping.key_from or list(mapping.columns)
    held = held_columns(entity, mapping, match).split(",")
    return ",".join(name for name in sorted(made_of) if name in held and mapping.columns[name].value is None)
