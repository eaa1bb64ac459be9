"""What the system refuses and who else works on the home: said in a line, nothing half, and mended by the next run.

A full disk is made of Python's word before each change of it (`sys.addaudithook`), which sees what Python writes and not
what DuckDB does; a real one is filled too, where a small file system may be mounted.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.exports.landing import raw
from pipelines.settings import load_settings
from pipelines.warehouse import publications, transform
from pipelines.warehouse.corrections import forget, retry
from pipelines.warehouse.publications import Publication, PublishError, version_name
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.support.homes import keybook

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
FIRST = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\n"
SECOND = INVOICES + "I-2,C-1,2026-01-03,50.00,EUR\nI-3,C-1,soon,50.00,EUR\n"
BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _publish(home: Path, day: int) -> None:
    warehouse = _work(home).warehouse
    stamp = Publication(version_name(f"run{day}", BEGAN + timedelta(days=day)), "", "", "", 1, 1, 0, 0)
    with duckdb.connect(str(warehouse.start_build(f"run{day}", stamp))) as connection:
        connection.execute(f"create table run as select {day} as day")
    warehouse.publish(f"run{day}", 9, f"2026-03-0{day}")


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one file landed, another that lies there, and two days published."""
    home = tmp_path_factory.mktemp("faults") / "home"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "first.csv").write_text(FIRST, encoding="utf-8")
    _work(home).land()
    for day in (1, 2):
        _publish(home, day)
    (home / "landing" / "second.csv").write_text(SECOND, encoding="utf-8")
    return home


