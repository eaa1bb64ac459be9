"""The page Add data in a real browser: a fresh home, two known vendors and an unknown one, up to the refresh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.dashboards import test_browser
from tests.dashboards.test_browser import SCREENSHOTS, no_trouble, serving, settled

browser, page = test_browser.browser, test_browser.page
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "exports"
# Nothing tells the order of these dates, nor what `In dispute` means.
UNKNOWN = """Voucher;Debtor;Voucher date;Pay by;Grand total;Outstanding;Currency;State
V-1;Example Mill AB;03/04/2024;05/05/2024;1250,50;250,50;SEK;Sent
V-2;Example Mill AB;04/04/2024;06/05/2024;90,00;90,00;SEK;In dispute
V-3;<b>Example</b> Works;05/04/2024;07/05/2024;700,00;0,00;SEK;Paid
Total;;;;2040,50;340,50;;
"""


def _drop(page: Any, *files: Path) -> None:
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files([str(file) for file in files])
    page.get_by_text(f"In the landing folder: {', '.join(file.name for file in files)}").wait_for()


def _choose(page: Any, label: str, answer: str) -> None:
    """Clicks an answer of the question whose text begins so."""
    page.get_by_test_id("stRadio").filter(has_text=label).get_by_text(answer, exact=True).click()
    settled(page)


def test_in_a_fresh_home_files_are_dropped_and_what_they_ask_is_answered(page: Any, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    unknown = tmp_path / "ledgerly invoices.csv"
    unknown.write_text(UNKNOWN, encoding="utf-8")
    with serving(home) as address:
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
        page.get_by_role("button", name="Refresh now").wait_for()
    contract = yaml.safe_load((home / "contracts" / "ledgerly_invoices.yml").read_text(encoding="utf-8"))
    assert "ask" not in contract
    assert contract["formats"]["date"] == ["%d/%m/%Y"]
    states = contract["entities"]["billing.invoices"]["columns"]["status"]["map"]
    assert states == {"In dispute": "issued", "Paid": "issued", "Sent": "issued"}
    assert len(list((home / "landing").iterdir())) == 3
