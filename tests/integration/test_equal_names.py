"""One name, one number: two reporting tables of one grain agree on every column of the same name.

Grains are the keys that the YAML declares. A table of several days is read twice: as it is, beside tables of the same
days, and on its newest day, beside tables that have one row per account, employee or document as of the run's day.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from pipelines.files import read_yaml
from tests.support.publications import sample

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "reporting"
DAYS = {"as_of_date", "week_start", "month", "quarter"}
NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT")
# Where both names are part of the data contract, and what each means.
BOTH_ARE_FIXED = {
    ("reason", "rpt_collection_worklist", "rpt_key_accounts"): "why to contact now; why the list keeps or drops it"
}


class Grain(NamedTuple):
    """A table, what its rows stand for, and its rows."""

    table: str
    key: frozenset[str]
    rows: str


class Differences(NamedTuple):
    """How many pairs of equal names were compared on rows that both have, and which of them differ in how many."""

    compared: int
    found: dict[tuple[str, str, str], int]


def keys() -> dict[str, frozenset[str]]:
    """Reporting table -> its key."""
    return {
        model["name"]: frozenset(constraint["columns"])
        for file in MODELS.rglob("_*.yml")
        for model in read_yaml(file).get("models", [])
        for constraint in model.get("constraints", [])
        if constraint["type"] in ("primary_key", "unique")
    }


def grains(declared: dict[str, frozenset[str]]) -> list[Grain]:
    """Each table by its whole key, and one of several days on its newest."""
    found = []
    for table, key in sorted(declared.items()):
        found.append(Grain(table, key, f"reporting.{table}"))
        if days := sorted(key & DAYS):
            newest = " and ".join(f"{day} = (select max({day}) from reporting.{table})" for day in days)
            found.append(Grain(table, key - DAYS, f"(select * from reporting.{table} where {newest})"))
    return [grain for grain in found if grain.key]


def differences(warehouse: duckdb.DuckDBPyConnection, declared: dict[str, frozenset[str]]) -> Differences:
    """Compares every pair of equal names and grains, an unknown with a number too."""
    types: dict[str, dict[str, str]] = {}
    for table, column, kind in warehouse.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'reporting'"
    ).fetchall():
        types.setdefault(table, {})[column] = "number" if kind.startswith(NUMBERS) else kind
    compared: set[tuple[str, str, str]] = set()
    found: dict[tuple[str, str, str], int] = {}
    for one, other in combinations(grains(declared), 2):
        if one.table == other.table or one.key != other.key:
            continue
        left, right = types[one.table], types[other.table]
        # A part of a key may be an expression.
        met = " and ".join(f"one._key{number} = other._key{number}" for number in range(len(one.key)))
        named = ", ".join(f"{part} as _key{number}" for number, part in enumerate(sorted(one.key)))
        for column in sorted(set(left) & set(right) - declared[one.table] - declared[other.table] - DAYS):
            if column.startswith("_") or left[column] != right[column]:
                continue
            differs = f"one.{column} is distinct from other.{column}"
            if left[column] == "number":
                differs = f"""
                    (one.{column} is null) <> (other.{column} is null)
                    or coalesce(abs(one.{column} - other.{column}) > 1e-6 * greatest(1, abs(one.{column})), false)
                """
            common, apart = warehouse.execute(
                f"""
                select count(*), count(*) filter (where {differs})
                from (select *, {named} from {one.rows}) as one
                inner join (select *, {named} from {other.rows}) as other on {met}
                """
            ).fetchall()[0]
            name = (column, *sorted((one.table, other.table)))
            if common:
                compared.add(name)
            if apart:
                found[name] = max(apart, found.get(name, 0))
    return Differences(len(compared), found)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Differences:
    with duckdb.connect(str(sample(tmp_path_factory)), read_only=True) as warehouse:
        return differences(warehouse, keys())


def test_every_table_has_a_grain() -> None:
    assert set(keys()) == {path.stem for path in MODELS.rglob("rpt_*.sql")}


def test_equal_names_are_equal(compared: Differences) -> None:
    assert compared.compared > 150
    assert compared.found.keys() - BOTH_ARE_FIXED.keys() == set()


def test_what_is_left_aside_differs(compared: Differences) -> None:
    assert BOTH_ARE_FIXED.keys() <= compared.found.keys()


def test_a_difference_is_found() -> None:
    with duckdb.connect() as warehouse:
        for statement in (
            "create schema reporting",
            "create table reporting.a as from (values ('x', 1.0, 5, null), ('y', 2.0, 5, 'red')) t(id, open, n, band)",
            "create table reporting.b as from (values ('x', date '2026-01-01', 9, 5, 'red'), "
            "('x', date '2026-02-01', 1, 5, null), ('y', date '2026-02-01', 2, null, 'red')) t(id, month, open, n, band)",
        ):
            warehouse.execute(statement)
        tables = {"a": frozenset({"id"}), "b": frozenset({"id", "month"})}
        assert differences(warehouse, tables) == Differences(3, {("n", "a", "b"): 1})
        warehouse.execute("update reporting.a set open = 2.5, band = 'green' where id = 'y'")
        assert set(differences(warehouse, tables).found) == {("n", "a", "b"), ("open", "a", "b"), ("band", "a", "b")}
