"""What exports call things: the words of `synonyms.yml`, and those that every contract at hand has learnt already.

A contract says which headers are a column of an entity and what each of a vendor's words means; for an export that no
contract knows, the others are the best dictionary there is. Nothing is loaded by these words: they are for guesses.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

from babel.core import get_global
from babel.numbers import get_territory_currencies

from pipelines.exports.contracts.contract import ColumnMap, Contract
from pipelines.exports.entities import entities
from pipelines.files import read_yaml

SYNONYMS = Path(__file__).with_name("synonyms.yml")


@cache
def synonyms() -> dict[str, Any]:
    """The words of `synonyms.yml`."""
    data: dict[str, Any] = read_yaml(SYNONYMS)
    return data


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """A header or a word as it is compared: words apart, without case, brackets, marks and repeated spaces."""
    # In an API's answer an amount is a value beside its currency: `total.value` is the total.
    text = re.sub(r"[(\[{].*?[)\]}]|['’]s\b", " ", text.removesuffix(".value"))
    text = re.sub(r"\b([A-Za-z]{4,})(?<![a-z][a-z])(ID|Id)\b", r"\1 id", text)
    text = re.sub(r"(?<=[a-zа-яåäöü])(?=[A-ZА-ЯÅÄÖÜ])", " ", text)
    return re.sub(r"[\s_\-./#№:*,;&\"]+", " ", text).strip().casefold().replace("ё", "е")


# Words that say what kind of value a header is, and not which: a date is a date.
_FILLERS = frozenset(
    ["at", "on", "the", "of", "in", "date", "time", "datetime", "timestamp", "utc", "gmt", "a", "dttm"]
)
_SYNONYM_COUNTS = 3
# No shorter word is taken for several that are written together.
_LEAST_PHRASE = 7
_LEAST_NOUN = 4
_PREFIX = re.compile(r"^[^\W_]{3,}(?: - |_|\.|: )")


@lru_cache(maxsize=50_000)
def tokens(text: str, moment: bool = False) -> frozenset[str]:
    """A header's words without order and number; of a moment also without fillers: `Date Created` is `created_at`."""
    words = [
        "id" if word == "ids" else word if len(word) < 4 or word.endswith("ss") else word.removesuffix("s")
        for word in plain(text).split()
    ]
    kept = [word for word in words if word not in (_FILLERS if moment else ("is", "the", "of", "a"))]
    return frozenset(kept or words)


@cache
def _moments() -> frozenset[tuple[str, str]]:
    return frozenset(
        (entity.id, column.name)
        for entity in entities().values()
        for column in entity.columns
        if column.type in ("date", "timestamp")
    )


def words_of(entity_id: str, column: str, text: str) -> frozenset[str]:
    """A header's words as they are compared with those of a column."""
    return tokens(text, (entity_id, column) in _moments())


# What affirms or denies, in several languages: no word of a vocabulary.
TRUTHS = frozenset(["yes", "no", "true", "false", "y", "n", "t", "f", "1", "0", "да", "нет", "ja", "nej", "nein"])


