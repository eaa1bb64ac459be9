"""Whose commission a page shows: who looks without a right to it finds none on any page, in no download and by no search."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import yaml
from streamlit.testing.v1 import AppTest

from dashboards.components import viewer
from pipelines import reporting_contract
from pipelines.delivery.packs import Scope
from pipelines.delivery.sight import Sight, sight
from pipelines.settings import load_settings
from tests.dashboards.conftest import PAGES, words
from tests.support.publications import publish

Open = Callable[..., AppTest]
MONTH, LAST = date(2026, 10, 1), date(2026, 10, 31)
HEADER = "X-Forwarded-Email"
# What is paid, by person: no two figures of a publication are the same.
PAID = {"crm:1": "1111.11", "crm:2": "2222.22"}
WAITS = {"crm:1": "3333.33", "crm:2": "4444.44"}
BONUS = {"crm:1": "5555.55", "crm:2": "6666.66"}
# Of nobody that a right names: what lists and the proof say of somebody's pay.
LISTED, FORMER, DIFFERS, SUMMED = "7777.77", "8888.88", "9999.99", "1234.56"
OWN, OTHER = "crm:1", "crm:2"


def amounts(person: str) -> set[str]:
    """What a person is paid, as figures."""
    return {PAID[person], WAITS[person], BONUS[person]}


def rows() -> dict[str, list[dict[str, Any]]]:
    """Two people with a deal each, and lists and a proof that speak of commission."""
    tables: dict[str, list[dict[str, Any]]] = {
        "rpt_run": [{"as_of_date": LAST, "base_currency": "EUR", "business_timezone": "Europe/Stockholm"}],
        "rpt_rejected_rows": [
            {"file": "closings.csv", "line": 2, "entity": entity, "reason": "missing", "row_text": LISTED, "value": LISTED}
            for entity in ("lists.commission_closings", "lists.commission_plans", "lists.commission_shares")
        ],
        "rpt_superseded_rows": [
            {"row_key": "a", "entity": "lists.commission_closings", "state": "changed", "content": FORMER, "file": "c.csv"}
        ],
        "rpt_control_totals": [
            {"file": "c.csv", "entity": "lists.commission_closings", "measure": "amount", "file_total": SUMMED, "loaded": SUMMED}
        ],
        "rpt_verification": [
            {"subject": "team", "state": "differs", "table_name": "rpt_team_scorecard", "measure": "commission_payable",
             "first_cell": DIFFERS, "first_published": DIFFERS, "first_recomputed": DIFFERS, "largest_difference": DIFFERS}
        ],
    }  # fmt: skip
    for place, (person, name) in enumerate({OWN: "Anna Lind", OTHER: "Bo Ek"}.items()):
        who = {
            "employee_id": person,
            "employee_name": name,
            "team": "North" if place else "South",
            "base_currency": "EUR",
        }
        account = {"account_id": f"crm:a{place}", "account_name": f"Account {place}"}
        more = {
            "rpt_accounts": {
                **account, "owner_id": person, "owner_name": name, "waiting_missed_calls": 1, "missed_call_on": LAST,
                "as_of_date": LAST, "status": "active",
            },
            "rpt_commission": {
                **who, **account, "line_id": person, "ledger": "payable", "event_type": "payment", "amount": PAID[person],
                "month": MONTH, "occurred_on": LAST, "missing_rate_count": 0,
            },
            "rpt_commission_deals": {
                **who, **account, "deal_id": f"d{place}", "waiting": WAITS[person], "missing_rate_count": 0,
            },
            "rpt_team_scorecard": {
                **who, "month": MONTH, "is_complete": True, "commission_payable": PAID[person], "bonus": BONUS[person],
                "attainment": 1,
            },
        }  # fmt: skip
        for table, row in more.items():
            tables.setdefault(table, []).append(row)
    return tables


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("paid")
    publish(home, "v1", rows())
    of_all = {"reports": ["weekly"], "channel": "box", "language": "en", "from": date(2026, 1, 1)}
    people = [
        {"id": "anna", "name": "Anna", "address": "Anna@example.com", "role": "manager", "scope": "own book", "employee": OWN},
        {"id": "chair", "name": "Chair", "address": "chair@example.com", "role": "leadership", "scope": "all"},
        {"id": "north", "name": "North", "address": "north@example.com", "role": "manager", "scope": {"team": "North"}},
        {"id": "client", "name": "Client", "address": "client@example.com", "role": "client", "scope": {"account": "crm:a1"}},
        {"id": "left", "name": "Left", "address": "left@example.com", "role": "leadership", "scope": "all",
         "until": date(2026, 2, 1)},
    ]  # fmt: skip
    (home / "delivery.yml").write_text(yaml.safe_dump({
        "channels": {"box": {"kind": "folder", "path": "out"}}, "reports": {"weekly": {"due": "every Monday 07:00"}},
        "recipients": [{**of_all, **each} for each in people],
    }), encoding="utf-8")  # fmt: skip
    return home


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What every button of a page would save, as the page is drawn."""
    found: list[str] = []
    drawn = st.download_button

    def button(label: str, data: Any, *args: Any, **kwargs: Any) -> bool:
        made = data() if callable(data) else data
        found.append(made.decode(errors="replace") if isinstance(made, bytes) else str(made))
        return drawn(label, data, *args, **kwargs)

    monkeypatch.setattr(st, "download_button", button)
    return found


def shown(app: AppTest) -> str:
    """All that a page shows: texts, figures and the cells of its grids."""
    assert not app.exception
    grids = [found.value.to_csv() for found in app.dataframe]
    return "\n".join([words(app), *grids, *(str(metric.value) for metric in app.metric)]).replace(",", "")


