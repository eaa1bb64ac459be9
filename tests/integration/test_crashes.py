"""A crash before any one change of the disk, and a loss of power with it: what is then read, and what the next run mends.

Each command that changes a home runs once, with copies of the home made before each of its changes of the disk
(`tests/support/disks.py`). Then, in each copy, what stands there is read, and the command is given again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import lists
from pipelines.exports.landing.raw import Receipt
from pipelines.settings import load_settings
from pipelines.warehouse.corrections import forget, retry, undo_forget
from pipelines.warehouse.publications import Publication, PublishError, version_name
from pipelines.warehouse.refresh import Refresh
from tests.support.disks import Disk, files_of, watched

BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)
INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
FIRST = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\nI-2,C-2,soon,5.00,EUR\n"
SECOND = INVOICES + "I-3,C-1,2026-01-05,70.00,EUR\n"
THIRD = INVOICES + "I-4,C-1,2026-01-07,30.00,EUR\n"
# What `retire` asks a publication: which files it needs. Here it needs no row of what was landed.
NEEDED = """
create schema marts; create schema staging; create schema intermediate;
create table marts.fct_landed_files as
select unnest([{files}]) as file_sha256, 0 as rows_current, 0 as rows_rejected, 'billing' as domain, 'invoices' as entity,
    timestamptz '2026-01-05' as landed_at;
create table staging.stg_landing__superseded_rows (file_sha256 varchar, state varchar);
create table intermediate.int_kept_columns (kept_file_sha256 varchar)
"""
LINK = {"system": "crm", "kind": "crm_account", "native_id": "R-1", "decision": "link", "account_id": "A-1"}


def _refresh(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _stamp(run: str, day: int) -> Publication:
    return Publication(version_name(run, BEGAN + timedelta(days=day)), "", "", f"day {day}", 1, 1, 0, 0)


def _publish(home: Path, day: int) -> None:
    warehouse = _refresh(home).warehouse
    landed = ", ".join(f"'{receipt.sha256}'" for receipt in _refresh(home).store.receipts())
    run = f"run{day}{len(list(warehouse.versions.glob('*')))}"
    with warehouse.writing():
        file = warehouse.start_build(run, _stamp(run, day))
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"create table run as select {day} as day")
            connection.execute(NEEDED.format(files=landed))
        warehouse.publish(run, 9, f"2026-03-0{day}")


def _publish_third(home: Path) -> None:
    published = _refresh(home).warehouse.published()
    if published is None or published.inputs != "day 3":
        _publish(home, 3)


def _land(home: Path) -> None:
    _refresh(home).land()


def _rollback(home: Path) -> None:
    warehouse = _refresh(home).warehouse
    published = warehouse.published()
    if published is None or published.inputs != "day 1":
        warehouse.rollback()


def _forget(home: Path) -> None:
    forget(_refresh(home), "first.csv")


def _undo_forget(home: Path) -> None:
    refresh = _refresh(home)
    if refresh.store.forgotten():
        undo_forget(refresh, "second.csv")


def _retry(home: Path) -> None:
    retry(_refresh(home))


def _retire(home: Path) -> None:
    refresh = Refresh(load_settings(home=home, keep_superseded_days=1))
    with refresh.warehouse.writing():
        refresh.store.prepare()
        refresh.retire(BEGAN)


def _add_link(home: Path) -> None:
    lists.add_line(home / "lists", "account_links", LINK, same=tuple(LINK))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files landed, of which one is forgotten, a third lies there; two days published."""
    home = tmp_path_factory.mktemp("crashes") / "home"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "first.csv").write_text(FIRST, encoding="utf-8")
    _land(home)
    (home / "landing" / "second.csv").write_text(SECOND, encoding="utf-8")
    forget(_refresh(home), "second.csv")
    for day in (1, 2):
        _publish(home, day)
    (home / "landing" / "third.csv").write_text(THIRD, encoding="utf-8")
    (home / "lists").mkdir()
    _as_of_a_mended_reader(home)
    # So that what is made anew and what is there already are told apart by their times.
    for path in files_of(home):
        if not path.name.startswith("none-0"):  # known by their times, and made anew when they are others
            os.utime(path, ns=(1, 1))
    return home


