"""Compares warehouses table by table."""

from __future__ import annotations

from pathlib import Path

import duckdb

LAYERS = ("staging", "intermediate", "marts", "reporting", "parameters")


def differences(first: Path, second: Path, layers: tuple[str, ...] = LAYERS) -> dict[str, tuple[int, int]]:
    """The tables that do not hold the same rows: how many rows each warehouse has that the other has not.

    A table that one of them lacks counts with -1.
    """
    connection = duckdb.connect()
    for name, path in (("a", first), ("b", second)):
        connection.execute(f"attach '{path}' as {name} (read_only)")
    listed = connection.execute(
        "select table_schema, table_name, list(table_catalog) from information_schema.tables "
        "where table_catalog in ('a', 'b') and table_schema in (select unnest(?)) group by all order by all",
        [list(layers)],
    ).fetchall()
    assert listed
    found = {}
    for schema, table, catalogs in listed:
        if len(catalogs) < 2:
            found[f"{schema}.{table}"] = (-1, -1)
            continue
        a, b = (f'select * from {name}.{schema}."{table}"' for name in ("a", "b"))
        # The same rows give the same sum; only where it is another is it worth counting which rows are.
        sums = [
            connection.execute(f"select count(*), sum(hash(whole_row)) from ({table}) as whole_row").fetchall()
            for table in (a, b)
        ]
        if sums[0] == sums[1]:
            continue
        query = f"select (select count(*) from ({a} except all {b})), (select count(*) from ({b} except all {a}))"
        only_a, only_b = connection.execute(query).fetchall()[0]
        if only_a or only_b:
            found[f"{schema}.{table}"] = (only_a, only_b)
    return found
