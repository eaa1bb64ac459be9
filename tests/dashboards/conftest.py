from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from pipelines import reporting_contract
from tests.support.publications import publish, sample

# A page that is opened looks through all installed packages for components of theirs, as a server does once when it starts: nine
# tenths of what a page takes here. What is installed lasts for the run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PAGES = (
    "overview",
    "today",
    "reports",
    "accounts",
    "key_accounts",
    "revenue",
    "account_health",
    "service",
    "renewals_and_whitespace",
    "receivables",
    "collections",
    "cash_forecast",
    "statements",
    "sales",
    "calls",
    "team",
    "data_health",
    "matches",
    "requirements",
)
# Names that somebody may have typed into a CRM.
MARKUP = "<script>alert(1)</script> **Bold** :red[Ltd] [link](http://example.invalid)"
FORMULA = '=HYPERLINK("http://example.invalid")'
# As somebody writes a query on the warehouse.
MONTH = "(select cast(date_trunc('month', as_of_date) as date) from reporting.rpt_run)"
DAY = "(select as_of_date from reporting.rpt_run)"


def renamed(file: Path) -> list[str]:
    """Statements that give the two accounts with most movements hostile names, in every table that has the name."""
    with duckdb.connect(str(file), read_only=True) as connection:
        moved = connection.execute(
            "select account_id from reporting.rpt_statement_lines group by account_id order by count(*) desc, account_id"
        ).fetchmany(2)
    return [
        f"update reporting.{table} set account_name = '{name}' where account_id = '{account}'"
        for table, columns in reporting_contract.declared().items()
        if {"account_id", "account_name"} <= set(columns)
        for (account,), name in zip(moved, (MARKUP, FORMULA), strict=True)
    ]


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the sample's publication, as a refresh made it."""
    return sample(tmp_path_factory)


@pytest.fixture(scope="session")
def home(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample published, two of whose accounts have hostile names; nobody changes it."""
    folder = tmp_path_factory.mktemp("home")
    publish(folder, "v1", base=published, changes=renamed(published))
    return folder


@pytest.fixture(scope="session")
def quarter_ended(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose publication says that it is as of 30 September 2026, a quarter's end."""
    home = tmp_path_factory.mktemp("quarter")
    publish(home, "v1", base=published, changes=["update reporting.rpt_run set as_of_date = date '2026-09-30'"])
    return home


@pytest.fixture(scope="session")
def warehouse(home: Path) -> duckdb.DuckDBPyConnection:
    """What the pages' figures are held against."""
    return duckdb.connect(str((home / "warehouse" / "keybook.duckdb").resolve()), read_only=True)


@pytest.fixture
def open_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Opens a page of the app on a home, the sample's unless another is named, with query parameters."""

    def opened(page: str = "overview", *, at_home: Path | None = None, **query: Any) -> AppTest:
        monkeypatch.setenv("KEYBOOK_HOME", str(at_home or request.getfixturevalue("home")))
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


def grid(app: AppTest, *columns: str) -> Any:
    """The first grid that has the columns."""
    return next(found.value for found in app.dataframe if set(columns) <= set(found.value.columns))


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> Any:
    """The first cell of a query's first row."""
    found = warehouse.cursor().execute(query).fetchone()
    assert found
    return found[0]


def all_of(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return warehouse.cursor().execute(query).fetchall()
