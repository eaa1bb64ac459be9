"""Carries what `pipelines/entities.yml` declares to where it cannot be read: dbt's macros and the documentation.

Jinja in dbt reads no files, so `python -m pipelines.exports.day` writes the declaration as a macro, and the table of
columns without history into the docs. A convention test holds both against the YAML.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from pipelines.exports.entities import Entity, entities

ROOT = Path(__file__).resolve().parents[2]
MACRO = ROOT / "dbt_project" / "macros" / "entities.sql"
DOCS = ROOT / "docs" / "as_of.md"
MARK = "<!-- from pipelines/entities.yml -->"

_HEAD = """\
{#- The canonical entities as models need them, written by `python -m pipelines.exports.day` from pipelines/entities.yml:
    edit that. `measures` are what a control total is taken of, `fresh` what tells how fresh an export is; the rest says
    what is known as of a day. -#}
"""


def declaration(entity: Entity) -> dict[str, Any]:
    """What the models need to know of an entity."""
    types = {column.name: column.type for column in entity.columns}
    cut = entity.cut
    dated = [*cut.since, *cut.later, *cut.until, *(column for column in entity.key if types[column] == "date")]
    return {
        "key": list(entity.key),
        "columns": list(types),
        "measures": [name for name, kind in types.items() if kind in ("money", "seconds")],
        "has_currency": "currency" in types,
        "moments": [name for name, kind in types.items() if kind == "timestamp"],
        "since": list(cut.since),
        "of": dict(cut.of),
        "later": dict(cut.later),
        "until": dict(cut.until),
        "at_export": list(cut.at_export),
        "events": dict(cut.events),
        "plans": cut.plans,
        "fresh": list(dict.fromkeys(dated)) if cut.fresh is None else list(cut.fresh),
        "now": dict(cut.now),
    }


def macro() -> str:
    """The text of the dbt macro `landed_entities`."""
    declared = {entity.id: declaration(entity) for entity in entities().values()}
    entries = [f"{entity_id!r}: {parts!r}" for entity_id, parts in declared.items()]
    wrapped = [
        textwrap.fill(entry, 118, initial_indent="    ", subsequent_indent="        ", break_long_words=False)
        for entry in entries
    ]
    text = ",\n".join(wrapped)
    return f"{_HEAD}{{% macro landed_entities() -%}}\n{{{{ return({{\n{text}\n}}) }}}}\n{{%- endmacro %}}\n"


def table() -> str:
    """The documentation's table of the columns that have no history."""
    rows = [
        f"| {entity.id} | {', '.join(f'`{column}`' for column in entity.cut.now)} |\n"
        for entity in entities().values()
        if entity.cut.now
    ]
    return "| entity | columns that are as known now |\n|---|---|\n" + "".join(rows)


def documented(text: str) -> str:
    """The documentation with its table made anew."""
    before, _, after = text.split(MARK)
    return f"{before}{MARK}\n{table()}{MARK}{after}"


if __name__ == "__main__":
    MACRO.write_text(macro(), encoding="utf-8")
    DOCS.write_text(documented(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
