from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboards.warehouse import publish

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PAGES = (
    "overview",
    "accounts",
    "key_accounts",
    "revenue",
    "account_health",
    "renewals_and_whitespace",
    "receivables",
    "collections",
    "cash_forecast",
    "statements",
    "sales",
    "calls",
    "data_health",
)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the fixture warehouse published; nobody changes it."""
    folder = tmp_path_factory.mktemp("home")
    publish(folder, "v1")
    return folder


@pytest.fixture(scope="session")
def warehouse(home: Path) -> duckdb.DuckDBPyConnection:
    """What the pages' figures are held against."""
    return duckdb.connect(str((home / "warehouse" / "keybook.duckdb").resolve()), read_only=True)


@pytest.fixture
def open_page(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page of the app on a home, with query parameters."""

    def opened(page: str = "overview", *, at_home: Path = home, **query: Any) -> AppTest:
        monkeypatch.setenv("KEYBOOK_HOME", str(at_home))
        app = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        if page != "overview":
            app.switch_page(f"app_pages/{page}.py")
        return app.run()

    return opened


def words(app: AppTest) -> str:
    """Everything that the page says in text, one line an element."""
    found = [*app.title, *app.markdown, *app.caption, *app.text, *app.info, *app.error, *app.code]
    html = [str(element.proto.body) for element in app.get("html")]
    return "\n".join([*(str(element.value) for element in found), *html])


def tile(app: AppTest, label: str) -> Any:
    """The metric of that label, or one that begins with it."""
    return next(metric for metric in app.metric if metric.label.startswith(label))
