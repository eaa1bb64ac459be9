"""What names no customer is nobody: the sample's company, and the same with documents of nobody, column by column."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from benchmarks import floor
from pipelines.settings import load_settings
from pipelines.warehouse.transform import read_manifest
from tests.support.publications import sample
from tests.support.raw_rows import write_raw
from tests.support.truncation import read_rows
from tests.support.unnamed import moved, with_documents_of_nobody

# What documents of nobody may move, and why.
MONEY = yaml.safe_load((Path(__file__).parents[1] / "support" / "unnamed.yml").read_text(encoding="utf-8"))
MAY_MOVE = {column for exception in MONEY for column in exception["of"]}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sample's company, and the same with documents of nobody."""
    published = sample(tmp_path_factory).parents[3]
    home = tmp_path_factory.mktemp("unnamed")
    raw = published / "warehouse" / "raw"
    rows = {entity: found for entity, found in with_documents_of_nobody(read_rows(raw)).items() if found}
    # Settings, holidays and lists are the sample's.
    shutil.copytree(raw / "records", write_raw(home, rows).records, dirs_exist_ok=True)
    floor.run(published, home, raw_of=home, threads=1)
    return sample(tmp_path_factory), home / "keybook.duckdb"


@pytest.fixture(scope="module")
def found(worlds: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Column -> an example of what documents of nobody moved."""
    parsed = read_manifest(load_settings(home=sample(tmp_path_factory).parents[3]))
    reports: dict[str, dict[str, Any]] = {
        node["name"]: node for node in parsed["nodes"].values() if node["schema"] == "reporting"
    }
    keys = {
        name: next(key["columns"] for key in node["constraints"] if key["type"] in ("primary_key", "unique"))
        for name, node in reports.items()
    }
    # Its key is a place in a list.
    keys["rpt_unmatched"] = ["source", "kind", "shown_id"]
    return moved(*worlds, {name: node["columns"] for name, node in reports.items()}, keys)


def test_nobody_is_no_customer(found: dict[str, str]) -> None:
    assert not {
        column: said for column, said in found.items()
        if column not in MAY_MOVE and f"{column.split('.')[0]}.*" not in MAY_MOVE
    }  # fmt: skip


def test_every_reason_is_needed(found: dict[str, str]) -> None:
    """A column that does not move is not held by an exception."""
    tables = {column.split(".")[0] for column in found}
    assert {name for name in MAY_MOVE if name not in found and not (name[-1] == "*" and name[:-2] in tables)} == set()


def test_its_money_is_in_every_sum(worlds: tuple[Path, Path]) -> None:
    """What was added is sold, owed and paid, once, and under the account that is nobody."""
    with duckdb.connect() as connection:
        for name, path in zip("nu", worlds, strict=True):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        for table, column, when in (
            ("rpt_account_monthly", "net_revenue", "true"),
            ("rpt_account_monthly", "collected", "true"),
            (
                "rpt_receivable_aging",
                "open_amount_base",
                "as_of_date = (select max(as_of_date) from {0}.reporting.rpt_run)",
            ),
        ):
            whole, before, nobodys = (
                connection.execute(
                    f"select coalesce(sum({column}), 0) from {world}.reporting.{table} where {when.format(world)} and {whose}"
                ).fetchall()[0][0]
                for world, whose in (("u", "true"), ("n", "true"), ("u", "account_id like '%:unknown'"))
            )
            assert whole == before + nobodys, column
            assert nobodys > 0, column
