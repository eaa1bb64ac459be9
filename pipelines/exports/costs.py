"""What a column costs that a file lacks: how much of reporting is made of it.

`costs.json` is made from the models (`pipelines/warehouse/lineage.py`); the words of what is not known without a column
stand in `pipelines/words/costs.yml`, by the column's name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
# Of a landed file (its hash), by the canonical column: what still counts of older files for its rows.
Kept = dict[tuple[str, str], "Standing"]
# So many tables, and files, are named, those with the most first.
NAMED = 3


@dataclass(frozen=True)
class Standing:
    """For how many of a newer file's rows older files still say a column, and which, the newest first."""

    rows: int
    files: tuple[str, ...]


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
    # What older files still say of it, and whether they say it of all the file's rows.
    kept: Standing | None = None
    is_kept_whole: bool = False

    @property
    def size(self) -> int:
        """How many columns of reporting are made of it, of any row."""
        return 0 if self.is_kept_whole else sum(self.tables.values())

    def said(self, language: str = "en") -> str:
        """In words: what is not known, and where that shows."""
        if self.kept is not None and self.is_kept_whole:
            code = "missing_column.kept"
        else:
            code = "missing_column.cost" if self.kept is None else "missing_column.kept_in_part"
        tables = [table.removeprefix("rpt_") for table in self.tables]
        return word(
            code, language, column_name=self.header,
            lost=", ".join(word(code, language) for code in self.lost),
            column_count=self.size or None, table_count=len(tables) or None, names=_first(tables),
            files=_first(self.kept.files) if self.kept else None, row_count=self.kept.rows if self.kept else None,
        )  # fmt: skip


def _first(names: Sequence[str]) -> str:
    return ", ".join([*names[:NAMED], *("…" for _ in names[NAMED : NAMED + 1])])


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


def costs_of_file(receipt: Receipt, contracts: Mapping[str, Contract], kept: Kept | None = None) -> list[Cost]:
    """What the headers cost that a landed file lacks and without which nothing in it is the column; the dearest first.

    `kept` is what of older files still counts, as far as a publication tells.
    """
    lacking: dict[str, set[str]] = {}
    for event in receipt.schema_events:
        if event["event"] == "missing" and event["contract"] in contracts:
            lacking.setdefault(event["contract"], set()).add(event["column_name"])
    found = [
        _standing(each, receipt, columns, kept or {})
        for name, headers in lacking.items()
        for header, columns in _blank(contracts[name], headers).items()
        if (each := cost(header, columns)) is not None
    ]
    return sorted(found, key=lambda each: (-each.size, each.header))


def _standing(cost: Cost, receipt: Receipt, columns: list[str], kept: Kept) -> Cost:
    """The cost with what older files still say of the header's columns."""
    standing = {column: kept[receipt.sha256, column] for column in columns if (receipt.sha256, column) in kept}
    if not standing:
        return cost
    loaded = {f"{row['domain']}.{row['entity']}": row["rows_loaded"] for row in receipt.entities}
    whole = all(
        column in standing and standing[column].rows >= loaded.get(column.rpartition(".")[0], 0) for column in columns
    )
    files = tuple(dict.fromkeys(file for each in standing.values() for file in each.files))
    return replace(cost, kept=Standing(max(each.rows for each in standing.values()), files), is_kept_whole=whole)


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
