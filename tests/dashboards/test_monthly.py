"""The monthly pack: its figures are cells of the reporting tables and of the pages, and nobody else's are in it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import openpyxl
import pytest
import yaml
from click.testing import CliRunner

from dashboards.queries import team
from dashboards.queries.base import Filters, rows
from pipelines.commands.main import main
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.packs import MAKERS, PackFailed, Scope
from pipelines.delivery.periods import Period
from pipelines.delivery.run import Deliveries
from pipelines.delivery.sight import Sight
from pipelines.reports.monthly.reading import SAID, people, read
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.composing import sentences
from pipelines.reports.packs.making import make
from pipelines.reports.packs.own_book import NotOwnError, OwnBook
from pipelines.reports.packs.sections import Pack
from pipelines.settings import load_settings
from pipelines.words import languages
from tests.support.packs import expected, files_say, flat, lookup_of, text_of
from tests.support.publications import publish

MONTH = date(2026, 10, 1)


@pytest.fixture(scope="module")
def connection(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def packs(connection: duckdb.DuckDBPyConnection) -> dict[str, Pack]:
    """Everybody's, the largest book first."""
    made = {person: read(connection, "Nordkontor AB", person) for person in people(connection)}
    return dict(sorted(made.items(), key=lambda each: -len(each[1].sections["book"].rows)))


def test_every_figure_is_the_cell_that_it_names(packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection) -> None:
    lookup = lookup_of(connection)
    largest = next(iter(packs.values()))
    assert len(largest.figures()) > 300
    assert sum(not section.rows for section in largest.sections.values()) <= 2
    for pack in packs.values():
        for figure in pack.figures():
            assert figure.value == expected(figure, lookup(figure.table)), figure


def test_a_list_holds_every_row_of_the_book_and_none_of_another(
    packs: dict[str, Pack], connection: duckdb.DuckDBPyConnection
) -> None:
    lookup = lookup_of(connection)
    owners = {row["account_id"]: row["owner_id"] for row in lookup("rpt_accounts")}
    listed = 0
    for person, pack in packs.items():
        mine = {account for account, owner in owners.items() if owner == person}
        for table, rules in SAID["own"].items():
            whole = lookup(table)
            assert rules["rows"] or not {"account_id", "employee_id", "owner_id"} & whole[0].keys(), table
            own = [row for row in whole if (row.get("account_id", next(iter(mine))) in mine
                   and row.get("employee_id", person) in (person, *owners)) or (table in ("rpt_open_deals",
                   "rpt_missed_calls") and row["account_id"] in mine)]  # fmt: skip
            book = OwnBook(connection, SAID["own"], person)
            assert len(book.rows(table, "true")) == len(own), table
            listed += len(own)
        assert {row[0].key["account_id"] for row in pack.sections["book"].rows} == mine
    # They tell people apart: nobody's rows are everybody's.
    assert listed < sum(len(lookup(table)) for table in SAID["own"]) * 2


def test_what_nobody_said_belongs_to_a_book_cannot_be_read(connection: duckdb.DuckDBPyConnection) -> None:
    book = OwnBook(connection, SAID["own"], next(iter(people(connection))))
    for relation in ("rpt_account_people", "rpt_receivable_kpis", "receivable_aging(date '2026-10-31')"):
        with pytest.raises(NotOwnError):
            book.rows(relation, "true")
        with pytest.raises(NotOwnError):
            book.total(relation, "open_amount")


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_files_say_what_the_pack_holds_and_name_no_account_of_another(packs: dict[str, Pack], language: str) -> None:
    spoken = languages()[language]
    names = {person: {str(row[0].value) for row in pack.sections["book"].rows} for person, pack in packs.items()}
    for person, pack in list(packs.items())[:2]:
        texts = files_say(make(pack, language, "v1"), pack, spoken)
        others = set().union(*(theirs for other, theirs in names.items() if other != person)) - names[person]
        assert others
        assert not [name for name in others if any(flat(name) in flat(text) for text in texts)]