@pytest.fixture
def home(landed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(landed, tmp_path / "home", symlinks=True)


def _standing(home: Path) -> dict[str, Any]:
    """What counts in a home, but for moments."""
    work = _work(home)
    published = work.warehouse.published()
    receipts = list(work.store.receipts())
    return {
        "rows": {receipt.file: sum(row["rows_loaded"] for row in receipt.entities) for receipt in receipts},
        "held": [receipt.file for receipt in receipts if receipt.held],
        "published": published and published.as_of_date,
        "damaged": work.damages(),
        "left": [path.name for path in home.rglob("*.writing")] + sorted(work.store.begun()),
    }


COMMANDS: dict[str, Callable[[Path], object]] = {
    "refresh": lambda home: _work(home).land(),
    "forget": lambda home: forget(_work(home), "first.csv"),
    "retry": lambda home: retry(_work(home)),
    "rollback": lambda home: _rolled_back(_work(home)),
}


def _rolled_back(work: Refresh) -> None:
    with work.warehouse.writing():
        work.warehouse.rollback()


@pytest.mark.parametrize("command", COMMANDS)
def test_who_comes_second_waits_or_says_who_holds_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    before = _standing(home)
    done = threading.Event()
    with _work(home).warehouse.writing():
        monkeypatch.setattr(publications, "LOCK_WAIT_SECONDS", -1)
        with pytest.raises(PublishError, match=rf"another run holds this home \(process {os.getpid()}, since 20\d\d-"):
            COMMANDS[command](home)
        assert _standing(home) == before
        monkeypatch.undo()
        other = threading.Thread(target=lambda: (COMMANDS[command](home), done.set()))
        other.start()
        assert not done.wait(0.3)
    other.join(timeout=60)
    assert done.is_set()


def test_waiting_is_said_and_not_endured(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publications, "LOCK_WAIT_SECONDS", 0)
    with _work(home).warehouse.writing():
        done = keybook("forget", "first.csv", "--home", home)
    assert done.exit_code == 1
    waiting, failed = done.stderr.splitlines()
    assert waiting.startswith("Waiting: another run holds this home")
    assert "wait for it to end" in failed


class _Disk:
    """A disk that refuses what is written from its n-th change on."""

    def __init__(self, folder: Path, code: int, good: int = 0) -> None:
        self.folder, self.code, self.good = folder, code, good
        self.asked = 0

    def told(self, event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "wxa"
        changes = {"os.mkdir", "os.symlink", "os.link"}
        if self.code == errno.EROFS:
            changes |= {"os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate"}
        path = arguments[0] if arguments else None
        if not (writes or event in changes) or not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.fsdecode(path)
        if not name.startswith(f"{self.folder}/") or (event == "os.mkdir" and os.path.isdir(name)):
            return
        self.asked += 1
        if self.asked > self.good:
            raise OSError(self.code, os.strerror(self.code), name)


_DISKS: list[_Disk] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for disk in _DISKS:
        disk.told(event, arguments)


@contextmanager
def _refusing(disk: _Disk) -> Iterator[_Disk]:
    if not getattr(_hook, "is_added", False):
        sys.addaudithook(_hook)
        _hook.is_added = True  # type: ignore[attr-defined]
    _DISKS.append(disk)
    try:
        yield disk
    finally:
        _DISKS.remove(disk)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_leaves_nothing_half_at_whichever_write_it_is_full(
    home: Path, tmp_path: Path, command: str
) -> None:
    before = _standing(home)
    whole = shutil.copytree(home, tmp_path / "whole", symlinks=True)
    with _refusing(_Disk(whole, errno.ENOSPC, good=10**9)) as disk:
        COMMANDS[command](whole)
    after, writes = _standing(whole), disk.asked
    assert writes > 0
    for good in range(writes):
        full = shutil.copytree(home, tmp_path / f"{good}", symlinks=True)
        with _refusing(_Disk(full, errno.ENOSPC, good)) as disk:
            try:
                COMMANDS[command](full)
            except OSError as error:
                assert error.errno == errno.ENOSPC
        assert disk.asked > good
        now = _standing(full)
        assert now["published"] in (before["published"], after["published"])
        assert now["damaged"] == []
        assert now["rows"].get("first.csv", 1) == 1
        # With space again the same command gives what it would have given.
        if now["published"] == before["published"] or command != "rollback":
            try:
                COMMANDS[command](full)
            except Exception as error:
                assert command == "forget", error  # it was forgotten already
        assert _standing(full) == after, good
        shutil.rmtree(full)


def test_a_real_disk_that_is_full(home: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(path.lstat().st_blocks * 512 + 4096 for path in home.rglob("*")) + 2**20
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no file system may be mounted here; the test above refuses each write instead")
    try:
        full = shutil.copytree(home, disk / "home", symlinks=True)
        with (disk / "ballast").open("wb") as ballast:
            try:
                while ballast.write(b"0" * 4096):
                    ballast.flush()
            except OSError as error:
                assert error.errno == errno.ENOSPC
    except OSError as error:  # what was not flushed cannot be written as it is closed either
        assert error.errno == errno.ENOSPC
    try:
        done = keybook("forget", "first.csv", "--home", full)
        assert done.exit_code == 1
        assert "No space left on device (0 MiB are free" in done.stderr
        assert _standing(full)["rows"] == {"first.csv": 1}
        (disk / "ballast").unlink()
        _work(full).land()
        assert _standing(full)["rows"] == {"first.csv": 1, "second.csv": 1}
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize(
    "arguments",
    [["refresh"], ["forget", "first.csv"], ["accept", "first.csv"], ["retry"], ["rollback"], ["lists"]],
    ids=lambda arguments: arguments[0],
)
def test_a_home_that_may_not_be_written_is_said_in_a_line(home: Path, arguments: list[str]) -> None:
    before = _standing(home)
    with _refusing(_Disk(home, errno.EROFS)):
        done = keybook(*arguments, "--home", home)
    assert done.exit_code == 1
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.output
    assert _standing(home) == before


def test_a_home_that_may_not_be_written_can_be_read(home: Path) -> None:
    with _refusing(_Disk(home, errno.EROFS)):
        for arguments in (["status"], ["find", "I-1"], ["sql", "from run"], ["detect", home / "landing" / "first.csv"]):
            done = keybook(*arguments, "--home", home)
            assert done.exit_code == 0, (arguments, done.output)


def test_a_landing_folder_that_may_not_be_written_is_read(home: Path) -> None:
    with _refusing(_Disk(home / "landing", errno.EROFS)) as disk:
        _work(home).land()
    assert disk.asked == 0
    assert _standing(home)["rows"] == {"first.csv": 1, "second.csv": 1}


@pytest.mark.parametrize("arguments", [["rollback"], ["retry"], ["forget", "x.csv"], ["accept", "x.csv"]])
def test_a_mistyped_home_is_not_made(tmp_path: Path, arguments: list[str]) -> None:
    done = keybook(*arguments, "--home", tmp_path / "hmoe")
    assert (done.exit_code, "there is no home" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_publication_of_an_earlier_version_is_built_anew(home: Path) -> None:
    """One whose receipt knows nothing of what it was made from."""
    (folder,) = (path for path in (home / "warehouse" / "versions").iterdir() if "run2" in path.name)
    receipt = folder / "publication.json"
    said = json.loads(receipt.read_text(encoding="utf-8"))
    for later in ("made_by", "contract", "tables", "bytes", "known_at"):
        del said[later]
    receipt.write_text(json.dumps(said), encoding="utf-8")
    work = _work(home)
    published = work.warehouse.published()
    assert published is not None
    assert published.as_of_date == "2026-03-02"
    assert not work.is_current(PointInTime())
    assert work.changed(PointInTime()) is None
    work.warehouse.rollback()
    assert keybook("sql", "from run", "--home", home).exit_code == 0


@pytest.mark.parametrize("by", ["a file", "nothing"])
def test_a_link_that_something_replaced_is_set_again(home: Path, by: str) -> None:
    link = home / "warehouse" / "keybook.duckdb"
    link.unlink()
    if by == "a file":
        link.write_bytes(b"no database")
    work = _work(home)
    assert work.warehouse.published() is None
    assert not work.is_current(PointInTime())
    assert keybook("sql", "from run", "--home", home).exit_code == 1
    assert keybook("status", "--home", home).exit_code == 0
    _publish(home, 3)
    assert keybook("sql", "from run", "--home", home).exit_code == 0


@pytest.mark.parametrize("name", ["partial_parse.msgpack", "manifest.json", "sizes.json"])
def test_a_parsed_project_that_is_cut_off_is_parsed_again(tmp_path: Path, name: str) -> None:
    for file in ("partial_parse.msgpack", "manifest.json"):
        (tmp_path / file).write_text("0123456789", encoding="utf-8")
    (tmp_path / "sizes.json").write_text('{"partial_parse.msgpack": 10, "manifest.json": 10}', encoding="utf-8")
    assert transform._is_whole(tmp_path)
    os.truncate(tmp_path / name, 5)
    assert not transform._is_whole(tmp_path)


def test_landing_again_reads_each_receipt_a_few_times(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files lie there: what is read of the others does not grow with each that is landed."""
    (known,) = _work(home).store.receipts()
    for number in range(60):
        known.sha256, known.file, known.sizes, known.entities = f"{number:064}", f"old-{number}.csv", {}, []
        _work(home).store.write_receipt(known)
    for number in range(20):
        text = FIRST.replace("I-1", f"I-{number + 10}").replace("2026-01-02", "02/03/2026")
        (home / "landing" / f"new-{number}.csv").write_text(text, encoding="utf-8")
    read = []
    real = raw._read_receipt
    monkeypatch.setattr(raw, "_read_receipt", lambda path: read.append(path) or real(path))
    landed = _work(home).land()
    assert len(landed) == 21
    assert len(read) < 15 * 82
