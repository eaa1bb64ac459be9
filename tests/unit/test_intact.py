"""Files of the home that something else than Keybook damaged: named with what brings them back, or made anew."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.landing.intact import DamagedError
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.support.homes import keybook

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
GOOD = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\nI-2,C-1,soon,7.00,EUR\n"
KNOWN_AT = "2026-01-05T08:00:00+00:00"


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one landed export of which a row was rejected, and one that was forgotten."""
    home = tmp_path_factory.mktemp("intact") / "home"
    (home / "landing").mkdir(parents=True)
    (home / "landing" / "good.csv").write_text(GOOD, encoding="utf-8")
    (home / "landing" / "wrong.csv").write_text(GOOD.replace("I-", "W-"), encoding="utf-8")
    work = _work(home)
    work._began[""] = KNOWN_AT
    work.land()
    assert keybook("forget", "wrong.csv", "--home", home).exit_code == 0
    return home


@pytest.fixture
def home(landed: Path, tmp_path: Path) -> Path:
    return shutil.copytree(landed, tmp_path / "home")


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _file(home: Path, ends: str) -> Path:
    (found,) = (home / "warehouse" / "raw" / "billing" / "invoices").glob(f"*{ends}")
    return found


def _receipt(home: Path) -> Path:
    (found,) = (home / "warehouse" / "raw" / "receipts").glob("*.json")
    return found


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


ROWS = "[0-9a-f][0-9a-f][0-9a-f].parquet"
OF_RAW = pytest.mark.parametrize("ends", [ROWS, ".totals.parquet", ".rejects.parquet", "receipt"])
DAMAGES = [(ends, damage) for ends in (ROWS, ".totals.parquet", ".rejects.parquet") for damage in ("cut off", "gone")]


def _damage(home: Path, ends: str, damage: str) -> None:
    if ends == "receipt":
        path = _receipt(home)
    else:
        (path,) = (
            found for found in (home / "warehouse" / "raw" / "billing" / "invoices").glob(f"*{ends}")
            if not found.name.startswith("none-")
        )  # fmt: skip
    _cut(path) if damage == "cut off" else path.unlink()


@pytest.mark.parametrize(("ends", "damage"), [*DAMAGES, ("receipt", "cut off")])
def test_a_damaged_file_of_raw_is_landed_again_where_its_export_lies(home: Path, ends: str, damage: str) -> None:
    _damage(home, ends, damage)
    assert not _work(home).is_current(PointInTime())
    assert keybook("status", "--home", home).exit_code == 0
    assert [receipt.file for receipt in _work(home).land()] == ["good.csv"]
    (receipt,) = _work(home).store.receipts()
    assert receipt.known_at == KNOWN_AT
    assert (receipt.rows_rejected, _work(home).damages(), _work(home).troubles()) == (1, [], [])


@OF_RAW
def test_what_cannot_be_brought_back_is_named_with_what_to_do(home: Path, ends: str) -> None:
    _damage(home, ends, "cut off")
    (home / "landing" / "good.csv").rename(home / "good.csv")
    before = {path.name: path.read_bytes() for path in (home / "warehouse" / "raw").rglob("*-*")}
    with pytest.raises(DamagedError, match=r"Drop .* into the landing folder again, or restore warehouse/raw"):
        _work(home).land()
    said = keybook("status", "--home", home)
    assert "it is damaged. Drop" in said.stderr
    # What is left of it is left alone.
    assert {path.name: path.read_bytes() for path in (home / "warehouse" / "raw").rglob("*-*")} == before
    # Either remedy: the export is dropped again, or what is left of it is taken out.
    sha256 = _receipt(home).stem
    again = shutil.copytree(home, home.with_name("again"))
    (again / "good.csv").rename(again / "landing" / "new name.csv")
    _work(again).land()
    assert [receipt.known_at for receipt in _work(again).store.receipts()] == [KNOWN_AT]
    assert keybook("forget", sha256[:12], "--home", home).exit_code == 0
    assert _work(home).damages() == _work(home).land() == []


@pytest.mark.parametrize("text", ["", '{"', "[1]", "{}", "\x00"])
def test_a_damaged_record_is_made_anew_or_counts_as_absent(home: Path, text: str) -> None:
    raw = home / "warehouse" / "raw"
    (raw / "accepted").mkdir()
    (forgotten,) = (raw / "forgotten").iterdir()
    for name in ("hashes.json", "empty.json", "lists.json", "begun.json", f"accepted/{_receipt(home).stem}.json"):
        (raw / name).write_text(text, encoding="utf-8")
    forgotten.write_text(text, encoding="utf-8")
    work = _work(home)
    assert work.land() == []
    # That a file is forgotten its name says.
    assert work.new_files() == []
    assert [receipt.file for receipt in work.store.receipts()] == ["good.csv"]
    for command in (["status"], ["find", "I-1"], ["retry"]):
        assert keybook(*command, "--home", home).exit_code == 0, command


def test_a_home_restored_on_another_path_is_the_same(home: Path, tmp_path: Path) -> None:
    before = _work(home).inputs(PointInTime())
    moved = shutil.move(home, tmp_path / "elsewhere")
    work = _work(Path(moved))
    assert work.new_files() == []
    assert work.land() == []
    assert work.inputs(PointInTime()) == before


def test_a_receipt_of_an_earlier_version_is_read(home: Path) -> None:
    """One that knows nothing of sizes, readers or systems, and one of a later version that knows more."""
    path = _receipt(home)
    said = json.loads(path.read_text(encoding="utf-8"))
    for gone in ("sizes", "readers", "system", "accepted", "date_orders"):
        del said[gone]
    path.write_text(json.dumps(said | {"signed_by": "Ada"}), encoding="utf-8")
    assert _work(home).damages() == []
    assert [receipt.file for receipt in _work(home).land()] == ["good.csv"]
    (receipt,) = _work(home).store.receipts()
    assert receipt.known_at == KNOWN_AT
    assert receipt.sizes.keys() == {
        path.relative_to(home / "warehouse" / "raw").as_posix()
        for path in (home / "warehouse" / "raw").glob(f"*/*/*-{receipt.sha256}.*")
    }


def test_rows_that_cannot_be_read_are_said_in_one_line(home: Path) -> None:
    """As large as it was, with other bytes: no look at sizes tells, so whoever reads it says which file it is."""
    path = _file(home, ROWS)
    path.write_bytes(b"x" * path.stat().st_size)
    done = keybook("find", "I-1", "--home", home)
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert path.name in done.stderr
    with pytest.raises(duckdb.Error):
        duckdb.execute("select * from read_parquet(?)", [str(path)])
