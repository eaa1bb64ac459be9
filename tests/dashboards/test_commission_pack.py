"""The statement of commission: it ties to the ledgers and the page to the cent, and a closed month is restated later only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from dashboards.queries import team
from dashboards.queries.base import Filters, rows
from pipelines.commands.main import main
from pipelines.delivery.packs import MAKERS
from pipelines.delivery.sight import Sight
from pipelines.reports.commission.reading import SAID, people, read
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.composing import sentences
from pipelines.reports.packs.making import make
from pipelines.reports.packs.own_book import NotOwnError, OwnWork
from pipelines.reports.packs.sections import Pack
from pipelines.words import languages
from tests.support.packs import expected, files_say, flat, lookup_of
from tests.support.publications import publish

MONTH, LAST = date(2026, 10, 1), date(2026, 10, 31)
LEDGERS = {"accrued": "accrued_lines", "payable": "payable_lines", "clawed_back": "clawed_back_lines"}


@pytest.fixture(scope="module")
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def packs(connection: duckdb.DuckDBPyConnection) -> dict[str, Pack]:
    """Everybody's own, who has most lines first."""
    made = {person: read(connection, "Nordkontor AB", person) for person in people(connection)}
    return dict(sorted(made.items(), key=lambda each: -len(each[1].sections["commission_sources"].rows)))


def total(pack: Pack, ledger: str) -> Decimal | None:
    section = pack.sections[LEDGERS[ledger]]
    return section.total(section.totals[0])


def test_every_figure_is_the_cell_that_it_names(packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection) -> None:
    lookup = lookup_of(connection)
    assert len(next(iter(packs.values())).figures()) > 50
    for pack in (*packs.values(), read(connection, "")):
        for figure in pack.figures():
            assert figure.value == expected(figure, lookup(figure.table)), figure


def test_lines_add_up_to_the_ledgers_and_to_what_the_page_shows(packs: dict[str, Pack], published: Path) -> None:
    everybody = Filters(sight=Sight(everybody=True))
    shows = {row["employee_id"]: row for row in rows(team.commission(str(published), everybody, MONTH))}
    assert shows.keys() == packs.keys()
    for person, pack in packs.items():
        mine = shows[person]
        sums = {ledger: total(pack, ledger) for ledger in LEDGERS}
        assert sums == {ledger: mine[ledger] for ledger in LEDGERS}
        assert pack.pairs["commission_payable"].now.value == sums["payable"] + sums["clawed_back"] == mine["to_pay"]
        assert pack.pairs["commission_accrued"].now.value == sums["accrued"]
        assert len(pack.sections["commission_sources"].rows) == mine["lines"]
        [row] = pack.sections["commission_people"].rows
        assert [figure.value for figure in row[1:]] == list(sums.values())
        waits = pack.sections["waiting_deals"]
        assert waits.total("waits") == pack.pairs["waiting"].now.value
    # Each ledger has lines of somebody, each with its cash application.
    cash = [row for pack in packs.values() for row in pack.sections["payable_lines"].rows]
    place = next(iter(packs.values())).sections["payable_lines"].column("application")
    assert cash
    assert all(row[place].value for row in cash)
    assert any(pack.sections["accrued_lines"].rows for pack in packs.values())
    assert any(pack.sections["waiting_deals"].rows for pack in packs.values())


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_files_say_what_the_pack_holds_and_nobody_else(packs: dict[str, Pack], language: str) -> None:
    spoken = languages()[language]
    person, pack = next(iter(packs.items()))
    texts = files_say(make(pack, language, "v1"), pack, spoken)
    others = {str(other.of.value) for name, other in packs.items() if name != person and other.of is not None}
    assert others
    assert not [name for name in others if any(flat(name) in flat(text) for text in texts)]


def test_of_one_person_nothing_else_can_be_read(packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection) -> None:
    person = next(iter(packs))
    work = OwnWork(connection, SAID["own"], person)
    for table in ("rpt_commission", "rpt_commission_deals", "rpt_team_scorecard"):
        assert {row["employee_id"] for row in work.rows(table, "true")} == {person}
    with pytest.raises(NotOwnError):
        work.rows("rpt_accounts", "true")
    with pytest.raises(PackError, match="there is nobody 'crm:0'"):
        read(connection, "", "crm:0")
    assert MAKERS["commission"].scopes == {"all", "own book"}
    assert MAKERS["commission"].tells_pay


