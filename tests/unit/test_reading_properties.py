"""Properties of reading: what a dialect wrote reads back equal, and no bytes crash it or lose a row."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import zstandard
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipelines.exports.codes import UnreadableError
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.landing.land import Landing, ReadingRules, open_grids
from pipelines.exports.landing.raw import RawStore
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import NOON, Landed, bare_store, contract

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SMALL = Limits(file_bytes=1 << 20, cells=100_000, seconds=30)

DATES = ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%Y%m%d", "%d-%m-%Y"]
# What an encoding can hold; a character that it cannot is in no export written in it.
LETTERS = {
    "utf-8": "abcXYZ åÅöé Жя 漢😀'=@#<>&\\",
    "utf-8-sig": "abcXYZ åÅöé Жя 漢😀'=@#<>&\\",
    "utf-16": "abcXYZ åÅöé Жя 漢😀'=@#<>&\\",
    "utf-16-le": "abcXYZ åÅöé'=@#<>&\\",
}
ROW_COUNT = st.integers(1, 12)


@st.composite
def dialects(draw: st.DrawFn) -> dict[str, Any]:
    decimal = draw(st.sampled_from([".", ","]))
    return {
        "delimiter": draw(st.sampled_from([",", ";", "\t", "|"])),
        "quoting": draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])),
        "line_end": draw(st.sampled_from(["\n", "\r\n"])),
        "last_line_end": draw(st.booleans()),
        "encoding": draw(st.sampled_from(list(LETTERS))),
        "packed": draw(st.sampled_from([None, "gz", "zst"])),
        "decimal": decimal,
        "thousands": draw(st.sampled_from(["", ",", " "] if decimal == "." else ["", ".", " "])),
        "date": draw(st.sampled_from(DATES)),
        "preamble": draw(st.integers(0, 2)),
    }


def _texts(letters: str) -> st.SearchStrategy[str | None]:
    characters = st.sampled_from([*letters, '"', ",", ";", "\t", "|", "\n"])
    return st.none() | st.text(characters, min_size=1, max_size=12)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    dialect = draw(dialects())
    text = _texts(LETTERS[dialect["encoding"]])
    row = st.tuples(
        text,
        st.none() | st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
        st.none() | st.dates(min_value=date(2000, 1, 1), max_value=date(2036, 12, 31)),
        text,
    )
    return dialect, draw(st.lists(row, min_size=1, max_size=12))


def _amount(value: Decimal | None, dialect: dict[str, Any]) -> str:
    if value is None:
        return ""
    whole, cents = f"{value:,.2f}".split(".")
    return whole.replace(",", dialect["thousands"]) + dialect["decimal"] + cents


def _write(dialect: dict[str, Any], rows: list[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(
        out, delimiter=dialect["delimiter"], quoting=dialect["quoting"], lineterminator=dialect["line_end"]
    )
    for _ in range(dialect["preamble"]):
        out.write("A report" + dialect["line_end"])
    writer.writerow(["Nr", "Kund", "Belopp", "Datum", "Note"])
    for number, (customer, amount, day, note) in enumerate(rows):
        shown = day.strftime(dialect["date"]) if day else ""
        writer.writerow([f"N{number}", customer or "", _amount(amount, dialect), shown, note or ""])
    text = out.getvalue()
    if not dialect["last_line_end"]:
        text = text.removesuffix(dialect["line_end"])
    data = text.encode(dialect["encoding"])
    if dialect["packed"] == "gz":
        return gzip.compress(data)
    return zstandard.compress(data) if dialect["packed"] == "zst" else data


def _described(dialect: dict[str, Any]) -> dict[str, Contract]:
    thousands = f"['{dialect['thousands']}']" if dialect["thousands"] else "[]"
    return contract(f"""
contract: test_properties
title: Properties
system: test
recognise: {{headers: [Nr, Kund, Belopp, Datum]}}
formats: {{date: ['{dialect["date"]}'], decimal: '{dialect["decimal"]}', thousands: {thousands}}}
entities:
  billing.payments:
    columns: {{payment_id: Nr, customer_id: Kund, amount: Belopp, received_on: Datum, reference: Note}}
