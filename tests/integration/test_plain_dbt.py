"""Plain dbt in a fresh clone with an active environment and nothing else, as whoever writes a model uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.settings import PROJECT, load_settings
from pipelines.warehouse.refresh import PointInTime, Refresh
from pipelines.warehouse.transform import build, failures, queries


class Clone:
    """The dbt project as git has it, in a folder of its own, with a home beside it."""

    def __init__(self, folder: Path, home: Path) -> None:
        shutil.copytree(PROJECT / "dbt_project", folder, ignore=shutil.ignore_patterns("target", "logs"))
        self.folder = folder
        self.home = home
        self.database = folder / "target" / "keybook.duckdb"

    def dbt(self, *arguments: str) -> str:
        """What the command prints; it has to succeed."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("DBT_", "KEYBOOK_"))}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments],
            cwd=self.folder,
            env=environment | {"KEYBOOK_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout


def _rows(database: Path, table: str) -> int:
    with duckdb.connect(str(database), read_only=True) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchall()[0][0])


def _state(home: Path) -> dict[str, str]:
    """Every file of a home with its contents."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return {path.relative_to(home).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def _made(database: Path) -> list[tuple[Any, ...]]:
    """Every column, comment and view of a database but for the landed tables."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
            "where schema_name <> 'raw' union all "
            "select schema_name, view_name, sql, '', comment from duckdb_views() "
            "where schema_name <> 'raw' and not internal union all "
            "select schema_name, table_name, '', '', comment from duckdb_tables() union all "
            "select schema_name, function_name, macro_definition, '', '' from duckdb_functions() "
            "where function_type = 'table_macro' and not internal order by all"
        ).fetchall()


@pytest.mark.usefixtures("_small")
def test_what_a_refresh_sends_again_makes_what_dbt_makes(of_nothing: Path, tmp_path: Path) -> None:
    """The statements that were recorded as the small home was published, or before, for a home without exports."""
    refresh = Refresh(load_settings(home=tmp_path))
    refresh.start_build("test", PointInTime(), full=True)
    assert queries(refresh.settings)
    assert not failures(build(refresh.settings))
    again = _made(tmp_path / "warehouse" / ".build" / "test" / "keybook.duckdb")
    assert len(again) > 4000
    assert again == _made(of_nothing)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A fresh clone, whose home is not there yet."""
    folder = tmp_path_factory.mktemp("plain")
    return Clone(folder / "clone", folder / "home")


@pytest.fixture(scope="module")
def of_nothing(clone: Clone) -> Path:
    """What dbt has built in it before anything was landed, in another place.

    Its tests of tables run in what a refresh sends again, and by themselves once something is published.
    """
    clone.dbt("build", "--exclude-resource-type", "unit_test", "test")
    assert not clone.home.exists()
    return clone.database.rename(clone.folder.parent / "keybook.duckdb")


def test_before_anything_is_landed_the_tables_are_typed_and_empty(of_nothing: Path) -> None:
    assert _rows(of_nothing, "reporting.rpt_open_invoices") == 0
    assert _rows(of_nothing, "parameters.parameters") > 50


@pytest.fixture(scope="module")
def published(clone: Clone, of_nothing: Path, _small: Path) -> Clone:
    """The same clone without a database, now that the home has published."""
    assert of_nothing != clone.database
    shutil.copytree(_small, clone.home, symlinks=True)
    return clone


def test_after_a_refresh_all_of_it_is_at_hand_and_nothing_of_the_home_changes(published: Clone) -> None:
    before = _state(published.home)
    said = published.dbt("show", "--select", "stg_billing__invoices", "--output", "json")
    assert all(f'"{number}"' in said for number in (1001, 1002, 1003))
    assert _rows(published.database, "reporting.rpt_open_invoices") == 2
    # The clone is updated, and the home refreshed: what dbt worked on before is of the models of then.
    with duckdb.connect(str(published.database)) as connection:
        connection.execute("alter table reporting.rpt_sales_monthly drop column won; drop table marts.fct_payments")
    said = published.dbt("test", "--exclude-resource-type", "unit_test")
    assert "PASS=" in said
    assert "was of other models (fct_payments, rpt_sales_monthly)" in " ".join(said.split())
    published.dbt("docs", "generate", "--static")
    assert "rpt_open_invoices" in (published.folder / "target" / "static_index.html").read_text(encoding="utf-8")
    published.dbt("build", "--select", "stg_billing__invoices", "rpt_open_invoices")
    assert _state(published.home) == before


def test_a_database_of_other_models_is_told_and_kept_while_nothing_better_is_published(
    published: Clone, tmp_path: Path
) -> None:
    # It loads dbt.
    from pipelines.warehouse.dbt_plugin import begin

    mine, newest = tmp_path / "target" / "keybook.duckdb", tmp_path / "keybook.duckdb"
    assert begin(mine, newest) is None  # nothing is published: dbt makes its own
    shutil.copyfile(published.home / "warehouse" / "keybook.duckdb", newest)
    assert begin(mine, newest) is None
    assert begin(mine, newest) is None
    for database in (mine, newest):
        with duckdb.connect(str(database)) as connection:
            connection.execute("alter table reporting.rpt_sales_monthly rename column won to gained")
            connection.execute(f"create table kept as select '{database.parent.name}' as place")
    said = begin(mine, newest)
    assert said is not None
    assert "is of other models (rpt_sales_monthly): `dbt build` makes it anew" in said
    with duckdb.connect(str(mine), read_only=True) as connection:
        assert connection.execute("select place from kept").fetchall() == [("target",)]
    mine.unlink()
    assert "is of other models" in (begin(mine, newest) or "")
