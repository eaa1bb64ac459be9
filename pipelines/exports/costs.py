"""What a column costs that a file lacks: how much of reporting is made of it.

`costs.json` is made from the models (`pipelines/warehouse/lineage.py`); the words of what is not known without a column
stand in `pipelines/words/costs.yml`, by the column's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.needs import is_given
from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import Receipt
from pipelines.words import catalogue, word

FILE = Path(__file__).with_name("costs.json")
# Canonical column (`crm.deals.amount`) -> reporting table -> how many of its columns are made of it.
Costs = dict[str, dict[str, int]]
# So many tables are named, those with the most columns first.
NAMED = 3


@cache
def _costs() -> Costs:
    found: Costs = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def _lost(columns: Iterable[str]) -> list[str]:
    """The codes of what is not known without canonical columns (`crm.deals.amount`)."""
    codes = dict.fromkeys(f"lost.{column.rpartition('.')[2]}" for column in columns)
    return [code for code in codes if code in catalogue()] or ["lost.column"]


@dataclass(frozen=True)
class Cost:
    """What is not known without a header that a file lacks, and how much of reporting is made of it."""

    header: str
    lost: tuple[str, ...]
    # Reporting table -> how many of its columns, the most first.
    tables: dict[str, int]

    @property
    def size(self) -> int:
        """How many columns of reporting are made of it."""
        return sum(self.tables.values())

    def said(self, language: str = "en") -> str:
        """In words: what is not known, and where that shows."""
        first = [table.removeprefix("rpt_") for table in self.tables]
        names = ", ".join([*first[:NAMED], *("…" for _ in first[NAMED : NAMED + 1])])
        return word(
            "missing_column.cost", language, column_name=self.header,
            lost=", ".join(word(code, language) for code in self.lost),
            column_count=self.size or None, table_count=len(first) or None, names=names,
        )  # fmt: skip


def cost(header: str, columns: Iterable[str]) -> Cost | None:
    """What a header costs that is not there, by the canonical columns (`crm.deals.amount`); None where it costs nothing."""
    columns = list(columns)
    tables: dict[str, int] = {}
    for column in columns:
        for table, count in _costs().get(column, {}).items():
            tables[table] = max(count, tables.get(table, 0))
    lost = _lost(columns)
    ordered = dict(sorted(tables.items(), key=lambda item: (-item[1], item[0])))
    return Cost(header, tuple(lost), ordered) if ordered or lost != ["lost.column"] else None


def costs_of_file(receipt: Receipt, contracts: Mapping[str, Contract]) -> list[Cost]:
    """What the headers cost that a landed file lacks and without which nothing in it is the column; the dearest first."""
    lacking: dict[str, set[str]] = {}
    for event in receipt.schema_events:
        if event["event"] == "missing" and event["contract"] in contracts:
            lacking.setdefault(event["contract"], set()).add(event["column_name"])
    found = [
        each
        for name, headers in lacking.items()
        for header, columns in _blank(contracts[name], headers).items()
        if (each := cost(header, columns)) is not None
    ]
    return sorted(found, key=lambda each: (-each.size, each.header))


def _blank(contract: Contract, lacking: set[str]) -> dict[str, list[str]]:
    """The canonical columns that are blank without the headers, by the first header of each that is lacking."""
    found: dict[str, list[str]] = {}
    for entity_id, mapping in contract.feeds:
        for name, spec in mapping.columns.items():
            without = [aliases[0] for aliases in spec.headers if aliases[0] in lacking]
            if without and not is_given(
                spec, lambda aliases: aliases[0] not in lacking, entities()[entity_id].column(name)
            ):
                found.setdefault(without[0], []).append(f"{entity_id}.{name}")
    return found
