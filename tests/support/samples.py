"""Samples for tests: small worlds, and the reading of a sample's files without anything of the product."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.sample.scope import Scope
from pipelines.sample.world import World, make_world
from pipelines.sample.writer import formats

SMALL = {"accounts": 24, "months": 12, "calls": 500, "invoices": 200}


def small_world(seed: int, **changed: int) -> World:
    """A world of the smallest size."""
    return make_world(Scope(**(SMALL | {"seed": seed, "until": date(2026, 10, 31)} | changed)))


def read(folder: Path, name: str) -> pl.DataFrame:
    """A file of the sample as text, the faulty rows taken out."""
    frame = pl.read_csv(folder / name, infer_schema_length=0).with_columns(pl.all().replace("", None))
    for row in formats()["faults"]["rows"]:
        if row["file"] == name:
            column, value = next((key, value) for key, value in row["like_last"].items() if "ID" in key)
            frame = frame.filter(pl.col(column) != value)
    return frame


def data_rows(path: Path) -> int:
    """How many rows a file of the sample holds: of a report those below its header, of a list its objects."""
    if path.suffix == ".json":
        return len(json.loads(path.read_text(encoding="utf-8"))["data"])
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if any(spec["file"] == path.name for spec in formats()["reports"]):
        body = content.decode().split("\n\n")[1]
        return pl.read_csv(body.encode(), infer_schema_length=0).filter(pl.first() != "TOTAL").height
    return pl.read_csv(content, infer_schema_length=0).height


def money(column: str) -> pl.Expr:
    """A column of amounts in whole cents, read without floats."""
    return pl.col(column).str.replace(".", "", literal=True).cast(pl.Int64)


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
