"""What raw holds of each file: rows, money and seconds, against the control totals that were published."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import polars as pl

from pipelines.exports.entities import entities
from pipelines.verification.compare import Figure, Key, nonzero, published
from pipelines.verification.rows import Raw, stored

KEYS = ("file", "contract", "entity", "measure", "currency")


def figures(raw: Raw, publication: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """Each file's totals, of the rows that count and of those that a newer version has replaced."""
    found: dict[Key, Decimal] = defaultdict(Decimal)
    for file in raw.files:
        entity = entities()[file.entity]
        if not raw.path(file).exists():
            continue
        measures = {column.name for column in entity.columns if column.type in ("money", "seconds")}
        frame = stored(raw.path(file), {"_system", "currency", *measures})
        found[file.file, file.contract, entity.name, "rows", ""] += frame.height
        has_currency = "currency" in {column.name for column in entity.columns} & set(frame.columns)
        default = pl.lit(raw.run.default_currency)
        currency = pl.when(pl.col("currency") != "").then("currency").otherwise(default) if has_currency else pl.lit("")
        for column in entity.columns:
            if column.name in measures & set(frame.columns):
                by = currency if column.type == "money" else pl.lit("")
                sums = frame.group_by(by.alias("_by")).agg(pl.col(column.name).sum())
                for value, amount in sums.iter_rows():
                    found[file.file, file.contract, entity.name, column.name, value] += amount or 0
    said = published(publication, "rpt_control_totals", KEYS, ["loaded + superseded"], "domain <> 'lists'")
    yield Figure("landed", "rpt_control_totals", "loaded", KEYS, said["loaded + superseded"], nonzero(found))
