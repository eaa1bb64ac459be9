"""Which columns of an entity a file holds: what a newer export has no column for it does not erase.

A blank cell in a column that is there is a real emptiness. Where a value is made of several headers all of them must be
there: half a sum is another amount, not a newer one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from pipelines.exports.contracts.contract import ColumnMap, EntityMap
from pipelines.exports.contracts.needs import Has, reachable, stood_in, undecided
from pipelines.exports.contracts.recognise import Match
from pipelines.exports.entities import Entity
from pipelines.exports.readers.grids import quoted


def _says(spec: ColumnMap, has: Has) -> bool:
    """Whether the file's headers say anything of a column."""
    if spec.value is not None:
        return True
    if spec.cases is not None:
        for asked, column in reachable(spec, has):
            # A value that stands for what a cell says is said by that cell; what is missing says nothing.
            conditions = [aliases for condition in asked for aliases in condition.headers]
            if _says(column, has) if column.value is None else any(map(has, conditions)):
                return True
        return not spec.headers
    parts = spec.sum or spec.product or spec.join
    if parts:
        return all(has([name if spec.join else name.lstrip("-/")]) for name in parts)
    return any(map(has, spec.origins))


def held_columns(entity: Entity, mapping: EntityMap, match: Match) -> list[str]:
    """The columns that the file holds; those of the key it always does."""
    has = match.has
    found = []
    for column in entity.columns:
        spec = mapping.columns.get(column.name)
        says = spec is not None and all(_says(mapping.columns[name], has) for name in (column.name, *spec.when))
        if spec and says and (second := stood_in(spec, has, column)):
            # What stands in for a first choice is told, and takes no first choice's place.
            says = bool(spec.first_filled) and has((spec.first_filled or second)[0])
        if says or column.name in entity.key:
            found.append(column.name)
    return found


def _before_address(name: str, mapping: EntityMap) -> list[list[str]]:
    """The headers that go before the e-mail address by which somebody is called who has no name: it takes no name's place."""
    address, spec = mapping.columns.get("email"), mapping.columns[name]
    if (
        address is None
        or name == "email"
        or not any(aliases in (spec.first_filled or []) for aliases in address.origins)
    ):
        return []
    return list(takewhile(lambda aliases: aliases not in address.origins, spec.first_filled or []))


def holds_sql(entity: Entity, mapping: EntityMap, match: Match, header: Callable[[list[str]], str]) -> str:
    """SQL of the columns that a row holds, as raw writes them: `,amount,currency,`.

    Not one that its case cannot tell, nor a currency that a key alone does not tell, nor one for which another column
    stands in in this row, an address for a name. `header` is SQL of a text.
    """
    has = match.has
    held = held_columns(entity, mapping, match)
    told: dict[str, str] = {}
    for name in (name for name in held if name in mapping.columns and name not in entity.key):
        spec = mapping.columns[name]
        if undecided(spec, has) or spec.alone:
            told[name] = name
        elif spec.first_filled and (second := stood_in(spec, has, entity.column(name))):
            before = spec.first_filled[: spec.first_filled.index(second[0])]
            told[name] = f"coalesce({', '.join(map(header, before))})"
        elif before := _before_address(name, mapping):
            told[name] = f"coalesce({', '.join(map(header, before))})"
    sure = ",".join(name for name in held if name not in told)
    parts = (f"case when {sql} is null then '' else {quoted(name + ',')} end" for name, sql in told.items())
    return " || ".join([quoted(f",{sure}," if sure else ","), *parts])


def key_columns(entity: Entity, mapping: EntityMap, match: Match) -> str:
    """The columns that a made key is made of, as far as the file holds them, with commas between; empty for a given key."""
    if mapping.key != "made":
        return ""
    made_of = mapping.key_from or list(mapping.columns)
    held = held_columns(entity, mapping, match)
    return ",".join(name for name in sorted(made_of) if name in held and mapping.columns[name].value is None)
