"""What is too large ends in a message that names the setting, within the limits of memory and time; the rest goes on."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
import pytest
import zstandard

from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.contract import Blocks
from pipelines.exports.readers import records
from pipelines.exports.readers.blocks import BlockText
from pipelines.exports.readers.deadline import within
from pipelines.exports.readers.dialects import in_usual_dialect
from pipelines.exports.readers.engine import answer, connected
from pipelines.exports.readers.lines import exact_rows
from pipelines.exports.readers.unpack import Limits, unpack
from pipelines.exports.readers.workbook import sheets
from tests.support.landing import contract, land

PEOPLE = contract("""
contract: test_people
title: Test people
system: test
recognise: {headers: [Id, Name]}
entities: {crm.contacts: {columns: {contact_id: Id, full_name: Name}}}
""")
SMALL = Limits(file_bytes=1_000_000, cells=20_000_000, memory_bytes=2 * 2**30, seconds=60)


def _packed(content: bytes, kind: str) -> bytes:
    if kind == "gz":
        return gzip.compress(content, mtime=0)
    if kind == "zst":
        return zstandard.compress(content)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        if kind == "xlsx":
            archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml" if kind == "xlsx" else "a.csv", content)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gz", "zst", "zip", "xlsx"])
def test_a_bomb_ends_at_the_limit(tmp_path: Path, kind: str) -> None:
    bomb = _packed(b"a,b\n" * 5_000_000, kind)
    assert len(bomb) < SMALL.file_bytes
    landed = land(tmp_path, bomb, PEOPLE, f"export.{kind}", limits=SMALL)
    assert len(landed.receipt.held) == 1
    assert "max_file_bytes" in landed.held[0]


def test_a_bomb_within_a_zip_within_a_zip_ends_too(tmp_path: Path) -> None:
    landed = land(tmp_path, _packed(_packed(b"0" * 5_000_000, "gz"), "zip"), PEOPLE, "export.zip", limits=SMALL)
    assert "max_file_bytes" in landed.held[0]


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("wb") as file:
        file.truncate(SMALL.file_bytes + 1)
    landed = land(tmp_path, path, PEOPLE, limits=SMALL)
    assert "larger than max_file_bytes (1,000,000 bytes); raise the setting" in landed.held[0]


def test_a_line_without_an_end_is_one_reject_or_held(tmp_path: Path) -> None:
    """A field of 40 MB is more than the fast reader takes; the line is named, and the others are loaded."""
    landed = land(tmp_path, "Id,Name\n1,a\n2," + "x" * 40_000_000 + ",y\n3,c\n", PEOPLE)
    assert landed.rows("crm.contacts", "contact_id") == [("1",), ("3",)]
    assert landed.rejects("line") == [(3,)]


def test_a_line_longer_than_the_setting_holds_the_file(tmp_path: Path) -> None:
    limits = replace(SMALL, line_bytes=1000)
    landed = land(tmp_path, "Id,Name\n1," + "x" * 2000 + "\n2,b\n", PEOPLE, limits=limits)
    assert "longer than max_line_bytes (1,000 bytes)" in landed.held[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.csv", ",".join(["a"] * 300) + "\n" + ",".join("1" * 300) + "\n"),
        ("export.json", json.dumps([dict.fromkeys(map(str, range(300)), 1)])),
        ("export.json", json.dumps(dict.fromkeys(map(str, range(300)), 1))),
        ("export.jsonl", 2 * (json.dumps(dict.fromkeys(map(str, range(300)), 1)) + "\n")),
        ("export.json", json.dumps([{"deep": dict.fromkeys(map(str, range(300)), 1)}])),
    ],
)
def test_a_table_wider_than_the_setting_is_held(tmp_path: Path, name: str, content: str) -> None:
    landed = land(tmp_path, content, PEOPLE, name, limits=replace(SMALL, columns=200))
    assert "more columns than max_columns (200)" in landed.held[0]


def test_ten_thousands_of_equal_cells_take_no_time(tmp_path: Path) -> None:
    """What looks at each header beside each other one takes minutes for them."""
    content = ",".join(["a"] * 20_000) + "\n" + ",".join("1" * 20_000) + "\n"
    landed = land(tmp_path, content, PEOPLE, "export.csv", limits=replace(SMALL, columns=20_000, seconds=10))
    assert "no source contract knows these headers" in landed.held[0]


DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "content", "loaded"),
    [
        ("export.json", '[{"Id":1,"Name":' + "[" * DEEP + "]" * DEEP + "}]", 1),
        ("export.json", '[{"Id":' + "9" * 10 * DEEP + ',"Name":"a\\u0000b"}]', 1),
        ("export.json", '{"a":' * DEEP + "1" + "}" * DEEP, None),
        ("export.json", "[" * DEEP, None),
        ("export.jsonl", 2 * ('{"Id":1,"Name":' + '{"a":' * DEEP + "1" + "}" * DEEP + "}\n"), None),
        ("export.json", "[" + ",".join(f'{{"Id":1,"k{number}":1}}' for number in range(DEEP)) + "]", None),
    ],
    ids=["deep list", "long number", "deep object", "open list", "deep line", "other keys in each"],
)
def test_json_of_a_hostile_shape_is_held_or_read(tmp_path: Path, name: str, content: str, loaded: int | None) -> None:
    landed = land(tmp_path, content, PEOPLE, name)
    assert [row["rows_loaded"] for row in landed.receipt.entities] == ([] if loaded is None else [loaded])
    assert len(landed.receipt.held) == (loaded is None)


@pytest.mark.parametrize(
    "content",
    [
        '{"a":' * 400_000 + "1" + "}" * 400_000,
        '{"Id":1,"Name":"a"}\n' * 2 + '{"a":' * 400_000 + "1" + "}" * 400_000 + "\n",
    ],
    ids=["document", "line"],
)
def test_json_that_takes_too_much_memory_is_held(tmp_path: Path, content: str) -> None:
    """Two megabytes that take 200: in a process of its own, which ends at its limit."""
    landed = land(tmp_path, content, PEOPLE, "export.json", limits=Limits(memory_bytes=2**28))
    assert (landed.receipt.entities, len(landed.receipt.held)) == ([], 1)
    assert "read_memory_bytes (268,435,456 bytes); raise the setting" in landed.held[0]


@pytest.mark.parametrize(
    ("content", "others"),
    [
        ('[{"Id":1,"Name":"a","at":{"x":[1,2]}},{"Id":2,"Other":null},{"Id":3,"Name":"Åsa"}]', []),
        ('{"more":"yes","rows":[{"Id":1,"Name":"a"},{"Id":3,"Name":null}],"others":[{"x":1}]}', ["$.others[*]"]),
        ('{"Id":1,"Name":"a"}\nno json\n{"Id":3,"Name":"Åsa"}\n', []),
    ],
    ids=["list", "document", "lines"],
)
def test_json_in_a_process_of_its_own_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, others: list[str]
) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, encoding="utf-8")

    def read(small: int) -> list[object]:
        monkeypatch.setattr(records, "SMALL_BYTES", small)
        scratch = tmp_path / str(small)
        scratch.mkdir()
        found = []
        for grid in records.json_records(path, scratch, SMALL):
            with connected() as connection:
                loaded = grid.load(connection, 0, 0, False)
                rows = connection.execute("from grid order by all").fetchall()
            found.append((grid.part, grid.names, grid.document, rows, loaded.rows, loaded.bad_lines))
        return found

    apart = read(0)
    assert apart == read(10_000)
    assert len(apart) == 1 + len(others)


def test_a_thousand_wrappings_are_not_opened(tmp_path: Path) -> None:
    content = b"Id,Name\n1,a\n"
    for _ in range(1100):
        content = gzip.compress(content, 1)
    landed = land(tmp_path, content, PEOPLE, "export.csv.gz", limits=SMALL)
    assert "packed in more than 8 layers" in landed.held[0]


def _sheet(extra: str, dimension: str | None) -> bytes:
    """A workbook with two people, and what is put behind them in the sheet's XML."""
    book = openpyxl.Workbook()
    for row in (["Id", "Name"], [1, "Åsa"], [2, "Bo"]):
        book.active.append(row)
    plain, out = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                claimed = f'<dimension ref="{dimension}"/>'.encode() if dimension else b""
                data, count = re.subn(rb'<dimension ref="[^"]+"\s*/>', claimed, data)
                assert count == 1
                assert b"</sheetData>" in data
                data = data.replace(b"</sheetData>", extra.encode() + b"</sheetData>")
            target.writestr(name, data)
    return out.getvalue()


