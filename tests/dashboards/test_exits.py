"""The text of a name is text at every exit: no HTML, Markdown, template, link or formula comes of it.

A new exit is a line of `EXITS`: what it makes of a publication in which an account has the name, read as its readers do.
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import duckdb
import openpyxl
import pyarrow as pa
import pypdfium2
import pypdfium2.raw
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from pipelines.delivery import alerts
from pipelines.delivery.alert_rules import Condition, Rule
from pipelines.reports.appraisal.reading import read as read_half
from pipelines.reports.client.reading import read as read_client
from pipelines.reports.commission.reading import read as read_commission
from pipelines.reports.monthly.reading import people
from pipelines.reports.monthly.reading import read as read_month
from pipelines.reports.packs import making as packs
from pipelines.reports.packs.sections import Pack
from pipelines.reports.quarterly.reading import read as read_quarter
from pipelines.reports.statements import making as statements
from pipelines.reports.statements.reading import Ageing, Asked, Line, Statement, Totals
from pipelines.reports.weekly.reading import read
from pipelines.warehouse.publications import Warehouse
from tests.support.homes import keybook
from tests.support.publications import publish

ADDRESS = "http://example.invalid"
NAME = (
    f'=HYPERLINK("{ADDRESS}") <script>1</script> <blink>b</blink> **bold** [a]({ADDRESS}) {{{{6*7}}}} {{%raw%}} '
    "#emph[x] $y$ :red[r]"
)  # fmt: skip
DAY = date(2026, 10, 31)


class Shown(NamedTuple):
    """What a reader sees of an exit, and what of it is more than text."""

    text: str
    live: list[str]


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.live: list[str] = []

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "blink") or any(ADDRESS in (value or "") for _, value in attrs):
            self.live.append(str(self.get_starttag_text()))


def of_html(html: str) -> Shown:
    """A page or a mail: its text, and the marks and addresses that are the name's."""
    reader = _Html()
    reader.feed(html)
    reader.close()
    return Shown(" ".join(reader.text), reader.live)


def of_csv(text: str) -> Shown:
    """A table that a spreadsheet opens, whichever sign it takes for the separator."""
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) for cell in row]
    parts = [part.strip() for cell in cells for part in re.split("[,;\t\n]", cell)]
    return Shown(" ".join(cells), [part for part in parts if part[:1] in ("=", "+", "@")])


