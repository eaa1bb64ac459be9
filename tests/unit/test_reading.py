"""Reading: whatever a file is wrapped in and however it is written, every line ends as a row or a named reject."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import datetime, time, timedelta
from pathlib import Path

import duckdb
import openpyxl
import pytest
import zstandard

from pipelines.exports.landing.reading import open_table
from pipelines.exports.readers import delimited
from pipelines.exports.readers.engine import connected
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import Landed, contract, land

PEOPLE = contract("""
contract: test_people
title: Test people
system: test
recognise: {headers: [Id, Name]}
formats: {timestamp: ['%d.%m.%Y %H:%M']}
entities:
  crm.contacts: {columns: {contact_id: Id, full_name: Name, email: Mail, created_at: Since}}
""")
ROWS = [("1", "Åsa Öberg"), ("2", "Иван"), ("3", 'Said "hi", left')]
TEXT = 'Id,Name\n1,Åsa Öberg\n2,Иван\n3,"Said ""hi"", left"\n'


def _people(landed: Landed) -> list[tuple[str, str]]:
    assert not landed.receipt.held
    return landed.rows("crm.contacts", "contact_id, full_name")


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.rstrip("\n").encode(),
        (TEXT + "\n\n\n").encode(),
        TEXT.replace(",", ";", 1).replace("1,", "1;").replace("2,", "2;").replace('3,"', '3;"').encode(),
        TEXT.replace("Id,Name", "Id\tName").replace("1,", "1\t").replace("2,", "2\t").replace('3,"', '3\t"').encode(),
        gzip.compress(TEXT.encode(), mtime=0),
        zstandard.compress(TEXT.encode()),
    ],
    ids=["utf8", "bom", "utf16", "utf16le", "crlf", "no-end", "blank-end", "semicolon", "tab", "gz", "zst"],
)  # fmt: skip
def test_the_same_rows_however_they_are_written(tmp_path: Path, content: bytes) -> None:
    assert _people(land(tmp_path, content, PEOPLE)) == ROWS


@pytest.mark.parametrize("encoding", ["cp1251", "cp866"])
def test_cyrillic_in_one_byte_encodings(tmp_path: Path, encoding: str) -> None:
    names = ["Иванов Пётр", "Общество с ограниченной ответственностью", "Мария Кузнецова", "Санкт-Петербург"]
    text = "Id,Name\n" + "".join(f"{number},{name}\n" for number, name in enumerate(names))
    assert [name for _, name in _people(land(tmp_path, text.encode(encoding), PEOPLE))] == names


def test_latin_in_one_byte(tmp_path: Path) -> None:
    text = "Id,Name\n1,Göran Åkesson\n2,Märta Sjöö\n3,Järnvägsgatan\n"
    names = [name for _, name in _people(land(tmp_path, text.encode("latin-1"), PEOPLE))]
    assert names == ["Göran Åkesson", "Märta Sjöö", "Järnvägsgatan"]


def test_lines_are_counted_with_line_ends_inside_fields(tmp_path: Path) -> None:
    text = 'Id,Name\n1,"two\nlines"\n2,plain\n,no key\n3,"a\r\nb\r\nc"\n4,last\n'
    landed = land(tmp_path, text, PEOPLE)
    assert landed.rows("crm.contacts", "contact_id, _row") == [("1", 2), ("2", 4), ("3", 6), ("4", 9)]
    assert landed.rejects("line") == [(5,)]


@pytest.mark.parametrize("lines_within", [0, 2, 400])
def test_rows_stay_in_order_where_several_threads_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines_within: int
) -> None:
    # So large are the pieces of a file that each thread takes; a cell's lines may look like rows and go over several.
    monkeypatch.setattr(delimited, "LINE", 1 << 14)
    line, text, exact = 2, ["Id,Name,Line\n"], []
    monkeypatch.setattr(delimited.Delimited, "_exact", lambda *given: exact.append(given))
    for number in range(10_000):
        cell = '"' + "1,2,3\n" * lines_within + 'x"' if number % 2000 == 7 else "x"
        text.append(f"{number},{cell},{line}\n")
        line += text[-1].count("\n")
    path = tmp_path / "file.csv"
    path.write_text("".join(text), encoding="utf-8", newline="")
    with connected() as connection:
        loaded = delimited.Delimited(path, tmp_path, delimiter=",").load(connection, 0, 0, False)
        told = "count(*) filter (where _line <> c2::bigint), count(*) filter (where _line <= before)"
        query = f"select {told} from (select *, lag(_line) over (order by c0::bigint) as before from grid)"
        assert connection.execute(query).fetchall() == [(0, 0)]
    assert (loaded.rows, exact) == (10_000, [])


@pytest.mark.parametrize("count", [1, 500, 3 << 20])
def test_nul_bytes_that_fill_a_file_up_are_no_text(tmp_path: Path, count: int) -> None:
    assert _people(land(tmp_path, TEXT.encode() + b"\0" * count, PEOPLE)) == ROWS


def test_a_text_that_nul_bytes_end_within_a_line_was_not_written_whole(tmp_path: Path) -> None:
    landed = land(tmp_path, TEXT.encode()[:-5] + b"\0" * 4096, PEOPLE)
    (held,) = landed.receipt.held
    assert (held["code"], held["said"]) == ("damaged", "it ends within a line, with 4,096 NUL bytes")


def test_a_list_that_graphql_answers_with_is_found_wherever_it_stands(tmp_path: Path) -> None:
    nodes = [{"node": {"id": number, "customer": {"name": name}}} for number, name in ((1, "Ek"), (2, "Ask"))]
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"data": {"shop": {"id": 7, "orders": {"edges": nodes, "pageInfo": {"page": 1}}}}}))
    with open_table(path, {}, Limits()) as table:
        assert (table.header, table.grid.part) == (["id", "customer.name"], "$.data.shop.orders.edges[*].node")
        assert [row for _, row in table.rows()] == [["1", "Ek"], ["2", "Ask"]]


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    lines = [f"{number},name {number}" for number in range(5000)]
    lines[3000] = '3000,"never closed'
    landed = land(tmp_path, "\n".join(["Id,Name", *lines]), PEOPLE)
    assert len(landed.rows("crm.contacts")) == 4999
    assert landed.rejects("line, row_text") == [(3002, '3000,"never closed')]


def test_ragged_lines_are_rejected_by_their_width(tmp_path: Path) -> None:
    landed = land(tmp_path, "Id,Name\n1,a\n2\n3,b,c\n4,d,\n5,e\n", PEOPLE)
    assert [row[0] for row in _people(landed)] == ["1", "4", "5"]
    assert landed.rejects("line, code, found, expected") == [(3, "field_count", "1", "2"), (4, "field_count", "3", "2")]


def test_a_quote_within_a_field(tmp_path: Path) -> None:
    landed = land(tmp_path, 'Id,Name\n1,5" pipe\n2,"say "yes" now"\n3,ok\n', PEOPLE)
    assert _people(landed) == [("1", '5" pipe'), ("2", 'say "yes" now'), ("3", "ok")]


def test_bytes_that_are_no_text_cost_one_line(tmp_path: Path) -> None:
    good = "".join(f"{number},Åsa Öberg Ångström\n" for number in range(50)).encode()
    landed = land(tmp_path, b"Id,Name\n" + good + b"x,\xff\xfe broken\n", PEOPLE)
    assert len(landed.rows("crm.contacts")) == 50
    assert landed.rejects("line") == [(52,)]


def test_a_bad_value_far_down_is_one_blank_cell(tmp_path: Path) -> None:
    lines = [f"{number},n,,01.02.2025 10:00" for number in range(40_000)]
    lines[31_840] = "31840,n,,soon"
    landed = land(tmp_path, "\n".join(["Id,Name,Mail,Since", *lines]), PEOPLE)
    assert landed.blanked == [("Since", "31842: soon")]
    assert landed.receipt.entities[0]["rows_loaded"] == 40_000


def test_a_preamble_is_passed_over(tmp_path: Path) -> None:
    landed = land(tmp_path, "Company report\nAs of today\n\nId,Name\n1,a\n", PEOPLE)
    assert _people(landed) == [("1", "a")]
    assert landed.rows("crm.contacts", "_row") == [(5,)]


def test_members_of_a_zip_are_files_of_their_own(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.csv", "Id,Name\n1,a\n")
        archive.writestr("two.csv", "Id,Name\n2,b\n")
    landed = land(tmp_path, packed.getvalue(), PEOPLE)
    assert sorted(landed.rows("crm.contacts", "contact_id, _part, _row")) == [("1", "one.csv", 2), ("2", "two.csv", 2)]


def test_json_records_lines_and_parquet(tmp_path: Path) -> None:
    records = [{"Id": 1, "Name": "a", "Mail": None, "Tags": ["x"]}, {"Id": 2, "Name": "b", "Mail": "b@b.example"}]
    table = duckdb.sql("select unnest([1, 2]) as Id, unnest(['a', 'b']) as Name")
    table.write_parquet(str(tmp_path / "source.parquet"))
    contents = {
        "array": json.dumps(records).encode(),
        "lines": "\n".join(json.dumps(record) for record in records).encode(),
        "nested": json.dumps({"count": 2, "people": records}, indent=2).encode(),
        "parquet": (tmp_path / "source.parquet").read_bytes(),
    }
    for name, content in contents.items():
        folder = tmp_path / name
        folder.mkdir()
        assert _people(land(folder, content, PEOPLE, name=f"export.{name}")) == [("1", "a"), ("2", "b")], name


def test_a_broken_line_of_json_lines_is_one_reject(tmp_path: Path) -> None:
    landed = land(tmp_path, '{"Id": 1, "Name": "a"}\n{"Id": 2, "Na\n{"Id": 3, "Name": "c"}\n', PEOPLE, "x.jsonl")
    assert _people(landed) == [("1", "a"), ("3", "c")]
    assert landed.rejects("line, code") == [(2, "no_json")]


def _workbook(folder: Path) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append([])
    sheet.append([None, "Id", "Name", "Since", "Lasted", "Share"])
    sheet.append([None, 1, "a", datetime(2026, 1, 2, 3, 4, 5), timedelta(hours=30, minutes=1), 0.1 + 0.2])
    sheet.append([])
    sheet.append([None, "007", "b", datetime(2026, 1, 2), time(0, 2, 23), 1234567890123])
    book.create_sheet("empty")
    path = folder / "book.xlsx"
    book.save(path)
    return path.read_bytes()


def test_a_workbook_gives_times_durations_and_numbers_as_text(tmp_path: Path) -> None:
    calls = contract("""
