"""Web pages that are called spreadsheets, and what is neither text nor a table though it begins with letters."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from pathlib import Path

import pytest

from pipelines.exports.readers.engine import answer
from pipelines.exports.readers.grids import quoted
from pipelines.exports.readers.pages import page_tables
from pipelines.exports.readers.unpack import Limits
from tests.support.landing import land

EXPORTS = Path(__file__).resolve().parents[1] / "fixtures/exports"
HEAD = (
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"><style>td {x: y}</style></head>'
)


def _page(name: str, titles: int = 0) -> str:
    """A fixture as the page that a system mails, its first lines as headings above the table."""
    rows = list(csv.reader(io.StringIO((EXPORTS / name).read_text("utf-8-sig"))))
    above = "".join(f"<h3>{html.escape(''.join(row))}</h3>" for row in rows[:titles])
    cells = ("".join(f"<td nowrap>{html.escape(cell)}&nbsp;</td>" for cell in row) for row in rows[titles:])
    table = "".join(f"<tr>\n{row}</tr>\n" for row in cells)
    return f"{HEAD}<body>{above}<table border=1>\n<tbody>{table}</tbody></table></body></html>"


def _tables(folder: Path, page: str, limits: Limits | None = None) -> dict[str, list[tuple[str | None, ...]]]:
    path = folder / "page"
    path.write_text(page, encoding="utf-8")
    tables = page_tables(path, folder, limits or Limits())
    return {
        table.part: [row[1:] for row in answer(f"from read_parquet({quoted(str(table.path))}) order by _line")]
        for table in tables
    }


@pytest.mark.parametrize(
    ("name", "titles", "entity", "columns"),
    [
        ("zoho_books/Invoice_view.csv", 0, "billing.invoices", "number, issued_on, due_on, gross_amount, currency"),
        ("salesforce/report_opportunities.csv", 0, "crm.deals", "name, stage, amount, currency, expected_close_on"),
        ("quickbooks/invoice_list.csv", 3, "billing.invoices", "number, issued_on, due_on, gross_amount"),
        ("xero/aged_receivables_detail.csv", 4, "billing.invoices", "number, issued_on, due_on, reported_balance"),
    ],
)
def test_a_page_that_is_called_a_workbook_gives_the_same_rows(
    tmp_path: Path, name: str, titles: int, entity: str, columns: str
) -> None:
    for folder in ("text", "page"):
        (tmp_path / folder).mkdir()
    text = land(tmp_path / "text", (EXPORTS / name).read_bytes()).rows(entity, columns)
    page = land(tmp_path / "page", _page(name, titles), name="report.xls")
    assert page.receipt.held == []
    assert text
    assert page.rows(entity, columns) == text


def test_a_table_is_read_as_it_is_shown(tmp_path: Path) -> None:
    page = (
        f"{HEAD}<title>no</title><body><p>Example\n Works<br>May<script>'<table>'</script>"
        "<table><tr><th>Id<th colspan=2>Name &amp; place<tr><td rowspan=2>1<td>a<td>b<tr><td>c<br>d<td>e</table>"
        "<p>Below<table><tr><td>x</td><td><table><tr><td>in</td><td>it</td></tr></table></td></tr></table>"
        "<table><tr><td>alone</td></tr></table>"
    )
    assert _tables(tmp_path, page) == {
        "table 1": [
            ("Example Works", None, None),
            ("May", None, None),
            ("Id", "Name & place", None),
            ("1", "a", "b"),
            (None, "c d", "e"),
        ],
        "table 2": [("Below", None), ("x", None)],
        "table 3": [("in", "it")],
    }


def test_a_table_of_a_hostile_shape_is_held_or_read(tmp_path: Path) -> None:
    wide = land(tmp_path, f"{HEAD}<table><tr><td colspan={10**9}>a", name="a.xls")
    assert "more columns than max_columns" in wide.held[0]
    deep = land(tmp_path, HEAD + "<table><tr><td>" * 50_000, name="b.xls")
    assert [finding["code"] for finding in deep.receipt.findings] == ["no_table"]
    (tmp_path / "high").mkdir()
    high = f"<table><tr><td rowspan={10**12}>a<td>b" + "<tr><td>c" * 3
    assert _tables(tmp_path / "high", high) == {"": [("a", "b"), *3 * [(None, "c")]]}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("deals.csv", b"<!DOCTYPE html>\n<html><body><form>Please sign in</form></body></html>", "no_table"),
        ("invoice.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "unknown_format"),
        ("letter.doc", b"{\\rtf1 Hello}", "unknown_format"),
        ("book.xls", b'\n<?xml version="1.0"?>\n<Workbook/>', "unknown_format"),
    ],
)
def test_what_holds_no_table_is_named_for_what_it_is(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert [finding["code"] for finding in land(tmp_path, content, name=name).receipt.findings] == [code]


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_what_an_operating_system_packs_with_exports_is_none(tmp_path: Path) -> None:
    """Nothing is held for it; an archive that holds nothing else is."""
    left = {
        "__MACOSX/._deals.csv": b"\0\5\x16\7",
        ".DS_Store": b"\0\1Bud1",
        "in/Thumbs.db": b"\0",
        "~$deals.xlsx": b"\5",
    }
    deals = (EXPORTS / "pipedrive/deals.csv").read_bytes()
    landed = land(tmp_path, _zip({"in/deals.csv": deals, **left}), name="deals.zip")
    assert (landed.receipt.held, [row["rows_loaded"] for row in landed.receipt.entities]) == ([], [2])
    assert [finding["code"] for finding in land(tmp_path, _zip(left), name="none.zip").receipt.findings] == ["empty"]
