"""What is too large ends in a message that names the setting, within the limits of memory and time; the rest goes on."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import zstandard

from pipelines.exports.readers.unpack import Limits
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


def test_a_workbook_that_takes_too_long_is_held(tmp_path: Path) -> None:
    landed = land(tmp_path, _sheet("", "A1:B3"), PEOPLE, "export.xlsx", limits=Limits(seconds=0))
    assert "longer than read_seconds (0 s)" in landed.held[0]