def test_norms_and_commission_are_what_the_page_team_shows(packs: dict[str, Pack], published: Path) -> None:
    everybody = Filters(sight=Sight(everybody=True))
    norms = rows(team.norms(str(published), everybody, MONTH))
    paid = {row["employee_id"]: row for row in rows(team.commission(str(published), everybody, MONTH))}
    compared = 0
    for person, pack in packs.items():
        mine = {row["norm"]: row for row in norms if row["employee_id"] == person}
        for norm, _, due, done, share in pack.sections["own_norms"].rows:
            shows = mine[str(norm.value)]
            assert (due.value, done.value) == (shows["target"], shows["actual"])
            assert share.value == pytest.approx(shows["attainment"])
            compared += 1
        ledgers = {str(row[0].value): row[1].value for row in pack.sections["commission"].rows}
        shows = paid.get(person, {})
        assert ledgers == {name: shows[name] for name in ledgers}
        assert pack.pairs["commission_payable"].now.value in (None, shows.get("to_pay", Decimal(0)))
        # Of the lines those of the own book are listed, and their sum is said beside that of all.
        listed = [row[-1].value for row in pack.sections["commission_lines"].rows]
        assert sum(listed, Decimal(0)) == sum((row[2].value for row in pack.sections["commission"].rows), Decimal(0))
    assert compared > 5


def test_accounts_that_moved_since_are_left_out_and_said(packs: dict[str, Pack], published: Path) -> None:
    person, pack = next(iter(packs.items()))
    gone = [row[0] for row in pack.sections["book"].rows[:2]]
    without = tuple(str(figure.key["account_id"]) for figure in gone)
    settings = load_settings(home=published.parent, company_name="Nordkontor AB")
    period = Period("2026-10", MONTH, pack.as_of, datetime(2026, 11, 3, tzinfo=UTC))

    def made(*left: str) -> tuple[str, list[dict[str, Any]]]:
        files = MAKERS["monthly"].make(published, period, Scope("own book", person, left), "en", [], settings)
        pdf, _, told, _ = files.values()
        return text_of(pdf), json.loads(told)["figures"]

    said, figures = made(*without)
    assert "left out of every list: 2." in said
    assert not [name for name in (str(figure.value) for figure in gone) if name in said]
    assert not [figure for figure in figures if figure["key"].get("account_id") in without]
    said, figures = made()
    assert "left out of every list" not in said
    assert [figure for figure in figures if figure["key"].get("account_id") in without]


