"""What changed since a report was sent (N16): a company of which an invoice comes late, a payment is deleted, an amount
is edited, a document is dated and another is put on another account, after the pack of the week went out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import reporting_contract
from pipelines.delivery import packs
from pipelines.delivery.ledger import Ledger
from pipelines.delivery.restated import Restated, kept_for_reports, restated
from pipelines.reports.packs.restating import sections
from pipelines.settings import load_settings
from tests.support.deliveries import SUNDAY, ZONE
from tests.support.homes import keybook, make, once
from tests.support.publications import add, publish, withdraw
from tests.support.raw_rows import write_raw

D = Decimal
MODELS = ["rpt_run", "rpt_statement_lines", "rpt_receivable_aging"]
# What is written by hand, so that not every model is made.
MONEY = ("invoiced", "credited", "paid", "other")
WRITTEN = ["rpt_account_timeline", "rpt_accounts"]
NOW = SUNDAY + timedelta(days=7)
SENT_AT = datetime(2026, 3, 2, 6, tzinfo=ZONE)


def _day(week: int, weekday: int = 0) -> date:
    """A day of a week that is so many before the reported one."""
    return SUNDAY - timedelta(days=6 - weekday, weeks=week)


def _documents(is_now: bool) -> dict[str, list[dict[str, Any]]]:
    """The company as its exports tell it as the pack is sent, and a week later."""

    def invoice(row: int, name: str, on: date, gross: str, customer: str = "c1", **more: Any) -> dict[str, Any]:
        return {"_row": row, "_file": "now.csv" if is_now else "sent.csv", "invoice_id": name, "number": f"No {name}",
                "document_kind": "invoice", "customer_id": customer, "status": "issued", "currency": "EUR",
                "issued_on": on, "due_on": on, "net_amount": gross, "gross_amount": gross} | more  # fmt: skip

    def payment(row: int, name: str, on: date, amount: str) -> dict[str, Any]:
        return {"_row": row, "payment_id": name, "customer_id": "c1", "received_on": on, "amount": amount,
                "currency": "EUR", "status": "received", "reference": f"Ref {name}"}  # fmt: skip

    invoices = [
        invoice(2, "kept", _day(3), "1000.10"),
        invoice(3, "edited", _day(1), "180.75" if is_now else "200.50"),
        invoice(4, "dated", _day(2 if is_now else 1), "70.07"),
        invoice(5, "moved", _day(1), "55.55", "c2" if is_now else "c1"),
        invoice(6, "kronor", _day(0), "400.00", currency="SEK"),
        invoice(7, "pushed", _day(-1) if is_now else _day(0), "31.31"),
    ]
    if is_now:
        invoices += [invoice(8, "late", _day(0, 2), "99.99"), invoice(9, "new", _day(-1), "5000.00")]
    payments = [payment(2, "stays", _day(1), "10.01")]
    payments += [] if is_now else [payment(3, "deleted", _day(0, 1), "300.30")]
    return {
        "billing.customers": [{"customer_id": "c1", "name": "One Ltd"}, {"customer_id": "c2", "name": "Two Ltd"}],
        "billing.invoices": invoices,
        "billing.payments": payments,
    }


def _events(is_now: bool) -> list[dict[str, Any]]:
    """A deal whose amount nobody knew and one that was taken back; a call that was told late."""
    won = {"event_type": "deal_won", "occurred_on": _day(1), "account_id": "c1", "currency": "EUR"}
    deals = [
        won | {"event_id": "deal_won:1", "title": "Known late", "amount": 700 if is_now else None},
        won | {"event_id": "deal_won:2", "title": "Sure", "amount": 40, "currency": "SEK"},
    ]
    call = {"event_id": "call:1", "event_type": "call", "occurred_on": _day(0), "_file": "calls.csv", "_row": 9}
    return [*deals, call] if is_now else [*deals, won | {"event_id": "deal_won:3", "amount": 5, "currency": "SEK"}]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What was published as of the reported Sunday, and a week later."""

    def fill(folder: Path) -> None:
        for name, day in (("sent", SUNDAY), ("now", NOW)):
            write_raw(folder / name, _documents(name == "now"), as_of_date=day)
            with duckdb.connect(str(make(folder / name, MODELS))) as connection:
                for table in WRITTEN:
                    columns = reporting_contract.declared()[table]
                    typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
                    connection.execute(f"create table reporting.{table} ({typed})")
                add(connection, {"rpt_account_timeline": _events(name == "now")})

    folder = once(tmp_path_factory, "restated", fill)
    sent, now = (folder / name / "warehouse" / ".build" / "current" / "keybook.duckdb" for name in ("sent", "now"))
    return sent, now


@pytest.fixture
def home(tmp_path: Path, files: tuple[Path, Path]) -> Path:
    """A home in which a weekly pack of the first was sent, and the second is published."""
    home = tmp_path / "home"
    sent, now = files
    publish(home, "20260301", base=sent)
    publish(home, "20260308", base=now)
    _send(home, "2026-W09", "20260301", SENT_AT)
    return home


