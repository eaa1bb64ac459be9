"""What a vendor's exports say in the other languages of its user interface: headers, and words in their cells.

They stand in `languages.yml`. A header in another language is read as the contract's own (`evidence.py`); a word of a cell
is added wherever the contract names its own: in conditions and in maps.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pipelines.exports.contracts.contract import Contract, ContractError
from pipelines.exports.contracts.headers import normal, squashed
from pipelines.files import read_yaml

_SAID = Path(__file__).with_name("languages.yml")
# The headers that no other program has, beside the languages.
_TOLD_BY = "told_by"
Words = dict[str, str]


@cache
def _read(path: Path) -> dict[str, dict[str, Any]]:
    """What a file says of each contract; it is read once, and every contract is asked for."""
    found: dict[str, dict[str, Any]] = read_yaml(path)
    return found


def said_of(contract: str) -> dict[str, dict[str, Any]]:
    """What a contract's exports say in other languages: language -> `headers` and `cells`."""
    told = _read(_SAID).get(contract, {})
    return {language: said for language, said in told.items() if language != _TOLD_BY}


def in_every_language(contract: Contract) -> Contract:
    """The contract with what its vendor calls and writes in the other languages of its user interface.

    Raises:
        ContractError: a header or a word stands for none of the contract's, or for two.
    """
    told = said_of(contract.contract)
    if not told:
        return contract
    headers: Words = {}
    cells: dict[str, Words] = {}
    for said in told.values():
        headers |= _agreed(headers, said.get("headers", {}), contract)
        for header, words in said.get("cells", {}).items():
            cells[header] = cells.get(header, {}) | _agreed(cells.get(header, {}), words, contract)
    own = {squashed(header): header for header in contract.headers}
    told_by = _read(_SAID)[contract.contract][_TOLD_BY]
    strange = sorted({*headers.values(), *cells, *told_by} - contract.headers)
    strange += sorted(theirs for theirs, mine in headers.items() if own.get(squashed(theirs), mine) != mine)
    described = contract.model_dump(by_alias=True, exclude_unset=True, exclude={"origin", "contract"})
    for header, words in cells.items():
        found = _said_too(described, header, words)
        strange += sorted(set(words.values()) - found)
    if strange:
        place = f"{_SAID.name}: {contract.contract}"
        raise ContractError(f"{place}: no header or word of the contract, or another one: {', '.join(strange)}")
    return Contract.model_validate(
        {
            **described,
            "contract": contract.contract,
            "origin": contract.origin,
            "languages": headers,
            "told_by": told_by,
        }
    )


def _agreed(known: Words, more: Words, contract: Contract) -> Words:
    """Words of one language, which mean what those of the others mean."""
    if differing := sorted(theirs for theirs, own in more.items() if known.get(theirs, own) != own):
        raise ContractError(f"{_SAID.name}: {contract.contract}: said of two: {', '.join(differing)}")
    return more


def _said_too(part: Any, header: str, words: Words) -> set[str]:
    """Adds the words beside those of the contract's own that they stand for, and says which of its own were found."""
    found: set[str] = set()
    if isinstance(part, list):
        for item in part:
            found |= _said_too(item, header, words)
    if not isinstance(part, dict):
        return found
    for key in ("is", "not"):
        if _names(part.get("column"), header) and part.get(key) is not None:
            listed = [part[key]] if isinstance(part[key], str) else list(part[key])
            part[key] = listed + _beside(listed, words, found)
    if _names(part.get("from"), header) and part.get("map"):
        own = {word.casefold(): word for word in part["map"]}
        added = _beside(list(part["map"]), words, found)
        part["map"] = part["map"] | {theirs: part["map"][own[words[theirs].casefold()]] for theirs in added}
    for value in part.values():
        found |= _said_too(value, header, words)
    return found


def _names(headers: Any, header: str) -> bool:
    listed = [headers] if isinstance(headers, str) else headers or []
    return normal(header) in map(normal, listed)


def _beside(listed: list[str], words: Words, found: set[str]) -> list[str]:
    """The words that stand for one of the listed, apart from those that are listed already."""
    there = {str(word).casefold() for word in listed}
    meant = [theirs for theirs, own in words.items() if own.casefold() in there]
    found |= {words[theirs] for theirs in meant}
    return [theirs for theirs in meant if theirs.casefold() not in there]
