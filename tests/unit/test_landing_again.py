"""What lands a file again, what is kept of it then, and that one bad file holds up no other."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.exports.landing import land as landing
from pipelines.exports.landing import versions
from pipelines.exports.landing.raw import REJECT_COLUMNS, REJECT_FACTS, RawStore, Receipt
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from pipelines.words.landed import finding_said, rejection_said

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency\n"
GOOD = INVOICES + "I-1,C-1,2026-01-02,100.00,EUR\nI-2,C-2,soon,200.00,EUR\n"
OTHER = INVOICES + "I-9,C-9,2026-01-02,100.00,EUR\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one export that is not landed yet."""
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "invoices.csv").write_text(GOOD, encoding="utf-8")
    return tmp_path


def _work(home: Path) -> Refresh:
    return Refresh(load_settings(home=home))


def _versions_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr(versions, "EXPORTS", folder)
    versions.reader_version.cache_clear()
    said = {reader: versions.reader_version(reader) for reader in ("delimited", "workbook", "records", "blocks")}
    monkeypatch.undo()
    versions.reader_version.cache_clear()
    return said


@pytest.mark.parametrize(
    ("changed", "concerned"),
    [
        ("readers/workbook.py", {"workbook"}),
        ("readers/dialects.py", {"delimited"}),
        ("readers/unpack.py", {"delimited", "workbook", "records", "blocks"}),
        ("landing/cast.py", {"delimited", "workbook", "records", "blocks"}),
        ("landing/lookup.py", set()),
    ],
)
def test_a_changed_reader_concerns_its_files_and_a_changed_caster_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str, concerned: set[str]
) -> None:
    copy = shutil.copytree(versions.EXPORTS, tmp_path / "exports", ignore=shutil.ignore_patterns("__pycache__"))
    before = _versions_of(copy, monkeypatch)
    with (copy / changed).open("a", encoding="utf-8") as file:
        file.write("\nX = 1\n")
    after = _versions_of(copy, monkeypatch)
    assert {reader for reader in before if before[reader] != after[reader]} == concerned


def test_what_is_no_reading_code_is_there() -> None:
    sources = {path.relative_to(versions.EXPORTS).as_posix() for path in versions.EXPORTS.rglob("*.py")}
    alone = set().union(*(modules for modules, _ in versions.FORMATS.values()))
    assert sources >= versions.NOT_READING | alone
    assert not versions.NOT_READING & alone


def test_a_mended_reader_lands_its_files_again_as_they_were_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (before,) = _work(home).land()
    assert before.readers == {"delimited": versions.reader_version("delimited")}
    assert _work(home).new_files() == []
    real = versions.reader_version
    monkeypatch.setattr(landing, "reader_version", lambda reader: "mended" if reader == "delimited" else real(reader))
    (after,) = _work(home).land()
    assert (after.sha256, after.known_at) == (before.sha256, before.known_at)
    assert after.readers == {"delimited": "mended"}
    monkeypatch.setattr(landing, "reader_version", lambda reader: "mended")
    assert _work(home).new_files() == []


def test_rows_that_are_rejected_no_more_leave_no_rejects_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (before,) = _work(home).land()
    rejects = list((home / "warehouse" / "raw").glob("*/*/*.rejects.parquet"))
    assert before.rows_rejected == 1
    assert any(before.sha256 in path.name for path in rejects)
    store = RawStore(home / "warehouse" / "raw")
    after = replace(before, entities=[before.entities[0] | {"rows_rejected": 0}])
    store.write_receipt(after)
    store.clear(before, after)
    assert store.rejects(before.sha256, 5) == []
    assert list(store.root.glob(f"billing/invoices/*{before.sha256}.parquet"))


def test_a_crash_while_landing_again_keeps_since_when_a_file_is_known(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = _work(home).land()
    monkeypatch.setattr(landing, "reader_version", lambda reader: f"mended {reader}")

    def crash(self: RawStore, receipt: Receipt) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(RawStore, "write_receipt", crash)
        with pytest.raises(KeyboardInterrupt):
            _work(home).land()
    (after,) = _work(home).land()
    assert after.known_at == before.known_at
    assert after.readers != before.readers


@pytest.mark.parametrize("damage", ["", '{"sha256": "', "[]", '{"file": "a"}'])
def test_a_damaged_receipt_counts_as_absent(home: Path, damage: str) -> None:
    (before,) = _work(home).land()
    receipt = home / "warehouse" / "raw" / "receipts" / f"{before.sha256}.json"
    receipt.write_text(damage, encoding="utf-8")
    assert [file.name for file in _work(home).new_files()] == ["invoices.csv"]
    (after,) = _work(home).land()
    assert json.loads(receipt.read_text(encoding="utf-8"))["sha256"] == after.sha256 == before.sha256


@pytest.mark.parametrize(
    ("error", "tried_again"),
    [(RuntimeError("a bug\nand more"), False), (OSError(28, "No space left on device"), True), (MemoryError(), True)],
)
def test_a_file_that_breaks_its_reader_is_held_by_name_and_the_others_go_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, tried_again: bool
) -> None:
    (home / "landing" / "other.csv").write_text(OTHER, encoding="utf-8")
    real = landing.open_grids

    def broken(path: Path, *rest: object) -> list[object]:
        if path.name == "invoices.csv":
            raise error
        return real(path, *rest)  # type: ignore[arg-type, return-value]

    with monkeypatch.context() as patch:
        patch.setattr(landing, "open_grids", broken)
        receipts = {receipt.file: receipt for receipt in _work(home).land("billing")}
    assert receipts["other.csv"].held == []
    assert len(receipts["invoices.csv"].held) == 1
    held = receipts["invoices.csv"].held[0]
    assert (held["file"], held["code"], held["name"]) == ("invoices.csv", "not_landed", type(error).__name__)
    assert [file.name for file in _work(home).new_files()] == (["invoices.csv"] if tried_again else [])