def _send(home: Path, period: str, publication: str, at: datetime) -> None:
    ledger = Ledger(home / "deliveries")
    entry = ledger.add(ledger.entry("weekly", period, "chair"), "sending", at, publication=publication, pack="p")
    ledger.add(entry, "sent", at)


def _told(home: Path) -> Restated:
    return restated(load_settings(home=home), "weekly", "week")


def test_each_change_is_named_with_its_document_file_and_line(home: Path) -> None:
    found = _told(home)
    assert (found.period, found.until, found.problem) == ("2026-W09", SUNDAY, None)
    rows = {(row["document"], row["period"], row["account_name"]): row for row in found.rows}
    money = {key: row for key, row in rows.items() if row["measure"] in ("invoiced", "paid")}
    said = {key: (row["reason"], row["was"], row["now"], row["difference"]) for key, row in money.items()}
    week = [_day(back) for back in range(4)]
    assert said == {
        ("No late", week[0], "One Ltd"): ("came_late", 0, D("99.99"), D("99.99")),
        ("Ref deleted", week[0], "One Ltd"): ("gone", D("-300.30"), 0, D("300.30")),
        ("No edited", week[1], "One Ltd"): ("amount", D("200.50"), D("180.75"), D("-19.75")),
        ("No dated", week[1], "One Ltd"): ("date", D("70.07"), 0, D("-70.07")),
        ("No dated", week[2], "One Ltd"): ("date", 0, D("70.07"), D("70.07")),
        ("No moved", week[1], "One Ltd"): ("account", D("55.55"), 0, D("-55.55")),
        ("No moved", week[1], "Two Ltd"): ("account", 0, D("55.55"), D("55.55")),
        ("No pushed", week[0], "One Ltd"): ("date", D("31.31"), 0, D("-31.31")),
    }
    late, gone = rows["No late", week[0], "One Ltd"], rows["Ref deleted", week[0], "One Ltd"]
    assert [late[name] for name in ("was_file", "was_row", "now_file", "now_row")] == [None, None, "now.csv", 8]
    assert [gone[name] for name in ("was_file", "was_row", "now_file", "now_row")] == ["payments.csv", 3, None, None]
    both = rows["No edited", week[1], "One Ltd"]
    assert [both[name] for name in ("was_file", "was_row", "now_file", "now_row")] == ["sent.csv", 3, "now.csv", 3]


def test_deals_and_calls_are_told_too_and_what_was_not_known_is_no_nothing(home: Path) -> None:
    rows = [row for row in _told(home).rows if row["measure"] in ("won", "calls")]
    said = {row["line_id"]: (row["reason"], row["was"], row["now"], row["difference"]) for row in rows}
    assert said == {
        "deal_won:1": ("amount", None, 700, None),
        "deal_won:3": ("gone", 5, 0, -5),
        "call:1": ("came_late", 0, 1, 1),
    }
    [known_late] = [each for each in _told(home).totals if (each["measure"], each["currency"]) == ("won", "EUR")]
    assert (known_late["was"], known_late["now"], known_late["difference"]) == (None, 700, None)


def _apart(found: Restated) -> tuple[dict[Any, Decimal], dict[Any, Decimal]]:
    """By how much the parts miss the change of each figure, and of what was owed on the last day: nothing, if right."""
    figures: dict[Any, Decimal] = defaultdict(Decimal)
    owed: dict[Any, Decimal] = defaultdict(Decimal)
    for total in found.totals:
        figures[total["period"], total["measure"], total["currency"]] += total["difference"] or 0
    for balance in found.owed:
        owed[balance["currency"]] += balance["difference"]
    for row in found.rows:
        figures[row["period"], row["measure"], row["currency"]] -= row["difference"] or 0
        if row["measure"] in MONEY:
            owed[row["currency"]] -= row["difference"]
    return tuple({key: value for key, value in each.items() if value} for each in (figures, owed))  # type: ignore[return-value]


def test_the_parts_sum_to_the_change_to_the_cent(home: Path, files: tuple[Path, Path]) -> None:
    found = _told(home)
    was = sum(map(D, ("1000.10", "200.50", "70.07", "55.55", "31.31", "-10.01", "-300.30")))
    now = sum(map(D, ("1000.10", "180.75", "70.07", "55.55", "99.99", "-10.01")))
    assert found.owed == ({"currency": "EUR", "was": was, "now": now, "difference": now - was},)
    assert {(each["measure"], each["period"]) for each in found.totals} == {
        ("calls", _day(0)), ("won", _day(1)), ("invoiced", _day(0)), ("paid", _day(0)), ("invoiced", _day(1)), ("invoiced", _day(2)),
    }  # fmt: skip
    figures, owed = _apart(found)
    assert owed == {}
    assert figures == {}
    # A line that is lost on the way is seen.
    for number, row in enumerate(found.rows):
        figures, owed = _apart(replace(found, rows=(*found.rows[:number], *found.rows[number + 1 :])))
        assert bool(figures) == (row["difference"] is not None), row
        assert bool(owed) == (row["measure"] in MONEY), row


