"""Alerts: told once in a cool-down, silent once acknowledged, and never of what a recipient may not see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery.alert_rules import OPERATORS, read_rules
from pipelines.delivery.alerts import Alerts
from pipelines.delivery.channels import Letter, Outcome, send
from pipelines.lists import lists
from pipelines.settings import load_settings
from pipelines.warehouse.refresh import Refresh
from tests.support.deliveries import MONDAY, SUNDAY, ZONE, Post, deliveries, home_of, plan
from tests.support.homes import keybook
from tests.support.publications import publish

HEAD = "alert,table,column,operator,value,recipients,cooldown_days\n"
OVERDUE = "overdue,rpt_accounts,overdue_amount,above,1000,chair,3\n"
OWN = {"role": "manager", "scope": "own book", "employee": "e1"}
PEOPLE = [{"id": "chair"}, {"id": "anna", **OWN}, {"id": "north", "role": "manager", "scope": {"team": "North"}}]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = home_of(tmp_path / "home", plan(*PEOPLE))
    (home / "lists").mkdir()
    return home


def _say(home: Path, *lines: str) -> None:
    (home / "lists" / "alerts.csv").write_text(HEAD + "".join(lines), encoding="utf-8")


def _publish(home: Path, day: date, amounts: dict[str, Any], **tables: Any) -> None:
    """A publication of accounts by what they owe overdue: `a…` are of e1 and the team North, all others of nobody."""
    accounts = [
        {"account_id": name, "account_name": f"{name} Ltd", "overdue_amount": amount}
        | ({"owner_id": "e1", "team": "North"} if name.startswith("a") else {"owner_id": "e2", "team": "South"})
        for name, amount in amounts.items()
    ]
    run = {"as_of_date": day, "base_currency": "EUR", "business_timezone": ZONE.key}
    publish(home, f"{day:%Y%m%d}", {"rpt_run": [run], "rpt_accounts": accounts, **tables})


def _alerts(home: Path, post: Any = send) -> Alerts:
    return Alerts(deliveries(home, post))


def _rows(letter: Letter) -> set[str]:
    return {figure["key"]["account_id"] for figure in json.loads(letter.pack.read(".json"))["figures"]}


def test_what_is_published_beside_for_a_report_alerts_nobody(home: Path) -> None:
    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500})
    _publish(home, SUNDAY + timedelta(days=7), {"a1": 1500, "a2": 2000})
    receipt = home / "warehouse" / "versions" / f"{SUNDAY + timedelta(days=7):%Y%m%d}" / "publication.json"
    receipt.write_text(json.dumps({**json.loads(receipt.read_text()), "is_beside": True}), encoding="utf-8")
    post = Post()
    assert [each.rows for each in _alerts(home, post).send(MONDAY)] == [1]
    assert _rows(post.got()[0]) == {"a1"}


def test_a_row_is_told_once_in_a_cool_down_and_again_after_it(home: Path) -> None:
    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500, "b1": 900, "b2": None})
    post = Post()
    [done] = _alerts(home, post).send(MONDAY)
    assert (done.state, done.rows) == ("sent", 1)
    assert _rows(post.arrived[0]) == {"a1"}
    mail = post.arrived[0].pack.read(".eml")
    assert b"rpt_accounts: overdue_amount above 1000" in mail
    assert b"a1 Ltd" in mail
    # Whatever runs how often: it is told.
    for hours in (0, 1, 71):
        assert _alerts(home, post).send(MONDAY + timedelta(hours=hours)) == []
    # Another row is another matter.
    _publish(home, SUNDAY + timedelta(days=1), {"a1": 1600, "b1": 1001})
    _alerts(home, post).send(MONDAY + timedelta(hours=71))
    assert [_rows(each) for each in post.arrived] == [{"a1"}, {"b1"}]
    _alerts(home, post).send(MONDAY + timedelta(hours=72))
    assert [_rows(each) for each in post.arrived] == [{"a1"}, {"b1"}, {"a1"}]


def test_what_is_acknowledged_stays_silent_while_it_lasts(home: Path) -> None:
    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500})
    post = Post()
    _alerts(home, post).send(MONDAY)
    [standing] = _alerts(home).standing()
    assert (standing.state, standing.rows, standing.acknowledged) == ("sent", ('["a1"]',), ())
    assert _alerts(home).acknowledge("overdue", "chair", MONDAY + timedelta(hours=1)) == 1
    assert _alerts(home).acknowledge("overdue", "chair", MONDAY + timedelta(hours=1)) == 0
    for day in range(20):
        _publish(home, SUNDAY + timedelta(days=1 + day), {"a1": 1500 + day})
        assert _alerts(home, post).send(MONDAY + timedelta(days=1 + day)) == []
    [standing] = _alerts(home).standing()
    assert (standing.rows, standing.acknowledged) == ((), ('["a1"]',))
    assert not _alerts(home).waits(MONDAY + timedelta(days=20))
    # It is paid, and overdue anew.
    for day, amount in ((21, 0), (22, 2000)):
        _publish(home, SUNDAY + timedelta(days=day), {"a1": amount})
        # Whoever asks before a run is begun is told that what was seen is over.
        assert _alerts(home).waits(MONDAY + timedelta(days=day))
        _alerts(home, post).send(MONDAY + timedelta(days=day))
        [standing] = _alerts(home).standing()
        assert standing.rows == (('["a1"]',) if amount else ())
    assert len(post.arrived) == 2


def test_nobody_is_alerted_of_what_is_anothers(home: Path) -> None:
    _say(home, OVERDUE.replace("chair", "chair anna north"))
    _publish(home, SUNDAY, {"a1": 1500, "b1": 1500})
    post = Post()
    _alerts(home, post).send(MONDAY)
    got = {letter.recipient.id: _rows(letter) for letter in post.arrived}
    assert got == {"chair": {"a1", "b1"}, "anna": {"a1"}, "north": {"a1"}}
    assert all(b"b1" not in letter.pack.read(".eml") for letter in post.got("anna"))
    # A table that says of no account and of nobody whose its rows are is for those who see all.
    _say(home, "late,rpt_data_health,freshness_state,is,stale,chair anna,1\n")
    _publish(home, SUNDAY + timedelta(days=1), {}, rpt_data_health=[
        {"source": "erp", "domain": "billing", "entity": "invoices", "freshness_state": "stale"}])  # fmt: skip
    done = {each.recipient: each for each in _alerts(home, post).send(MONDAY + timedelta(days=1))}
    assert (done["chair"].state, done["anna"].state) == ("sent", "held")
    assert "cannot be restricted" in done["anna"].said
    # Who is not due any more gets nothing.
    (home / "delivery.yml").write_text(plan({"id": "chair", "until": SUNDAY + timedelta(days=2)}), encoding="utf-8")
    _say(home, OVERDUE)
    assert _alerts(home, post).send(MONDAY + timedelta(days=9)) == []


def test_nobody_is_alerted_of_anothers_pay(home: Path) -> None:
    """Of a deal with an account of e1's, in which e2 of the South has a share: it is not the account that says whose pay it is."""
    client = {"id": "client", "role": "client", "scope": {"account": "a1"}}
    (home / "delivery.yml").write_text(plan(*PEOPLE, client), encoding="utf-8")
    _say(home, "paid,rpt_commission_deals,waiting,above,0,chair anna north client,1\n")
    deals = [
        {"deal_id": "d", "employee_id": who, "team": team, "account_id": "a1", "waiting": 7}
        for who, team in (("e1", "North"), ("e2", "South"))
    ]
    _publish(home, SUNDAY, {"a1": 0}, rpt_commission_deals=deals)
    post = Post()
    done = {each.recipient: each for each in _alerts(home, post).send(MONDAY)}
    told = {
        letter.recipient.id: {
            figure["key"]["employee_id"] for figure in json.loads(letter.pack.read(".json"))["figures"]
        }
        for letter in post.arrived
    }
    assert told == {"chair": {"e1", "e2"}, "anna": {"e1"}, "north": {"e1"}}
    assert "cannot be restricted" in done["client"].said