def test_of_nobody_and_of_no_months_end_there_is_no_pack(published: Path, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    period = Period("2026-10", MONTH, date(2026, 10, 31), datetime(2026, 11, 3, tzinfo=UTC))
    with pytest.raises(PackFailed, match="there is nobody 'crm:0' in the team"):
        MAKERS["monthly"].make(published, period, Scope("own book", "crm:0"), "en", [], settings)
    with duckdb.connect() as other:
        other.execute("create schema reporting")
        other.execute("attach $1 as sample (read_only)", [str(published)])
        for table in ("rpt_run", *SAID["own"]):
            other.execute(f"create table reporting.{table} as from sample.reporting.{table}")
        other.execute("update reporting.rpt_run set as_of_date = date '2026-10-30'")
        with pytest.raises(PackError, match="ends no month"):
            read(other, "", "crm:0")


def test_norms_that_nobody_tells_of_are_neither_reached_nor_missed(packs: dict[str, Pack]) -> None:
    pack = next(iter(packs.values()))
    norms = pack.sections["own_norms"]
    done = norms.column("done")
    untold = [[replace(figure, value=None) if place == done else figure for place, figure in enumerate(row)]
              for row in norms.rows]  # fmt: skip
    unknown = replace(pack, sections={**pack.sections, "own_norms": replace(norms, rows=untold)})
    [said] = [each for each in sentences(unknown, languages()["en"]) if each.startswith("Norms")]
    assert said.startswith(f"Norms reached: 0 of {len(norms.rows)}. Not known what was done: ")


def test_no_row_is_none_only_where_the_feed_has_told(packs: dict[str, Pack]) -> None:
    pack, spoken = next(iter(packs.values())), languages()["en"]
    called = pack.sections["called"]
    assert called.told
    for told, count, words in ((True, "0", "None."), (False, "–", "No data.")):
        empty = replace(pack, sections={**pack.sections, "called": replace(called, rows=[], told=told)})
        assert f"Calls in vain that wait for yours: {count}." in sentences(empty, spoken)
        pdf, workbook, *_ = make(empty, "en", "v1").values()
        assert f"Whom to call back {words}" in text_of(pdf)
        sheets = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets
        assert sheets[2 + list(pack.sections).index("called")]["A2"].value == words


def test_the_command_writes_everybodys_or_one_recipients(home: Path, tmp_path: Path, packs: dict[str, Pack]) -> None:
    def monthly(*options: str) -> Any:
        return CliRunner().invoke(main, ["report", "monthly", "--home", str(home), "--out", str(tmp_path), *options])

    person, pack = next(iter(packs.items()))
    assert pack.of is not None
    done = monthly("--for", str(pack.of.value), "--period", "2026-10", "--language", "sv")
    assert done.exit_code == 0, done.output
    assert {file.suffix for file in tmp_path.iterdir()} == {".pdf", ".xlsx", ".json", ".eml"}
    assert all(file.name.startswith("monthly-2026-10-") and "-sv." in file.name for file in tmp_path.iterdir())
    nobody, month, never = monthly("--for", "Nobody"), monthly("--period", "soon"), monthly("--period", "2025-01")
    assert (nobody.exit_code, person in nobody.output) == (2, True)
    assert month.exit_code == 2
    assert (never.exit_code, "keybook refresh --beside --as-of 2025-01-31" in never.output) == (1, True)


def _plan(*managers: str, due: str = "by the 3rd") -> str:
    """Two people's own books into a folder, whoever else asks for a book, and a chair who has none."""
    of_all = {"role": "manager", "scope": "own book", "reports": ["monthly"], "channel": "box", "language": "en",
              "from": date(2026, 11, 1)}  # fmt: skip
    recipients = [{"id": f"m{place}", "name": "Manager", "employee": each, **of_all}
                  for place, each in enumerate(managers)]  # fmt: skip
    recipients.append({**of_all, "id": "chair", "name": "Chair", "role": "leadership", "scope": "all"})
    channels = {"box": {"kind": "folder", "path": "out"}}
    brake = dict.fromkeys(CAUSES, "pass")
    return yaml.safe_dump({"channels": channels, "reports": {"monthly": {"due": due, "brake": brake}},
                           "recipients": recipients})  # fmt: skip


def test_each_manager_is_sent_the_own_book_once_by_the_third(
    packs: dict[str, Pack], published: Path, tmp_path: Path
) -> None:
    (first, pack), (second, other) = list(packs.items())[:2]
    gone = pack.sections["book"].rows[0][0]
    publish(tmp_path, "v1", base=published)
    (tmp_path / "delivery.yml").write_text(_plan(first, second, "crm:0"), encoding="utf-8")
    settings = load_settings(home=tmp_path, business_timezone="Europe/Stockholm")

    def delivered(now: datetime) -> dict[str, tuple[str, str]]:
        deliveries = Deliveries.of(settings)
        assert deliveries is not None
        return {each.due.recipient.id: (each.due.entry.state, each.said) for each in deliveries.deliver(now)}

    third = datetime(2026, 11, 3, 6, tzinfo=ZoneInfo("Europe/Stockholm"))
    assert delivered(third - timedelta(minutes=1)) == {}
    # An account changes hands after the month's end: who had it is no longer shown it.
    publish(tmp_path, "v2", base=published, changes=[
        "update reporting.rpt_run set as_of_date = date '2026-11-02'",
        f"update reporting.rpt_accounts set owner_id = '{second}' where account_id = '{gone.key['account_id']}'",
    ])  # fmt: skip
    came = delivered(third)
    assert [came[name][0] for name in ("m0", "m1", "m2", "chair")] == ["sent", "sent", "held", "held"]
    assert "nobody 'crm:0'" in came["m2"][1]
    assert "cannot be restricted to what the recipient may see: all" in came["chair"][1]
    folders = {name: tmp_path / "out" / "monthly" / "2026-10" / name for name in came}
    assert not folders["m2"].exists()
    said = {name: text_of(next(folders[name].glob("*.pdf")).read_bytes()) for name in ("m0", "m1")}
    assert "left out of every list: 1." in said["m0"]
    assert str(gone.value) not in said["m0"]
    for name, theirs in (("m0", pack), ("m1", other)):
        assert theirs.of is not None
        assert flat(str(theirs.of.value)) in said[name]
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.*")}
    assert [delivered(third + timedelta(days=1))[name][0] for name in ("m0", "m1")] == ["sent", "sent"]
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out").rglob("*.*")} == before