def _as_of_a_mended_reader(home: Path) -> None:
    """Makes the receipts those of another reader's version, so that what was landed is landed again."""
    for path in (home / "warehouse" / "raw" / "receipts").glob("*.json"):
        said = json.loads(path.read_text(encoding="utf-8"))
        said["readers"] = dict.fromkeys(said["readers"], "an earlier one")
        said["known_at"] = "2026-01-05T08:00:00+00:00"
        path.write_text(json.dumps(said), encoding="utf-8")


def _known(receipts: list[Receipt]) -> dict[str, str]:
    return {receipt.file: receipt.known_at for receipt in receipts}


def _rows(home: Path, ends: str = "[0-9a-f].parquet") -> int:
    pattern = f"warehouse/raw/billing/invoices/*{ends}"
    if not any(home.glob(pattern)):
        return 0
    pattern = str(home / pattern)
    return int(duckdb.execute("select count(*) from read_parquet(?, union_by_name = true)", [pattern]).fetchall()[0][0])


def _standing(home: Path) -> dict[str, Any]:
    """What a home holds, but for moments and versions' names: what the same command gives after any crash."""
    refresh = _refresh(home)
    published = refresh.warehouse.published()
    receipts = list(refresh.store.receipts())
    names = sorted(path.relative_to(home).as_posix() for path in files_of(home))
    return {
        "published": published and published.inputs,
        "versions": {publication.inputs for publication in refresh.warehouse.publications()},
        "receipts": sorted(
            (receipt.file, receipt.rows_rejected, bool(receipt.retired_at), sorted(receipt.readers.items()))
            for receipt in receipts
        ),
        "forgotten": refresh.store.forgotten(),
        "rows": _rows(home),
        "rejects": _rows(home, ".rejects.parquet"),
        "list": lists.rows_of(home / "lists", "account_links"),
        # Locks stay where they are, what was hashed is remembered or not, and a version that was whole before the crash
        # came is one more.
        "files": [name for name in names if not name.endswith((".lock", "hashes.json")) and "/versions/" not in name],
    }


COMMANDS: dict[str, Callable[[Path], None]] = {
    "land": _land,
    "retry": _retry,
    "forget": _forget,
    "undo forget": _undo_forget,
    "retire": _retire,
    "publish": _publish_third,
    "rollback": _rollback,
    "add to a list": _add_link,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_after_a_crash_all_reads_as_before_or_after_and_the_next_run_mends_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    here = tmp_path / "home"
    shutil.copytree(home, here, symlinks=True)
    run = COMMANDS[command]
    before = _standing(here)
    disk = Disk(here, tmp_path / "copies")
    with watched(disk, monkeypatch):
        run(here)
    after = _standing(here)
    assert after != before
    assert len(disk.made) > 1
    for copy in disk.made:
        _holds(copy, run, before, after)


def _holds(copy: Path, run: Callable[[Path], None], before: dict[str, Any], after: dict[str, Any]) -> None:
    crashed = _refresh(copy)
    published = crashed.warehouse.published()
    assert (published and published.inputs) in (before["published"], after["published"]), copy
    with duckdb.connect(os.path.realpath(crashed.warehouse.link), read_only=True) as connection:
        assert published is not None
        assert connection.execute("select 'day ' || day from run").fetchall() == [(published.inputs,)], copy
    receipts = {receipt[0] for receipt in before["receipts"]} & {receipt[0] for receipt in after["receipts"]}
    known = _known(list(crashed.store.receipts()))
    assert receipts <= known.keys(), copy
    assert known.get("first.csv", "2026-01-05T08:00:00+00:00") == "2026-01-05T08:00:00+00:00", copy
    assert lists.rows_of(copy / "lists", "account_links") in (before["list"], after["list"]), copy
    try:
        run(copy)
    except PublishError:
        assert run is _rollback, copy
    assert _standing(copy) == after, copy
