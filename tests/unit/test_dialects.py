"""Unusual dialects, and what is shown of a file that no contract knows: each line of it, or why it is left out."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from benchmarks.pollution import HEADER, polluted
from pipelines.exports.codes import Rejection
from pipelines.exports.landing.reading import open_table
from pipelines.exports.readers.dialects import Dialect, find_dialect
from pipelines.exports.readers.texts import write_csv
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import contract, land

PEOPLE = contract("""
contract: test_people
title: Test people
system: test
recognise: {headers: [Id, Name]}
entities: {crm.contacts: {columns: {contact_id: Id, full_name: Name, job_title: Title}}}
""")


def _people(tmp_path: Path, text: str) -> list[tuple[object, ...]]:
    landed = land(tmp_path, text, PEOPLE)
    assert landed.receipt.rows_rejected == 0, landed.rejects()
    return landed.rows("crm.contacts", "contact_id, full_name, job_title, _row")


@pytest.mark.parametrize("delimiter", ["||", "~|~", ";;", ", ", "; ", "~", "\x1f"])
def test_delimiters_of_several_characters(tmp_path: Path, delimiter: str) -> None:
    rows = [["Id", "Name", "Title"], ["1", "Ada", ""], ["2", '"Eva', "x"], ["3", "", "y"]]
    text = "".join(delimiter.join(row) + "\n" for row in rows).replace('"Eva', f'"Eva{delimiter}\nExempel"')
    assert _people(tmp_path, text) == [
        ("1", "Ada", None, 2), ("2", f"Eva{delimiter}\nExempel", "x", 3), ("3", None, "y", 5)
    ]  # fmt: skip


def test_apostrophes_for_quotes(tmp_path: Path) -> None:
    text = "'Id','Name','Title'\n'1','Ada, won't','it''s'\n'2','Eva\nExempel',''\n'3','x \"y\"','z'\n"
    assert _people(tmp_path, text) == [
        ("1", "Ada, won't", "it's", 2), ("2", "Eva\nExempel", None, 3), ("3", 'x "y"', "z", 5)
    ]  # fmt: skip


def test_a_backslash_before_quotes(tmp_path: Path) -> None:
    text = 'Id,Name,Title\n1,"Board 5\\", planed",a\n2,"C:\\dir",b\n3,"say \\"yes\\"",c\n'
    assert [row[1] for row in _people(tmp_path, text)] == ['Board 5", planed', "C:\\dir", 'say "yes"']


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("all_of_them", [True, False])
def test_lines_that_stand_in_quotes_whole(tmp_path: Path, delimiter: str, all_of_them: bool) -> None:
    rows = [["Id", "Name", "Title"], ["1", "Ada", ""], ["2", f'Eva "E"{delimiter} Ek', "x"], ["3", "", "y"]]
    whole = []
    for row in rows:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter, lineterminator="").writerow(row)
        line = out.getvalue()
        doubled = line.replace('"', '""')
        whole.append(f'"{doubled}"' if all_of_them or '"' in line else line)
    assert _people(tmp_path, "\n".join(whole) + "\n") == [
        ("1", "Ada", None, 2), ("2", f'Eva "E"{delimiter} Ek', "x", 3), ("3", None, "y", 4)
    ]  # fmt: skip


@pytest.mark.parametrize("text", [
    '"Name"\n"Ek, Eva"\n"Ask, Ada"\n', '"Id","Name"\n"1","a"\n', '"Id"\n"1"\n', '"Id,Name,Title"\n"1,2"\n"3,4,5"\n',
    '"Id,Name,Title"\n1,"a, b",c\n',
    'Id,Name\n1,"say ""yes"""\n2,O\'Hara\n3,\'tis\n', 'Id,Path\n1,"C:\\"\n2,"D:\\"\n3,x\n',
    "Id;Text\n1;a, b\n2;c, d\n3;e, f\n", "Id,Name\n1,a~b\n2,c~d\n", "Id,At\n1,10:00\n2,11:00\n", "one line",
    'Id,Name\n1,5" pipe\n2,"say "yes" now"\n3,ok\n', "A text.\nWith lines, and a comma.\n", "",
])  # fmt: skip
def test_what_is_read_the_usual_way_is_left_alone(text: str) -> None:
    assert find_dialect(text) is None