@dataclass
class Vocabulary:
    """Header words of each column, by entity and over all entities, and what the words in a column mean."""

    # How often a header of these words is the column, over all contracts of the entity.
    own: dict[tuple[str, str], Counter[frozenset[str]]] = field(default_factory=lambda: defaultdict(Counter))
    all_own: dict[str, Counter[frozenset[str]]] = field(default_factory=lambda: defaultdict(Counter))
    common: dict[str, set[frozenset[str]]] = field(default_factory=lambda: defaultdict(set))
    # Of those the ones that no contract has learnt: what is a state of one entity is none of another.
    everywhere: dict[str, set[frozenset[str]]] = field(default_factory=lambda: defaultdict(set))
    meanings: dict[tuple[str, str], dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    # Headers of several words, by their letters: what is written as one word may be one of these.
    phrases: dict[str, str] = field(default_factory=dict)
    # Headers that contracts of an entity leave unmapped on purpose, and never map.
    passed_over: dict[str, set[frozenset[str]]] = field(default_factory=lambda: defaultdict(set))

    def add(self, entity_id: str, column: str, header: frozenset[str], count: int = 1) -> None:
        """Notes that a header of these words is the column."""
        self.own[entity_id, column][header] += count
        self.all_own[entity_id][header] += count

    def weight(self, entity_id: str, column: str, header: frozenset[str]) -> float:
        """How much of what an entity's exports call by a header is this column."""
        return self.own[entity_id, column][header] / (self.all_own[entity_id][header] or 1)

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that says something in some header."""
        said = [*self.own.values(), *self.common.values()]
        return frozenset(word for headers in said for header in headers for word in header)

    def note(self, header: str) -> None:
        """Notes a header of several words."""
        if " " in (words := plain(header)):
            self.phrases.setdefault(words.replace(" ", ""), words)

    def called(self, header: str, prefix: str = "") -> str:
        """A header as it is compared: without the prefix, and its words apart where it is one word."""
        text = header.removeprefix(prefix)
        said = plain(text)
        if " " in said or len(said) < _LEAST_PHRASE:
            return text
        end = next((said[at:] for at in range(len(said) - _LEAST_PHRASE + 1) if said[at:] in self.phrases), "")
        return f"{said.removesuffix(end)} {self.phrases[end]}".strip() if end else text

    def prefix(self, headers: list[str]) -> str:
        """What three of a table's headers begin with that says nothing: `property_`, `Obchod - `."""
        counts = Counter(found[0] for header in headers if (found := _PREFIX.match(header)) and found[0] != header)
        likely = [(count, prefix) for prefix, count in counts.items() if count > 2 and not tokens(prefix) & self.words]
        return max(likely, default=(0, ""))[1]

    def means(self, entity_id: str, column: str, word: str) -> str | None:
        """What a vendor's word in a column with a vocabulary is, or None when nobody has said."""
        said = plain(word)
        # A yes says nothing but what its header affirms.
        return None if said in TRUTHS else self.meanings[entity_id, column].get(said)


def _learn_words(spec: ColumnMap) -> Iterator[tuple[str, str]]:
    for word, ours in (spec.map or {}).items():
        if ours:
            yield word, ours
    for where, branch in spec.branches:
        yield from _learn_words(branch)
        if branch.value is not None and len(where) == 1 and where[0].is_:
            yield from ((word, str(branch.value)) for word in where[0].is_)


def _headers(spec: ColumnMap) -> list[list[str]]:
    """The headers that are the column, each with its spellings; what is joined or added up is none alone."""
    if spec.cases is not None:
        return [aliases for _, branch in spec.branches for aliases in _headers(branch)]
    return [] if spec.join or spec.sum or spec.product else spec.origins


def _learn(found: Vocabulary, contracts: Iterable[Contract]) -> None:
    said: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    left: dict[str, set[frozenset[str]]] = defaultdict(set)
    for contract in contracts:
        for header in contract.headers:
            found.note(header)
        for entity_id, mapping in contract.feeds:
            left[entity_id] |= set(map(tokens, contract.known))
            for name, spec in mapping.columns.items():
                headers = _headers(spec)
                for words in {words_of(entity_id, name, alias) for aliases in headers for alias in aliases}:
                    found.add(entity_id, name, words)
                    # A bare "id" is the id of what its own export holds.
                    if len(words) > 1 or not name.endswith("_id"):
                        found.common[name].add(words)
                for word, ours in _learn_words(spec):
                    if ours in entities()[entity_id].column(name).one_of:
                        said[entity_id, name][plain(word)].add(ours)
    for entity_id, passed in left.items():
        found.passed_over[entity_id] = passed - found.all_own[entity_id].keys()
    for place, words_said in said.items():
        found.meanings[place] |= {word: next(iter(ours)) for word, ours in words_said.items() if len(ours) == 1}


def vocabulary(contracts: Iterable[Contract]) -> Vocabulary:
    """The words of `synonyms.yml`, of `entities.yml` and of these contracts."""
    found = Vocabulary()
    known = synonyms()
    _learn(found, contracts)
    for entity in entities().values():
        own = known["entities"].get(entity.id, {}).get("columns", {})
        for column in entity.columns:
            for word in own.get(column.name, []):
                found.note(word)
            for words in {words_of(entity.id, column.name, word) for word in [column.name, *own.get(column.name, [])]}:
                found.add(entity.id, column.name, words, _SYNONYM_COUNTS)
            for ours in column.one_of:
                said = [ours, *known["values"].get(column.name, {}).get(ours, [])]
                said += [word for word, meaning in column.words if meaning == ours]
                for word in map(plain, said):
                    found.meanings[entity.id, column.name].setdefault(word, ours)
    for name, common in known["columns"].items():
        moment = any(column == name for _, column in _moments())
        found.everywhere[name] = {tokens(word, moment) for word in common}
        found.common[name] |= found.everywhere[name]
        for word in common:
            found.note(word)
    return found


def is_called(entity_id: str, text: str) -> bool:
    """Whether a text has a word for the entity's rows or tables among its words."""
    said = f" {plain(text)} "
    # A longer noun may begin a word that is put together: `Fakturadatum`, `InvoiceNo`.
    return any((f" {noun}" if len(noun) > _LEAST_NOUN else f" {noun} ") in said for noun in nouns(entity_id))


@cache
def nouns(entity_id: str) -> frozenset[str]:
    """What the entity's rows and tables are called: words that add nothing to a header of its own."""
    called = [entity_id.split(".")[1].replace("_", " "), *synonyms()["entities"].get(entity_id, {}).get("tables", [])]
    one = [re.sub(r"ies$", "y", word).removesuffix("s") for word in called]
    return frozenset(plain(word) for word in [*called, *one])


@cache
def _amount_words() -> frozenset[str]:
    words = [word for name in ("amount", "gross_amount", "net_amount") for word in synonyms()["columns"].get(name, [])]
    return frozenset(plain(word) for word in words)


def is_amount(header: str) -> bool:
    """Whether a header says that it is an amount of money."""
    return "amount" in header or header in _amount_words()


@cache
def currencies() -> frozenset[str]:
    """The currencies that are in use somewhere today."""
    return frozenset(
        code for territory in get_global("territory_currencies") for code in get_territory_currencies(territory)
    )
