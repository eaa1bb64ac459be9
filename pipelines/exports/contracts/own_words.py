"""What a user adds to a shipped contract: words of its vocabularies, which order its dates have, and nothing else."""

from __future__ import annotations

from typing import Any

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.vocabulary import currencies
from pipelines.exports.entities import Column, entities

# What a file may say that adds to a shipped contract and is none itself.
ADDITIONS = frozenset(["contract", "words", "date_order"])


def words_of(column: Column) -> tuple[str, ...]:
    """What a word in a column may mean: its vocabulary, or the currencies in use."""
    return tuple(sorted(currencies())) if column.type == "currency" else column.one_of


def with_words(contract: Contract, words: dict[str, dict[str, str]], date_order: str = "") -> Contract:
    """The contract with what a user's words mean, by `domain.entity.column`; they go before its own.

    `date_order` is the one of its orders of day and month that the user's files have.

    Raises:
        ValueError: a column is none that reads words, a meaning is none of its vocabulary, or there is no such order.
    """
    described = contract.model_dump(by_alias=True, exclude_unset=True, exclude={"origin"})
    if date_order:
        one_order(described.setdefault("formats", {}), date_order, contract.contract)
    for name, means in words.items():
        entity_id, _, column = name.rpartition(".")
        if entity_id not in described["entities"]:
            raise ValueError(f"words: {contract.contract} feeds no {entity_id or name}")
        known = next((known for known in entities()[entity_id].columns if known.name == column), None)
        one_of = known.one_of if known else ()
        if strange := sorted(set(means.values()) - set(words_of(known) if known else ())):
            told = "a currency's code" if known and known.type == "currency" else ", ".join(one_of) or "any text"
            raise ValueError(f"words: {name} may be {told}, not {', '.join(strange)}")
        columns = [mapping["columns"] for mapping in described["entities"][entity_id]]
        if not all(_taught(mapped.get(column, {}), means, one_of) for mapped in columns):
            raise ValueError(f"words: {contract.contract} reads {name} from no column of words")
    return Contract.model_validate({**described, "origin": contract.origin})


def one_order(formats: dict[str, Any], date_order: str, contract: str) -> None:
    """Leaves one order of day and month in a contract's formats, which then is a pattern like the others.

    Raises:
        ValueError: there is no such order.
    """
    orders = formats.get("date_orders") or {}
    if date_order not in orders:
        raise ValueError(f"date_order: {contract} knows {', '.join(orders) or 'one order alone'}, not {date_order}")
    del formats["date_orders"]
    parts = (formats.get("date") or [], orders[date_order])
    formats["date"] = [pattern for part in parts for pattern in ([part] if isinstance(part, str) else part)]


def _taught(spec: dict[str, Any], means: dict[str, str], one_of: tuple[str, ...]) -> bool:
    """Adds words to a column's map, or a case of them before its others; whether it reads any words."""
    # Of cases the one that reads keys, if there is one.
    read: dict[str, Any] = next((case for case in spec.get("cases", []) if case.get("otherwise") == "alone"), spec)
    if header := read.get("from"):
        others = read.get("map", {word: word for word in one_of})
        said = {word.casefold() for word in means}
        read["map"] = {**means, **{word: ours for word, ours in others.items() if word.casefold() not in said}}
        return True
    header = next((case["from"] for case in reversed(spec.get("cases", [])) if "map" in case), None)
    if header is None:
        return False
    case = {"where": {"column": header, "is": list(means)}, "from": header, "map": means}
    spec["cases"] = [case, *spec["cases"]]
    return True
