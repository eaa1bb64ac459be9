"""Guesses which entity a table holds and which header is which of its columns, by words and by what the values are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pipelines.exports.contracts.profile import USUAL, Profile
from pipelines.exports.entities import Column, Entity, entities
from pipelines.files import read_yaml

SYNONYMS = Path(__file__).with_name("synonyms.yml")
# How sure a header's words make: the entity's own words, words of every entity, and words within a longer header.
OWN, COMMON, WITHIN = 3.0, 2.0, 0.8
KEY, TABLE_NAME, NEEDED = 2.0, 4.0, 4.0


@dataclass
class Guess:
    """The entity that fits best: its columns by header, its key, and how well it fits."""

    entity: Entity
    columns: dict[str, Profile]
    score: float
    # The key column that no header fits or that repeats; the contract then has a key made.
    made_key: str | None


@cache
def synonyms() -> dict[str, Any]:
    """The words of `synonyms.yml`."""
    data: dict[str, Any] = read_yaml(SYNONYMS)
    return data


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """A header or a word as it is compared: words apart, without case, brackets, marks and repeated spaces."""
    text = re.sub(r"[(\[{].*?[)\]}]", " ", text)
    text = re.sub(r"(?<=[a-zа-яåäöü])(?=[A-ZА-ЯÅÄÖÜ])", " ", text)
    return re.sub(r"[\s_\-./#№:*,;]+", " ", text).strip().casefold().replace("ё", "е")


@cache
def _words(entity_id: str, column: str) -> tuple[frozenset[str], frozenset[str]]:
    """The entity's own words of a column, and those of every entity."""
    own = synonyms()["entities"].get(entity_id, {}).get("columns", {}).get(column, [])
    common = synonyms()["columns"].get(column, [])
    return frozenset(map(plain, [column, *own])), frozenset(map(plain, common))


@cache
def _within(entity_id: str, column: str) -> re.Pattern[str]:
    """Finds one of those words, if it is long enough to mean something, within a longer header."""
    own, common = _words(entity_id, column)
    words = sorted(re.escape(word) for word in own | common if len(word) > 3)
    return re.compile(rf"\b(?:{'|'.join(words)})\b" if words else r"(?!)")


def _strength(entity: Entity, column: Column, found: Profile) -> float:
    header = plain(found.header)
    own, common = _words(entity.id, column.name)
    strength = 0.0
    if header in own:
        strength = OWN
    elif header in common:
        strength = COMMON
    elif _within(entity.id, column.name).search(header):
        strength = WITHIN
    return strength if strength and _readable(column, found) else 0.0


def _readable(column: Column, found: Profile) -> bool:
    """Whether the values may be of the column's type."""
    if not found.filled or column.type in ("text", "boolean"):
        return True
    if column.type in ("date", "timestamp"):
        return found.date_share >= USUAL
    if column.type == "currency":
        return found.share(found.codes) >= USUAL
    if column.type == "seconds":
        return max(found.number_share, found.share(found.clocks)) >= USUAL
    return found.number_share >= USUAL


def _assigned(entity: Entity, profiles: list[Profile]) -> tuple[dict[str, Profile], float]:
    """Each column with the header that fits it best, a header once, and the sum of how well they fit."""
    pairs = [
        (-strength, found.place, number, column.name, found)
        for number, column in enumerate(entity.columns)
        for found in profiles
        if (strength := _strength(entity, column, found))
    ]
    taken: dict[str, Profile] = {}
    used: set[int] = set()
    score = 0.0
    for weight, place, _, name, found in sorted(pairs, key=lambda pair: pair[:3]):
        if name not in taken and place not in used:
            taken[name] = found
            used.add(place)
            score -= weight
    return {column.name: taken[column.name] for column in entity.columns if column.name in taken}, score


def guess(profiles: list[Profile], table_name: str) -> Guess | None:
    """The entity that a table most likely holds, or None when it fits none."""
    name = f" {plain(re.sub(r'[0-9]', ' ', table_name))} "
    guesses = []
    for entity in entities().values():
        known = synonyms()["entities"].get(entity.id, {})
        columns, score = _assigned(entity, profiles)
        called = [entity.name.replace("_", " "), *known.get("tables", [])]
        score += TABLE_NAME * any(f" {plain(word)} " in name for word in called)
        score -= NEEDED * sum(need not in columns for need in known.get("needs", []))
        made = [key for key in entity.key if key not in columns]
        if len(made) > 1 or len(columns) < 2:
            continue
        if len(entity.key) == 1 and not made:
            if columns[entity.key[0]].is_key:
                score += KEY
            else:
                made = [entity.key[0]]
        guesses.append(Guess(entity, columns, score, made[0] if made else None))
    return max(guesses, key=lambda found: found.score, default=None)
