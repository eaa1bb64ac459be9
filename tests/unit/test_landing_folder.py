"""What may lie in a landing folder, and what may become of a file while it is read: named, and nothing else held up."""

from __future__ import annotations

import io
import os
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.exports.landing import alike
from pipelines.exports.landing import land as landing
from pipelines.exports.landing.raw import RawStore
from pipelines.settings import SettingsError, load_settings
from pipelines.warehouse.refresh import Refresh
from tests.support.homes import keybook
from tests.support.landing import land

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
GOOD = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\n"
OTHER = INVOICES + "I-2,C-1,2026-01-03,50.00,EUR\n"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one good export, its raw store made and empty."""
    home = tmp_path_factory.mktemp("landing folder") / "home"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "good.csv").write_text(GOOD, encoding="utf-8")
    RawStore(load_settings(home=home).raw).prepare()
    return home


@pytest.fixture
def home(empty: Path, tmp_path: Path) -> Path:
    """One of one's own."""
    return shutil.copytree(empty, tmp_path / "home")


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _landed(home: Path) -> dict[str, int]:
    """Each file with the rows that it gave."""
    _work(home).land()
    return _rows(home)


def _rows(home: Path) -> dict[str, int]:
    return {
        receipt.file: sum(row["rows_loaded"] for row in receipt.entities) for receipt in _work(home).store.receipts()
    }


def _troubles(work: Refresh) -> dict[str, str]:
    return {row["file"]: row["code"] for row in work.troubles()}


def test_what_is_no_file_is_named(home: Path, tmp_path: Path) -> None:
    folder = home / "landing"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "there.csv").write_text(OTHER, encoding="utf-8")
    os.mkfifo(folder / "pipe.csv")
    (folder / "dangling.csv").symlink_to("nowhere.csv")
    (folder / "looping.csv").symlink_to("looping.csv")
    (folder / "upwards").symlink_to("..")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "file.csv").symlink_to(tmp_path / "elsewhere" / "there.csv")
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket may not be long
    try:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind("s.csv")
    finally:
        os.chdir(here)
    with listening:
        assert _landed(home) == {"good.csv": 1, "file.csv": 1}
        assert _troubles(_work(home)) == {
            "pipe.csv": "no_file",
            "s.csv": "no_file",
            "upwards": "no_file",
            "linked": "no_file",
            "dangling.csv": "cannot_be_opened",
            "looping.csv": "cannot_be_opened",
        }
        said = keybook("status", "--home", home).stderr
    assert "linked: it is no file that can be read, but a link to a folder" in said
    assert "looping.csv: it cannot be read: Too many levels of symbolic links" in said


ODD = {
    "two\nlines.csv": "two?lines.csv",
    "quote'\"`.csv": "quote'\"`.csv",
    "\x1b[31mred\x07.csv": "?[31mred?.csv",
    os.fsdecode(b"caf\xe9.csv"): "caf?.csv",
    "%s {0} [a] *?.csv": "%s {0} [a] *?.csv",
    "o" * 251 + ".csv": "o" * 251 + ".csv",
    "-rf": "-rf",
}


def test_odd_names_are_landed_and_shown_as_text(home: Path) -> None:
    for number, name in enumerate(ODD):
        text = INVOICES + f"I-1{number},C-1,2026-01-02,1.00,EUR\n"
        (home / "landing" / name).write_text(text, encoding="utf-8")
    assert _landed(home) == dict.fromkeys([*ODD.values(), "good.csv"], 1)
    said = keybook("status", "--home", home).stdout
    assert said.replace("\n", "").isprintable()
    # What lies there is known by any of its names.
    assert keybook("forget", "--home", home, home / "landing" / "two\nlines.csv").exit_code == 0
    assert "two?lines.csv" not in _rows(home)


