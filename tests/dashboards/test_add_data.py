"""The page Add data in a real browser: a fresh home, two known vendors and an unknown one, to one's own numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.files import read_yaml
from tests.dashboards import test_browser
from tests.dashboards.test_browser import no_trouble, serving, settled, taken

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


def _drop(page: Any, *files: Path) -> None:
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files([str(file) for file in files])
    page.get_by_text(f"In the landing folder: {', '.join(file.name for file in files)}").wait_for()


def _choose(page: Any, label: str, answer: str) -> None:
    """Clicks an answer of the question whose text begins so."""
    page.get_by_test_id("stRadio").filter(has_text=label).get_by_text(answer, exact=True).click()
    settled(page)


def _shot(page: Any, name: str) -> None:
    """The page at both widths; where somebody wants to look at it, the whole of it."""
    for width_name, (width, height) in test_browser.WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        settled(page)
        if os.environ.get("SCREENSHOTS"):
            whole = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": whole})
            settled(page)
        # On a phone the menu slides away first.
        page.wait_for_function(
            "innerWidth > 768 || document.querySelector('[data-testid=stSidebar]').getBoundingClientRect().right < 2"
        )
        taken(page, f"add_data-{name}-{width_name}")
        no_trouble(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    settled(page)


def test_from_a_fresh_home_to_ones_own_numbers(browser: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unknown = tmp_path / "ledgerly invoices.csv"
    unknown.write_text(UNKNOWN, encoding="utf-8")
    deals = tmp_path / "deals.csv"
    whole = (FIXTURES / "hubspot" / "deals.csv").read_text(encoding="utf-8")
    deals.write_text(whole.replace("qualifiedtobuy", "Haggling"), encoding="utf-8")
    with serving(home) as address:
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.outside = []
        page.on("request", lambda sent: None if "//localhost" in sent.url else page.outside.append(sent.url))
        page.goto(address)
        page.get_by_text("Add your exports here").click()
        settled(page)
        _drop(page, deals, FIXTURES / "xero" / "sales_invoices.csv", unknown)
        settled(page)
        page.get_by_text("HubSpot, deals").wait_for()
        page.get_by_text("Xero, sales invoices").wait_for()
        page.get_by_text("It looks like").wait_for()
        page.get_by_text("1 row rejected: where, why and what helps").wait_for()
        page.get_by_role("button", name="question to be answered first").wait_for()
        _shot(page, "asks")
        _choose(page, "Is the day or the month first", "The day first")
        _choose(page, "What does “In dispute” in “State” mean", "issued")
        page.get_by_text("2024-04-03 to 2024-04-05").wait_for()
        page.get_by_role("button", name="Use this").click()
        page.get_by_text("No export that Keybook knows").wait_for(state="detached")
        # A corrected file is read instead of the one with the rejected row.
        page.get_by_text("Give a corrected file").click()
        mended = tmp_path / "deals mended.csv"
        mended.write_text(whole, encoding="utf-8")
        page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(str(mended))
        page.get_by_text("deals mended.csv counts instead of deals.csv").wait_for()
        page.get_by_text("1 row rejected: where").wait_for(state="detached")
        settled(page)
        no_trouble(page)
        _choose(page, "Which currency are your totals in", "SEK")
        page.get_by_text("Which currency are your totals in").wait_for(state="detached")
        page.get_by_role("button", name="Refresh now").click()
        page.get_by_text("You land on the Overview").wait_for()
        page.get_by_role("button", name="Refresh now").wait_for(state="detached")
        taken(page, "add_data-refreshing")
        page.get_by_text("Published: these are your own numbers").wait_for(timeout=300_000)
        page.get_by_text("Not known yet: calls").wait_for()
        page.get_by_text("Open receivables").first.wait_for()
        _shot(page, "published")
        context.close()
    contract = read_yaml(home / "contracts" / "ledgerly_invoices.yml")
    assert "ask" not in contract
    assert contract["formats"]["date"] == ["%d/%m/%Y"]
    states = contract["entities"]["billing.invoices"]["columns"]["status"]["map"]
    assert states == {"In dispute": "issued", "Paid": "issued", "Sent": "issued"}
    with duckdb.connect(str((home / "warehouse" / "keybook.duckdb").resolve()), read_only=True) as published:
        found = published.execute(
            "select invoice_number, gross_amount, open_amount from reporting.rpt_open_invoices "
            "where invoice_number like 'V-%' order by 1"
        ).fetchall()
        (deals_there,) = published.execute("select count(*) from reporting.rpt_open_deals").fetchone()
    assert [(number, float(gross), float(left)) for number, gross, left in found] == [
        ("V-1", 1250.5, 250.5),
        ("V-2", 90.0, 90.0),
    ]
    assert deals_there == 1
    assert (home / "keybook.toml").read_text(encoding="utf-8") == 'base_currency = "SEK"\ndefault_currency = "SEK"\n'