""")


@cache
def _store() -> RawStore:
    """One store for all examples."""
    return bare_store(Path(tempfile.mkdtemp(prefix="keybook-test-")))


def _landed(content: bytes, contracts: dict[str, Contract], name: str = "export.csv") -> Landed:
    store = _store()
    for receipt in store.receipts():
        store.remove(receipt.sha256)
    path = store.root / name
    path.write_bytes(content)
    reading_rules = ReadingRules("UTC", SMALL, lambda: NOON)
    return Landed(Landing(store, contracts, reading_rules).land_file(path, name), store)


def _blank(text: str | None) -> str | None:
    """A cell as raw keeps it: white space around it means nothing, and nothing but white space is blank."""
    return (text or "").strip(" \t\r\n\xa0") or None


def _adds_up(landed: Landed) -> None:
    """Rows read are rows loaded and rejected, and each of them really stands in the raw store."""
    found = {"": 0, ".rejects": 0}
    for path in landed.store.root.glob(f"*/*/*-{landed.receipt.sha256}*.parquet"):
        if not path.name.endswith(".totals.parquet"):
            found[".rejects" if ".rejects" in path.name else ""] += parquet.read_metadata(path).num_rows
    entities = landed.receipt.entities
    assert found == {
        "": sum(row["rows_loaded"] for row in entities), ".rejects": sum(row["rows_rejected"] for row in entities)
    }  # fmt: skip
    assert all(row["rows_read"] == row["rows_loaded"] + row["rows_rejected"] for row in entities)
    assert entities or landed.receipt.held


TABS = {"delimiter": "\t", "quoting": csv.QUOTE_MINIMAL, "line_end": "\n", "last_line_end": False, "encoding": "utf-8"}
TABS |= {"packed": None, "decimal": ".", "thousands": "", "date": "%Y-%m-%d", "preamble": 0}


@given(tables())
@example((TABS, [(None, None, None, "\t")]))
@QUICK
def test_a_table_reads_back_equal_in_any_dialect(table: tuple[dict[str, Any], list[tuple[Any, ...]]]) -> None:
    dialect, rows = table
    landed = _landed(_write(dialect, rows), _described(dialect))
    assert not landed.receipt.held
    assert landed.receipt.rows_rejected == 0
    columns = "payment_id, customer_id, amount, received_on, reference"
    read = landed.rows("billing.payments", columns)
    assert read == [
        (f"N{number}", _blank(customer), amount, day, _blank(note))
        for number, (customer, amount, day, note) in enumerate(rows)
    ]
    _adds_up(landed)


PEOPLE = contract("""
contract: test_people
title: Test people
system: test
recognise: {headers: [Id, Name]}
entities: {crm.contacts: {columns: {contact_id: Id, full_name: Name, created_at: Since}}}
""")
STARTS = [b"", b"Id,Name\n", b"Id;Name;Since\r\n1;a;2024-01-01\r\n", b"Id\tName\n1\t", b'Id,Name\n1,"a\n2,b\n']
STARTS += [b'{"Id": 1, "Name": "a"}\n{"Id": 2, ', b'[{"Id": 1,']
STARTS += [b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"\x28\xb5\x2f\xfd", b"\xff\xfe"]
PIECES = st.sampled_from([b",", b";", b'"', b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xc3", b"Id", b"Name", b"1", b"{"])


@given(st.sampled_from(STARTS), st.binary(max_size=60) | st.lists(PIECES, max_size=40).map(b"".join))
@example(b"Id,Name\n", b"1,a\r2,b\r\n3,c\n")
@example(b"", b"Id,Name\r1,a\r2,b\r")
@example(b'{"Id": 1, "Name": "a"}\n{"Id": 2, ', b"\r")
@example(b"Id,Name\n", b'1,"a""\n2,b\n')
@example(b'Id,Name\n1,"a\n2,b\n', b'"\r')
@settings(QUICK, max_examples=60)
def test_any_bytes_end_in_rows_rejections_or_a_clear_error(start: bytes, rest: bytes) -> None:
    landed = _landed(start + rest, PEOPLE, "export.txt")
    _adds_up(landed)
    for message in landed.held:
        assert len(message) > len("export.txt: ")


@given(st.binary(max_size=200))
@QUICK
def test_any_bytes_inside_a_wrapper_end_clearly(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("a.gz", gzip.compress(content)), ("a.zst", zstandard.compress(content))):
            path = Path(folder) / name
            path.write_bytes(data)
            scratch = Path(folder) / f"{name}.scratch"
            scratch.mkdir()
            try:
                for grid in open_grids(path, scratch, PEOPLE, SMALL):
                    grid.heads()
            except UnreadableError:
                continue
