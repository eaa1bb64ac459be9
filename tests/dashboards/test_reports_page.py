"""The page Reports: what is due and not sent is an alarm, each delivery with why, what was sent to be opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines.delivery.alerts import Alerts
from pipelines.delivery.channels import Outcome
from pipelines.delivery.packs import MAKERS, Report, Scope
from pipelines.delivery.record import record
from pipelines.settings import load_settings
from tests.dashboards.conftest import words
from tests.support.deliveries import FRESH, MONDAY, SUNDAY, ZONE, Post, deliveries, home_of, plan
from tests.support.publications import publish, withdraw

Open = Callable[..., AppTest]
# Nothing more comes after the first week, whenever the page is opened.
ONE_WEEK = {"until": SUNDAY + timedelta(days=2)}


def _published(home: Path) -> None:
    publish(home, "20260301", {
        "rpt_run": [{"as_of_date": SUNDAY, "base_currency": "EUR", "business_timezone": ZONE.key}],
        "rpt_accounts": [{"account_id": "crm:1", "open_amount": 100}],
        "rpt_data_health": [FRESH],
    })  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A chair who was sent the report, a board whose mail server said no, and a team that may not see it."""
    home = home_of(tmp_path / "home", plan(
        {"id": "chair", **ONE_WEEK}, {"id": "board", "name": "The *board*", **ONE_WEEK},
        {"id": "north", "role": "manager", "scope": {"team": "North"}, **ONE_WEEK},
    ))  # fmt: skip
    _published(home)
    no, yes = Outcome("refused", "550 no such user"), Outcome("sent", "250 OK")
    post = Post(lambda letter: no if letter.recipient.id == "board" else yes)
    deliveries(home, post).deliver(MONDAY)
    return home


def _said(app: AppTest) -> str:
    assert not app.exception
    return "\n".join([words(app), *(each.value for each in (*app.error, *app.success))])


def test_what_is_not_sent_is_an_alarm_that_says_why_and_what_to_do(open_page: Open, home: Path) -> None:
    app = open_page("reports", at_home=home)
    [alarm] = app.error
    assert "2 reports that are due are not sent" in alarm.value
    assert "weekly 2026-W09 to board" in alarm.value
    assert "550 no such user" in alarm.value
    assert "`keybook deliver --again weekly 2026-W09 board` sends it once more." in alarm.value
    assert "cannot be restricted to what the recipient may see" in alarm.value
    assert "to chair" not in alarm.value
    shown = {metric.label: metric.value for metric in app.metric}
    assert (shown["Expected"], shown["Sent"], shown["Held"], shown["Put off or refused"]) == ("3", "1", "1", "1")
    [rows] = [frame.value for frame in app.dataframe if "scope" in frame.value]
    assert sorted(zip(rows["name"], rows["state"], strict=True)) == [
        ("Anna Berg", "held"), ("Anna Berg", "sent"), ("The *board*", "refused"),
    ]  # fmt: skip


def test_what_was_sent_is_there_to_be_opened(open_page: Open, home: Path) -> None:
    app = open_page("reports", at_home=home)
    app.session_state["delivery_opened"] = "weekly 2026-W09 to chair"
    app.run()
    assert not app.exception
    assert [button.proto.label for button in app.get("download_button")] == ["PDF", "JSON", "EML"]
    [events] = [frame.value for frame in app.dataframe if "event" in frame.value]
    assert list(events["event"]) == ["being sent", "sent"]
    assert list(events["said"])[-1] == "250 OK"
    app.session_state["delivery_opened"] = "weekly 2026-W09 to north"
    app.run()
    assert not app.get("download_button")
    assert "nothing was handed over" in _said(app)


