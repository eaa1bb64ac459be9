"""The pages Account health and Renewals and whitespace: their figures are the publication's, filters narrow them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.components.formats import money, percent
from tests.dashboards.conftest import grid, tile, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
DAY = date(2026, 11, 20)
NUMBERS = range(48)


def band(number: int) -> str | None:
    """Every ninth account is red, every fourth of the others yellow, every tenth has no score."""
    return None if number % 10 == 7 else "red" if number % 9 == 0 else "yellow" if number % 4 == 1 else "green"


def account(number: int) -> dict[str, Any]:
    """The columns by which every table knows an account."""
    return {"account_id": f"crm:{400 + number}", "account_name": f"Account {number}"}


def scored(number: int, back: int) -> dict[str, Any]:
    """An account's score at a week's end, so many weeks before the as-of date."""
    score = {"red": 40, "yellow": 70, "green": 90}.get(band(number) or "")
    return account(number) | {
        "week_start": date(2026, 11, 16) - timedelta(7 * back), "score": score, "band": band(number), "coverage": 0.9,
        "cash_score": 50, "contact_score": 60, "reasons": "overdue_share,silence" if band(number) == "red" else None,
        "overdue_share": 0.8, "days_since_contact": 60 if band(number) == "red" else None, "usual_contact_gap": 14,
        "status": "paused" if number == 18 else "active", "has_measures": True,
        "is_newest": back == 0, "as_of_date": DAY if back == 0 else date(2026, 11, 22) - timedelta(7 * back),
    }  # fmt: skip


def measures(number: int) -> list[dict[str, Any]]:
    """Two measures of a score, and one of which nothing is known."""
    return [
        {
            "account_id": f"crm:{400 + number}", "measure": measure, "measure_group": group, "unit": "share", "value": value,
            "points": None if value is None else 100 * (1 - value), "weight": None if value is None else 0.5,
            "contribution": None if value is None else 50 * (1 - value), "as_of_date": DAY, "is_newest": True,
            "lost_points": None if value is None else 50 * value, "evidence_events": "invoice,payment",
            "zero_at": 1, "full_at": 0,
        }
        for measure, group, value in (("overdue_share", "cash", 0.8), ("silence", "contact", 0.4), ("pending_cases", "service", None))
    ]  # fmt: skip


def back_test(method: str, place: int, threshold: int) -> dict[str, Any]:
    """What a method would have warned of, at so many points or fewer."""
    return {
        "method": method, "threshold": threshold,
        "band": {50: "red", 75: "yellow"}[threshold] if method == "score" else None, "departures": 8,
        "flagged_before": threshold // 25, "flagged_late": 2, "recall": threshold // 25 / 8, "recall_by_pause": 0.5,
        "lead_days_median": 41, "alarms": 40, "alarms_before": 2, "alarms_late": 2,
        "alarms_false": threshold - 20 + place * 5, "alarms_open": 3, "precision": 0.25, "base_rate": 0.02,
        "accounts": 90, "account_weeks": 1800, "horizon_days": 182, "as_of_date": DAY,
    }  # fmt: skip


def silent(number: int) -> dict[str, Any]:
    """Every fifth account is silent."""
    is_silent = number % 5 == 0
    return account(number) | {
        "silence_rank": number // 5 + 1 if is_silent else None, "is_silent": is_silent, "attempts_without_reply": 6,
        "days_since_contact": 40 if is_silent else 3, "cadence_days": 14, "open_amount": 100, "is_key_account": False,
        "is_fatigued": False, "next_action": "call_about_renewal" if is_silent else None, "silence_score": 55,
    }  # fmt: skip


def term(number: int) -> dict[str, Any]:
    """A contract; of three one is renewed, the others are in one of the windows."""
    due = ("past", "last", "second", "first", "later")[number % 5]
    return account(number) | {
        "term_id": f"crm:c{number}", "term_kind": "contract", "state": "to_renew" if number % 3 else "renewed",
        "renewal_window": due if number % 3 else None, "revenue_12m": 1000, "base_currency": "EUR",
        "revenue_at_renewal": 1000 if number % 3 and due != "later" else None,
        "days_to_end": number * 7 - 30, "ends_on": DAY + timedelta(number * 7 - 30),
        "health_band": "red" if number % 9 == 0 else "green", "missing_rate_count": 0,
    }  # fmt: skip


def gap(number: int, product: int) -> dict[str, Any]:
    """A product that the account never bought; every second account passes the gate."""
    reason = "case_open,decider_not_reached"
    return account(number) | {
        "product_id": f"crm:p{product}", "product_name": f"Product {product}", "is_candidate": number % 2 == 0,
        "expected_value": product * 1000, "gate_reason": reason if number % 2 else None, "base_currency": "EUR",
    }  # fmt: skip


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clients")
    publish(folder, "v1", {
        "rpt_run": [{"as_of_date": DAY, "base_currency": "EUR"}],
        "rpt_accounts": [
            account(number) | {"team": "North" if number % 5 < 2 else "South", "revenue_12m": 1000 + number,
                               "open_amount": 200, "overdue_amount": 160, "status": "paused" if number == 18 else "active",
                               "as_of_date": DAY, "base_currency": "EUR", "is_key_account": number % 12 == 0}
            for number in NUMBERS
        ],
        "rpt_account_health": [scored(number, back) for number in NUMBERS for back in range(6)],
        "rpt_account_health_measures": measures(9),
        "rpt_health_backtest": [
            back_test(method, place, threshold)
            for place, method in enumerate(("score", "silence", "overdue")) for threshold in (50, 75)
        ],
        "rpt_silent_accounts": [silent(number) for number in NUMBERS],
        "rpt_renewals": [term(number) for number in NUMBERS],
        "rpt_renewal_rates": [
            {"quarter": quarter, "term_kind": "contract", "ended": 10, "renewed": renewed, "lapsed": lapsed,
             "undecided": 10 - renewed - lapsed, "renewal_rate": renewed / 10 if whole else None, "is_complete": whole}
            for quarter, renewed, lapsed, whole in (
                ("2026-04-01", 8, 2, True), ("2026-07-01", 9, 1, True), ("2026-10-01", 8, 0, False),
            )
        ],
        "rpt_whitespace": [gap(number, product) for number in NUMBERS for product in (1, 2)],
    })  # fmt: skip
    return folder


@pytest.fixture
def app(open_page: Open, clients: Path) -> AppTest:
    opened = open_page("account_health", at_home=clients)
    assert not opened.exception
    assert not opened.error
    return opened


def test_who_is_in_danger_stands_first_with_reasons(app: AppTest) -> None:
    red = [number for number in NUMBERS if band(number) == "red"]
    assert tile(app, "In danger").value == str(len(red))
    assert tile(app, "Revenue in danger").value == money(sum(1000 + number for number in red), "EUR")
    listed = grid(app, "cash_score")
    assert set(listed["band"]) == {"red", "yellow"}
    assert len(listed) == sum(band(number) in ("red", "yellow") for number in NUMBERS)
    assert list(listed["revenue_12m"]) == sorted(listed["revenue_12m"], reverse=True)
    text = words(app)
    assert "overdue: 80% of what is open" in text
    assert "silence: no contact for 60 days" in text
    assert "+0 in 4 weeks" not in text
    # Who has left already is no card: nothing can be saved there.
    assert "##### Account 18" not in text
    assert "##### Account 45" in text


def test_a_score_opens_to_what_it_is_made_of(app: AppTest) -> None:
    app.selectbox(key="health_account").set_value("crm:409").run()
    assert not app.exception
    shown = grid(app, "contribution")
    assert list(shown["name"]) == ["Overdue share", "Silence", "Open cases"]
    assert float(shown["contribution"].sum()) == pytest.approx(40.0)
    assert "together 40.0 of 100" in words(app)
    assert "Missing, so that the others weigh more: open cases" in words(app)


def test_the_back_test_says_false_alarms_plainly(app: AppTest) -> None:
    text = words(app)
    assert "**3 of 8 accounts** left, 41 days ahead in the middle" in text
    assert "**55 were false**: the account did not leave within 182 days" in text
    assert "Silence alone at the same points: 3 flagged before, 60 false." in text
    assert len(grid(app, "alarms_false")) == 6
    assert tile(app, "Warned before leaving").value == percent(3 / 8, 0)


def test_silent_accounts_are_ranked(app: AppTest) -> None:
    shown = grid(app, "attempts_without_reply")
    assert list(shown["silence_rank"]) == sorted(shown["silence_rank"])
    assert tile(app, "Silent").value == str(sum(number % 5 == 0 for number in NUMBERS)) == str(len(shown))


def test_a_team_narrows_what_is_shown(app: AppTest) -> None:
    app.sidebar.multiselect(key="team").set_value(["North"]).run()
    north = sum(band(number) == "red" and number % 5 < 2 for number in NUMBERS)
    assert north > 0
    assert tile(app, "In danger").value == str(north)
    assert "Of the whole company: the filters don't narrow this." in words(app)


def test_renewals_and_whitespace(open_page: Open, clients: Path) -> None:
    app = open_page("renewals_and_whitespace", at_home=clients)
    assert not app.exception
    last = sum(number % 3 != 0 and number % 5 == 1 for number in NUMBERS)
    assert tile(app, "Ends in 30 days").value == str(last)
    # The quarter whose days of grace still run says nothing yet.
    assert tile(app, "Renewed in 2026 Q3").value == "90%"
    assert tile(app, "Worth a year").value == money(24 * 3000, "EUR")
    assert set(grid(app, "gate_reason")["is_candidate"]) == {"yes"}
    app.toggle(key="only_candidates").set_value(False).run()
    assert set(grid(app, "gate_reason")["is_candidate"]) == {"yes", "no"}
    app.multiselect(key="products").set_value(["Product 1"]).run()
    assert set(grid(app, "gate_reason")["product_name"]) == {"Product 1"}
