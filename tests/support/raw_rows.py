"""Writes rows straight into a raw store, for tests of what is downstream of landing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipelines.exports.entities import entities
from pipelines.exports.landing.raw import RawStore, stored_columns
from pipelines.verification.rows import LandedFile

RUN = {
    "as_of_date": None,
    "known_at": None,
    "base_currency": "EUR",
    "default_currency": "EUR",
    "business_timezone": "UTC",
    "default_country": "SE",
    "fx_max_age_days": 31,
    "fiscal_year_first_month": 1,
}


def write_raw(home: Path, rows: dict[str, list[dict[str, Any]]], system: str = "test", **run: Any) -> RawStore:
    """Fills `home/warehouse/raw` with rows by entity id (`billing.invoices`); `run` overrides settings of the run."""
    store = RawStore(home / "warehouse" / "raw")
    store.prepare()
    (home / "warehouse" / ".build" / "current").mkdir(parents=True, exist_ok=True)
    store.write_records(RUN | run)
    connection = duckdb.connect()
    for entity_id, entity_rows in rows.items():
        entity = entities()[entity_id]
        provenance = {
            "_system": system, "_source": f"{system}_{entity.name}", "_file": f"{entity.name}.csv",
            "_file_sha256": "a" * 64, "_loaded_at": "2026-01-01T00:00:00Z", "_known_at": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        filled = [provenance | {"_row": number} | row for number, row in enumerate(entity_rows, start=2)]
        path = store.root / entity.domain / entity.name / f"{system}-{'a' * 64}.parquet"
        if entity.domain == "lists":
            # A build reads of a list what is in force, a row of which has no key of its own.
            path = store.records / f"{entity.table}.parquet"
            filled = [row | {"row_id": str(row["_row"])} for row in filled]
        structure = json.dumps([stored_columns(entity)])
        connection.execute(
            "create or replace temp table fixture as select ? as value", [json.dumps(filled, default=str)]
        )
        query = f"select unnest(from_json(value, '{structure}'), recursive := true) from fixture"
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
    return store


def files_of(raw: Path) -> list[LandedFile]:
    """The files of a raw store without receipts, each a part of what its system has."""
    known = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        LandedFile(
            path.stem.rsplit("-", 1)[1],
            path.stem.rsplit("-", 1)[0],
            "test",
            entity.id,
            path.name,
            "partial",
            *[pq.read_metadata(path).num_rows] * 2,
            known,
        )
        for entity in entities().values()
        for path in (raw / entity.domain / entity.name).glob("*-a*.parquet")
    ]