def test_files_that_tell_what_is_paid_open_for_who_may_see_it(
    open_page: Open, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weekly = MAKERS["weekly"]
    assert isinstance(weekly, Report)
    monkeypatch.setitem(MAKERS, "weekly", replace(weekly, tells_pay=True))
    for shown, files in (("everybody", 3), ("nobody", 0)):
        monkeypatch.setenv("KEYBOOK_COMMISSION_SHOWN", shown)
        app = open_page("reports", at_home=home)
        app.session_state["delivery_opened"] = "weekly 2026-W09 to chair"
        app.run()
        assert len(app.get("download_button")) == files
        assert ("for those who may see that" in _said(app)) == (not files)
    # A book that was another's when it was sent is not one's own by now.
    [told] = [each for each in record(load_settings(home=home), datetime.now(UTC)).told if each.recipient == "chair"]
    assert told.pay_of == Scope("all")
    (home / "delivery.yml").write_text(
        plan({"id": "chair", "role": "manager", "scope": "own book", "employee": "e1", **ONE_WEEK}), encoding="utf-8"
    )
    [told] = record(load_settings(home=home), datetime.now(UTC)).told
    assert told.pay_of == Scope("all")


def test_what_was_told_otherwise_since_is_shown_with_its_lines(open_page: Open, home: Path) -> None:
    def published(version: str, day: date, amount: int) -> None:
        line = {"line_id": "document:1", "document": "No 1", "kind": "invoice", "account_name": "*One*", "debit": amount,
                "currency": "EUR", "occurred_on": SUNDAY, "_file": f"{version}.csv", "_row": 7}  # fmt: skip
        owed = f"create macro receivable_aging(day) as table select 'a' as account_id, 'EUR' as currency, {amount} as net_amount"
        run = {"as_of_date": day, "base_currency": "EUR", "business_timezone": ZONE.key}
        publish(home, version, {"rpt_run": [run], "rpt_statement_lines": [line]}, changes=[owed])

    withdraw(home, ["20260301"])
    published("20260301", SUNDAY, 100)
    published("20260308", SUNDAY + timedelta(days=7), 90)
    app = open_page("reports", at_home=home)
    app.session_state["delivery_opened"] = "weekly 2026-W09 to chair"
    app.run()
    assert not app.exception
    [lines] = [frame.value for frame in app.dataframe if "was_file" in frame.value]
    [line] = lines.to_dict("records")
    assert (line["was"], line["now"], line["difference"], line["reason"]) == (100, 90, -10, "another amount")
    assert (line["was_file"], line["now_file"], line["now_row"]) == ("20260301.csv", "20260308.csv", 7)
    withdraw(home, ["20260301"])
    published("20260309", SUNDAY + timedelta(days=8), 90)
    app.run()
    assert "what has changed since is not known" in _said(app)


def test_what_nobody_has_sent_is_expected_and_not_sent(open_page: Open, tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", plan({"id": "chair", **ONE_WEEK}))
    _published(home)
    assert (
        "expected, not sent: Nothing has sent it: run `keybook deliver`"
        in open_page("reports", at_home=home).error[0].value
    )
    deliveries(home, Post()).deliver(MONDAY)
    assert "All that is due was sent." in _said(open_page("reports", at_home=home))


def test_a_plan_that_cannot_be_used_or_is_not_there_is_said(open_page: Open, tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", "channels: 7")
    _published(home)
    app = open_page("reports", at_home=home)
    assert "delivery.yml cannot be used" in app.error[0].value
    assert any("line 1, channels" in text.value for text in app.text)
    (home / "delivery.yml").unlink()
    app = open_page("reports", at_home=home)
    assert not app.error
    assert [code.value for code in app.code] == ["keybook deliver --template"]


def test_the_record_makes_and_sends_nothing(home: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*")}
    found = record(load_settings(home=home, business_timezone=ZONE.key), datetime.now(UTC))
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*")} == before
    assert [str(each) for each in found.not_sent] == ["weekly 2026-W09 to board", "weekly 2026-W09 to north"]
    assert [each.as_of_date for each in found.publications] == [str(SUNDAY)]
    # The next times are those of the clock on the wall.
    assert {(report, when.hour) for report, _, when in found.coming} == {("weekly", 6)}


def test_an_alert_is_acknowledged_by_a_click(open_page: Open, home: Path) -> None:
    (home / "lists").mkdir()
    (home / "lists" / "alerts.csv").write_text(
        "alert,table,column,operator,value,recipients\nhigh,rpt_accounts,open_amount,above,50,chair\n"
        "bad,rpt_accounts,nothing,is,1,chair\n", encoding="utf-8"
    )  # fmt: skip
    Alerts(deliveries(home, Post())).send(MONDAY)
    app = open_page("reports", at_home=home)
    assert "has no column" in _said(app)
    [button] = [each for each in app.button if each.label.startswith("Acknowledge high")]
    button.click().run()
    assert not app.exception
    assert not [each for each in app.button if each.label.startswith("Acknowledge")]
    [rows] = [frame.value for frame in app.dataframe if "condition" in frame.value]
    assert list(rows["state"]) == ["acknowledged"]
    assert (list(rows["open"]), list(rows["seen"])) == ([0], [1])
    assert Alerts(deliveries(home, Post())).send(MONDAY + timedelta(days=300)) == []
