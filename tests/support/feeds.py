"""A company of which one domain alone is landed, and where it says nought of what the others would tell.

A column that holds nothing but noughts there, and does not in the whole company, is either told by feeds that were not
landed, and must say so (`meta: {feeds: [...]}` in its YAML, by which it becomes unknown), or it is nought with a reason
(tests/support/feeds.yml). Nothing is taken from the models.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from pipelines.exports.entities import entities
from tests.support.truncation import Rows

NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "BOOLEAN")


def of_domain(rows: Rows, domain: str) -> Rows:
    """What of a company is in the exports of one domain."""
    return {
        entity.id: rows[entity.id] for entity in entities().values() if entity.domain == domain and entity.id in rows
    }


def nought_everywhere(whole: Path, part: Path, contract: dict[str, dict[str, Any]]) -> set[str]:
    """The columns that say nought in every row of the part where they say anything, and something in the whole."""
    found = set()
    with duckdb.connect() as connection:
        for name, path in (("whole", whole), ("part", part)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        kinds = {
            (table, column): kind
            for table, column, kind in connection.execute(
                "select table_name, column_name, data_type from duckdb_columns() "
                "where database_name = 'part' and schema_name = 'reporting'"
            ).fetchall()
        }
        for table, columns in contract.items():
            names = [name for name in columns if kinds[table, name].startswith(NUMBERS)]
            if not names:
                continue
            most = ", ".join(f"max(abs(cast({name} as double)))" for name in names)
            here, there = (
                connection.execute(f"select {most} from {of}.reporting.{table}").fetchall()[0]
                for of in ("part", "whole")
            )
            found |= {
                f"{table}.{name}" for name, said, known in zip(names, here, there, strict=True) if said == 0 and known
            }
    return found