def looks(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """The proxy says who looks."""
    monkeypatch.setenv("KEYBOOK_DASHBOARD_USER_HEADER", HEADER)
    monkeypatch.setattr(viewer, "said", lambda header: list(addresses) if header == HEADER else [])


def seen(open_page: Open, home: Path, downloads: list[str], pages: Collection[str]) -> str:
    """What pages show and save together; what is paid stands with and without its decimals."""
    texts = [shown(open_page(page, at_home=home)) for page in pages]
    return "\n".join([*texts, *(text.replace(",", "") for text in downloads)])


def found(text: str) -> set[str]:
    """Which of all figures of pay a text has, rounded or not."""
    whole = {*PAID.values(), *WAITS.values(), *BONUS.values(), LISTED, FORMER, DIFFERS, SUMMED}
    return {figure for figure in whole if figure in text or f"EUR {round(Decimal(figure))}" in text}


EVERYTHING = amounts(OWN) | amounts(OTHER) | {LISTED, FORMER, DIFFERS, SUMMED}
# The pages that tell of pay whoever may see all of it.
_telling: list[str] = []


@pytest.fixture
def telling(open_page: Open, paid: Path, downloads: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that tell of pay: of one that tells none to whoever may see all, few ask what it tells to others."""
    if not _telling:
        with monkeypatch.context() as patch:
            looks(patch, "chair@example.com")
            together = set()
            for page in PAGES:
                downloads.clear()
                told = found(seen(open_page, paid, downloads, [page]))
                together |= told
                if told:
                    _telling.append(page)
            assert together == EVERYTHING
        downloads.clear()
    return _telling


@pytest.mark.parametrize(
    ("addresses", "wanted", "everywhere"),
    [
        (("chair@example.com",), EVERYTHING, False),
        ((" anna@EXAMPLE.com ",), amounts(OWN), True),
        (("north@example.com",), amounts(OTHER), False),
        (("client@example.com",), set(), False),
        (("left@example.com",), set(), False),
        (("stranger@example.com",), set(), True),
        ((), set(), False),
        # A browser's own beside the proxy's.
        (("chair@example.com", "anna@example.com"), set(), False),
    ],
)
def test_pages_and_downloads_show_whose_commission_the_delivery_file_says(
    open_page: Open, paid: Path, downloads: list[str], telling: list[str], monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[str, ...], wanted: set[str], everywhere: bool,
) -> None:  # fmt: skip
    looks(monkeypatch, *addresses)
    assert found(seen(open_page, paid, downloads, PAGES if everywhere else telling)) == wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, EVERYTHING),
        ({"DASHBOARD_ADDRESS": "0.0.0.0"}, set()),
        ({"DASHBOARD_HOSTS": "keybook.example.com"}, set()),
        ({"DASHBOARD_ADDRESS": "0.0.0.0", "COMMISSION_SHOWN": "everybody"}, EVERYTHING),
        ({"COMMISSION_SHOWN": "nobody"}, set()),
    ],
)
def test_of_whom_nobody_knows_the_settings_say_it(
    open_page: Open, paid: Path, downloads: list[str], telling: list[str], monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str], wanted: set[str],
) -> None:  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"KEYBOOK_{name}", value)
    assert found(seen(open_page, paid, downloads, telling)) == wanted


def test_a_search_finds_nothing_that_may_not_be_seen(
    open_page: Open, paid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(monkeypatch, "anna@example.com")
    app = open_page("data_health", at_home=paid)
    app.text_input(key="reject_search").set_value(LISTED[:4]).run()
    assert LISTED not in shown(app)
    app = open_page("team", at_home=paid)
    # A person that was opened while it was allowed, or whose id somebody writes into the session.
    app.session_state["commission_opened"] = OTHER
    assert not found(shown(app.run())) & amounts(OTHER)


def test_who_has_an_own_book_begins_with_the_own_day(
    open_page: Open, paid: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(monkeypatch, "anna@example.com")
    app = open_page(at_home=paid)
    assert app.title[0].value == "Today"
    assert app.sidebar.multiselect(key="manager").value == [OWN]
    assert "Account 0" in shown(app)
    assert "Account 1" not in shown(app)
    looks(monkeypatch, "chair@example.com")
    assert open_page(at_home=paid).title[0].value == "Overview"


def test_nobody_sees_anything_while_the_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "delivery.yml").write_text("recipients: [", encoding="utf-8")
    settings = load_settings(home=tmp_path, dashboard_user_header=HEADER)
    assert sight(settings, "chair@example.com", LAST) == Sight()
    assert not sight(settings, None, LAST).everybody


def test_what_a_scope_lets_see() -> None:
    both = Sight.of(Scope("own book", OWN), Scope("team", "North"))
    assert (both.everybody, both.people, both.teams) == (False, (OWN,), ("North",))
    assert both.covers(Scope("own book", OWN))
    assert not both.covers(Scope("own book", OTHER))
    assert not both.covers(Scope("all"))
    assert Sight(everybody=True).covers(Scope("own book", OTHER))


def test_every_table_of_pay_is_among_those_that_are_tried() -> None:
    """A table of reporting that tells of commission or a bonus is in the publication above, or it is looked at by nobody."""
    told = {
        table
        for table, columns in reporting_contract.declared().items()
        if "commission" in table or any(part in column for column in columns for part in ("commission", "bonus"))
    }
    assert told <= rows().keys()
