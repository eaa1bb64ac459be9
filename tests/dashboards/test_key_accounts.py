"""The page Key accounts: its figures are the publication's, a quarter and a filter change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import percent
from tests.dashboards.conftest import grid, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
DAY, NOW, BEFORE = date(2026, 11, 20), date(2026, 10, 1), date(2026, 4, 1)
NUMBERS = range(24)


def account(number: int) -> dict[str, Any]:
    """The columns by which every table knows an account."""
    return {"account_id": f"crm:{400 + number}", "account_name": f"Account {number}"}


def reviewed(number: int, quarter: date) -> dict[str, Any]:
    """An account in a quarter's review: every fourth qualifies; two are decided, both against what is proposed."""
    qualified = number % 4 == 0
    decision = {3: "enter", 20: "leave"}.get(number)
    listed = qualified if decision is None else decision == "enter"
    was = quarter == NOW and (number == 5 or (qualified and number not in (8, 12)))
    proposal = "stay" if qualified and was else "enter" if qualified else "leave" if was or listed else None
    return account(number) | {
        "quarter": quarter, "measured_on": DAY, "is_listed": listed, "was_listed": was, "is_qualified": qualified,
        "proposal": proposal, "decision": decision, "basis": "decided" if decision else "proposed" if listed else None,
        "reason": "criteria_met", "criteria_met": 8 if qualified else 4,
        "newly_known_criteria": "revenue_growth,open_deals" if quarter == NOW else None, "measures_known": 10,
        "criteria_known": 10, "criteria_total": 14, "criteria_needed": 8, "is_candidate": number == 7,
        "is_review_due": qualified != was and decision is None, "is_drifting": listed and not qualified,
        "is_large": number % 5 == 0, "tier": "A", "list_rank": number + 1, "list_size": 6, "list_state": "within",
        "revenue_12m": 1000, "revenue_share": 1 / 24, "counted_revenue_12m": 1000, "company_revenue_12m": 24000, "fit_share": 0.5, "relationship_stage": "tactical",
        "base_currency": "EUR", "missing_rate_count": 0, "owner_name": "Astrid Berg",
    }  # fmt: skip


def criterion(number: int, name: str, kind: str, value: float | None, threshold: float | None) -> dict[str, Any]:
    """A line of an account's checklist; a rating that nobody gave is not known."""
    return {
        "account_id": f"crm:{400 + number}", "quarter": NOW, "criterion": name.lower(), "criterion_name": name,
        "kind": kind, "theme": "revenue", "unit": "share", "value": value, "threshold": threshold,
        "is_met": None if value is None or threshold is None else value >= threshold,
    }  # fmt: skip


def owned(number: int) -> dict[str, Any]:
    """Who looks after an account: Astrid, with others beside it."""
    return account(number) | {
        "is_key_account": number % 4 == 0, "owner_name": "Astrid Berg", "owner_other_accounts": 9, "status": "active",
        "revenue_12m": 1000, "lacks_dedicated": True, "is_uncovered": False, "plan_items": 0, "startup_answers": 0,
        "is_large": number % 5 == 0, "region": "North", "open_deals": 1,
    }  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    listed = [number for number in NUMBERS if reviewed(number, NOW)["is_listed"]]
    employee = {"employee_id": "crm:1", "employee_name": "Astrid Berg", "team": "North"}
    publish(folder, "v1", {
        "rpt_run": [{"as_of_date": DAY, "base_currency": "EUR"}],
        "rpt_accounts": [
            account(number) | {"team": "South" if number % 3 == 0 else "North", "owner_id": "crm:1", "as_of_date": DAY}
            for number in NUMBERS
        ],
        "rpt_key_accounts": [reviewed(number, quarter) for number in NUMBERS for quarter in (BEFORE, NOW)],
        "rpt_key_account_criteria": [
            row for number in NUMBERS for row in (
                criterion(number, "Share of our revenue", "computed", 0.055, 0.02),
                criterion(number, "Pays on time", "computed", 0.5, 0.8),
                criterion(number, "Culture fits", "rated", None, None),
            )
        ],
        "rpt_account_classifications": [
            account(number) | {"scheme": "size_fit", "scheme_name": "Size and fit", "class": "Other", "x_label": "Share",
                               "y_label": "Criteria met", "x_value": 0.1, "y_value": 0.2} for number in NUMBERS
        ] + [account(number) | {"scheme": "4S", "scheme_name": "4S", "class": "Star", "basis": "given"} for number in listed],
        "rpt_account_ownership": [owned(number) for number in NUMBERS],
        "rpt_account_handovers": [
            account(number) | {"changed_on": "2026-06-01", "window_days": 60, "is_complete": True, "contacts_before": 9,
                               "contacts_after": 6, "is_key_account": True} for number in range(3)
        ],
        "rpt_effort": [
            account(number) | employee_only | {"is_owner": True, "effort_hours": 1, "efforts": 3, "assumed_efforts": 1,
                                               "revenue_12m": 1000, "misplaced_share": 0.25, "revenue_rank": number + 1,
                                               "time_share": 0.25, "revenue_share": 0.25, "effort_share": 0.25}
            for number in range(4) for employee_only in ({"employee_id": "crm:1", "employee_name": "Astrid Berg"},)
        ],
        # The week of the 16th is not over; that of the 2nd had no key account and no row.
        "rpt_key_account_coverage": [
            employee | {"week_start": DAY - timedelta(4 + 7 * back), "key_accounts": 8, "called_accounts": called,
                        "contacted_accounts": 7, "call_coverage": called / 8, "contact_coverage": 7 / 8}
            for back, called in ((0, 1), (1, 4), (3, 5))
        ],
        "rpt_tier_service": [
            {"month": "2026-10-01", "service_class": name, "class_rank": place, "missed_cases": 10}
            for place, name in enumerate(("key", "A", "none"))
        ],
        "rpt_team_scorecard": [
            {"month": "2026-11-01", "employee_id": f"crm:{place}", "employee_name": name, "team": team, "accounts": count,
             "load_band": band}
            for place, name, team, count, band in (
                (1, "Astrid Berg", "North", 9, "above"), (3, "Maja Roth", "South", 4, "within"),
            )
        ],
    })  # fmt: skip
    return folder


