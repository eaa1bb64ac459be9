"""What a file must hold before a contract may read it: the headers without which a row means nothing, and no others.

Which columns those are is said of each entity (`needs` in `pipelines/entities.yml`), not of each contract: its key, and
what its meaning hangs on. Every other column may be missing; it is left blank and its absence is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipelines.exports.contracts.contract import ColumnMap, Contract, EntityMap, Where
from pipelines.exports.entities import Column, entities

# Whether the file has one of these headers.
Has = Callable[[list[str]], bool]


def is_ruled_out(where: list[Where], has: Has) -> bool:
    """Whether no row of the file meets conditions, by the headers that are there or are not."""
    return any(condition.in_file is not None and condition.in_file != has(condition.column) for condition in where)


def reachable(spec: ColumnMap, has: Has) -> Iterator[tuple[list[Where], ColumnMap]]:
    """The cases that a row of the file may fall to, each with what its row is asked; whether a header is there is asked of no row."""
    for where, column in spec.branches:
        if is_ruled_out(where, has):
            continue
        asked = [condition for condition in where if condition.in_file is None or condition.asks_rows]
        yield asked, column
        if not asked:
            return


def unasked(condition: Where, has: Has) -> list[list[str]]:
    """The headers of a condition that the file lacks: whether it holds, no row of the file tells."""
    if condition.in_file is False:
        return []
    return [aliases for aliases in condition.headers if not has(aliases)]


def undecided(spec: ColumnMap, has: Has, every: bool = True) -> list[list[str]]:
    """The headers without which rows of the file cannot be told which case they fall to.

    Not `every`: without those of cases that ask of something else too, which leave few rows untold.
    """
    found: list[list[str]] = []
    for asked, column in reachable(spec, has):
        lacking = [aliases for condition in asked for aliases in unasked(condition, has)]
        if every or all(unasked(condition, has) for condition in asked):
            found += lacking
        found += undecided(column, has, every)
    return list({tuple(aliases): aliases for aliases in found}.values())


def takes_second(column: Column) -> bool:
    """Whether another header may stand in where the first of several is not in the file: no word is, no amount, no count."""
    return (column.type == "text" and not column.one_of) or column.type in ("date", "timestamp")


def is_given(spec: ColumnMap, has: Has, column: Column, is_key: bool = False) -> bool:
    """Whether the file has what a column is made of; a part of what a key is made of is none."""
    if spec.cases is not None:
        return any(is_given(branch, has, column, is_key) for _, branch in reachable(spec, has))
    if spec.value is not None:
        return True
    if spec.unit == "minor" and spec.currency_column and not has([spec.currency_column]):
        # Without its currency nobody knows whether an amount is in hundredths.
        return False
    if spec.first_filled and not takes_second(column):
        return has(spec.first_filled[0])
    found = [has(aliases) for aliases in spec.origins]
    # A part of a joined text is a text; a day without its time, or half a sum, is something else.
    whole = spec.sum or spec.product or (spec.join and (is_key or column.type in ("date", "timestamp")))
    return all(found) if whole else any(found)


def stood_in(spec: ColumnMap, has: Has, column: Column) -> list[list[str]]:
    """The headers that the file lacks and in whose place the column is read from others; none of a word's."""
    if column.one_of or column.type == "currency" or not is_given(spec, has, column):
        return []
    if spec.first_filled:
        last = max(place for place, aliases in enumerate(spec.first_filled) if has(aliases))
        return [aliases for aliases in spec.first_filled[:last] if not has(aliases)]
    tested = [
        condition.column
        for where, branch in spec.branches
        for condition in where
        if condition.in_file and condition.column in branch.origins and not has(condition.column)
    ]
    return [*tested, *(aliases for _, branch in reachable(spec, has) for aliases in stood_in(branch, has, column))]


def ungiven(spec: ColumnMap, has: Has, column: Column) -> list[list[str]]:
    """The headers that the file lacks and without which the column is blank, in all rows or in those of one case."""
    if spec.cases is None:
        if is_given(spec, has, column):
            return []
        return [aliases for aliases in spec.headers if not has(aliases)][:1]
    cases = list(reachable(spec, has))
    found = [aliases for _, branch in cases for aliases in ungiven(branch, has, column)]
    if not cases or cases[-1][0]:
        # No case is the rest: what a case that is ruled out would tell is not told.
        tested = [condition for where, _ in spec.branches for condition in where if condition.in_file]
        found += [condition.column for condition in tested if not has(condition.column)]
    return found


def first_of(spec: ColumnMap, has: Has) -> list[list[str]]:
    """The headers of which a column takes the first that is filled, in whichever case."""
    within = [aliases for _, branch in reachable(spec, has) for aliases in first_of(branch, has)]
    return [*(spec.first_filled or []), *within]


def untold_rows(contract: Contract, has: Has) -> list[str]:
    """The headers that the file lacks and by which the contract tells what is no row: totals, titles, what does not count."""
    alternatives = [*contract.table.skip, *([contract.table.group.when] if contract.table.group else [])]
    found: list[str] = []
    for conditions in alternatives:
        # What a part of the conditions tells is enough: a header that is not there is blank then.
        asked = [condition for condition in conditions if condition.in_file is None or has(condition.column)]
        if len(asked) == len(conditions) and all(unasked(condition, has) for condition in asked):
            found += [aliases[0] for aliases in unasked(asked[0], has)]
    return found


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
        given = [is_given(mapping.columns[name], has, entity.column(name), name in entity.key) for name in group]
        untold = [undecided(spec, has, every=False) for spec in specs]
        if any(is_there and not headers for is_there, headers in zip(given, untold, strict=True)):
            continue
        of = specs[given.index(True)] if any(given) else specs[0]
        without = undecided(of, has, every=False) or [aliases for aliases in of.headers if not has(aliases)]
        lacking += [aliases[0] for aliases in without][:1]
    # Which rows are meant, nothing tells where what they are told by is gone.
    asked = [condition for condition in mapping.where if condition.in_file is None or condition.asks_rows]
    lacking += [aliases[0] for condition in asked for aliases in unasked(condition, has)]
    if mapping.one_row_per and not any(has([header]) for header in mapping.one_row_per):
        lacking.append(mapping.one_row_per[0])
    return list(dict.fromkeys(lacking))
