"""Files that are alike are landed together: what comes of each is what comes of it alone."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.loading import load_contracts
from pipelines.exports.landing import alike
from pipelines.exports.landing.folder import NewFile, sha256_of, stamp_of
from pipelines.exports.landing.land import Landing, ReadingRules
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.readers import workbook
from pipelines.exports.readers.apart import BrokenReaderError, read_apart
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import NOON, bare_store

INVOICES = "invoice_id,customer_id,issued_on,gross_amount,currency,Shade\n"
ACTIVITIES = "Activity - Subject,Activity - Type,Activity - Due date,Activity - Note,Activity - Assigned to user,Activity - Organization,Activity - Deal,Activity - Add time\n"
CALL = "Call about timber,Call,2023-02-01,,Ada Example,Nordic Timber AB,Sawn timber 2023,2023-01-30 08:00:00\n"
MAIL = "Send price list,Task,2023-02-10,,Ada Example,Nordic Timber AB,,2023-02-02 08:00:00\n"
DEALS = "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal probability\n"
DEAL = "{},Oak,{},Sales,5.00,2026-02-05 10:00,2026-01-05 10:00,0.4\n"
RECORD = '{{"invoice_id": "I-{}", "customer_id": "{}", "issued_on": "2026-01-05", "gross_amount": "{}", "Shade": null, "Big": {{"a": [1, 2.50]}}}}'
BOOKS = (Path(__file__).resolve().parents[1] / "fixtures/exports/zoho_books/Invoice.csv").read_text("utf-8-sig")
HEAD, FIRST, SECOND, *_ = BOOKS.splitlines(keepends=True)
TOGETHER = {
    # A row for each line of an invoice, which is one in each file.
    "books.csv": HEAD + FIRST + SECOND + FIRST.replace("INV-000001", "INV-000009"),
    "books2.csv": HEAD + SECOND + FIRST.replace("Nordic Timber AB", "Example Works"),
    "a.csv": INVOICES + "I-1,C-1,2026-01-02,100.00,EUR,red\nI-2,C-2,2026-01-03,5.00,EUR,\n",
    "b.csv": INVOICES + "I-3,C-1,2026-01-05,70.00,EUR,\nI-1,C-1,2026-01-06,71.00,SEK,\n",
    "windows.csv": "\ufeff" + INVOICES.replace("\n", "\r\n") + 'I-4,"C, 4",2026-01-05,70.00,EUR,blue\r\n',
    "acts.csv": ACTIVITIES + CALL + MAIL + CALL,
    "acts2.csv": ACTIVITIES + MAIL + CALL,
    "deals.csv": DEALS + DEAL.format(1, "Contract Sent"),
    "deals2.csv": DEALS + DEAL.format(2, "Contract Sent") + DEAL.format(3, "Closed Won"),
    "second/a.csv": INVOICES + "I-1,C-1,2026-02-02,1.00,EUR,red\n",
    "second/b.csv": INVOICES + "I-9,C-1,2026-02-03,1.00,EUR,red\n",
    "british.csv": INVOICES + "I-12,C-1,25/01/2026,70.00,EUR,\nI-19,C-1,02/03/2026,70.00,EUR,\n",
    "british2.csv": INVOICES + "I-21,C-2,26/01/2026,71.00,EUR,\nI-22,C-1,5/1/2026,5.00,EUR,red\n",
    "american.csv": INVOICES + "I-23,C-1,01/25/2026,70.00,EUR,\nI-24,C-1,02/03/2026,70.00,EUR,\n",
    "american2.csv": INVOICES + "I-25,C-2,01/26/2026,71.00,EUR,\nI-26,C-1,05/01/2026,5.00,EUR,red\n",
    "packed.csv.gz": INVOICES + "I-15,C-1,2026-01-07,70.00,EUR,\nI-1,C-1,2026-01-08,72.00,SEK,\n",
    "latin.csv.gz": INVOICES + "I-16,Café,2026-01-07,70.00,EUR,\n",
    "list.json": f"[{RECORD.format(14, 'C-1', 1)}]",
    # Unpacked they have one name.
    "second/list.json.gz": f"[{RECORD.format(18, 'C-1', 1.5)},\n {RECORD.format(19, '', 2)}]",
    "second/more/list.json.gz": f"[{RECORD.format(20, 'C-2', 100)}]",
    "lines.jsonl": f"{RECORD.format(35, 'C-1', 1)}\n\n{RECORD.format(36, 'C-9', 2)}\n",
    "lines2.jsonl": f"{RECORD.format(39, 'C-1', 1)}\n{RECORD.format(40, 'C-9', 2)}\n",
    "table.parquet": "I-37,C-1",
    "table2.parquet": "I-38,C-2",
    "sheet.xlsx": INVOICES + "I-41,C & A,2026-01-05,70.00,EUR,red\n,,,,,\nI-42,C-1,2026-01-06,5.00,SEK,\n",
    "sheet2.xlsx": INVOICES + "I-43,C-1,2026-01-05,70,EUR,\n",
    # Each has a member of its own name.
    "one.zip": INVOICES + "I-49,C-1,2026-01-05,70.00,EUR,red\nI-50,C-1,2026-01-06,5.00,EUR,\n",
    "more.zip": INVOICES + "I-51,C-1,2026-01-05,70,EUR,\n",
    "record.zip": f"[{RECORD.format(52, 'C-1', 1)}]",
    "record2.zip": f"[{RECORD.format(53, 'C-1', 1)}]",
}
ALONE = {
    "unread.zip": INVOICES + "I-54,C-1,soon,70.00,EUR,\n",
    "two.zip": INVOICES + "I-55,C-1,2026-01-05,70,EUR,\n\f" + INVOICES + "I-56,C-1,2026-01-05,70,EUR,\n",
    # What nobody knows is told by the rest of the row, and that is said.
    "deals_told.csv": DEALS + DEAL.format(4, "Try-out"),
    "unread.csv": INVOICES + "I-5,C-1,soon,70.00,EUR,\n",
    "twice.csv": INVOICES + "I-6,C-1,2026-01-05,70.00,EUR,\nI-6,C-1,2026-01-05,71.00,EUR,\n",
    "ragged.csv": INVOICES + "I-7,C-1,2026-01-05,70.00,EUR,\nI-8,C-1,2026-01-05,7\n",
    "lines.csv": INVOICES + 'I-10,C-1,2026-01-05,70.00,EUR,"a\nb"\n',
    "open.csv": INVOICES + 'I-11,C-1,2026-01-05,70.00,EUR,"a\n',
    "months.csv": INVOICES + "I-20,C-1,25 Jan 2026,70.00,EUR,\n",
    "web.csv": INVOICES + "I-13,C&amp;A,2026-01-05,70.00,EUR,\n",
    "header.csv": INVOICES,
    "strange.csv": "Umlaut,Ferment\n1,2\n",
    "large.csv.gz": INVOICES + "I-17,C-1,2026-01-07,70.00,EUR," + "x" * alike.MOST_BYTES + "\n",
    "document.json": '{"day": "x", "rows": [{"invoice_id": "I-30", "customer_id": "C-1", "issued_on": "2026-01-05", "gross_amount": 1}]}',
    "web.json": f"[{RECORD.format(31, 'C&amp;A', 1)}]",
    "comma.json": f"[{RECORD.format(48, 'C-1', '1,5')}]",
    "broken.jsonl": f"{RECORD.format(32, 'C-1', 1)}\n{RECORD.format(33, 'C-1', 1)}\n{{\n",
    "unread.xlsx": INVOICES + "I-44,C-1,soon,70.00,EUR,\n",
    "web.xlsx": INVOICES + "I-45,C&amp;A,2026-01-06,5.00,EUR,\n",
    "two.xlsx": INVOICES + "I-46,C-1,2026-01-06,5.00,EUR,\n\f" + INVOICES + "I-47,C-1,2026-01-06,5.00,EUR,\n",
    "damaged.xlsx": "",
    "unread.json": f"[{RECORD.format(34, 'C-1', '1x')}]",
}


def _no_workbook() -> bytes:
    """A zip that is called a workbook and holds none."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return out.getvalue()


