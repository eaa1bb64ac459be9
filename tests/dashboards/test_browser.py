"""The real server in a real browser: every page at two widths, clicks, the address, a publication meanwhile.

With SCREENSHOTS=1 in the environment pictures of them go to tests/screenshots/, to be looked at.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import duckdb
import pytest

from dashboards.components.formats import money
from tests.dashboards.conftest import APP, MARKUP, PAGES, one, renamed
from tests.support.publications import publish

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no Chromium on this machine: the browser tests need one on the path", allow_module_level=True)
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
# For whatever is waited for: a busy machine takes longer than the five seconds that it has otherwise.
sync_api.expect.set_options(timeout=30_000)

SCREENSHOTS = Path(__file__).resolve().parents[1] / "screenshots"
# In this order a page that was loaded at the one and grew is drawn as if it had been loaded at the other.
WIDTHS = {"phone": (390, 844), "desktop": (1440, 900)}
# Where each part of a page is.
BOXES = """() => [...document.querySelectorAll('[data-testid]')].map(part => Object.values(part.getBoundingClientRect().toJSON()))"""
# What runs for a second is not worth optimizing: without it a page takes a seventh less of the processor.
ARGUMENTS = [
    "--js-flags=--no-turbofan,--no-maglev",
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def served_home(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("served")
    # No two accounts bring the same, so that there is one order by revenue.
    apart = "update reporting.rpt_accounts set revenue_12m = 1000 + 10 * rowid"
    publish(home, "v1", base=published, changes=[*renamed(published), apart])
    return home


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The address of a server of the app on a home, started in another folder than the project's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(APP),
        "--server.headless",
        "true",
        "--server.port",
        str(port),
    ]
    environment = {**os.environ, "KEYBOOK_HOME": str(home)}
    log = (home / "server.log").open("w")
    server = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(480):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (home / "server.log").read_text()
                time.sleep(0.25)
        else:
            raise AssertionError("the server does not come up")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)
        log.close()


@pytest.fixture(scope="module")
def address(served_home: Path) -> Iterator[str]:
    """The address of a server on the sample's publication."""
    with serving(served_home) as found:
        yield found