def test_nothing_changed_where_the_same_is_published(home: Path) -> None:
    withdraw(home, ["20260308"])
    found = _told(home)
    assert (found.problem, found.rows, found.totals, found.owed) == (None, (), (), ())


def test_what_cannot_be_compared_says_why(home: Path, files: tuple[Path, Path]) -> None:
    settings = load_settings(home=home)
    assert restated(settings, "monthly", "month").problem == "not_sent"
    assert "Of monthly nothing was sent yet." in keybook("restated", "monthly", "--home", home).output
    assert restated(settings, "weekly", "week", before="2026-W09").problem == "not_sent"
    assert restated(settings, "weekly", "week", period="2026-W08").problem == "not_sent"
    _send(home, "2026-W10", "20260308", SENT_AT + timedelta(days=7))
    withdraw(home, ["20260301"])
    assert restated(settings, "weekly", "week", period="2026-W09").problem == "not_kept"
    said = keybook("restated", "--period", "2026-W09", "--home", home).output
    assert "20260301" in said
    assert "no longer kept: what has changed since is not known." in said
    assert kept_for_reports(home) == {"20260308"}
    publish(home, "20260301-again", base=files[0])
    withdraw(home, ["20260308"])
    publish(home, "20260308", base=files[1], contract="another")
    assert restated(settings, "weekly", "week").problem == "other_version"
    assert restated(settings, "weekly", "week", publication="20260301-again").problem == "nothing_later"


def test_the_command_says_all_of_it(home: Path) -> None:
    said = keybook("restated", "--home", home).output
    assert "owed on that day, EUR 1,047.22 -> 1,396.45 (349.23)" in said
    assert "paid from 2026-02-23, EUR -300.30 -> 0.00 (300.30)" in said
    assert "One Ltd No edited, another amount, EUR 200.50 -> 180.75 (-19.75) (sent.csv:3 -> now.csv:3)" in said
    assert "unknown -> 700.00 (unknown)" in said
    told = json.loads(keybook("restated", "--json", "--home", home).output)
    assert len(told["rows"]) == len(_told(home).rows)
    assert "there are" in keybook("restated", "yearly", "--home", home).output


@pytest.mark.parametrize("whose", [slice(0, 1), slice(1, None), slice(0)], ids=["one", "the others", "none"])
def test_of_a_book_its_own_lines_alone_are_told(home: Path, whose: slice) -> None:
    """As a manager's monthly pack has it: the parts sum to the change of the book."""
    whole = _told(home)
    accounts = sorted({row["account_id"] for row in whole.rows} - {None})[whose]
    found = restated(load_settings(home=home), "weekly", "week", accounts=accounts)
    assert found.rows == tuple(row for row in whole.rows if row["account_id"] in accounts)
    assert bool(found.rows) == bool(accounts)
    for total in found.totals:
        parts = [row["difference"] for row in found.rows
                 if all(row[name] == total[name] for name in ("period", "measure", "currency"))]  # fmt: skip
        assert total["difference"] == (None if None in parts else sum(parts))
    moved = {row["currency"] for row in found.rows if row["measure"] not in ("won", "calls")}
    assert {row["currency"] for row in found.owed} <= moved


def test_a_month_is_told_as_a_month(home: Path) -> None:
    changed, _ = sections(asdict(restated(load_settings(home=home), "weekly", "month")), "month")
    assert changed.columns[0] == ("month", "month")
    assert {figure.value for figure, *_ in changed.rows} <= {date(2026, month, 1) for month in (1, 2, 3)}


def test_what_a_pack_tells_of_the_report_before_is_no_figure_of_its_own(home: Path, tmp_path: Path) -> None:
    """A correction is sent where the period's own figures changed, not because a publication is no longer kept."""
    own = {"value": "1", "table": "rpt_accounts", "column": "open_amount", "how": "cell", "key": {}}
    other = own | {"table": "restated", "value": "2026-W09"}
    made = [
        packs.keep(tmp_path / str(number), "p", {"a.json": json.dumps({"figures": figures}).encode()})
        for number, figures in enumerate(([own], [own, other], [own | {"value": "2"}, other]))
    ]
    assert made[0].content == made[1].content != made[2].content
    assert [len(packs.changed(made[0], each)) for each in made] == [0, 0, 1]


def test_the_pack_has_each_figure_and_each_line(home: Path) -> None:
    told = asdict(_told(home))
    changed, lines = sections(told)
    assert [[figure.value for figure in row] for row in changed.rows] == [
        [each[name] for name in ("period", "measure", "currency", "was", "now")] for each in told["totals"]
    ]
    assert [row[lines.column("number")].value for row in lines.rows] == [each["document"] for each in told["rows"]]
    assert sections(told | {"problem": "not_sent"}) == []
    [nothing] = sections(told | {"problem": "not_kept", "totals": (), "rows": ()})
    assert (nothing.rows, nothing.told, nothing.notes[0][0]) == ([], False, "restated_not_kept")
