"""Builds and publishes small warehouses as a refresh does: a versioned file, and a link that is swapped to it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import duckdb

REPORTING = [
    Path(__file__).with_name(name)
    for name in (
        "reporting.sql",
        "statements.sql",
        "collections.sql",
        "forecast.sql",
        "matches.sql",
        "account_card.sql",
        "key_accounts.sql",
        "revenue.sql",
        "account_health.sql",
    )
]


def publish(home: Path, version: str, *changes: str, empty: bool = False) -> Path:
    """Publishes `reporting` as `version`; `changes` are statements run before, `empty` takes every row out."""
    folder = home / "warehouse" / "versions" / version
    folder.mkdir(parents=True)
    file = folder / "keybook.duckdb"
    with duckdb.connect(str(file)) as connection:
        for script in REPORTING:
            connection.execute(script.read_text(encoding="utf-8"))
        if empty:
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'reporting'"
            ).fetchall():
                connection.execute(f"delete from reporting.{name}")
        for change in changes:
            connection.execute(change)
    file.chmod(0o444)
    link = home / "warehouse" / "keybook.duckdb"
    swap = link.with_name(f".{version}.link")
    swap.symlink_to(os.path.relpath(file, link.parent))
    swap.replace(link)
    return file


def withdraw(home: Path, versions: Iterable[str]) -> None:
    """Deletes old versions, as a refresh does."""
    for version in versions:
        folder = home / "warehouse" / "versions" / version
        (folder / "keybook.duckdb").unlink()
        folder.rmdir()
