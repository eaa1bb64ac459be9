"""A user's own words for a shipped contract's vocabularies: a contract of its name that holds `words` and nothing else."""

from __future__ import annotations

from typing import Any

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.entities import entities


def with_words(contract: Contract, words: dict[str, dict[str, str]]) -> Contract:
    """The contract with what a user's words mean, by `domain.entity.column`; they go before its own.

    Raises:
        ValueError: a column is none that reads words, or a meaning is none of its vocabulary.
    """
    described = contract.model_dump(by_alias=True, exclude_unset=True, exclude={"origin"})
    for name, means in words.items():
        entity_id, _, column = name.rpartition(".")
        if entity_id not in described["entities"]:
            raise ValueError(f"words: {contract.contract} feeds no {entity_id or name}")
        one_of = next((known.one_of for known in entities()[entity_id].columns if known.name == column), ())
        if strange := sorted(set(means.values()) - set(one_of)):
            raise ValueError(f"words: {name} may be {', '.join(one_of) or 'any text'}, not {', '.join(strange)}")
        columns = [mapping["columns"] for mapping in described["entities"][entity_id]]
        if not all(_taught(mapped.get(column, {}), means, one_of) for mapped in columns):
            raise ValueError(f"words: {contract.contract} reads {name} from no column of words")
    return Contract.model_validate({**described, "origin": contract.origin})


def _taught(spec: dict[str, Any], means: dict[str, str], one_of: tuple[str, ...]) -> bool:
    """Adds words to a column's map, or a case of them before its others; whether it reads any words."""
    if header := spec.get("from"):
        others = spec.get("map", {word: word for word in one_of})
        said = {word.casefold() for word in means}
        spec["map"] = {**means, **{word: ours for word, ours in others.items() if word.casefold() not in said}}
        return True
    header = next((case["from"] for case in reversed(spec.get("cases", [])) if "map" in case), None)
    if header is None:
        return False
    case = {"where": {"column": header, "is": list(means)}, "from": header, "map": means}
    spec["cases"] = [case, *spec["cases"]]
    return True
