"""What a contract would publish of a file: rows, sums by currency, dates, states, open and paid, before anything is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.entities import Entity
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.grids import quoted
from pipelines.exports.readers.unpack import Limits


@dataclass
class Preview:
    """What one landing of the file gives."""

    rows_loaded: int = 0
    rows_rejected: int = 0
    # Column -> currency (empty where none is said) -> sum.
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    # Column -> its first and last day.
    dates: dict[str, tuple[str, str]] = field(default_factory=dict)
    # Column with a vocabulary -> word -> rows.
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    # What the file itself says its columns add up to.
    own_totals: dict[str, str] = field(default_factory=dict)
    findings: list[dict[str, Any]] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """A line for each thing that a person can hold against the file."""
        found = [f"{self.rows_loaded:,} rows, {self.rows_rejected:,} rejected"]
        for column, by in self.sums.items():
            parts = ", ".join(f"{total:,.2f} {currency}".strip() for currency, total in by.items())
            told = self.own_totals.get(column)
            own = f" (the file's own total: {Decimal(told):,.2f})" if told else ""
            found.append(f"{column.replace('_', ' ')}: {parts}{own}")
        if {"gross_amount", "reported_balance"} <= self.sums.keys():
            gross, open_ = self.sums["gross_amount"], self.sums["reported_balance"]
            paid = ", ".join(
                f"{total - open_.get(code, Decimal(0)):,.2f} {code}".strip() for code, total in gross.items()
            )
            found.append(f"paid or credited: {paid}")
        found += [f"{column.replace('_', ' ')}: {first} to {last}" for column, (first, last) in self.dates.items()]
        for column, by_word in self.states.items():
            found.append(
                f"{column.replace('_', ' ')}: " + ", ".join(f"{word} {rows:,}" for word, rows in by_word.items())
            )
        return found


def preview(path: Path, name: str, contract: Contract, limits: Limits, entity: Entity) -> Preview:
    """Lands the file with the contract in a store of its own, so that a person sees what it does."""
    found = Preview()
    with tempfile.TemporaryDirectory(prefix="keybook-") as folder:
        store = RawStore(Path(folder) / "raw")
        store.receipts_folder.mkdir(parents=True)
        receipt = Landing(store, {contract.contract: contract}, ReadingRules(limits=limits)).land_file(path, name)
        found.rows_loaded = sum(int(row["rows_loaded"]) for row in receipt.entities)
        found.rows_rejected = receipt.rows_rejected
        found.findings, found.rejects = receipt.held, store.rejects(receipt.sha256, 5)
        files = [str(file) for file in (store.root / entity.domain / entity.name).glob("*[0-9a-f].parquet")]
        if files:
            _measure(found, files, contract, entity)
    return found


def _measure(found: Preview, files: list[str], contract: Contract, entity: Entity) -> None:
    mapped = {column for mapping in contract.entities[entity.id] for column in mapping.columns}
    money = [column.name for column in entity.columns if column.type == "money" and column.name in mapped]
    moments = [
        column.name for column in entity.columns if column.type in ("date", "timestamp") and column.name in mapped
    ]
    words = [column.name for column in entity.columns if column.one_of and column.name in mapped]
    currency = "coalesce(currency, '')" if any(column.name == "currency" for column in entity.columns) else "''"
    with connected() as connection:
        connection.execute(f"create temp view rows as from read_parquet([{', '.join(map(quoted, files))}])")
        for column in money:
            sign = "case when document_kind = 'credit_note' then -1 else 1 end" if "document_kind" in mapped else "1"
            query = (
                f"select {currency}, sum({column} * {sign}) from rows where {column} is not null group by 1 order by 1"
            )
            found.sums[column] = {code: Decimal(str(total)) for code, total in connection.execute(query).fetchall()}
        for column in moments:
            first, last = connection.execute(
                f"select cast(min({column}) as date)::varchar, cast(max({column}) as date)::varchar from rows"
            ).fetchall()[0]
            if first:
                found.dates[column] = (first, last)
        for column in words:
            query = f"select {column}, count(*) from rows where {column} is not null group by 1 order by 2 desc, 1"
            found.states[column] = dict(connection.execute(query).fetchall())
