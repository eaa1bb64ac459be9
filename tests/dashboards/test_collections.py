"""The page Collections: its figures are the publication's, filters narrow them, its CSV runs nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.csv import to_csv
from dashboards.components.formats import UNKNOWN, money, percent
from dashboards.queries import collections
from dashboards.queries.base import Filters
from tests.dashboards.conftest import FORMULA, grid, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
NUMBERS = range(24)
STATES = ("kept", "partly", "broken", "open", "cancelled", None)
MISSING = (None, "act", "contract,rest_of_payment", "act_signature")
DAY = date(2026, 11, 20)


def currency(number: int) -> str:
    """What the account owes in."""
    return "SEK" if number % 8 == 3 else "USD" if number % 8 == 5 else "EUR"


def account(number: int) -> dict[str, Any]:
    """The columns by which every table knows an account."""
    name = FORMULA if number == 8 else f"Account {number}"
    return {"account_id": f"crm:{400 + number}", "account_name": name}


def chased(number: int) -> dict[str, Any]:
    """A line of the worklist; every fifth account owes only what it disputes."""
    disputed = number % 5 == 4
    return account(number) | {
        "rank": number + 1, "overdue_amount": 900 - number, "collectible_amount": 0 if disputed else 900 - number,
        "disputed_amount": 900 - number if disputed else 0, "is_disputed": disputed, "missing_rate_count": 0,
        "base_currency": "EUR", "suggested_action": "settle_dispute" if disputed else "call_about_promise",
        "reason": "owes,promise_broken", "money_rank": number, "debtors": 40, "last_promised_for": "2026-11-10",
        "contact_name": "=cmd|'/c calc'!A1" if number == 7 else "Ida Payer", "contact_title": "Accountant",
        "usual_channel": "call", "contact_phone": "+46 8 123 45 67", "dunning_level": 2, "worklist_score": 100 - number,
    }  # fmt: skip


def promise(number: int) -> dict[str, Any]:
    """A promise of 900: kept, kept to a third, broken, or none of these yet."""
    state = STATES[number % 6]
    kept = {"kept": 900, "partly": 300}.get(state or "", 0)
    return account(number) | {
        "promise_id": f"p{number}", "currency": currency(number), "state": state, "amount": 900, "kept_amount": kept,
        "broken_value": 900 - kept if state in ("partly", "broken") else 0,
        "promised_for": DAY + timedelta(11) if state == "open" else date(2026, 3, 10) + timedelta(number * 5),
        "_file": "promises.csv", "_row": number + 2,
    }  # fmt: skip


def deal(number: int) -> dict[str, Any]:
    """A won deal; three of four lack a document."""
    missing = MISSING[number % 4]
    return account(number) | {
        "deal_id": f"crm:d{number}", "deal_name": f"Deal {number}", "currency": currency(number), "missing": missing,
        "won_amount": 4000, "unbilled_amount": number, "is_complete": missing is None, "is_due": number % 6 != 5,
        "are_invoices_linked": True, "won_on": date(2026, 9, 1) - timedelta(number), "_file": "Opportunity.csv",
        "_row": number + 2,
    }  # fmt: skip


def act(number: int, month: date) -> dict[str, Any]:
    """What became of a month's act of reconciliation."""
    place = (number + month.month) % 4
    return account(number) | {
        "month": month, "currency": currency(number), "state": ("no_act", "sent", "agreed", "gap")[place],
        "is_month_over": month < DAY.replace(day=1), "is_active": number % 12 != 11, "is_covered": place > 1, "our_closing": 1000, "gap": -250 if place == 3 else 0,
        "as_of_date": DAY, "_file": "documents.csv", "_row": number + 2,
    }  # fmt: skip


def step(level: int, days: int) -> dict[str, Any]:
    """What came in within so many days of a reminder; nothing to compare the third with."""
    return {
        "step": level, "channel": ("email", "letter", "phone")[level - 1], "window_days": days, "steps": 20, "rate": 0.1,
        "low": 0.05, "high": 0.15, "comparison_rate": 0.08 if level < 3 else None, "base_currency": "EUR",
    }  # fmt: skip


CHASED = [chased(number) for number in NUMBERS]
PROMISES = [promise(number) for number in NUMBERS]
DEALS = [deal(number) for number in NUMBERS]
ACTS = [act(number, date(2026, month, 1)) for number in NUMBERS for month in (8, 9, 10, 11)]


@pytest.fixture(scope="module")
def owing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("owing")
    publish(folder, "v1", {
        "rpt_run": [{"as_of_date": DAY, "base_currency": "EUR"}],
        "rpt_accounts": [
            account(number) | {"team": "North" if number % 3 else "South", "as_of_date": DAY, "base_currency": "EUR"}
            for number in NUMBERS
        ],
        "rpt_receivable_aging": [
            account(number) | {"as_of_date": DAY, "currency": currency(number), "overdue_amount": 10}
            for number in NUMBERS
        ],
        "rpt_receivable_kpis": [
            {"month": "2026-11-01", "currency": code, "is_total": code == "ALL"} for code in ("ALL", "EUR", "SEK", "USD")
        ],
        "rpt_collection_worklist": CHASED,
        "rpt_promises": PROMISES,
        "rpt_documents": DEALS,
        "rpt_reconciliation": ACTS,
        "rpt_dunning_effect": [step(level, days) for level in (1, 2, 3) for days in (7, 14, 30)],
    })  # fmt: skip
    return folder


