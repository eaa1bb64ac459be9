"""Publications for tests: the sample's, built once a test run, and the contract's tables with a test's own rows."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pytest

from pipelines import reporting_contract
from pipelines.warehouse.publications import FILE, RECEIPT, Publication
from tests.support.homes import keybook, once

SAMPLE = {"accounts": 30, "months": 12}
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a real publication of a small sample; the first worker that asks builds it for all of them."""
    return (once(tmp_path_factory, "published-sample", _publish_sample) / "warehouse" / FILE).resolve()


def _publish_sample(home: Path) -> None:
    sizes = [part for size, number in SAMPLE.items() for part in (f"--{size}", number)]
    made = keybook("sample", *sizes, "--out", home / "landing")
    assert made.exit_code == 0, made.output
    result = keybook("refresh", "--home", home)
    assert result.exit_code == 3, result.output


@cache
def _empty() -> Path:
    """A file with every table of the reporting contract, typed and empty."""
    file = Path(mkdtemp(prefix="keybook-contract-")) / FILE
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema reporting")
        for table, columns in reporting_contract.declared().items():
            typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table reporting.{table} ({typed})")
    return file


def add(connection: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Adds rows to tables of the contract: each names the columns that matter, the others are NULL."""
    connection.execute("begin")
    for table, given in rows.items():
        known = reporting_contract.declared()[table]
        for row in given:
            unknown = set(row) - set(known)
            assert not unknown, f"the contract of {table} has no {', '.join(sorted(unknown))}"
            marks = ", ".join(f"cast(? as {known[name]})" for name in row)
            connection.execute(f"insert into reporting.{table} ({', '.join(row)}) values ({marks})", list(row.values()))
    connection.execute("commit")


def _hold(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes tables of the reporting views, so that a change can reach their rows."""
    for (view,) in connection.execute(
        "select view_name from duckdb_views() where schema_name = 'reporting' and not internal"
    ).fetchall():
        connection.execute(f"create table reporting.held as from reporting.{view}")
        connection.execute(f"drop view reporting.{view}")
        connection.execute(f"alter table reporting.held rename to {view}")


def publish(
    home: Path,
    version: str,
    rows: Rows | None = None,
    *,
    changes: Sequence[str] = (),
    base: Path | None = None,
    contract: str | None = None,
    began_at: str | None = None,
) -> Path:
    """Publishes `version` as a refresh does: a versioned file with its receipt, and a link that is swapped to it.

    It holds what `base` holds, or else the contract's empty tables; then come the rows, and then statements. It was begun
    at noon (UTC) of the day after the one that it is as of, unless it is said when.
    """
    folder = home / "warehouse" / "versions" / version
    folder.mkdir(parents=True)
    file = folder / FILE
    shutil.copyfile(base or _empty(), file)
    with duckdb.connect(str(file)) as connection:
        if base and changes:
            _hold(connection)
        add(connection, rows or {})
        for change in changes:
            connection.execute(change)
        run = connection.execute("select as_of_date from reporting.rpt_run").fetchone()
    file.chmod(0o444)
    began = f"{run[0] + timedelta(days=1)}T12:00:00+00:00" if run else ""
    receipt = Publication(
        version, as_of_date=str(run[0]) if run else "", began_at=began_at or began, published_at="", inputs="", files=0, rows_loaded=0,
        rows_rejected=0, files_held=0, contract=reporting_contract.digest() if contract is None else contract,
    )  # fmt: skip
    (folder / RECEIPT).write_text(json.dumps(asdict(receipt)), encoding="utf-8")
    link = home / "warehouse" / FILE
    swap = link.with_name(f".{version}.link")
    swap.symlink_to(os.path.relpath(file, link.parent))
    swap.replace(link)
    return file


def withdraw(home: Path, versions: Iterable[str]) -> None:
    """Deletes old versions, as a refresh does."""
    for version in versions:
        shutil.rmtree(home / "warehouse" / "versions" / version)