def test_what_the_other_side_puts_off_is_told_later_and_what_may_have_come_is_not_told_twice(home: Path) -> None:
    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500})
    answers: Iterator[Outcome] = iter([Outcome("deferred", "busy"), Outcome("unknown", "no answer")])
    post = Post(lambda letter: next(answers))
    assert [each.state for each in _alerts(home, post).send(MONDAY)] == ["deferred"]
    assert [each.state for each in _alerts(home, post).send(MONDAY + timedelta(minutes=1))] == ["deferred"]
    assert [each.state for each in _alerts(home, post).send(MONDAY + timedelta(minutes=6))] == ["unknown"]
    assert _alerts(home, post).send(MONDAY + timedelta(hours=1)) == []
    assert len(post.arrived) == 1


def test_a_crash_while_an_alert_is_told_tells_it_no_second_time(home: Path) -> None:
    class Crash(BaseException):
        pass

    def crash(letter: Letter) -> Outcome:
        raise Crash

    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500})
    with pytest.raises(Crash):
        _alerts(home, Post(crash)).send(MONDAY)
    # Into a folder the same files are written again, as they were to be written first.
    [done] = _alerts(home).send(MONDAY + timedelta(minutes=10))
    assert (done.state, Path(done.said).parent.name) == ("sent", "overdue-20260302T050000")
    assert _alerts(home).send(MONDAY + timedelta(minutes=20)) == []
    # Nobody knows whether a mail arrived: it is not told again before the cool-down is over.
    mail = {"post": {"kind": "smtp", "host": "localhost", "sender": "a@example.com"}}
    (home / "delivery.yml").write_text(
        plan({"id": "chair", "channel": "post", "address": "b@example.com"}, channels=mail), encoding="utf-8"
    )
    _say(home, OVERDUE.replace("overdue,", "again,", 1))
    with pytest.raises(Crash):
        _alerts(home, Post(crash)).send(MONDAY)
    assert _alerts(home, post := Post()).send(MONDAY + timedelta(hours=1)) == []
    assert [each.rows for each in _alerts(home, post).send(MONDAY + timedelta(days=3))] == [1]


