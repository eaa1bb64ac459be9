"""The page Matches: coverage as the warehouse has it, what is unmatched, and the lines that a person pastes."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from dashboards.components.formats import money, percent
from dashboards.queries import matches
from tests.dashboards.conftest import tile, words

Open = Callable[..., AppTest]


@pytest.fixture
def app(open_page: Open) -> AppTest:
    opened = open_page("matches")
    assert not opened.exception
    assert not opened.error
    return opened


def test_tiles_tell_the_share_of_money_and_minutes(app: AppTest) -> None:
    assert tile(app, "Open receivables").value == percent(0.8)
    assert money(100_000, "EUR") in str(tile(app, "Open receivables").proto)
    assert tile(app, "Minutes of talk").value == percent(0.8)
    assert "15,000" in tile(app, "Open receivables").help
    assert "12 amounts have no exchange rate" in words(app), "two of each of six measures, all sources once"


def test_the_biggest_unmatched_come_first_and_narrow_by_kind(app: AppTest) -> None:
    shown = app.dataframe[0].value
    assert list(shown["rank"]) == [1, 2, 3, 4, 5, 6]
    assert shown["nearest_account_name"][0] == "Nordbygg AB"
    app.segmented_control(key="unmatched_kind").set_value("phone").run()
    assert list(app.dataframe[0].value["rank"]) == [4, 5, 6]


def test_a_proposal_shows_its_evidence_and_the_lines_to_paste(app: AppTest) -> None:
    assert [code.value for code in app.code] == [
        "books,billing_customer,C1,link,acme:401,,,",
        "books,billing_customer,C1,never_link,acme:401,,,",
    ]
    text = words(app)
    assert "name 90% like Nordbygg; the same city" in text
    assert "<b>AB</b>**" not in text, "a name is text, never markup"


def test_links_are_searched_and_decisions_say_what_became_of_them(app: AppTest) -> None:
    grids = {key for grid in app.dataframe for key in grid.value.columns}
    assert {"rule", "decided_by"} <= grids
    decisions = next(grid.value for grid in app.dataframe if "decided_by" in grid.value.columns)
    assert [text.split(".")[0] for text in decisions["state"]] == ["No export has this account", "In force"]
    app.text_input(key="link_search").set_value("se6").run()
    links = next(grid.value for grid in app.dataframe if "native_id" in grid.value.columns and "_row" in grid.value)
    assert list(links["native_id"]) == ["C6"]


def test_the_csv_of_proposals_has_all_of_them(warehouse: duckdb.DuckDBPyConnection, home: object) -> None:
    [(file,)] = warehouse.cursor().execute("select path from duckdb_databases() where path is not null").fetchall()
    text = to_csv(matches.proposals(file, 1_000_000))
    assert (text.decode("utf-8-sig") if isinstance(text, bytes) else text).count("link,acme:40") == 4


def test_a_publication_without_identities_says_so(open_page: Open, tmp_path: object) -> None:
    from pathlib import Path

    from tests.dashboards.warehouse import publish

    publish(Path(str(tmp_path)), "v1", empty=True)
    opened = open_page("matches", at_home=tmp_path)
    assert not opened.exception
    assert "keybook refresh" in words(opened)
