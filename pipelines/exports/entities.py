"""The canonical entities and their types, read from `pipelines/entities.yml`.

What an entity's columns are called is data; how a type is stored is here. Nothing about vendors belongs here: that is
the contracts' (`pipelines/sources/`).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.files import read_yaml

ENTITIES_FILE = Path(__file__).resolve().parent.parent / "entities.yml"
SEEDS = ENTITIES_FILE.parent.parent / "dbt_project" / "seeds"

# Canonical type -> DuckDB type. Money carries four decimals, so that a vendor's tenths of a cent survive.
STORED_TYPES = {
    "text": "VARCHAR",
    "currency": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "money": "DECIMAL(18,4)",
    "price": "DECIMAL(18,6)",
    "rate": "DECIMAL(18,8)",
    "ratio": "DECIMAL(9,6)",
    "quantity": "DECIMAL(18,6)",
    "seconds": "DECIMAL(18,3)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}

# What every raw row carries besides its entity's columns: where it came from, and when it was known.
PROVENANCE = {
    "_system": "VARCHAR",
    "_source": "VARCHAR",
    "_file": "VARCHAR",
    "_file_sha256": "VARCHAR",
    "_part": "VARCHAR",
    "_row": "BIGINT",
    "_loaded_at": "TIMESTAMP WITH TIME ZONE",
    "_known_at": "TIMESTAMP WITH TIME ZONE",
    "_extra": "JSON",
    # Whether the export marks the row as deleted: it is kept, and where it is the newest of its key nothing counts.
    "_deleted": "BOOLEAN",
    # The document whose rows this export replaces: rows of an older one that name the same document no longer count.
    "_replaces": "VARCHAR",
    # The entity's columns for which its file has one (`landing/held.py`): `,amount,currency,`. NULL is all, as landed before.
    "_holds": "VARCHAR",
}


@dataclass(frozen=True)
class Column:
    """One column of an entity: its canonical type, the values of a vocabulary, and what bounds a moment.

    `any_year` frees a date from the years that are believed, `before` names the columns that are no earlier. `words` are
    others' words for the values of the vocabulary; `unknown` says in SQL on the row's columns when a word that nobody
    knows is which value.
    """

    name: str
    type: str
    one_of: tuple[str, ...] = ()
    any_year: bool = False
    before: tuple[str, ...] = ()
    words: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()

    @property
    def stored_type(self) -> str:
        """The DuckDB type of the column in raw and in staging."""
        return STORED_TYPES[self.type]

    @property
    def is_id(self) -> bool:
        """Whether it holds ids: the record's own, or those of what it is linked to."""
        return self.type == "text" and self.name.endswith("_id")


# What a column holds until a date has come: one value, or a value for each that it may have now.
State = str | bool | None | dict[str, str]


@dataclass(frozen=True)
class Cut:
    """What of an entity's rows is known as of a day; the head of `entities.yml` says what each part means."""

    since: tuple[str, ...] = ()
    of: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, Mapping[str, State]] = field(default_factory=dict)
    until: Mapping[str, Mapping[str, State]] = field(default_factory=dict)
    any_day: tuple[str, ...] = ()
    at_export: tuple[str, ...] = ()
    # The columns without history, each with the code of why it has none.
    now: Mapping[str, str] = field(default_factory=dict)
    no_event: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    fresh: tuple[str, ...] | None = None

    @property
    def events(self) -> dict[str, Mapping[str, Sequence[str]]]:
        """The dates that move the run's day, each with the values of columns with which it does not."""
        dates = dict.fromkeys([*self.since, *self.later])
        return {date: self.no_event.get(date, {}) for date in dates if self.no_event.get(date) != {}}

    @property
    def plans(self) -> list[str]:
        """The dates of which a row may begin to exist ahead: the run's day where nothing else gives one."""
        return [date for date in self.since if self.no_event.get(date) == {}]


@dataclass(frozen=True)
class Entity:
    """One canonical entity: its columns in order, its natural key within one source system, and its cut by the day."""

    domain: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    cut: Cut = field(default_factory=Cut)
    # What a row means nothing without besides its key; of each list one column is enough.
    needs: tuple[tuple[str, ...], ...] = ()
    # By which columns a thing is known again: one of them that is alike is enough.
    same: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`domain.entity`, as contracts write it."""
        return f"{self.domain}.{self.name}"

    @property
    def table(self) -> str:
        """The entity's table in the schema `raw`."""
        return f"{self.domain}_{self.name}"

    def column(self, name: str) -> Column:
        """The column of that name; KeyError when the entity has none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@cache
def seed_rows(name: str) -> list[dict[str, str]]:
    """The rows of a seed in `dbt_project/seeds`, column -> text."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _column(name: str, spec: str | dict[str, Any]) -> Column:
    if isinstance(spec, str):
        return Column(name, spec)
    words, later = (spec.get(key, ()) for key in ("one_of", "before"))
    if isinstance(words, dict):
        words = [next(iter(row.values())) for row in seed_rows(words["seed"])]
    others = tuple((word, ours) for ours, said in spec.get("words", {}).items() for word in said)
    unknown = tuple(spec.get("unknown", {}).items())
    return Column(name, str(spec["type"]), tuple(words), spec.get("years") == "any", tuple(later), others, unknown)


@cache
def entities() -> dict[str, Entity]:
    """Every canonical entity by its id (`crm.accounts`), in the file's order."""
    found: dict[str, Entity] = {}
    for entity_id, specs in read_yaml(ENTITIES_FILE).items():
        domain, name = entity_id.split(".")
        cut: dict[str, Any] = specs.pop("cut", {})
        same = tuple(specs.pop("same", []))
        needs = tuple(tuple([said] if isinstance(said, str) else said) for said in specs.pop("needs", []))
        cut = {part: tuple(said) if isinstance(said, list) else said for part, said in cut.items()}
        cut["now"] = {column: why for why, columns in cut.get("now", {}).items() for column in columns}
        columns = tuple(_column(column.rstrip("*"), spec) for column, spec in specs.items())
        key = tuple(column[:-1] for column in specs if column.endswith("*"))
        found[entity_id] = Entity(domain, name, columns, key, Cut(**cut), needs, same)
    return found