def test_a_home_may_be_called_anything(home: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's [a] {home} *"
    shutil.move(home, odd)
    assert _landed(odd) == {"good.csv": 1}
    # The views that models read, and those that a person asks.
    import duckdb

    from pipelines.warehouse.raw_views import create_raw_views

    _work(odd).store.write_records({})
    with duckdb.connect() as connection:
        create_raw_views(connection, load_settings(home=odd))
        assert connection.execute("select invoice_id from raw.billing_invoices").fetchall() == [("I-1",)]
    assert keybook("find", "I-1", "--home", odd).exit_code == 0


@pytest.mark.parametrize("where", [".", "warehouse", "warehouse/raw"])
def test_exports_do_not_lie_where_the_warehouse_does(home: Path, where: str) -> None:
    with pytest.raises(SettingsError, match="where the warehouse does"):
        load_settings(home=home, landing=home / where)


def test_a_folder_that_may_not_be_read_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "landing" / "closed").mkdir()
    real = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    # Whoever is root may read it, so the system's answer is put in its place.
    monkeypatch.setattr(os, "scandir", scandir)
    assert _landed(home) == {"good.csv": 1}
    assert _troubles(_work(home)) == {"closed": "cannot_be_opened"}


def _grows(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("I-9,C-1,2026-01-09,9.00,EUR\n")


def _is_replaced(path: Path) -> None:
    path.unlink()
    path.write_text(OTHER.replace("I-2", "I-3"), encoding="utf-8")


@pytest.mark.parametrize("most_bytes", [alike.MOST_BYTES, 0], ids=["with others", "alone"])
@pytest.mark.parametrize("when", ["before it is read", "after it was read"])
@pytest.mark.parametrize(("change", "rows"), [(_grows, 2), (_is_replaced, 1), (Path.unlink, None)])
def test_a_file_that_changes_while_it_is_read_is_read_by_the_next_run(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    most_bytes: int,
    when: str,
    change: Callable[[Path], None],
    rows: int | None,
) -> None:
    path = home / "landing" / "busy.csv"
    path.write_text(OTHER, encoding="utf-8")
    real, changes = landing.open_grids, [change]

    def open_grids(file: Path, *others: Any) -> Any:
        if file != path or not changes:
            return real(file, *others)
        if when.startswith("before"):
            changes.pop()(file)
        grids = real(file, *others)
        if when.startswith("after"):
            changes.pop()(file)
        return grids

    monkeypatch.setattr(alike, "MOST_BYTES", most_bytes)
    monkeypatch.setattr(landing, "open_grids", open_grids)
    monkeypatch.setattr(alike, "open_grids", open_grids)
    work = _work(home)
    work.land()
    assert _rows(home) == {"good.csv": 1}
    assert _troubles(work) == {"busy.csv": "changed_while_read"}
    assert not list((home / "warehouse" / "raw").rglob("*.writing"))
    monkeypatch.undo()
    assert _landed(home) == {"good.csv": 1} | ({} if rows is None else {"busy.csv": rows})
    assert _troubles(_work(home)) == {}


def test_a_member_that_cannot_be_read_holds_up_no_other(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("empty.csv", "")
        archive.writestr("good.csv", GOOD)
        archive.writestr("photo.bin", b"\x01\x00\x02\x03")
        archive.writestr("broken.json", "{")
    landed = land(tmp_path, out.getvalue(), name="export.zip")
    assert [row["rows_loaded"] for row in landed.receipt.entities] == [1]
    assert {row["part"]: row["code"] for row in landed.receipt.held} == {
        "empty.csv": "empty",
        "photo.bin": "unknown_format",
        "broken.json": "no_json_document",
    }


def test_all_that_an_archive_unpacks_to_stays_within_the_limit(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"{number}.csv", GOOD + " " * 90_000)
    limits = landing.Limits(file_bytes=1_000_000)
    landed = land(tmp_path, out.getvalue(), name="export.zip", limits=limits)
    assert [row["code"] for row in landed.receipt.held] == ["unpacks_too_large"]
    assert landed.receipt.entities == []