def test_a_file_that_cannot_be_read_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "landing" / "other.csv").write_text(OTHER, encoding="utf-8")

    def closed(path: Path) -> str:
        if path.name == "other.csv":
            raise PermissionError(13, "Permission denied")
        return "0" * 64

    monkeypatch.setattr("pipelines.exports.landing.folder.sha256_of", closed)
    work = _work(home)
    assert [file.name for file in work.new_files()] == ["invoices.csv"]
    (trouble,) = work.troubles()
    assert finding_said(trouble) == "other.csv: it cannot be read: Permission denied"
    work.store.prepare()
    work.store.write_records({}, work.troubles())
    query = "select severity, file, code, said from read_parquet(?)"
    said = duckdb.execute(query, [str(work.store.records / "findings.parquet")]).fetchall()
    assert said == [("held", "other.csv", "cannot_be_opened", "Permission denied")]


def test_a_clock_that_went_back_makes_nothing_older(home: Path) -> None:
    (first,) = _work(home).land()
    ahead = datetime.now(UTC) + timedelta(days=365)
    first.known_at = ahead.isoformat()
    RawStore(home / "warehouse" / "raw").write_receipt(first)
    (home / "landing" / "other.csv").write_text(OTHER, encoding="utf-8")
    (second,) = _work(home).land()
    assert datetime.fromisoformat(second.known_at) > ahead
    assert [finding["code"] for finding in second.findings] == ["clock_went_back"]
    assert first.findings == []


def test_what_was_landed_before_codes_says_what_it_said(home: Path) -> None:
    """Its file lies there no more: a reject's sentence and a receipt's message stay, under the code `other`."""
    work = _work(home)
    work.store.prepare()
    folder = work.store.root / "billing" / "invoices"
    columns = [name for name in REJECT_COLUMNS if name not in REJECT_FACTS]
    said = {"file": "old.csv", "line": 7, "column_name": "Date", "value": "soon", "reason": "Date: is no date"}
    values = ", ".join(f"cast({said.get(name)!r} as varchar) as {name}".replace("(None", "(null") for name in columns)
    old = f"select * replace (cast(line as bigint) as line, now() as landed_at, 'x1' as file_sha256) from (select {values})"
    duckdb.execute(f"copy ({old}) to '{folder / 'c-x1.rejects.parquet'}' (format parquet)")
    (reject,) = work.store.rejects("x1", 5)
    assert (reject["code"], rejection_said(reject)) == ("other", "Date: is no date")
    receipt = Receipt("x1", "old.csv", 1, "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00")
    receipt.findings = [{"file": "old.csv", "part": "", "severity": "held", "message": "old.csv: it is empty"}]
    receipt.schema_events = [{"column_name": "A", "event": "new", "action": "kept in _extra"}]
    work.store.write_receipt(receipt)
    read = work.store.receipt("x1")
    assert read is not None
    assert [(finding["code"], finding["said"]) for finding in read.held] == [("other", "old.csv: it is empty")]
    assert [(event["action"], event["target"]) for event in read.schema_events] == [("other", "kept in _extra")]


@pytest.mark.parametrize("is_later", [False, True])
def test_a_file_that_two_systems_may_own_waits_for_the_owners_records(home: Path, is_later: bool) -> None:
    """They come after it, in the same refresh or in a later one; it is then the one's, and looked at no more."""
    (home / "contracts").mkdir()
    for system in ("north", "south"):
        for name, entity, columns in (
            ("deals", "crm.deals", {"deal_id": "Deal code", "account_id": "Buyer", "name": "Deal label"}),
            ("buyers", "crm.accounts", {"account_id": f"{system} code", "name": f"{system} label"}),
        ):
            text = {"contract": f"{system}_{name}", "title": system, "system": system, "entities": {entity: {}}}
            told = {"recognise": {"headers": list(columns.values())}}
            more = {"status": {"value": "open"}} if name == "deals" else {}
            text |= told | {"entities": {entity: {"columns": columns | more}}}
            (home / "contracts" / f"{system}_{name}.yml").write_text(json.dumps(text), encoding="utf-8")
    shutil.rmtree(home / "landing")
    (home / "landing").mkdir()
    (home / "landing" / "a.csv").write_text(
        "Deal code,Buyer,Deal label\nD1,B-1,Pallets\nD2,B-2,Boards\n", encoding="utf-8"
    )
    if is_later:
        (first,) = _work(home).land()
        assert [row["code"] for row in first.held] == ["several_contracts"]
    for code, system in (("X", "north"), ("B", "south")):
        rows = f"{system} code,{system} label\n{code}-1,Ek\n{code}-2,Alm\n"
        (home / "landing" / f"b-{system}.csv").write_text(rows, encoding="utf-8")
    found = {receipt.file: list(receipt.digests) for receipt in _work(home).land()}
    assert found == {"a.csv": ["south_deals"], "b-north.csv": ["north_buyers"], "b-south.csv": ["south_buyers"]}
    assert _work(home).land() == []