LAST_ROW = '<row r="1048576"><c r="{0}1048576" s="0"{1}</row>'
BLANK, FILLED = "/>", "><v>1</v></c>"


@pytest.mark.parametrize("extra", ["", LAST_ROW.format("F", BLANK)], ids=["claimed", "there"])
def test_a_million_empty_rows_cost_little_and_lose_nothing(tmp_path: Path, extra: str) -> None:
    landed = land(tmp_path, _sheet(extra, "A1:F1048576"), PEOPLE, "export.xlsx", limits=SMALL)
    assert landed.receipt.held == []
    assert landed.rows("crm.contacts", "contact_id, full_name, _row") == [("1", "Åsa", 2), ("2", "Bo", 3)]


def test_a_sheet_that_claims_seventeen_billion_cells_is_refused(tmp_path: Path) -> None:
    landed = land(tmp_path, _sheet("", "A1:XFD1048576"), PEOPLE, "export.xlsx", limits=SMALL)
    assert "claims 1,048,576 rows by 16,384 columns, more cells than max_cells (20,000,000)" in landed.held[0]


@pytest.mark.parametrize("dimension", [None, "A1:B3"], ids=["silent", "lying"])
def test_a_sheet_that_holds_them_without_saying_so_ends_at_the_limit_of_memory(
    tmp_path: Path, dimension: str | None
) -> None:
    content = _sheet(LAST_ROW.format("XFD", FILLED), dimension)
    landed = land(tmp_path, content, PEOPLE, "export.xlsx", limits=SMALL)
    assert len(landed.receipt.held) == 1
    assert "read_memory_bytes (2,147,483,648 bytes)" in landed.held[0]