def _workbook(text: str) -> bytes:
    """A workbook with these sheets of lines; the date of a cell is a date."""
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for sheet in text.split("\f"):
        made = book.create_sheet()
        for line in sheet.splitlines():
            cells = (cell or None for cell in line.split(","))
            made.append([date.fromisoformat(cell) if cell and cell.startswith("2026-") else cell for cell in cells])
    book.save(out)
    return out.getvalue()


def _files(folder: Path, names: Iterable[str]) -> list[NewFile]:
    files = []
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        text = (TOGETHER | ALONE)[name]
        content = text.encode("latin-1" if "latin" in name else "utf-8")
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        if name.endswith(".xlsx"):
            path.write_bytes(_workbook(text) if text else _no_workbook())
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("__MACOSX/._rows", "x")
                for number, member in enumerate(text.split("\f")):
                    archive.writestr(f"{path.stem} {number}.csv", member)
        if name.endswith(".parquet"):
            invoice, customer = text.split(",")
            told = f"'{invoice}' as invoice_id, '{customer}' as customer_id, date '2026-01-05' as issued_on, 7.5 as gross_amount"
            with connected() as connection:
                connection.execute(f"copy (select {told}, true as \"Paid it\") to '{path}' (format parquet)")
        files.append(NewFile(path, name, sha256_of(path), stamp_of(path)))
    return files