def test_every_operator_as_it_says(home: Path) -> None:
    today = SUNDAY + timedelta(days=7)
    _publish(home, SUNDAY, {"a1": 100, "a2": 500, "a3": None})
    people = {"a1": {"last_contact_on": SUNDAY - timedelta(days=60)}, "a2": {"last_contact_on": today}}
    accounts = [{"account_id": name, **people.get(name, {})} for name in ("a1", "a2", "a3")]
    for account, amount in zip(accounts, (350, 200, 10), strict=True):
        account["overdue_amount"] = amount
    publish(home, f"{today:%Y%m%d}", {
        "rpt_run": [{"as_of_date": today}], "rpt_accounts": accounts,
        "rpt_promises": [{"promise_id": f"p{n}", "account_id": "a1", "state": state}
                         for n, state in enumerate(("broken", "kept", None))],
        "rpt_missed_calls": [{"case_id": "c1", "account_id": "a1", "overdue_amount": 5},
                             {"case_id": "c2", "account_id": "a1", "overdue_amount": 5, "handled_at": today}],
        "rpt_team_norms": [{"employee_id": "e1", "day": day, "norm": "calls", "attainment": 0.5}
                           for day in (SUNDAY, today, today + timedelta(days=1))],
    })  # fmt: skip
    asked = {
        "above": (["rpt_accounts,overdue_amount,above,200"], ["a1"]),
        "below": (["rpt_accounts,overdue_amount,below,200"], ["a3"]),
        "rises_by": (["rpt_accounts,overdue_amount,rises_by,250"], ["a1"]),
        "falls_by": (["rpt_accounts,overdue_amount,falls_by,300"], ["a2"]),
        "older_than_days": (["rpt_accounts,last_contact_on,older_than_days,66"], ["a1"]),
        "is": (["rpt_promises,state,is,broken"], ["p0"]),
        "is_not": (["rpt_promises,state,is_not,broken"], ["p1"]),
        "empty": (["rpt_missed_calls,handled_at,empty,", "rpt_missed_calls,overdue_amount,above,0"], ["c1"]),
        "filled": (["rpt_missed_calls,handled_at,filled,"], ["c2"]),
        "newest": (["rpt_team_norms,day,newest,", "rpt_team_norms,attainment,below,1"], [str(today)]),
    }
    assert asked.keys() == OPERATORS.keys()
    names = {operator: operator.replace("_", "-") for operator in asked}
    _say(home, *(f"{names[operator]},{line},chair,1\n" for operator, (said, _) in asked.items() for line in said))
    alerts = _alerts(home, post := Post())
    assert alerts.problems == []
    alerts.send(MONDAY + timedelta(days=7))
    found = {
        letter.period.rsplit("-", 1)[0]: json.loads(letter.pack.read(".json"))["figures"] for letter in post.arrived
    }
    for operator, (_, right) in asked.items():
        keys = {" ".join(figure["key"].values()) for figure in found[names[operator]]}
        assert len(keys) == len(right), operator
        assert all(one in key for one, key in zip(right, sorted(keys), strict=True)), operator
    # Without an earlier publication nobody knows what has changed.
    _say(home, "jump,rpt_accounts,overdue_amount,rises_by,1,chair,1\n")
    for version in ("20260301",):
        (home / "warehouse" / "versions" / version / "publication.json").unlink()
    assert [each.state for each in _alerts(home, post).send(MONDAY + timedelta(days=7))] == ["held"]


