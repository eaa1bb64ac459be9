"""Text from data is data: never Markdown, never HTML, never a formula in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from dashboards.components.formats import days, iso, money, percent, plain, signed
from pipelines.formats import csv_line
from pipelines.formats import neutral as cell
from tests.dashboards.conftest import MARKUP, grid, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
JINJA = " {{ 1/0 }} {% raw %}"


def test_the_card_escapes_a_hostile_name(open_page: Open, tmp_path: Path) -> None:
    happened = {"account_id": "crm:407", "event_type": "call", "occurred_at": "2026-11-18 09:30:00+00"}
    publish(
        tmp_path, "v1", {
            "rpt_accounts": [{"account_id": "crm:407", "account_name": MARKUP + JINJA}],
            "rpt_account_timeline": [happened | {"title": "<img src=x onerror=alert(1)> **not bold**"}],
        },
    )  # fmt: skip
    app = open_page("accounts", at_home=tmp_path, account="crm:407")
    assert not app.exception
    html = "".join(str(element.proto.body) for element in app.get("html"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; **Bold**" in html
    assert JINJA in html
    assert "<script" not in html
    assert not any("Bold" in element.value for element in [*app.markdown, *app.caption])
    assert "Call: <img src=x onerror=alert(1)> **not bold**" in list(
        grid(app, "event_type", "occurred_at")["event_type"]
    )


def test_a_hostile_name_is_no_markup_on_any_page(open_page: Open) -> None:
    # The account with most movements has the name: cards of collections, silence and key accounts may name it.
    for page in ("overview", "collections", "account_health", "key_accounts", "statements"):
        app = open_page(page)
        assert not app.exception
        assert "[link](http" not in words(app), page
        assert "**Bold**" not in words(app), page


def test_a_hostile_name_of_a_person_is_no_markup_on_the_page_team(open_page: Open, tmp_path: Path) -> None:
    person = {"employee_id": "crm:7", "employee_name": MARKUP}
    held = {"day": "2026-10-01", "norm": "new_contracts", "period": "month", "target": 2, "actual": 1}
    line = {"month": "2026-10-01", "ledger": "accrued", "event_type": "won", "amount": 5}
    publish(
        tmp_path, "v1", {
            "rpt_run": [{"as_of_date": "2026-10-31", "base_currency": "EUR"}],
            "rpt_team_norms": [person | held],
            "rpt_commission": [person | line],
        },
    )  # fmt: skip
    app = open_page("team", at_home=tmp_path)
    app.session_state["norm_opened"], app.session_state["commission_opened"] = "crm:7 new_contracts", "crm:7"
    app.run()
    assert not app.exception
    assert words(app).count(plain(MARKUP)) == 2
    assert "**Bold**" not in words(app)


def test_a_hostile_filter_value_is_escaped_where_it_is_named(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", {"rpt_accounts": [{"account_id": "crm:1", "segment": "a [b](c) **d**"}]})
    app = open_page("accounts", at_home=tmp_path)
    app.sidebar.multiselect(key="segment").set_value(["a [b](c) **d**"]).run()
    assert not app.exception
    [said] = [element.value for element in app.markdown if "Shown for" in element.value]
    assert said.endswith("segment: " + plain("a [b](c) **d**"))
    assert "**d**" not in said


def test_markdown_in_text_is_escaped() -> None:
    joiner = "\u2060"
    text = "a *b* [c](d) <i> :red[x] :smile: $x$ `y` # z"
    assert plain(text) == (rf"a \*b\* \[c\]\(d\) \<i\> :{joiner}red\[x\] :{joiner}smile: \$x\$ \`y\` \# z")
    assert plain("two\n\nlines") == "two lines"
    # An address makes no link of itself.
    assert plain("http://a.example") == f"http:{joiner}//a.example"
    assert plain("WWW.a.example") == f"WWW{joiner}.a.example"
    assert plain("ada@a.example") == f"ada@{joiner}a.example"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Acme;=cmd|x;y", "Acme;'=cmd|x;y"),
        ("a\tb\n @SUM(A1)", "a\tb\n '@SUM(A1)"),
        ('a;"=1', "a;\"'=1"),
        ("a; b; c", "a; b; c"),
    ],
)
def test_no_separator_begins_a_formula(text: str, written: str) -> None:
    """Where the semicolon separates, what stands behind the first comma is in no quotes."""
    (row,) = csv.reader(io.StringIO(csv_line([1, text]), newline=""))
    assert row == ["1", written]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+46 70 123", "'+46 70 123"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\r=1", "'\r=1"),
        (" =1+1", "' =1+1"),
        ("-12.50", "-12.50"),
        ("+1,234.5", "+1,234.5"),
        ("-5%", "-5%"),
        # What another separator than the comma makes a cell of is the CSV's matter.
        ("Acme;=1+1", "Acme;=1+1"),
        ("plain", "plain"),
        ("", ""),
        (None, ""),
        (-3, -3),
        (Decimal("-3.10"), Decimal("-3.10")),
    ],
)
def test_formulas_are_neutralised(value: object, written: object) -> None:
    assert cell(value) == written


def test_the_download_is_rfc_4180_with_every_row() -> None:
    table = pa.table({"=name": ["a,b", '=HYPERLINK("x")', 'quote "q"', "two\nlines"], "amount": [Decimal("-1.50")] * 4})
    text = to_csv(table).decode("utf-8-sig")
    found = list(csv.reader(io.StringIO(text, newline="")))
    assert found == [
        ["'=name", "amount"], ["a,b", "-1.50"], ["'=HYPERLINK(\"x\")", "-1.50"], ['quote "q"', "-1.50"],
        ["two\nlines", "-1.50"],
    ]  # fmt: skip
    assert text.count("\r\n") == 5


def test_formats() -> None:
    assert money(Decimal("1234567.4"), "EUR") == "EUR 1,234,567"
    assert money(Decimal("-1234.5"), "SEK", 2) == "SEK -1,234.50"
    assert money(Decimal("1234567890"), "EUR") == "EUR 1,234.6M"
    assert money(None, "EUR") == percent(None) == days(None) == iso(None) == "–"
    assert percent(0.1234) == "12.3%"
    assert signed(Decimal("-0.4")) == "0"
    assert signed(Decimal("-1500.4")) == "-1,500"
    assert signed(0.51, 1, "pp") == "+0.5 pp"
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", iso(__import__("datetime").date(2026, 1, 2)))
