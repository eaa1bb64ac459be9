"""The page Add data in a real browser: a fresh home, two known vendors and an unknown one, to one's own numbers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.adding import AddingError, look, safe_name, take_in, teach, waiting
from pipelines.settings import Settings, load_settings
from tests.dashboards import test_browser
from tests.dashboards.test_browser import SCREENSHOTS, no_trouble, serving, settled

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"
# Nothing tells the order of these dates, nor what `In dispute` means.
UNKNOWN = """Voucher;Debtor;Voucher date;Pay by;Grand total;Outstanding;Currency;State
V-1;Example Mill AB;03/04/2024;05/05/2024;1250,50;250,50;SEK;Sent
V-2;Example Mill AB;04/04/2024;06/05/2024;90,00;90,00;SEK;In dispute
V-3;<b>Example</b> Works;05/04/2024;07/05/2024;700,00;0,00;SEK;Paid
Total;;;;2040,50;340,50;;
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with test_browser.sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=test_browser.CHROMIUM, args=test_browser.ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home")


def _drop(page: Any, *files: Path) -> None:
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files([str(file) for file in files])
    for file in files:
        page.get_by_text(f"{file.name} lies in the landing folder").wait_for()


def _choose(page: Any, label: str, answer: str) -> None:
    """Chooses in the list whose label begins so."""
    box = page.get_by_test_id("stSelectbox").filter(has_text=label)
    box.locator("input").first.click()
    page.get_by_role("option", name=answer, exact=True).click()
    settled(page)


def test_from_a_fresh_home_to_ones_own_numbers(browser: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unknown = tmp_path / "ledgerly invoices.csv"
    unknown.write_text(UNKNOWN, encoding="utf-8")
    with serving(home) as address:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        page.get_by_text("Add your exports here").click()
        settled(page)
        _drop(page, FIXTURES / "hubspot" / "deals.csv", FIXTURES / "xero" / "sales_invoices.csv", unknown)
        settled(page)
        page.get_by_text("HubSpot, deals").wait_for()
        page.get_by_text("Xero, sales invoices").wait_for()
        page.get_by_text("It looks like").wait_for()
        page.get_by_role("button", name="question to be answered first").wait_for()
        page.screenshot(path=SCREENSHOTS / "add_data-asks.png", full_page=True)
        _choose(page, "Is the day or the month first", "The day first")
        _choose(page, "What does In dispute in State mean", "issued")
        page.get_by_text("2024-04-03 to 2024-04-05").wait_for()
        page.get_by_role("button", name="Use this").click()
        page.get_by_text("No contract knows it").wait_for(state="detached")
        settled(page)
        no_trouble(page)
        page.get_by_role("button", name="Refresh now").click()
        page.get_by_text("Published: the Overview shows your own numbers").wait_for(timeout=240_000)
        page.get_by_text("Not known yet: calls").wait_for()
        settled(page)
        for name, (width, height) in test_browser.WIDTHS.items():
            page.set_viewport_size({"width": width, "height": height})
            settled(page)
            page.screenshot(path=SCREENSHOTS / f"add_data-{name}.png", full_page=True)
            no_trouble(page)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.get_by_text("Open the Overview").click()
        page.get_by_text("Open receivables").first.wait_for()
        context.close()
    contract = yaml.safe_load((home / "contracts" / "ledgerly_invoices.yml").read_text(encoding="utf-8"))
    assert "ask" not in contract
    with duckdb.connect(str((home / "warehouse" / "keybook.duckdb").resolve()), read_only=True) as published:
        found = published.execute(
            "select invoice_number, gross_amount, open_amount from reporting.rpt_open_invoices "
            "where invoice_number like 'V-%' order by 1"
        ).fetchall()
    assert [(number, float(gross), float(left)) for number, gross, left in found] == [
        ("V-1", 1250.5, 250.5), ("V-2", 90.0, 90.0)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\evil.csv", "evil.csv"),
        (".hidden.csv", "hidden.csv"),
        ("~$open.xlsx", "$open.xlsx".replace("$", "_").lstrip("_")),
        ("Счета 2024.csv", "Счета 2024.csv"),
        ("a\x00b\n<script>.csv", "a_b__script_.csv"),
        ("x" * 300 + ".csv", "x" * 96 + ".csv"),
    ],
)
def test_a_name_names_nothing_but_a_file(name: str, kept: str) -> None:
    assert safe_name(name) == kept


@pytest.mark.parametrize("name", ["", "..", "/", ".", "   "])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(AddingError):
        safe_name(name)


def test_an_upload_lies_in_the_landing_folder_and_nowhere_else(settings: Settings, tmp_path: Path) -> None:
    first = take_in(settings, "../../deals.csv", io.BytesIO(b"a,b\n1,2\n"), "../Up & Away")
    assert first == settings.landing_dir / "up_away" / "deals.csv"
    assert take_in(settings, "deals.csv", io.BytesIO(b"a,b\n1,2\n"), "up away") == first
    assert take_in(settings, "deals.csv", io.BytesIO(b"a,b\n3,4\n"), "up away").name == "deals (2).csv"
    outside = tmp_path / "outside"
    outside.mkdir()
    (settings.landing_dir / "linked").symlink_to(outside)
    with pytest.raises(AddingError, match="link out of the landing folder"):
        take_in(settings, "deals.csv", io.BytesIO(b"a\n"), "linked")
    (settings.landing_dir / "out.csv").symlink_to(outside / "out.csv")
    assert take_in(settings, "out.csv", io.BytesIO(b"a\n")).name == "out (2).csv"
    assert not list(outside.iterdir())


def test_an_upload_above_the_limit_leaves_nothing(settings: Settings) -> None:
    small = settings.model_copy(update={"max_file_bytes": 10})
    with pytest.raises(AddingError, match="larger than 10 bytes"):
        take_in(small, "deals.csv", io.BytesIO(b"x" * 11))
    with pytest.raises(AddingError, match="is empty"):
        take_in(small, "deals.csv", io.BytesIO(b""))
    assert not [path for path in settings.landing_dir.rglob("*") if path.is_file()]


def test_a_word_that_is_told_is_kept_beside_the_contract(settings: Settings) -> None:
    text = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8").replace("qualifiedtobuy", "Haggling")
    path = take_in(settings, "deals.csv", io.BytesIO(text.encode()))
    assert [file.state for file in waiting(settings)] == ["new"]
    asked = look(settings, path).words
    assert asked == [("hubspot_deals", "crm.deals.status", "Haggling", 1)]
    teach(settings, "hubspot_deals", {"crm.deals.status": {"Haggling": "open"}})
    assert look(settings, path).words == []
    assert look(settings, path).rows_loaded == 3
    with pytest.raises(AddingError, match="may be"):
        teach(settings, "hubspot_deals", {"crm.deals.status": {"Haggling": "wonderful"}})
    assert look(settings, path).rows_loaded == 3


def test_an_order_of_dates_that_is_told_is_kept_beside_the_contract(settings: Settings) -> None:
    text = "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountDue,Status\n"
    text += "Example AB,INV-1,03/04/2024,05/04/2024,10.00,10.00,Sent\n"
    path = take_in(settings, "invoices.csv", io.BytesIO(text.encode()))
    held = look(settings, path)
    assert held.orders == ("xero_sales_invoices", ["day first", "month first"])
    teach(settings, "xero_sales_invoices", {}, "month first")
    assert look(settings, path).orders is None
    assert look(settings, path).rows_loaded > 0