def _rows(store: RawStore, place: str) -> tuple[list[Any], list[tuple[Any, ...]]]:
    with connected() as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute("select * from read_parquet(?) order by all", [str(store.root / place)])
        return [column[:2] for column in found.description or []], found.fetchall()


def _told(store: RawStore, sha256: str) -> dict[str, Any]:
    receipt = store.receipt(sha256)
    assert receipt is not None
    # Packed rows may take a few bytes more or less.
    entities = [{name: value for name, value in row.items() if name != "raw_bytes"} for row in receipt.entities]
    return asdict(receipt) | {"sizes": sorted(receipt.sizes), "entities": entities}


def test_what_comes_of_files_together_comes_of_each_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = TOGETHER | ALONE
    files = _files(tmp_path, texts)
    one, many = bare_store(tmp_path / "one"), bare_store(tmp_path / "many")
    rules = ReadingRules(now=lambda: NOON)
    alone = Landing(one, load_contracts(), rules)
    for file in files:
        alone.land_file(file.path, file.name, file.sha256)
    landed_alone: list[str] = []
    land_file = Landing.land_file

    def counted(self: Landing, path: Path, name: str, *given: Any, **named: Any) -> Any:
        landed_alone.append(name)
        return land_file(self, path, name, *given, **named)

    monkeypatch.setattr(Landing, "land_file", counted)
    landed = {file.name for file, receipt in alike.land_files(Landing(many, load_contracts(), rules), files) if receipt}
    assert landed == texts.keys()
    assert sorted(landed_alone) == sorted(ALONE)
    for file in files:
        assert _told(many, file.sha256) == _told(one, file.sha256), file.name
        for place in _told(one, file.sha256)["sizes"]:
            assert _rows(many, place) == _rows(one, place), place
    assert {path.relative_to(one.root) for path in one.root.rglob("*")} == {
        path.relative_to(many.root) for path in many.root.rglob("*")
    }


@pytest.mark.parametrize("ending", ["ended", "too slow"])
def test_a_workbook_that_ends_the_reading_of_many_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    def ends(reader: str, path: Path, out: Path, limits: Limits, given: dict[str, Any]) -> Any:
        read.append(len(given.get("paths", "1")))
        if "paths" in given and ending == "ended":
            raise BrokenReaderError("gone")
        if "paths" in given:
            raise UnreadableError("too_slow", limit_count=1)
        return read_apart(reader, path, out, limits, given)

    read: list[int] = []
    monkeypatch.setattr(workbook, "read_apart", ends)
    files = _files(tmp_path, ("sheet.xlsx", "damaged.xlsx", "sheet2.xlsx"))
    landed = dict(alike.land_files(Landing(bare_store(tmp_path / "raw"), load_contracts(), ReadingRules()), files))
    receipts = {file.name: receipt for file, receipt in landed.items() if receipt}
    loaded = {name: [row["rows_loaded"] for row in receipt.entities] for name, receipt in receipts.items()}
    assert loaded == {"sheet.xlsx": [2], "damaged.xlsx": [], "sheet2.xlsx": [1]}
    assert [finding["code"] for finding in receipts["damaged.xlsx"].findings] == ["workbook_unreadable"]
    assert sorted(read) == [1, 1, 1, 3]


def test_a_file_that_changes_meanwhile_is_not_landed_and_the_others_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _files(tmp_path, ("a.csv", "b.csv"))
    told = alike._Together._tell

    def grows(self: Any, *given: Any) -> None:
        files[0].path.write_text(TOGETHER["a.csv"] + "I-99,C-1,2026-01-02,100.00,EUR,red\n")
        told(self, *given)

    monkeypatch.setattr(alike._Together, "_tell", grows)
    store = bare_store(tmp_path / "raw")
    landed = dict(alike.land_files(Landing(store, load_contracts(), ReadingRules()), files))
    assert [landed[file] is None for file in files] == [True, False]
    assert [store.receipt(file.sha256) is None for file in files] == [True, False]
    assert not [path for path in store.root.rglob("*") if files[0].sha256 in path.name]


@pytest.mark.parametrize("where", [(alike, "recognise"), (alike._Together, "_load")])
def test_what_breaks_on_a_file_among_others_holds_up_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[Any, str]
) -> None:
    def breaks(*given: Any) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(*where, breaks)
    store = bare_store(tmp_path / "raw")
    landed = alike.land_files(Landing(store, load_contracts(), ReadingRules()), _files(tmp_path, ("a.csv", "b.csv")))
    assert [receipt and receipt.rows_rejected for _, receipt in landed] == [0, 0]
    assert len(list(store.receipts())) == 2
