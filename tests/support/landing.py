"""Lands one file under one contract in a scratch home, for tests of reading and casting."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import load_contracts
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import REJECT_FACTS, RawStore, Receipt
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.unpack import Limits
from pipelines.words.landed import finding_said, rejection_said

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Landed:
    """What one file became."""

    receipt: Receipt
    store: RawStore

    def rows(self, entity: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """The loaded rows of an entity (`billing.invoices`), by line."""
        return self._query(f"{entity.replace('.', '/')}/*[0-9a-f].parquet", columns, "_row")

    def rejects(self, columns: str = "line, column_name, value, code") -> list[tuple[Any, ...]]:
        """The rejected rows, by line."""
        return self._query("*/*/*.rejects.parquet", columns, "line")

    def why(self) -> list[tuple[int, str]]:
        """The line of each rejected row, and why it was rejected in words."""
        names = ("line", "column_name", *REJECT_FACTS)
        rows = (dict(zip(names, row, strict=True)) for row in self.rejects(", ".join(names)))
        return [(row["line"], rejection_said(row)) for row in rows]

    @property
    def held(self) -> list[str]:
        """Why the file, or parts of it, were held, in words."""
        return [finding_said(finding) for finding in self.receipt.held]

    @property
    def blanked(self) -> list[tuple[str, str]]:
        """The columns of which cells could not be read though their rows were loaded, each with lines and texts."""
        return [(row["column_name"], row["said"]) for row in self.receipt.findings if row["code"] == "cells_blank"]

    def totals(self) -> list[tuple[Any, ...]]:
        """The control totals."""
        return self._query("*/*/*.totals.parquet", "measure, currency, file_total, loaded, rejected", "all")

    def _query(self, pattern: str, columns: str, order: str) -> list[tuple[Any, ...]]:
        files = list(map(str, self.store.root.glob(pattern)))
        # A typed file without rows, as in a store that is prepared.
        files = files or [str(next(_empty_store().glob(pattern)))]
        with connected() as connection:
            connection.execute("set timezone = 'UTC'")
            query = f"select {columns} from read_parquet(?, union_by_name = true) order by {order}"
            return connection.execute(query, [files]).fetchall()


def contract(text: str) -> dict[str, Contract]:
    """A contract from YAML, by its name."""
    made = Contract.model_validate(yaml.safe_load(text))
    return {made.contract: made}


@cache
def _empty_store() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="keybook-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    RawStore(folder).prepare()
    return folder


def bare_store(root: Path) -> RawStore:
    """A store without every entity's empty files: to write them takes longer than to land a small file."""
    store = RawStore(root)
    store.receipts_folder.mkdir(parents=True, exist_ok=True)
    return store


def land(
    folder: Path,
    content: str | bytes | Path,
    contracts: dict[str, Contract] | None = None,
    name: str = "export.csv",
    business_timezone: str = "UTC",
    limits: Limits | None = None,
) -> Landed:
    """Lands a file with this content."""
    path = folder / name
    if isinstance(content, Path):
        path = content
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    store = bare_store(folder / "raw")
    reading_rules = ReadingRules(business_timezone, limits or Limits(), lambda: NOON)
    receipt = Landing(store, contracts or load_contracts(), reading_rules).land_file(path, name)
    return Landed(receipt, store)