@pytest.fixture
def app(open_page: Open, keys: Path) -> AppTest:
    opened = open_page("key_accounts", at_home=keys)
    assert not opened.exception
    assert not opened.error
    return opened


def test_the_list_its_changes_and_their_reasons(app: AppTest) -> None:
    now = [reviewed(number, NOW) for number in NUMBERS]
    listed = [row for row in now if row["is_listed"]]
    changed = [row for row in now if row["proposal"] in ("enter", "leave")]
    assert "Known for the first time in this quarter: Growing, " in words(app)
    assert tile(app, "On the list").value == str(len(listed))
    assert tile(app, "Proposed changes").value == str(len(changed))
    assert tile(app, "Wait for a decision").value == str(sum(row["is_review_due"] for row in now))
    assert tile(app, "Share of revenue").value == percent(len(listed) / 24, 0)
    changes = grid(app, "change", "reason")
    assert changes["change"][0] == "enter"
    assert set(changes["change"]) == {"enter", "leave", "listed, though it should leave", "kept off", "candidate"}
    assert all(str(reason).startswith("meets ") for reason in changes["reason"])
    assert len(grid(app, "basis", "criteria_known")) == len(listed)


def test_an_earlier_quarter_and_a_team_narrow_it(app: AppTest) -> None:
    now = tile(app, "Proposed changes").value
    app.segmented_control(key="quarter").set_value(BEFORE).run()
    assert "Known for the first time" not in words(app)
    assert not app.exception
    then = [reviewed(number, BEFORE) for number in NUMBERS]
    assert tile(app, "Proposed changes").value == str(sum(row["proposal"] in ("enter", "leave") for row in then)) != now
    app.sidebar.multiselect(key="team").set_value(["South"]).run()
    south = [row for number, row in enumerate(then) if number % 3 == 0]
    assert tile(app, "On the list").value == str(sum(row["is_listed"] for row in south))


def test_a_checklist_tells_what_is_not_known(app: AppTest) -> None:
    criteria = grid(app, "criterion", "is_met")
    assert list(criteria["is_met"]) == ["✓ met", "✗ not met", "? not known"]
    assert list(criteria["value"])[:2] == ["5.5%", "50.0%"]
    assert list(criteria["threshold"])[:2] == ["2.0%", "80.0%"]


def test_schemes_ownership_time_and_service(app: AppTest) -> None:
    large = sum(row["is_large"] and not row["is_listed"] for row in (reviewed(number, NOW) for number in NUMBERS))
    assert f"{large} of" in words(app)
    app.segmented_control(key="scheme").set_value("4S").run()
    assert not app.exception
    assert list(grid(app, "class", "key_accounts")["class"]) == ["Star"]
    assert "No start-up answers" in words(app)
    assert list(grid(app, "contacts_before", "contacts_after")["contacts_after"]) == [6, 6, 6]
    assert tile(app, "Would have to move").value == "25%"
    assert list(grid(app, "service_class")["service_class"]) == ["Key accounts", "Tier A", "No revenue"]
    assert tile(app, "Called last week").value == percent(4 / 8, 0)
    assert list(grid(app, "load_band")["load_band"]) == ["above the band", "within the band"]
    key = len(grid(app, "owner_other_accounts"))
    app.toggle(key="owned_key_only").set_value(False).run()
    assert len(grid(app, "owner_other_accounts")) > key


def test_a_company_without_a_key_account_says_so(open_page: Open, tmp_path: Path) -> None:
    nobody = [row | {"is_listed": False, "basis": None} for row in (reviewed(1, NOW), reviewed(2, NOW))]
    publish(tmp_path, "v1", {"rpt_key_accounts": nobody})
    app = open_page("key_accounts", at_home=tmp_path)
    assert not app.exception
    assert "No account is on the list" in words(app)