@pytest.fixture
def app(open_page: Open, owing: Path) -> AppTest:
    opened = open_page("collections", at_home=owing)
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_worklist_comes_first_and_disputes_stand_apart(app: AppTest) -> None:
    called = [row for row in CHASED if not row["is_disputed"]]
    shown = grid(app, "suggested_action", "rank")
    assert list(shown["suggested_action"]) == ["Call about the broken promise"] * len(called)
    assert list(shown["account_name"]) == [row["account_name"] for row in called]
    assert tile(app, "To contact").value == str(len(called))
    assert tile(app, "To ask for").value == money(sum(row["collectible_amount"] for row in called), "EUR")
    disputed = sum(row["disputed_amount"] for row in CHASED)
    assert tile(app, "Disputed").value == money(disputed, "EUR")
    assert sum(map(float, grid(app, "disputed_amount")["disputed_amount"])) == disputed
    text = words(app)
    assert "was broken" in text
    assert "Ida Payer, Accountant, usually by call" in text


def test_a_team_and_a_currency_narrow_the_list(app: AppTest, open_page: Open, owing: Path) -> None:
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    north = [number for number in NUMBERS if number % 3 and number % 5 != 4]
    assert tile(app, "To contact").value == str(len(north))
    krona = open_page("collections", at_home=owing, currency="SEK")
    assert tile(krona, "To contact").value == str(sum(currency(n) == "SEK" and n % 5 != 4 for n in NUMBERS))
    assert set(grid(krona, "broken_value")["currency"]) == {"SEK"}


def test_promises_are_rated_by_count_and_their_value_never_crosses_currencies(app: AppTest) -> None:
    # A third of the promises of 24 accounts that are due was kept: four of twelve.
    assert tile(app, "Promises kept").value == percent(4 / 12, 0)
    for code in ("EUR", "SEK", "USD"):
        assert tile(app, code).value == money(
            sum(row["broken_value"] for row in PROMISES if row["currency"] == code), code
        )
    assert "4 promises can't be judged" in words(app)


def test_reminders_documents_and_acts_are_the_publications(app: AppTest) -> None:
    assert len(grid(app, "comparison_rate")) == 9
    due = [row for row in DEALS if row["is_due"]]
    assert len(grid(app, "unbilled_amount")) == sum(row["missing"] is not None for row in due)
    assert tile(app, "Deals complete").value == percent(sum(row["is_complete"] for row in due) / len(due), 0)
    app.pills(key="missing_document").set_value("contract").run()
    assert len(grid(app, "unbilled_amount")) == sum("contract" in (row["missing"] or "") for row in due)
    # November is not over on the 20th: October is the last whole month.
    october = [row for row in ACTS if row["month"] == date(2026, 10, 1) and row["is_active"]]
    assert tile(app, "Reconciled in 2026-10").value == percent(
        sum(row["is_covered"] for row in october) / len(october), 0
    )
    assert list(grid(app, "gap")["gap"]) == [-250] * sum(row["state"] == "gap" for row in ACTS)
    app.pills(key="act_states").set_value(["no_act"]).run()
    assert len(grid(app, "gap")) == sum(row["state"] == "no_act" for row in ACTS)


def test_what_no_export_tells_is_no_share_of_nought(open_page: Open, owing: Path, tmp_path: Path) -> None:
    """Without any act or contract in the exports nobody knows which deal is complete, or who signed."""
    changes = [
        "update reporting.rpt_reconciliation set is_covered = null",
        "update reporting.rpt_documents set is_complete = null",
    ]
    publish(tmp_path, "v1", base=(owing / "warehouse" / "keybook.duckdb").resolve(), changes=changes)
    app = open_page("collections", at_home=tmp_path)
    assert not app.exception
    assert tile(app, "Deals complete").value == UNKNOWN
    assert tile(app, "Reconciled in 2026-10").value == UNKNOWN


def test_a_downloaded_list_runs_nothing(owing: Path) -> None:
    file = str((owing / "warehouse" / "keybook.duckdb").resolve())
    text = to_csv(collections.worklist(file, Filters(), 1_000)).decode("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == sum(not row["is_disputed"] for row in CHASED)
    cells = [cell for row in found for cell in row.values()]
    assert any("HYPERLINK" in cell for cell in cells)
    assert any("cmd|" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=@" and cell]


def test_the_sample_s_worklist_is_the_publication_s(open_page: Open, warehouse: Any) -> None:
    app = open_page("collections")
    assert not app.exception
    ranked = warehouse.cursor().execute(
        "select account_name from reporting.rpt_collection_worklist where not is_disputed order by rank"
    ).fetchall()  # fmt: skip
    assert ranked
    assert list(grid(app, "suggested_action", "rank")["account_name"]) == [name for (name,) in ranked]
    effects, invoices = (
        warehouse.cursor().execute(f"select count(*) from reporting.{table}").fetchone()[0]
        for table in ("rpt_contact_effect", "rpt_calls_and_payment")
    )
    assert len(grid(app, "hazard_ratio")) == effects > 0
    assert 0 < len(grid(app, "cash_after_calls")) <= invoices
    assert "Not causal" in words(app)