def of_xlsx(made: bytes) -> Shown:
    """A workbook."""
    sheets = openpyxl.load_workbook(io.BytesIO(made)).worksheets
    cells = [cell for sheet in sheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    # The pack's own sums are formulas.
    live = [str(cell.value) for cell in cells if cell.hyperlink or (cell.data_type == "f" and ADDRESS in cell.value)]
    return Shown(" ".join(str(cell.value) for cell in cells), live)


def of_pdf(made: bytes) -> Shown:
    """A document on paper; of links it should have none."""
    pages = list(pypdfium2.PdfDocument(made))
    links = [f"page {page}" for page in pages if pypdfium2.raw.FPDFPage_GetAnnotCount(page)]
    return Shown(" ".join(page.get_textpage().get_text_range() for page in pages), links)


def of_page(app: AppTest) -> Shown:
    """A page of the dashboards, where Streamlit reads text as Markdown and HTML is written out."""
    assert not app.exception
    html = of_html("".join(str(element.proto.body) for element in app.get("html")))
    said = [element.value for element in (*app.title, *app.header, *app.subheader, *app.markdown, *app.caption)]
    return Shown(
        html.text, html.live + [text for text in said if re.search(r"\*\*bold|<script|\[a\]\(http|:red\[r", text)]
    )


class Given(NamedTuple):
    """Where the name stands: a home, packs, a statement."""

    home: Path
    packs: dict[str, Pack]
    statement: Statement
    open_page: Callable[..., AppTest]


def _sql(given: Given, shape: str) -> str:
    return keybook(
        "sql", "--home", given.home, "--format", shape, "select account_name from reporting.rpt_accounts"
    ).stdout


def _pack(pack: Pack, shape: str) -> bytes:
    made = packs.make(pack, "en", "v1")
    return next(content for name, content in made.items() if name.endswith(f".{shape}"))


def _alert(given: Given) -> bytes:
    [published] = Warehouse(given.home / "warehouse").publications()
    rows = [{"account_id": "crm:1", "account_name": NAME}]
    rule = Rule("one", "rpt_accounts", 2, [Condition("account_name", "filled")])
    return alerts.make(rule, "en", replace(published, as_of_date=str(DAY)), rows)["alert.eml"]


def of_mail(made: bytes) -> Shown:
    """The HTML of a mail."""
    message = email.message_from_bytes(made, policy=email.policy.default)
    body = message.get_body(("html",))
    assert body is not None
    return of_html(body.get_content())


EXITS: dict[str, Callable[[Given], Shown]] = {
    "page": lambda given: of_page(given.open_page("accounts", at_home=given.home, account="crm:1")),
    "download of a page": lambda given: of_csv(to_csv(pa.table({"account_name": [NAME]})).decode()),
    "keybook sql": lambda given: of_csv(_sql(given, "csv")),
    "statement, workbook": lambda given: of_xlsx(statements.make(given.statement, "activity", "en", "xlsx")),
    "statement, PDF": lambda given: of_pdf(statements.make(given.statement, "activity", "en", "pdf")),
    "alert, mail": lambda given: of_mail(_alert(given)),
}
for _name in ("weekly", "monthly", "quarterly", "client", "appraisal", "commission"):
    EXITS |= {
        f"{_name} pack, workbook": lambda given, name=_name: of_xlsx(_pack(given.packs[name], "xlsx")),
        f"{_name} pack, PDF": lambda given, name=_name: of_pdf(_pack(given.packs[name], "pdf")),
        f"{_name} pack, mail": lambda given, name=_name: of_mail(_pack(given.packs[name], "eml")),
    }


def _naming(pack: Pack, section: str) -> Pack:
    """A pack in which the first account of a list has the name, and stands alone."""
    found = pack.sections[section]
    (first, *others) = found.rows[0]
    return replace(
        pack, sections={**pack.sections, section: replace(found, rows=[[replace(first, value=NAME), *others]])}
    )


@pytest.fixture(scope="module")
def named(
    warehouse: duckdb.DuckDBPyConnection, published: Path, quarter_ended: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Pack], Statement]:
    home = tmp_path_factory.mktemp("named")
    publish(home, "v1", {"rpt_accounts": [{"account_id": "crm:1", "account_name": NAME}]})
    lines = (Line(DAY, "invoice", "R1", None, "explicit", Decimal(7), Decimal(0), Decimal(7)),)
    totals = Totals(Decimal(0), Decimal(7), Decimal(0), Decimal(7))
    statement = Statement(Asked("crm:1", "EUR", DAY, DAY), NAME, "", lines, totals, Ageing(), ())
    made = {
        "weekly": _naming(read(warehouse, ""), "causes"),
        "monthly": _naming(read_month(warehouse, "", next(iter(people(warehouse)))), "book"),
        "commission": _naming(read_commission(warehouse, ""), "waiting_deals"),
    }
    with duckdb.connect(str(quarter_ended / "warehouse" / "keybook.duckdb"), read_only=True) as ended:
        made["quarterly"] = _naming(read_quarter(ended, ""), "proposals")
    [(account,)] = warehouse.execute("select min(account_id) from reporting.rpt_accounts").fetchall()
    made["client"] = _naming(read_client(warehouse, "", account), "terms")
    half = publish(home / "half", "v1", base=published,
                   changes=["update reporting.rpt_run set as_of_date = date '2026-06-30'"])  # fmt: skip
    with duckdb.connect(str(half), read_only=True) as ended:
        made["appraisal"] = _naming(read_half(ended, ""), "appraised")
    return home, made, statement


def _bare(text: str) -> str:
    return re.sub(r"[\s\u200b\u2060\ufffe\u00ad]", "", text)


@pytest.mark.parametrize("exit", EXITS)
def test_a_name_is_text_at_every_exit(
    named: tuple[Path, dict[str, Pack], Statement], open_page: Callable[..., AppTest], exit: str
) -> None:
    shown = EXITS[exit](Given(*named, open_page))
    assert _bare(NAME) in _bare(shown.text)
    assert shown.live == []


@pytest.mark.parametrize(
    "shown",
    [
        of_html(NAME),
        of_csv(f'a,"{NAME}"'.replace('"http', "'http")),
        of_csv("x;=1+1"),
        of_html(f"<a href='{ADDRESS}'>a</a>"),
    ],
)
def test_what_is_more_than_text_is_seen(shown: Shown) -> None:
    assert shown.live
