"""Every reporting column says something in the sample: one that is the same in all rows has a reason (unmoved.yml).

A figure that no row of the sample moves is shown right by luck; a new one is either given something to say there, or a
line that says why not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import reporting_contract
from pipelines.files import read_yaml
from tests.support.publications import sample

REASONS = Path(__file__).resolve().parents[1] / "support" / "unmoved.yml"


@cache
def reasons() -> dict[str, Any]:
    said: dict[str, Any] = read_yaml(REASONS)
    return said


def excused() -> set[str]:
    """Columns that have a reason, as table.column."""
    listed = {column for group in reasons()["columns"] for column in group["of"]}
    return listed | {
        f"{table}.{column}"
        for table, columns in reporting_contract.declared().items()
        for column in columns
        if column in reasons()["everywhere"]
    }


def unmoved(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Columns with one value, or none, in all rows of a table that has two rows or more."""
    found = set()
    for table, columns in reporting_contract.declared().items():
        counted = ", ".join(f'count(distinct "{name}") + (count(*) > count("{name}"))::int' for name in columns)
        rows, *values = connection.execute(f"select count(*), {counted} from reporting.{table}").fetchone() or (0,)
        if rows > 1:
            found |= {f"{table}.{name}" for name, count in zip(columns, values, strict=True) if count == 1}
    return found


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample(tmp_path_factory)), read_only=True) as connection:
        yield connection


def test_a_column_that_nothing_moves_has_a_reason(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert sorted(unmoved(warehouse) - excused()) == []


def test_reasons_are_of_columns_that_there_are() -> None:
    known = {f"{table}.{name}" for table, columns in reporting_contract.declared().items() for name in columns}
    listed = [column for group in reasons()["columns"] for column in group["of"]]
    assert set(listed) <= known
    assert len(listed) == len(set(listed))
    assert all(group["reason"] for group in reasons()["columns"])


def test_a_column_that_is_the_same_in_all_rows_is_found() -> None:
    table, column = "rpt_run", "business_timezone"
    with duckdb.connect() as connection:
        connection.execute("create schema reporting")
        for name, columns in reporting_contract.declared().items():
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            connection.execute(f"create table reporting.{name} ({typed})")
        connection.execute(f"insert into reporting.{table} ({column}, as_of_date) values ('UTC', '2026-01-01')")
        connection.execute(f"insert into reporting.{table} ({column}, as_of_date) values ('UTC', '2026-01-02')")
        found = unmoved(connection)
    assert f"{table}.{column}" in found
    assert f"{table}.as_of_date" not in found