def test_what_is_wrong_with_a_line_is_said_and_nothing_of_it_is_sql(home: Path) -> None:
    wrong = {
        "x,rpt_nothing,a,is,1,chair,1": "there is no table 'rpt_nothing'",
        "x,rpt_accounts; drop,a,is,1,chair,1": "there is no table",
        "x,rpt_accounts,overdue_amount) or (true,above,1,chair,1": "has no column",
        "x,rpt_accounts,overdue_amount,> 0 or,1,chair,1": "is no operator",
        "x,rpt_accounts,overdue_amount,above,0 or true,chair,1": "is no value for overdue_amount above",
        "x,rpt_accounts,overdue_amount,above,,chair,1": "is no value",
        "x,rpt_accounts,overdue_amount,empty,1,chair,1": "takes no value",
        "x,rpt_accounts,account_name,rises_by,1,chair,1": "is of a number",
        "x,rpt_accounts,account_name,older_than_days,1,chair,1": "is of a date",
        "x,rpt_accounts,overdue_amount,above,1,nobody,1": "'nobody' is no recipient",
        "x,rpt_accounts,overdue_amount,above,1,,1": "has no recipients",
        "x,rpt_accounts,overdue_amount,above,1,chair,soon": "write a number of days",
        "X!,rpt_accounts,overdue_amount,above,1,chair,1": "small letters",
    }
    for line, what in wrong.items():
        _say(home, line + "\n")
        rules, problems = read_rules(home / "lists", ["chair"])
        assert (rules, len(problems)) == ([], 1), line
        assert what in problems[0], line
        assert "alerts.csv line 2, " in problems[0], line
    # A value is bound: it is nothing but a text.
    _say(home, "x,rpt_accounts,account_name,is,' or '1'='1,chair,1\n")
    _publish(home, SUNDAY, {"a1": 1})
    assert _alerts(home, Post()).send(MONDAY) == []
    _say(home, "x,rpt_accounts,account_name,is,a1 Ltd,chair,1\n")
    assert len(_alerts(home, Post()).send(MONDAY)) == 1
    assert f"1 in {home / 'lists' / 'alerts.csv'}" in keybook("doctor", "--home", home).output
    (home / "lists" / "alerts.csv").write_text("alert,table\n", encoding="utf-8")
    assert (
        "has no header with alert, table, column, operator; `keybook lists` writes a template"
        in keybook("doctor", "--home", home).output
    )
    [said] = read_rules(home / "lists", [])[1]
    assert "alerts.csv has no header with alert, table, column, operator" in said
    # It is read as every list is: whatever its delimiter, its encoding's mark, text above its header, capital letters.
    _say(home, "")
    (home / "lists" / "alerts.csv").write_text(
        "\ufeffAlerts of the board\r\n# mine\r\nTable; Alert ;Column;Operator;Value;Recipients\r\n\r\n"
        "rpt_accounts; x ;overdue_amount;above; 10 ;chair\r\n# y;rpt_accounts;a;is;1;chair\r\n"
        "rpt_accounts;z;a;is;1;chair\r\n",
        encoding="utf-8", newline="",
    )  # fmt: skip
    rules, problems = read_rules(home / "lists", ["chair"])
    assert [(rule.name, rule.line, str(rule)) for rule in rules] == [("x", 5, "rpt_accounts: overdue_amount above 10")]
    assert len(problems) == 1
    assert problems[0].endswith("alerts.csv line 7, z: the table rpt_accounts has no column 'a'")


def test_the_template_is_a_list_that_can_be_used_and_no_refresh_lands_it(home: Path) -> None:
    assert keybook("lists", "--home", home).exit_code == 0
    path = home / "lists" / "alerts.csv"
    text = path.read_text(encoding="utf-8")
    assert read_rules(home / "lists", ["chair"]) == ([], [])
    path.write_text(text.replace("\n# ", "\n"), encoding="utf-8")
    rules, problems = read_rules(home / "lists", ["chair"])
    assert problems == []
    assert [len(rule.conditions) for rule in rules] == [1, 1, 1, 2, 1, 2]
    assert len(rules) == len({example["alert"] for example in lists()["alerts"].examples})
    refresh = Refresh(load_settings(home=home))
    assert not [receipt.file for receipt in refresh.land() if "alerts" in receipt.file]
    assert "lists/alerts.csv" not in refresh.lists.strange


def test_a_log_reads_what_became_of_each_as_a_line_of_json(home: Path) -> None:
    # At least one Monday ago, and nothing is published as of its Sunday.
    weeks_ago = datetime.now(ZONE).date() - timedelta(days=8)
    (home / "delivery.yml").write_text(plan({"id": "chair", "from": weeks_ago}), encoding="utf-8")
    _say(home, OVERDUE)
    _publish(home, SUNDAY, {"a1": 1500})
    done = keybook("deliver", "--json", "--home", home)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["state"] for line in lines if line.get("report") == "weekly"} == {"held"}
    [alert] = [line for line in lines if "alert" in line]
    assert (alert["alert"], alert["recipient"], alert["state"], alert["rows"]) == ("overdue", "chair", "sent", 1)
    assert all(datetime.fromisoformat(line["at"]) and line["said"] for line in lines)
    said = keybook("deliver", "--acknowledge", "overdue", "chair", "--home", home).output
    assert "seen      alert overdue to chair: 1 rows" in said
    assert _alerts(home).standing()[0].rows == ()