def test_a_file_that_takes_too_long_is_held_and_the_others_go_on(tmp_path: Path) -> None:
    whole = {"csv": "Id,Name\n1,a\n", "json": '[{"Id":1,"Name":"a"}]', "xlsx": _sheet("", "A1:B3")}
    for kind, content in whole.items():
        for folder in ("no", "yes"):
            (tmp_path / folder).mkdir(exist_ok=True)
        landed = land(tmp_path / "no", content, PEOPLE, f"export.{kind}", limits=replace(SMALL, seconds=0))
        assert (landed.receipt.entities, len(landed.receipt.held)) == ([], 1)
        assert "longer than read_seconds (0 s); raise the setting" in landed.held[0]
        assert land(tmp_path / "yes", content, PEOPLE, f"export.{kind}", limits=SMALL).receipt.held == []


def test_a_workbook_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    path.write_bytes(_sheet("", "A1:B3"))
    with pytest.raises(UnreadableError, match="too_slow"):
        sheets(path, tmp_path, replace(SMALL, seconds=0))


def test_a_query_is_ended_when_its_time_is_over() -> None:
    """Also the second, by whoever goes on after the first; and what is read after the time may take its own."""
    slow = "select count(*) from range(10000000000) as a (i), range(1000) as b (j) where hash(i + j) % 7 = 1"

    def twice() -> None:
        with within(0.01), connected() as connection:
            with suppress(duckdb.InterruptException):
                connection.execute(slow)
            connection.execute(slow)

    with pytest.raises(UnreadableError, match="too_slow"):
        twice()
    with pytest.raises(UnreadableError, match="too_slow"), within(0):
        answer("select 1")
    assert answer("select 1") == [(1,)]


@pytest.mark.parametrize("kind", ["lines", "blocks", "unpacked", "rewritten"])
def test_what_goes_through_a_file_piece_by_piece_ends_too(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "export"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") if kind == "unpacked" else b"a~|~b\n1~|~2\nx=1\n")
    read = {
        "lines": lambda: list(exact_rows(path, ",", 2, 0, False)),
        "blocks": lambda: BlockText(path, tmp_path, "", Blocks(start="x", end="y", pair="=")),
        "unpacked": lambda: list(unpack(path, tmp_path, SMALL)),
        "rewritten": lambda: in_usual_dialect(path, tmp_path),
    }[kind]
    read()
    with pytest.raises(UnreadableError, match="too_slow"), within(0):
        read()
