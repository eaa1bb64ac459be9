"""The page Service: what is pressing comes first, and what no feed tells is said to be unknown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import UNKNOWN
from tests.dashboards.conftest import grid, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
DAY = date(2026, 11, 20)
RUN = {"rpt_run": [{"as_of_date": DAY, "base_currency": "EUR"}]}


def case(number: int, **said: Any) -> dict[str, Any]:
    """An open case that is late, of an export without a history of cases."""
    return {
        "case_id": f"crm:{number}", "account_id": "crm:1", "account_name": "Oak", "cause": "Billing", "is_open": True,
        "is_late": True, "next_step": "escalate", "service_class": "key", "target_days": 2, "work_rank": number,
        "age_days": 30 - number, "opened_on": "2026-10-21", "as_of_date": DAY,
    } | said  # fmt: skip


def test_without_a_feed_the_page_says_what_is_not_known(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", RUN)
    app = open_page("service", at_home=tmp_path)
    assert not app.exception
    said = words(app)
    for file in ("crm_cases", "billing_deliveries", "crm_commitments", "crm_stock_outs"):
        assert f"`{file}" in said
    assert "survey_answers" in said
    assert "No cases yet" in said
    assert not app.metric


@pytest.mark.parametrize("is_told", [True, False])
def test_what_is_pressing_comes_first(open_page: Open, tmp_path: Path, is_told: bool) -> None:
    told: dict[str, Any] = {"reopened_count": 1, "is_escalated": True} if is_told else {}
    publish(tmp_path, "v1", RUN | {
        "rpt_claims": [
            case(2, next_step="work", is_late=False, service_class="C"), case(1), case(3, account_id=None, next_step="find_account"),
            case(4, is_open=False, work_rank=None, next_step=None, is_within=True, closed_on="2026-11-01", **told),
        ],
        "rpt_commitments": [
            {"commitment_id": "crm:d", "kind": "delivery", "state": "overdue", "promised_on": "2026-11-18", "days_late": 2,
             "account_id": "crm:1", "account_name": "Oak", "is_in_time": False, "is_on_time_in_full": False},
        ],
    })  # fmt: skip
    app = open_page("service", at_home=tmp_path)
    assert not app.exception
    assert list(grid(app, "next_step")["next_step"]) == ["escalate", "work on it", "find the account"]
    assert tile(app, "Open cases").value == "3"
    assert tile(app, "Late").value == "2"
    assert tile(app, "To escalate").value == "1"
    assert tile(app, "Reopened").value == ("1" if is_told else UNKNOWN)
    assert list(grid(app, "on_time_in_full_share")["on_time_in_full_share"]) == [0]
    assert list(grid(app, "promised_on", "days_late")["days_late"]) == [2]