contract: test_sheet
title: Test sheet
system: test
recognise: {headers: [Id, Lasted]}
entities:
  calls.calls: {columns: {call_id: Id, started_at: Since, talk_seconds: {from: Lasted, unit: hms}, note: Share}}
""")
    landed = land(tmp_path, _workbook(tmp_path), calls, name="export.xlsx")
    rows = landed.rows(
        "calls.calls", "call_id, strftime(started_at, '%Y-%m-%d %H:%M:%S'), cast(talk_seconds as int), note, _row"
    )
    assert rows == [
        ("1", "2026-01-02 03:04:05", 108_060, "0.3", 3),
        ("007", "2026-01-02 00:00:00", 143, "1234567890123", 5),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02\x03" * 100, "neither text"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], "damaged"),
        (b"PK\x03\x04 no zip at all", "damaged"),
        (b"PAR1 no parquet", "damaged"),
        (b"Colour,Size\nred,5\n", "no source contract knows"),
        (b"Id,Nmae\n1,a\n", "lacks 'Name'"),
    ],
)
def test_what_cannot_be_read_is_held_with_a_reason(tmp_path: Path, content: bytes, says: str) -> None:
    landed = land(tmp_path, content, PEOPLE)
    assert len(landed.receipt.held) == 1
    assert landed.held[0].startswith("export.csv")
    assert says in landed.held[0]


def test_formulas_and_scripts_are_text(tmp_path: Path) -> None:
    names = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "@SUM(A1)", "-1+1"]
    text = "Id;Name\n" + "".join(f"{number};{name}\n" for number, name in enumerate(names))
    assert [name for _, name in _people(land(tmp_path, text, PEOPLE))] == names


def test_the_same_bytes_are_landed_once_whatever_they_are_called(tmp_path: Path) -> None:
    first = land(tmp_path, TEXT, PEOPLE, name="a.csv")
    again = land(tmp_path, TEXT, PEOPLE, name="b.csv")
    assert len(again.rows("crm.contacts")) == 3
    assert len(list(again.store.receipts())) == 1
    assert first.receipt.known_at == again.receipt.known_at
