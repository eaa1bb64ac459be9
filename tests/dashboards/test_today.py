"""Today: who is to be called stands in the right order, with what finance would say, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money
from tests.dashboards.conftest import all_of, grid, one, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
DAY = date(2026, 10, 31)


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"account_id": f"crm:{name}", "account_name": name, "owner_id": "crm:1", "owner_name": "Anna Lind",
            "base_currency": "EUR", "as_of_date": DAY, "waiting_missed_calls": 0, **more}  # fmt: skip


def owing(name: str, rank: int, **more: Any) -> dict[str, Any]:
    return {"account_id": f"crm:{name}", "rank": rank, "is_disputed": False, "suggested_action": "escalate", "reason": "owes",
            "overdue_amount": 10, "money_rank": 1, "debtors": 2, **more}  # fmt: skip


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("day")
    deal = {"employee_id": "crm:1", "employee_name": "Anna Lind", "account_id": "crm:Owes", "missing_rate_count": 0}
    publish(home, "v1", {
        "rpt_run": [{"as_of_date": DAY, "base_currency": "EUR", "business_timezone": "Europe/Stockholm"}],
        "rpt_accounts": [
            account("Calm"), account("Silent", days_since_contact=80), account("Owes", credit_used_ratio=1.05, overdue_amount=10, oldest_days_overdue=42),
            account("Caller", waiting_missed_calls=2, missed_call_on=DAY),
            account("Debtor who called", waiting_missed_calls=1, missed_call_on=DAY, overdue_amount=10),
            account("Planned", is_due_today=True, next_contact_on=DAY, next_contact_type="visit", next_contact_subject="Spring order"),
            account("Later", next_contact_on=date(2026, 11, 1), next_contact_type="call"),
            account("Task", is_due_today=True, next_task_on=DAY, next_task_subject="Send the act"),
            account("Kept late"), account("Disputes"), account("Of another", owner_id="crm:2", owner_name="Bo Ek", waiting_missed_calls=1),
        ],
        "rpt_collection_worklist": [
            owing("Debtor who called", 1, suggested_action="call_back", missed_call_on=DAY, reason="called_in_vain,owes"),
            owing("Owes", 2, last_promise_state="broken", last_promised_for=date(2026, 10, 12)),
            owing("Kept late", 4, last_promise_state="broken", last_promised_for=DAY, reason="owes,promise_kept_late"),
            owing("Disputes", 3, is_disputed=True, suggested_action="settle_dispute"),
        ],
        "rpt_silent_accounts": [
            {"account_id": "crm:Silent", "is_silent": True, "silence_rank": 1, "next_action": "check_in"},
            {"account_id": "crm:Calm", "is_silent": False},
        ],
        "rpt_commission_deals": [
            {**deal, "deal_id": "d1", "waiting": "120.50"}, {**deal, "deal_id": "d2", "waiting": "0.25"},
            {**deal, "deal_id": "d3", "waiting": 0},
            {**deal, "deal_id": "d4", "employee_id": "crm:2", "employee_name": "Bo Ek", "waiting": "9000"},
        ],
    })  # fmt: skip
    return home


def test_who_called_in_vain_comes_first_then_who_owes_then_what_is_planned_then_who_is_silent(
    open_page: Open, day: Path
) -> None:
    app = open_page("today", at_home=day, manager="Anna Lind")
    assert not app.exception
    shown = grid(app, "to_do", "why")
    assert list(shown["account_name"]) == [
        "Debtor who called", "Caller", "Owes", "Kept late", "Planned", "Task", "Silent",
    ]  # fmt: skip
    todo = dict(zip(shown["account_name"], shown["to_do"], strict=True))
    assert todo["Debtor who called"] == todo["Caller"] == "Call back: they called in vain"
    assert todo["Planned"] == "Planned today: visit: Spring order"
    assert todo["Task"] == "Task of 2026-10-31: Send the act"
    assert dict(zip(shown["account_name"], shown["why"], strict=True))["Silent"] == "last contact 80 days ago"
    assert [tile(app, label).value for label in ("To get", "Called", "Overdue", "Promises", "Planned")] == [
        "7", "2", "3", "1", "2",
    ]  # fmt: skip


def test_finance_says_limit_oldest_promise_and_the_commission_that_waits(open_page: Open, day: Path) -> None:
    app = open_page("today", at_home=day, manager="Anna Lind")
    said = next(caption.value for caption in app.caption if "105%" in caption.value)
    # What was kept after all is not told as broken, though it was when its day was over.
    promises = dict(zip(*(grid(app, "to_do")[name] for name in ("account_name", "promise")), strict=True))
    assert promises["Kept late"] == "kept late, for 2026-10-31"
    for part in ("overdue EUR 10", "the oldest for 42 days", "last promise broken, for 2026-10-12", "EUR 121"):
        assert part in said
    assert tile(app, "Commission that waits").value == "EUR 121"
    deals = grid(app, "deal_name", "waiting")
    assert [float(value) for value in deals["waiting"]] == [120.5, 0.25]
    # Without a choice it is everybody's.
    assert tile(open_page("today", at_home=day), "Commission that waits").value == "EUR 9,121"


def test_what_waits_is_not_known_where_no_invoice_names_a_deal(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", {
        "rpt_accounts": [account("Owes")], "rpt_collection_worklist": [owing("Owes", 1)],
        "rpt_commission_deals": [{"deal_id": "d", "employee_id": "crm:1", "account_id": "crm:Owes", "missing_rate_count": 0}],
    })  # fmt: skip
    app = open_page("today", at_home=tmp_path)
    assert tile(app, "Commission that waits").value == "–"
    assert "commission that waits on cash: EUR 0" not in words(app)


def test_on_the_sample_it_is_what_reporting_says(open_page: Open, warehouse: duckdb.DuckDBPyConnection) -> None:
    app = open_page("today")
    assert not app.exception
    [(manager, name)] = all_of(
        warehouse, "select owner_id, any_value(owner_name) from reporting.rpt_collection_worklist "
        "where owner_id is not null group by owner_id order by count(*) desc, owner_id limit 1",
    )  # fmt: skip
    app = open_page("today", manager=name)
    owing = all_of(
        warehouse, f"select account_name from reporting.rpt_collection_worklist where owner_id = '{manager}' "
        "and not is_disputed and waiting_missed_calls = 0 order by rank",
    )  # fmt: skip
    shown = grid(app, "to_do", "why")
    listed = [account for account in shown["account_name"] if (account,) in owing]
    assert [(account,) for account in listed] == owing
    assert set(shown["owner_name"]) == {name}
    waits = one(warehouse, f"select sum(waiting) from reporting.rpt_commission_deals where employee_id = '{manager}'")
    base = one(warehouse, "select base_currency from reporting.rpt_run")
    assert waits > 0
    assert tile(app, "Commission that waits").value == money(waits, base)