def _line(ledger: str, amount: object, event: str = "payment", day: date = LAST, **more: Any) -> dict[str, Any]:
    return {
        "line_id": f"{ledger} {event} {amount} {more.get('closed_month')}", "employee_id": "crm:1", "ledger": ledger,
        "employee_name": "Anna Lind", "event_type": event, "occurred_on": day, "month": day.replace(day=1),
        "amount": amount, "missing_rate_count": int(amount is None), "base_currency": "EUR", **more,
    }  # fmt: skip


def _made(folder: Path, lines: list[dict[str, Any]], payable: object, as_of: date = LAST) -> Pack:
    run = {"as_of_date": as_of, "base_currency": "EUR", "business_timezone": "Europe/Stockholm"}
    card = {"employee_id": "crm:1", "employee_name": "Anna Lind", "month": as_of.replace(day=1), "base_currency": "EUR",
            "commission_accrued": 0, "commission_payable": payable, "is_complete": True}  # fmt: skip
    tables = {"rpt_run": [run], "rpt_team_scorecard": [card], "rpt_commission": lines}
    with duckdb.connect(str(publish(folder, "v1", tables)), read_only=True) as made:
        return read(made, "", "crm:1")


def test_a_closed_month_keeps_its_sums_and_the_next_tells_the_rest(tmp_path: Path) -> None:
    september = date(2026, 9, 1)
    lines = [
        _line("payable", "50.00", day=date(2026, 9, 20), cash_application_id="billing:p1"),
        _line("payable", "12.34", "closed", date(2026, 9, 30), closed_month=september),
        _line("payable", "-12.34", "restated", date(2026, 10, 1), closed_month=september),
        _line("payable", "7.00", cash_application_id="billing:p2"),
    ]
    closed = _made(tmp_path / "september", lines, "62.34", date(2026, 9, 30))
    assert total(closed, "payable") == Decimal("62.34")
    assert [each for each in sentences(closed, languages()["en"]) if "brings" in each or "bring it" in each] == [
        "The month is closed and keeps its sums: lines that bring it to what was closed: 1."
    ]
    following = _made(tmp_path / "october", lines, "-5.34")
    assert total(following, "payable") == Decimal("-5.34")
    assert "Told in this month of months that are closed, lines: 1." in sentences(following, languages()["en"])


def test_an_amount_that_nobody_knows_leaves_no_sum(tmp_path: Path) -> None:
    pack = _made(tmp_path, [_line("payable", "7.00"), _line("payable", None, "refund")], None)
    assert total(pack, "payable") is None
    said = sentences(pack, languages()["en"])
    assert said[0] == "To be paid for the cash of the month, less what was clawed back: –."
    assert said[-1] == "Lines of which nobody knows the amount, so that the sums are not known: 1."


def test_the_command_writes_a_statement_of_each_person(home: Path, tmp_path: Path, packs: dict[str, Pack]) -> None:
    def commission(*options: str) -> Any:
        out = ["--home", str(home), "--out", str(tmp_path)]
        return CliRunner().invoke(main, ["report", "commission", *out, *options])

    pack = next(iter(packs.values()))
    assert pack.of is not None
    done = commission("--for", str(pack.of.value), "--period", "2026-10", "--language", "sv")
    assert done.exit_code == 0, done.output
    assert {file.suffix for file in tmp_path.iterdir()} == {".pdf", ".xlsx", ".json", ".eml"}
    assert all(file.name.startswith("commission-2026-10-") and "-sv." in file.name for file in tmp_path.iterdir())
    [told] = tmp_path.glob("*.json")
    assert json.loads(told.read_text(encoding="utf-8"))["as_of"] == str(LAST)
    assert commission().exit_code == 0
    assert len(list(tmp_path.glob("*-en.pdf"))) == len(packs)
    assert commission("--for", "Nobody").exit_code == 2