@pytest.fixture(scope="module")
def hostile(warehouse: duckdb.DuckDBPyConnection) -> str:
    """The account whose name is markup: the one with most movements."""
    return str(one(warehouse, f"select account_id from reporting.rpt_accounts where account_name = '{MARKUP}'"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def tab(browser: Any) -> Iterator[Any]:
    """One for all tests, which load a document each: compiling Streamlit's scripts anew is most of what a new one takes."""
    opened = browser.new_page()
    opened.set_default_timeout(30_000)
    opened.on("request", lambda sent: None if "//localhost" in sent.url else opened.outside.append(sent.url))
    yield opened
    opened.close()


@pytest.fixture
def page(tab: Any) -> Any:
    """The tab as a test finds it: empty, in daylight, at a desk, of somebody who wants nothing to move."""
    tab.goto("about:blank")
    wide, high = WIDTHS["desktop"]
    tab.set_viewport_size({"width": wide, "height": high})
    tab.emulate_media(color_scheme="light", reduced_motion="reduce")
    tab.outside = []
    return tab


def settled(page: Any) -> None:
    """Waits for the end of a run: the foot of the page is there and nothing is running or fading."""
    page.get_by_text("means not known").last.wait_for()
    page.wait_for_function(
        "!document.querySelector('[data-testid=stStatusWidget]') && !document.querySelector('[data-stale=true]')"
    )


def at_rest(page: Any, where: Callable[[], Any]) -> Any:
    """Where something is, once it has stopped moving: what stands above it may still be drawn."""
    before = None
    for _ in range(100):
        now = where()
        if now == before and now is not None:
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError("it does not come to rest")


def taken(page: Any, name: str) -> None:
    """Takes a picture, where somebody wants to look at it."""
    if os.environ.get("SCREENSHOTS"):
        SCREENSHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}.png")


def no_trouble(page: Any) -> None:
    """No exception, no error box, no trace, nothing wider than the screen, no request to anywhere else."""
    assert page.locator("[data-testid=stException]").count() == 0
    assert page.locator("[data-testid=stAlertContentError]").count() == 0
    text = page.inner_text("body")
    assert "Traceback" not in text
    assert "Exception" not in text
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    outside = [url for url in page.outside if not url.startswith(("data:", "blob:"))]
    assert outside == []


@pytest.mark.parametrize("name", [*PAGES, "account_card"])
def test_a_page_at_two_widths(page: Any, address: str, hostile: str, name: str) -> None:
    """Loaded on a phone, and then as wide as a desk, which draws the same as a page that was loaded there."""
    path = {"overview": "", "account_card": f"accounts?account={hostile}"}.get(name, name)
    for width, (wide, high) in WIDTHS.items():
        page.set_viewport_size({"width": wide, "height": high})
        if page.url == "about:blank":
            page.goto(f"{address}/{path}")
        settled(page)
        at_rest(page, lambda: page.evaluate(BOXES))
        no_trouble(page)
        charts = page.locator("[data-testid=stVegaLiteChart]")
        for number in range(charts.count()):
            box = charts.nth(number).bounding_box()
            assert box is None or box["width"] == 0 or (box["x"] >= 0 and box["x"] + box["width"] <= wide + 1), width
        tiles = page.locator("[data-testid=stMetricValue]")
        for number in range(tiles.count()):
            assert tiles.nth(number).evaluate("value => value.scrollWidth <= value.clientWidth + 1"), (
                f"{width}: a tile's value is cut"
            )
        if os.environ.get("SCREENSHOTS"):
            tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": wide, "height": min(tall + 10, 6000)})
            page.wait_for_timeout(700)
            taken(page, f"{name}-{width}")


def test_dark(page: Any, address: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    settled(page)
    assert page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor") == "rgb(18, 23, 30)"
    taken(page, "overview-dark")


@pytest.mark.parametrize("sorted_first", [False, True], ids=["as it comes", "sorted by a click"])
def test_a_click_on_a_row_opens_the_card_of_that_row(
    page: Any, address: str, served_home: Path, sorted_first: bool
) -> None:
    page.goto(f"{address}/accounts")
    settled(page)
    grid = at_rest(page, page.locator("[data-testid=stDataFrame]").first.bounding_box)
    order = "revenue_12m desc"
    if sorted_first:
        # The header of names: rows come with the most revenue first, a click puts them by name.
        page.mouse.click(grid["x"] + 130, grid["y"] + 15)
        page.wait_for_timeout(1500)
        assert "account=" not in page.url, "a click that sorts opened a card"
        grid = at_rest(page, page.locator("[data-testid=stDataFrame]").first.bounding_box)
        order = "account_name"
    file = str((served_home / "warehouse" / "keybook.duckdb").resolve())
    with duckdb.connect(file, read_only=True) as served:
        ranked = served.execute(f"select account_name from reporting.rpt_accounts order by {order}").fetchall()
    name = ranked[3][0]
    page.mouse.click(grid["x"] + 130, grid["y"] + 35 * 4 + 15)
    page.wait_for_url("**account=**")
    page.locator(".keybook-name").wait_for()
    assert page.locator(".keybook-name").inner_text() == name
    page.get_by_role("button", name="All accounts").click()
    page.get_by_role("heading", name="Accounts", exact=True).wait_for()
    settled(page)
    no_trouble(page)
    assert "account=" not in page.url


def test_filters_stay_across_pages_and_in_the_address(
    page: Any, address: str, warehouse: duckdb.DuckDBPyConnection
) -> None:
    team, north = warehouse.cursor().execute(
        "select team, count(*) from reporting.rpt_accounts where team is not null group by team order by 2, 1"
    ).fetchall()[0]  # fmt: skip
    rejected = one(warehouse, "select count(*) from reporting.rpt_rejected_rows")
    first = page.locator("[data-testid=stMetricValue]").first
    page.goto(f"{address}/accounts?team={quote_plus(team)}")
    sync_api.expect(first).to_have_text(str(north))
    settled(page)
    page.get_by_role("link", name="Receivables").click()
    page.get_by_role("heading", name="Receivables", exact=True).wait_for()
    settled(page)
    assert f"team={quote_plus(team)}" in page.url.replace("%20", "+")
    sync_api.expect(page.get_by_text(f"Shown for team: {team}")).to_be_visible()
    page.get_by_role("link", name=f"{rejected} rejected rows").click()
    page.get_by_role("heading", name="Data health", exact=True).wait_for()
    settled(page)
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_role("heading", name="Accounts", exact=True).wait_for()
    sync_api.expect(first).to_have_text(str(north))
    no_trouble(page)


def test_hostile_text_is_not_run(page: Any, address: str, hostile: str) -> None:
    dialogues: list[str] = []
    page.on("dialog", lambda dialogue: (dialogues.append(dialogue.message), dialogue.dismiss()))
    page.goto(f"{address}/accounts?account={hostile}")
    settled(page)
    assert page.locator(".keybook-name").inner_text().startswith("<script>alert(1)</script> **Bold** :red[Ltd]")
    assert page.locator(".keybook-name a").count() == 0
    assert dialogues == []


def test_a_download_has_neutralised_formulas(page: Any, address: str, warehouse: duckdb.DuckDBPyConnection) -> None:
    page.goto(f"{address}/accounts")
    settled(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="Download as CSV").click()
    text = Path(started.value.path()).read_text(encoding="utf-8-sig")
    assert len(text.strip().splitlines()) == one(warehouse, "select count(*) from reporting.rpt_accounts") + 1
    assert "'=HYPERLINK(" in text


@pytest.mark.parametrize(("button", "begins"), [("PDF", b"%PDF-"), ("XLSX", b"PK")])
def test_a_statement_is_saved_as_a_document(page: Any, address: str, button: str, begins: bytes) -> None:
    page.goto(f"{address}/statements")
    settled(page)
    with page.expect_download() as started:
        page.get_by_role("button", name=button).click()
    assert Path(started.value.path()).read_bytes().startswith(begins)
    assert started.value.suggested_filename.endswith(f"-en.{button.lower()}")
    no_trouble(page)


def test_an_open_page_moves_to_a_new_publication_by_itself(
    page: Any, address: str, served_home: Path, published: Path, warehouse: duckdb.DuckDBPyConnection
) -> None:
    page.goto(address)
    settled(page)
    value = page.locator("[data-testid=stMetric]").filter(has_text="Open receivables").get_by_test_id("stMetricValue")
    before = value.inner_text()
    publish(
        served_home, "v2", base=published, changes=["update reporting.rpt_account_monthly set open_amount_end = 1000"]
    )
    months = "from reporting.rpt_account_monthly where month = (select max(month) from reporting.rpt_account_monthly)"
    after = money(
        one(warehouse, f"select count(*) * 1000 {months}"), one(warehouse, f"select max(base_currency) {months}")
    )
    assert before != after
    sync_api.expect(value).to_have_text(after, timeout=20_000)
    settled(page)
    no_trouble(page)
