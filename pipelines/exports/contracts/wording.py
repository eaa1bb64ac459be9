"""How sure a header's words make it that it is a column: the entity's own words, others' words, and ids of links."""

from __future__ import annotations

from functools import cache

from pipelines.exports.contracts.profile import Profile
from pipelines.exports.contracts.vocabulary import Vocabulary, nouns, plain, synonyms, words_of
from pipelines.exports.entities import Column, Entity, entities

# How sure a header's words make: the entity's own words, and words of every entity; less where the entity's noun had to
# be taken off first ("deal owner").
OWN, COMMON, STRIPPED = 3.0, 2.0, 0.8
# What a record's own id is called, the surest first.
IDS = ["id", "record id", "ids", "sid", "uuid", "guid", "uid", "unique id", "uniqueid", "ref key", "key", "ид"]
_SURE_IDS = len(IDS)
IDS += ["number", "no", "nr", "num", "code", "номер", "код", "nummer"]
# Words that say nothing of which column a longer header is.
_GENERIC = frozenset(["name", "id", "type", "number", "status", "code", "amount", "total", "value", "first", "last"])


@cache
def _beside_a_link() -> frozenset[str]:
    return frozenset(synonyms()["beside_a_link"])


@cache
def key_words() -> frozenset[str]:
    """Words of which one in a header says that it is a key."""
    return frozenset(synonyms()["key_words"])


@cache
def links() -> dict[str, str]:
    """Which entity a column's values are ids of, by the column's name."""
    return {entity.key[0]: entity.id for entity in entities().values() if len(entity.key) == 1} | {
        "owner_id": "crm.employees",
        "parent_account_id": "crm.accounts",
        "parent_customer_id": "billing.customers",
        "agent_id": "crm.employees",
    }


def without_nouns(entity: Entity, header: str) -> str:
    """A header without the entity's own noun at its beginning: an invoice's "invoice date" is its date."""
    for noun in sorted(nouns(entity.id), key=len, reverse=True):
        if header.startswith(f"{noun} ") and len(header) > len(noun) + 1:
            return without_nouns(entity, header[len(noun) + 1 :])
    return header


def _is_named_id(entity: Entity, header: str) -> bool:
    """Whether a header is an id with the entity's noun beside it: "record id contact", "customer payment id"."""
    return any(
        (header.endswith(f" {noun}") and header.removesuffix(f" {noun}") in IDS)
        or any(header.endswith(f" {noun} {one}") for one in IDS[:_SURE_IDS])
        for noun in nouns(entity.id)
    )


def _is_of_another(entity: Entity, header: str) -> bool:
    """Whether a header is the id of another entity's records: "record id company"."""
    others = (noun for other in entities() if other != entity.id for noun in nouns(other))
    bare = [header.removesuffix(f" {noun}") for noun in others if header.endswith(f" {noun}")]
    return any(one in IDS for one in bare)


def word_strength(entity: Entity, column: Column, found: Profile, known: Vocabulary) -> float:
    """How sure the header's words make it that it is the column; 0 where they say nothing of it."""
    header = plain(found.called)
    bare = without_nouns(entity, header)
    best = 0.0
    common = (known.everywhere if column.one_of else known.common)[column.name]
    texts = [(header, 1.0), (bare, STRIPPED)]
    if column.name in links() and header.endswith(" id"):
        # The id of what stands under the same name beside it.
        texts.append((header.removesuffix(" id"), STRIPPED))
    for text, share in texts:
        words = words_of(entity.id, column.name, text)
        if weight := known.weight(entity.id, column.name, words):
            best = max(best, OWN * share * (0.5 + 0.5 * weight))
        elif words in common:
            best = max(best, COMMON * share)
        if entity.key == (column.name,) and (text in IDS or _is_named_id(entity, text)):
            best = max(best, OWN * (0.6 if text in IDS[_SURE_IDS:] else 0.95))
    target = links().get(column.name)
    if target and target != entity.id and _is_named_id(entities()[target], header):
        best = max(best, OWN * 0.9)
    if best:
        return best
    if column.name in entity.key and _is_of_another(entity, header):
        return 0.0
    # A header that says more than a word of the column: the more it says beside, the less sure.
    words = words_of(entity.id, column.name, bare)
    for said, strength in (
        *((own, OWN) for own in known.own[entity.id, column.name]),
        *((any_, COMMON) for any_ in common),
    ):
        # A word that nobody knows, such as a system's name, makes no other record of it.
        if column.name in links() and (words - said - _beside_a_link()) & known.words:
            continue
        if said < words and max(map(len, said)) > 2 and (len(said) > 1 or not said <= _GENERIC):
            best = max(best, strength * 0.8 * len(said) / len(words))
    return min(best, COMMON * STRIPPED) * (0.5 if column.name in entity.key else 1.0)
