"""The commands on single files: read, find, forget, retry. Nothing here builds a warehouse."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml

from pipelines.exports.contracts.loading import load_contracts
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import PointInTime, Refresh
from tests.support.homes import keybook

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
FIRST = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\nI-2,C-2,2026-01-03,200.00,EUR\nI-3,C-2,soon,5.00,EUR\n"
SECOND = INVOICES + "I-1,C-1,2026-01-02,150.00,EUR\n"
CUSTOMERS = "customer_id,name,phone,email\nC-1,Åsa Öberg AB,+46 70-123 45 67,Info@Oberg.example\n"


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three landed files, of which the last corrects an invoice of the first."""
    folder = tmp_path_factory.mktemp("home")
    landing = folder / "landing"
    (landing / "deep").mkdir(parents=True)
    (landing / "invoices.csv").write_text(FIRST, encoding="utf-8")
    (landing / "deep" / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    _land(folder)
    (landing / "newer.csv").write_text(SECOND, encoding="utf-8")
    _land(folder)
    return folder


@pytest.fixture
def home(landed: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return shutil.copytree(landed, tmp_path, dirs_exist_ok=True)


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _land(home: Path) -> None:
    _work(home).land()


def _found(home: Path, text: str) -> list[tuple[object, ...]]:
    said = json.loads(keybook("find", text, "--json", "--home", home).stdout)
    return [(hit["file"], hit["line"], hit["entity"], hit["column"], hit["state"]) for hit in said["hits"]]


def test_find_says_where_a_number_is_and_that_nothing_is_built_yet(landed: Path) -> None:
    said = json.loads(keybook("find", "i-1", "--json", "--home", landed).stdout)
    states = {hit["file"]: (hit["line"], hit["column"], hit["value"], hit["state"]) for hit in said["hits"]}
    assert said["total"] == 2
    assert {hit[3] for hit in states.values()} == {"landed"}
    assert {hit["why"] for hit in said["hits"]} == {"nothing is built of it yet; `keybook refresh` builds"}
    assert states["invoices.csv"][:3] == (2, "invoice_id", "I-1")


def test_find_gives_rejected_rows_with_their_reason(landed: Path) -> None:
    result = keybook("find", "I-3", "--home", landed)
    assert result.exit_code == 0
    assert "rejected" in result.stdout
    assert "invoices.csv, line 4" in result.stdout
    assert "is no date" in result.stdout
    assert _found(landed, "soon") == [("invoices.csv", 4, "billing.invoices", "issued_on", "rejected")]


@pytest.mark.parametrize("text", ["0701234567", "+46701234567", "070-123 45 67", "info@oberg.example", "åsa ÖBERG"])
def test_find_knows_phones_however_they_are_written_and_no_case(landed: Path, text: str) -> None:
    assert [hit[:3] for hit in _found(landed, text)] == [("deep/customers.csv", 2, "billing.customers")]


def test_find_says_what_is_held_when_nothing_is_found(home: Path) -> None:
    (home / "landing" / "strange.csv").write_text("Colour,Size\nred,I-77\n", encoding="utf-8")
    before = keybook("find", "I-77", "--home", home)
    assert before.exit_code == 2
    assert "strange.csv lies in the landing folder" in before.stderr
    _land(home)
    after = keybook("find", "I-77", "--home", home)
    assert after.exit_code == 2
    assert "no source contract knows" in after.stderr


def test_find_takes_a_quote_and_a_percent_as_they_are(landed: Path) -> None:
    assert _found(landed, "%") == []
    assert _found(landed, "' or 1=1 --") == []


def test_forget_takes_a_file_out_and_keeps_it_out(home: Path) -> None:
    before = _work(home).inputs(PointInTime())
    result = keybook("forget", "newer.csv", "--home", home)
    assert result.exit_code == 0, result.output
    assert "will not be landed again" in result.stdout
    work = _work(home)
    assert work.inputs(PointInTime()) != before
    assert work.new_files() == []
    assert [row[4] for row in _found(home, "I-1")] == ["landed"]
    # A copy under another name is the same file.
    (home / "landing" / "copy.csv").write_text(SECOND, encoding="utf-8")
    assert _work(home).new_files() == []
    assert keybook("forget", "--undo", "newer.csv", "--home", home).exit_code == 0
    assert [file.name for file in _work(home).new_files()] == ["copy.csv"]
    _land(home)
    assert len(_found(home, "I-1")) == 2


def test_what_lies_nowhere_is_forgotten_for_good_and_may_come_again(home: Path) -> None:
    (home / "landing" / "newer.csv").unlink()
    result = keybook("forget", "newer.csv", "--home", home)
    assert "still lies" not in result.stdout
    assert _work(home).store.forgotten() == {}
    (home / "landing" / "newer.csv").write_text(SECOND, encoding="utf-8")
    assert [file.name for file in _work(home).new_files()] == ["newer.csv"]


def test_a_file_is_meant_by_its_name_its_path_or_its_hash(home: Path) -> None:
    receipts = {receipt.file: receipt.sha256 for receipt in _work(home).store.receipts()}
    for text in (receipts["newer.csv"][:8], str(home / "landing" / "invoices.csv"), "customers.csv"):
        assert keybook("forget", text, "--home", home).exit_code == 0
    assert list(_work(home).store.receipts()) == []
    assert set(_work(home).store.forgotten()) == set(receipts.values())


def test_two_files_of_one_name_are_told_apart_by_hash(home: Path) -> None:
    (home / "landing" / "newer.csv").write_text(SECOND.replace("150", "160"), encoding="utf-8")
    _land(home)
    result = keybook("forget", "newer.csv", "--home", home)
    assert result.exit_code == 2
    assert "2 files" in result.stderr
    assert keybook("forget", "nowhere.csv", "--home", home).exit_code == 2


def test_everything_forgotten_is_an_empty_home(home: Path) -> None:
    for name in ("invoices.csv", "newer.csv", "deep/customers.csv"):
        keybook("forget", name, "--home", home)
    assert _work(home).is_empty()


def test_retry_lands_what_a_changed_contract_concerns(home: Path) -> None:
    (home / "landing" / "strange.csv").write_text("Colour,Size\nred,5\n", encoding="utf-8")
    (home / "landing" / "other.csv").write_text("Shape,Weight\nround,5\n", encoding="utf-8")
    _land(home)
    (home / "landing" / "strange.csv").unlink()
    same = keybook("retry", "--home", home)
    assert same.exit_code == 0, same.output
    assert "contracts have not changed: 3." in same.stdout
    assert "nothing to retry" in same.stdout
    name = "keybook_billing_invoices"
    mended = load_contracts()[name].model_dump(mode="json", by_alias=True, exclude_defaults=True)
    (home / "contracts").mkdir()
    (home / "contracts" / f"{name}.yml").write_text(yaml.safe_dump(mended | {"known": ["Project"]}), encoding="utf-8")
    result = keybook("retry", "--home", home)
    assert "invoices.csv: 2 loaded, 1 rejected, as before" in result.stdout
    assert "other.csv: 0 loaded, 0 rejected, 1 held, as before" in result.stdout
    assert "customers.csv" not in result.stdout
    assert "strange.csv" in result.stderr
    assert "lies no more in" in result.stderr


def test_retry_has_nothing_to_do_on_a_clean_home(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    _land(tmp_path)
    assert "nothing to retry" in keybook("retry", "--home", tmp_path).stdout


def _read(*arguments: object) -> list[list[str]]:
    result = keybook("read", *arguments)
    assert result.exit_code == 0, result.output
    text = result.stdout_bytes.decode()
    assert text.count("\n") == text.count("\r\n") or '"' in text
    return list(csv.reader(io.StringIO(text, newline="")))


def test_read_gives_the_table_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes('Report\n\nId;Name\n1;"a;""b"""\n2;x;y\n3;=1+1\n4;"two\nlines"\n'.encode("utf-16"))
    assert _read(path) == [["Id", "Name"], ["1", 'a;"b"'], ["2", "x", "y"], ["3", "=1+1"], ["4", "two\nlines"]]
    said = keybook("read", path).stderr
    assert "line 1: stands above the header: Report" in said
    width = "the line has another number of fields than the header: 3 instead of 2"
    assert f"line 5: {width}: shown as it stands, and loaded by no contract: 2;x;y" in said
    rows = json.loads(keybook("read", path, "--format", "json").stdout)
    assert rows[0] == {"_line": 4, "Id": "1", "Name": 'a;"b"'}
    assert rows[1] == {"_line": 5, "Id": "2", "Name": "x", "(unnamed 3)": "y"}


def test_read_takes_a_sheet_by_name_and_names_the_others(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "People"
    book.active.append(["Id", "Name"])
    book.active.append([1, "a"])
    other = book.create_sheet("Things")
    other.append(["Code", "Colour"])
    other.append(["007", "red"])
    book.save(tmp_path / "book.xlsx")
    first = keybook("read", tmp_path / "book.xlsx")
    assert first.stdout.split() == ["Id,Name", "1,a"]
    assert "Things" in first.stderr
    assert _read(tmp_path / "book.xlsx", "--sheet", "Things") == [["Code", "Colour"], ["007", "red"]]
    wrong = keybook("read", tmp_path / "book.xlsx", "--sheet", "Nothing")
    assert wrong.exit_code == 2
    assert "People, Things" in wrong.stderr


def test_read_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"Id,Name\n1,a\0b\n")
    result = keybook("read", tmp_path / "a.csv")
    assert result.exit_code == 2
    assert "neither text nor a format" in result.stderr


def test_an_empty_file_is_a_table_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"")
    result = keybook("read", tmp_path / "a.csv")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "a.csv: it is empty\n")
