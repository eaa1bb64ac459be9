"""What a file must hold before a contract may read it: the headers without which a row means nothing, and no others.

Which columns those are is said of each entity (`needs` in `pipelines/entities.yml`), not of each contract: its key, and
what its meaning hangs on. Every other column may be missing; it is left blank and its absence is told.
"""

from __future__ import annotations

from collections.abc import Callable

from pipelines.exports.contracts.contract import ColumnMap, Contract, EntityMap, Where
from pipelines.exports.entities import entities

# Whether the file has one of these headers.
Has = Callable[[list[str]], bool]


def is_given(spec: ColumnMap, has: Has, whole: bool = False) -> bool:
    """Whether the file has what a column is made of; `whole` says that a part of a joined text is none (a day and its time)."""
    if spec.cases is not None:
        return any(
            is_given(column, has, whole) and all(_can_hold(condition, has) for condition in where)
            for where, column in spec.branches
        )
    if spec.value is not None:
        return True
    found = [has(aliases) for aliases in spec.origins]
    return all(found) if spec.sum or spec.product or (whole and spec.join) else any(found)


def _can_hold(condition: Where, has: Has) -> bool:
    return has(condition.column) or condition.blank is True or condition.in_file is False


def main_feed(contract: Contract) -> int:
    """Which of the contract's feeds the export is about: the one that takes most columns from it."""
    taken = [sum(column.value is None for column in mapping.columns.values()) for _, mapping in contract.feeds]
    return taken.index(max(taken)) if taken else -1


def needed(contract: Contract, entity_id: str, mapping: EntityMap) -> list[list[str]]:
    """The columns that a row of the feed means nothing without; of each list one is enough."""
    entity = entities()[entity_id]
    groups = [[name] for name in entity.key] + [[name] for name, spec in mapping.columns.items() if spec.required]
    if mapping.replaces:
        groups.append([mapping.replaces])
    elif mapping.key == "made" and contract.export == "partial":
        # What the key is made of: without a part of it each row would be another one than in the file before.
        groups += [[name] for name in mapping.key_from]
    if contract.recognise.only is None:
        groups += [list(group) for group in entity.needs]
    mapped = [[name for name in group if name in mapping.columns] for group in groups]
    return [group for place, group in enumerate(mapped) if group and group not in mapped[:place]]


def missing(contract: Contract, entity_id: str, mapping: EntityMap, has: Has) -> list[str]:
    """The headers, each by its first spelling, that the feed cannot do without and the file lacks."""
    entity = entities()[entity_id]
    lacking: list[str] = []
    for group in needed(contract, entity_id, mapping):
        specs = [mapping.columns[name] for name in group]
        moments = [entity.column(name).type in ("date", "timestamp") for name in group]
        if not any(is_given(spec, has, whole) for spec, whole in zip(specs, moments, strict=True)):
            lacking += [aliases[0] for spec in specs for aliases in spec.origins if not has(aliases)][:1]
    if mapping.one_row_per and not any(has([header]) for header in mapping.one_row_per):
        lacking.append(mapping.one_row_per[0])
    return list(dict.fromkeys(lacking))
