"""The page Matches: coverage as the warehouse has it, what is unmatched, and the lines that a person pastes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from dashboards.components.formats import UNKNOWN, money, percent
from dashboards.queries import matches
from tests.dashboards.conftest import grid, tile, words
from tests.support.publications import Rows, publish

Open = Callable[..., AppTest]
MEASURES = {
    "open_receivables": ("money", 100_000), "revenue_12m": ("money", 900_000), "open_pipeline": ("money", 50_000),
    "won_deals": ("money", 400_000), "call_minutes": ("minutes", 7_000), "conversations": ("count", 1_200),
}  # fmt: skip
# So many records say no amount, or no length.
UNSAID = {"won_deals": 5, "call_minutes": 3}
NAME = "Nord [Bygg] <b>AB</b>"
ROWS: Rows = {
    "rpt_run": [{"as_of_date": "2026-11-20", "base_currency": "EUR"}],
    "rpt_accounts": [{"account_id": "acme:401", "base_currency": "EUR", "as_of_date": "2026-11-20"}],
    "rpt_match_coverage": [
        {"measure": measure, "source": source, "unit": unit, "total": total, "matched": total * 8 // 10,
         "ambiguous": None if unit == "minutes" else total * 15 // 100, "unmatched": total * 5 // 100,
         "matched_share": None if measure in UNSAID else 0.8,
         "missing_rate_count": 2, "missing_amount_count": UNSAID.get(measure, 0)}
        for measure, (unit, total) in MEASURES.items() for source in ("ALL", "books_invoices")
    ],
    "rpt_unmatched": [
        {"rank": number, "source": "books_invoices", "kind": "billing_customer" if number < 4 else "phone",
         "shown_id": f"books:C{number}", "name": NAME if number == 1 else f"Firm {number}", "open_amount": 4000 - number,
         "nearest_account_name": "Nordbygg AB" if number == 1 else None, "nearest_score": 0.9 if number == 1 else None}
        for number in range(1, 7)
    ],
    "rpt_match_proposals": [
        {"system": "books", "kind": "billing_customer", "native_id": "C1", "shown_id": "C1", "name": NAME, "place": place,
         "account_id": f"acme:40{place}", "account_name": f"Nordbygg {place}", "score": 1 - place / 10,
         "evidence": "name_alike,city_same", "matched_name": "Nordbygg", "likeness": 0.9, "why_not": "not_sure",
         "open_amount": 3000, "revenue_12m": 0, "call_minutes": 0,
         "seed_line": f"books,billing_customer,C1,link,acme:40{place},,,",
         "never_link_line": f"books,billing_customer,C1,never_link,acme:40{place},,,"}
        for place in (1, 2)
    ],
    "rpt_account_identities": [
        {"system": "books", "kind": "billing_customer", "native_id": f"C{number}", "name": f"Firm {number}",
         "account_id": f"acme:{400 + number}", "account_name": f"Account {number}", "rule": "tax_id",
         "score": 0.99, "evidence": "tax_id", "evidence_value": f"se{number}", "has_crm_record": True, "proposals": 0,
         "_file": "customers.csv", "_row": number + 1}
        for number in range(1, 10)
    ],
    "rpt_account_links": [
        {"system": "books", "kind": "billing_customer", "native_id": f"C{number}", "decision": "link", "state": state,
         "decided_by": "Eva"}
        for number, state in ((1, "in_force"), (2, "no_such_account"))
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doubtful")
    publish(folder, "v1", ROWS)
    return folder


@pytest.fixture
def app(open_page: Open, doubtful: Path) -> AppTest:
    opened = open_page("matches", at_home=doubtful)
    assert not opened.exception
    assert not opened.error
    return opened


def test_tiles_tell_the_share_of_money_and_minutes(app: AppTest) -> None:
    assert tile(app, "Open receivables").value == percent(0.8)
    assert money(100_000, "EUR") in str(tile(app, "Open receivables").proto)
    assert tile(app, "Minutes of talk").value == UNKNOWN
    assert "Known: 5,600 min matched" in tile(app, "Minutes of talk").help
    assert "Of the rest" in (told := tile(app, "Open receivables").help)
    assert "15,000" in told
    assert "12 amounts have no exchange rate" in words(app), "two of each of six measures, all sources once"
    assert "Records without an amount or a length are left out: Won deals, 12 m: 5; Minutes of talk: 3." in words(app)
    shown = grid(app, "Measure", "Ambiguous")
    assert list(shown["Ambiguous"][shown["Measure"] == "Minutes of talk"]) == [UNKNOWN, UNKNOWN]


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


@pytest.fixture
def own_home(tmp_path: Path) -> Path:
    publish(tmp_path, "v1", ROWS)
    return tmp_path


def test_a_decision_is_written_into_the_list_and_taken_back(open_page: Open, own_home: Path) -> None:
    app = open_page("matches", at_home=own_home)
    assert not [button for button in app.button if button.key == "decision_undo"]
    app.text_input(key="decision_reason").set_value("same owner, by phone").run()
    app.text_input(key="decision_by").set_value("Eva").run()
    app.button(key="decide_link").click().run()
    assert not app.exception
    path = own_home / "lists" / "account_links.csv"
    comment, header, line = path.read_text(encoding="utf-8").splitlines()
    assert comment.startswith('"# One row')
    assert header == "system,kind,native_id,decision,account_id,reason,decided_by,decided_on"
    assert line == f'books,billing_customer,C1,link,acme:401,"same owner, by phone",Eva,{date.today().isoformat()}'
    assert "counts from the next refresh" in app.success[0].value
    assert app.button(key="decide_link").disabled
    app.button(key="decision_undo").click().run()
    assert path.read_text(encoding="utf-8").splitlines() == [comment, header]
    assert not app.button(key="decide_link").disabled
    assert not [button for button in app.button if button.key == "decision_undo"]


def test_two_sessions_see_each_others_decisions(open_page: Open, own_home: Path) -> None:
    first, second = (open_page("matches", at_home=own_home) for _ in range(2))
    first.button(key="decide_never_link").click().run()
    second.button(key="decide_never_link").click().run()
    text = (own_home / "lists" / "account_links.csv").read_text(encoding="utf-8")
    assert text.count("never_link,acme:401") == 1
    assert "somebody has decided so already" in second.info[0].value
    assert "Decided: kept apart" in words(second)


def test_a_list_that_cannot_be_written_is_said(open_page: Open, own_home: Path) -> None:
    (own_home / "lists").mkdir()
    (own_home / "lists" / "account_links.xlsx").write_bytes(b"")
    app = open_page("matches", at_home=own_home)
    app.button(key="decide_link").click().run()
    assert not app.exception
    assert "Nothing was written" in app.error[0].value
    assert not (own_home / "lists" / "account_links.csv").exists()


def test_links_are_searched_and_decisions_say_what_became_of_them(app: AppTest) -> None:
    grids = {key for found in app.dataframe for key in found.value.columns}
    assert {"rule", "decided_by"} <= grids
    states = [text.split(".")[0] for text in grid(app, "decided_by")["state"]]
    assert states == ["No export has this account", "In force"]
    app.text_input(key="link_search").set_value("se6").run()
    assert list(grid(app, "native_id", "_row")["native_id"]) == ["C6"]


def test_the_csv_of_proposals_has_all_of_them(doubtful: Path) -> None:
    file = str((doubtful / "warehouse" / "keybook.duckdb").resolve())
    text = to_csv(matches.proposals(file, 1_000_000))
    assert (text.decode("utf-8-sig") if isinstance(text, bytes) else text).count("link,acme:40") == 4
