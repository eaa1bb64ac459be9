"""Every metric of the catalogue names a reporting table and a column that the project has."""

from __future__ import annotations

import csv
from pathlib import Path

from pipelines.files import read_yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"


def documented_columns() -> dict[str, set[str]]:
    """Reporting table -> its columns; contracts hold the documented ones equal to the built ones."""
    found: dict[str, set[str]] = {}
    for path in (PROJECT / "models" / "reporting").rglob("*.yml"):
        for model in read_yaml(path).get("models", []):
            found[model["name"]] = {column["name"] for column in model.get("columns", [])}
    return found


def catalogue() -> list[dict[str, str]]:
    """The catalogue's rows."""
    with (PROJECT / "seeds" / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_metric_names_a_column_that_is_built() -> None:
    """A metric whose table or column is not there would send a reader nowhere."""
    tables = documented_columns()
    wrong = [
        f"{row['metric_id']}: {row['table_name']}.{row['column_name']}"
        for row in catalogue()
        if row["column_name"] not in tables.get(row["table_name"], set())
    ]
    assert not wrong


def test_every_metric_is_described() -> None:
    """No field of the catalogue is blank, and every row has all of them."""
    rows = catalogue()
    assert rows
    for row in rows:
        assert all(isinstance(value, str) and value.strip() for value in row.values()), row