def test_line_separators_of_unicode_are_letters(tmp_path: Path) -> None:
    text = 'Id,Name,Title\n1,a\u2028b,"c\x85d"\n2,"x, y",e\x1ef,\n'
    assert _people(tmp_path, text) == [("1", "a\u2028b", "c\x85d", 2), ("2", "x, y", "e\x1ef", 3)]


def test_cells_of_a_dialect() -> None:
    assert Dialect(", ").cells("a, b,\n") == ["a", "b", ""]
    assert Dialect("||").cells('"a||""b"||c') == ['a||"b', "c"]
    assert Dialect().cells('"open') is None


def _read(path: Path) -> tuple[list[list[str]], dict[int, Rejection]]:
    """The table as `keybook read` gives it, and the lines that are left out or named, with the reason."""
    with open_table(path, {}, Limits()) as table:
        out = io.StringIO()
        write_csv(table, out)
        named = {line.line: line.rejection for line in [*table.left_out, *table.ragged]}
    return list(csv.reader(io.StringIO(out.getvalue(), newline=""))), named


# One table divided by blanks, and others whose rows a reader cannot tell: they are counted, not compared.
UNLIKE = (
    "file_no_payload",
    "row_field_delimiter",
    "file_field_delimiter_0x20",
    "file_multitable_same",
    "file_footnote",
)


def _sampled(name: str) -> bool:
    """One cell in five where the same is done to each cell; every row and column is among them."""
    place = re.search(r"(\d)_col(\d)", name)
    return place is None or (2 * int(place[1]) + int(place[2])) % 5 == 0


def test_every_kind_of_pollution_keeps_its_account(tmp_path: Path) -> None:
    """Physical lines are the header, what stands above it, rows shown, lines left out and line ends within fields."""
    files = {name: file for name, file in polluted(6).items() if file[0] and _sampled(name)}
    kinds = {re.sub(r"\d_col\d", "", name) for name in polluted(6)} - {"file_no_payload.csv"}
    assert {re.sub(r"\d_col\d", "", name) for name in files} == kinds
    for name, (content, clean) in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        text = content.decode("utf-16" if "utf-16" in name else "cp1252" if "cp1252" in name else "utf-8-sig")
        lines = [line for line in io.StringIO(text, newline="") if line.strip("\r\n")]
        depth = 3 if "multirow_3" in name else 2 if "multirow_2" in name else 1
        with open_table(path, {}, Limits()) as table:
            below = [row for _, row in table.rows()]
            within = sum(cell.count("\n") for row in below for cell in row)
            assert len(lines) == depth + len(table.left_out) + len(below) + within, name
            named = {line.line: line.rejection for line in [*table.left_out, *table.ragged]}
            shown = [*([table.header] if table.header else []), *below]
        if name.startswith(UNLIKE) or re.search(r"less_sep.*col[567]", name):
            continue
        assert len(shown) == len(clean), (name, named)
        assert ["".join(row) for row in shown] == ["".join(row) for row in clean], name


def test_ragged_rows_are_shown_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Id,Name,On\n1,a\n2,b,2024-01-01\n3,c,x,y\n4,"d,2024-01-02\n5,e,2024-01-03\n')
    rows, named = _read(path)
    assert rows[1:] == [["1", "a"], ["2", "b", "2024-01-01"], ["3", "c", "x", "y"], ["4", '"d', "2024-01-02"],
                        ["5", "e", "2024-01-03"]]  # fmt: skip
    assert named == {
        2: Rejection("field_count", expected="3", found="2"),
        4: Rejection("field_count", expected="3", found="4"),
        5: Rejection("open_quote"),
    }


def test_a_second_table_is_left_out_by_name(tmp_path: Path) -> None:
    content, clean = polluted(5)["file_multitable_less.csv"]
    (tmp_path / "a.csv").write_bytes(content)
    rows, named = _read(tmp_path / "a.csv")
    assert rows == clean
    assert rows[0] == HEADER
    assert named == dict.fromkeys(range(7, 13), Rejection("another_table", found="7"))
