"""The half-year appraisal: its figures are those of the scorecard's months, of one person only the own, and it stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from pipelines.commands.main import main
from pipelines.delivery import snapshots
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.packs import MAKERS
from pipelines.delivery.run import Deliveries, WordError
from pipelines.reports.appraisal.reading import SAID, TABLES, read
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.composing import sentences
from pipelines.reports.packs.making import make
from pipelines.reports.packs.own_book import NotOwnError, OwnWork
from pipelines.reports.packs.sections import Pack
from pipelines.settings import load_settings
from pipelines.words import languages
from tests.support.packs import expected, files_say, flat, lookup_of
from tests.support.publications import publish, withdraw

FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
ENDED = f"update reporting.rpt_run set as_of_date = date '{LAST}'"
DUE = datetime(2026, 7, 15, 7, tzinfo=ZoneInfo("Europe/Stockholm"))


@pytest.fixture(scope="module")
def half(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication that says that it is as of a half-year's end."""
    home = tmp_path_factory.mktemp("half")
    publish(home, "v1", base=published, changes=[ENDED])
    return (home / "warehouse" / "keybook.duckdb").resolve()


@pytest.fixture(scope="module")
def connection(half: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(half), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def team(connection: duckdb.DuckDBPyConnection) -> Pack:
    return read(connection, "Nordkontor AB")


def _people(team: Pack) -> dict[str, str]:
    return {str(row[0].key["employee_id"]): str(row[0].value) for row in team.sections["appraised"].rows}


def test_every_figure_is_the_cell_that_it_names(team: Pack, connection: duckdb.DuckDBPyConnection) -> None:
    lookup = lookup_of(connection)
    mine = read(connection, "", next(iter(_people(team))))
    assert len(team.figures()) > 100
    for figure in (*team.figures(), *mine.figures()):
        assert figure.value == expected(figure, lookup(figure.table)), figure


def test_a_half_year_is_the_sum_of_its_months_and_a_share_that_of_the_sums(
    team: Pack, connection: duckdb.DuckDBPyConnection
) -> None:
    months = [row for row in lookup_of(connection)("rpt_team_scorecard") if FIRST <= row["month"] <= LAST]
    section = team.sections["appraised"]
    assert _people(team).keys() == {row["employee_id"] for row in months} - {"unassigned"}
    told = 0
    for row in section.rows:
        own = [month for month in months if month["employee_id"] == row[0].key["employee_id"]]
        targets = [month["target"] for month in own]
        attained = (
            None if None in targets else pytest.approx(float(sum(month["revenue"] for month in own) / sum(targets)))
        )
        assert row[section.column("attainment")].value == attained
        told += attained is not None
        for name, band in (("quota_reached", "reached"), ("quota_missed", "missed")):
            assert row[section.column(name)].value == sum(month["quota_band"] == band for month in own)
    assert told


def _months(**columns: Any) -> list[dict[str, Any]]:
    """Six months of one person, each with these."""
    return [
        {"employee_id": "crm:1", "employee_name": "Anna Lind", "month": date(2026, month, 1), "base_currency": "EUR",
         "revenue": 100, "revenue_year_before": 80, "target": 125, "quota": 125, "quota_band": "missed",
         "misses_in_a_row": month, "card_on_time_ratio": 0.75, "card_entries": 5,
         "missing_rate_count": 0, "new_contracts": 0, "lost_accounts": 0, "is_complete": True,
         **{name: value(month) if callable(value) else value for name, value in columns.items()}}
        for month in range(1, 7)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "growth", "plan"),
    [
        ({}, 1.25, 0.8),
        # Of months of another size the sums count, not the mean of the shares.
        ({"revenue": lambda month: 400 if month == 1 else 40,
          "target": lambda month: 100 if month == 1 else 150}, 1.25, 600 / 850),
        # What a part is not known of is not known.
        ({"revenue_year_before": lambda month: None if month == 2 else 80}, None, 0.8),
        ({"target": lambda month: None if month == 6 else 125}, 1.25, None),
        ({"revenue": lambda month: None if month == 3 else 100}, None, None),
    ],
)  # fmt: skip
def test_growth_and_plan_of_made_up_months(
    tmp_path: Path, columns: dict[str, Any], growth: float | None, plan: float | None
) -> None:
    run = {"as_of_date": LAST, "base_currency": "EUR", "business_timezone": "Europe/Stockholm"}
    file = publish(tmp_path, "v1", {"rpt_run": [run], "rpt_team_scorecard": _months(**columns)})
    with duckdb.connect(str(file), read_only=True) as made:
        pack = read(made, "", "crm:1")
    wanted = {"against_year_before": growth, "plan_share": plan}
    for name, value in wanted.items():
        assert pack.pairs[name].now.value == (None if value is None else pytest.approx(value)), name
    assert pack.pairs["quota_missed"].now.value == 6
    said = sentences(pack, languages()["en"])
    assert "Quota missed two months in a row or more as the half-year ended: 1 – Anna Lind." in said
    assert [each for each in said if each.startswith("Entered in the CRM on time, by month: January 2026 – 75%; ")]
    share = "–" if plan is None else languages()["en"].share(plan)
    assert said[1].startswith(f"Plan fulfilled: {share}; target: ")


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_files_say_what_the_pack_holds_and_one_persons_name_nobody_else(
    team: Pack, connection: duckdb.DuckDBPyConnection, language: str
) -> None:
    spoken = languages()[language]
    files_say(make(team, language, "v1"), team, spoken)
    people = _people(team)
    person = next(iter(people))
    texts = files_say(make(mine := read(connection, "", person), language, "v1"), mine, spoken)
    others = {name for other, name in people.items() if other != person}
    assert others
    assert not [name for name in others if any(flat(name) in flat(text) for text in texts)]


def test_of_one_person_nothing_else_can_be_read(team: Pack, connection: duckdb.DuckDBPyConnection) -> None:
    person = next(iter(_people(team)))
    work = OwnWork(connection, SAID["own"], person)
    assert {row["employee_id"] for row in work.rows("rpt_team_scorecard", "true")} == {person}
    with pytest.raises(NotOwnError):
        work.rows("rpt_accounts", "true")
    with pytest.raises(PackError, match="there is nobody 'crm:0'"):
        read(connection, "", "crm:0")


def _plan(person: str, *more: dict[str, Any]) -> str:
    of_all = {"reports": ["appraisal"], "channel": "box", "language": "en", "from": date(2026, 7, 1)}
    chair = {**of_all, "id": "chair", "name": "Chair", "role": "leadership", "scope": "all"}
    anna = {**of_all, "id": "anna", "name": "Anna", "role": "manager", "scope": "own book", "employee": person}
    report = {"due": "by the 15th of every half-year 07:00", "brake": dict.fromkeys(CAUSES, "pass")}
    return yaml.safe_dump({
        "channels": {"box": {"kind": "folder", "path": "out"}}, "reports": {"appraisal": report},
        "recipients": [chair, anna, *({**of_all, **each} for each in more)],
    })  # fmt: skip


def _deliveries(home: Path) -> Deliveries:
    found = Deliveries.of(load_settings(home=home, business_timezone="Europe/Stockholm"))
    assert found is not None
    return found


def _told(home: Path, recipient: str) -> Any:
    [file] = (home / "out" / "appraisal" / "2026-H1" / recipient).glob("*.json")
    return json.loads(file.read_text())


def test_an_appraisal_that_was_sent_is_restated_by_nothing(published: Path, team: Pack, tmp_path: Path) -> None:
    person = next(iter(_people(team)))
    publish(tmp_path, "v1", base=published, changes=[ENDED])
    (tmp_path / "delivery.yml").write_text(_plan(person), encoding="utf-8")
    period = tmp_path / "deliveries" / "appraisal" / "2026-H1"
    # What is looked at is not made for good.
    assert {each.does for each in _deliveries(tmp_path).preview(DUE)} == {"send"}
    assert snapshots.taken(period) is None
    sent = _deliveries(tmp_path).deliver(DUE)
    assert {each.due.recipient.id: each.due.entry.state for each in sent} == {"chair": "sent", "anna": "sent"}
    assert (kept := snapshots.taken(period)) is not None
    assert kept[0].version == "v1"
    before = _told(tmp_path, "chair")
    # Everything is otherwise by now, and what it was made of is gone from the warehouse.
    publish(tmp_path, "v2", base=published, changes=[ENDED, "update reporting.rpt_team_scorecard set revenue = 1"])
    withdraw(tmp_path, ["v1"])
    heir = {"id": "heir", "name": "Heir", "role": "leadership", "scope": "all"}
    (tmp_path / "delivery.yml").write_text(_plan(person, heir), encoding="utf-8")
    _deliveries(tmp_path).deliver(DUE)
    after = _told(tmp_path, "heir")
    assert after["publication"] == "v1"
    assert after["figures"] == before["figures"]
    assert {str(figure["value"]) for figure in after["figures"] if figure["column"] == "revenue"} != {"1"}
    with pytest.raises(WordError, match="are those that were sent"):
        _deliveries(tmp_path).correct("appraisal", "2026-H1", DUE)
    done = CliRunner().invoke(
        main, ["report", "appraisal", "--home", str(tmp_path), "--period", "2026-H1", "--out", str(tmp_path / "again")]
    )
    assert done.exit_code == 0, done.output
    [file] = (tmp_path / "again").glob("*.json")
    assert json.loads(file.read_text())["figures"] == before["figures"]


def test_a_snapshot_that_is_damaged_holds_it(published: Path, team: Pack, tmp_path: Path) -> None:
    publish(tmp_path, "v1", base=published, changes=[ENDED])
    (tmp_path / "delivery.yml").write_text(_plan(next(iter(_people(team)))), encoding="utf-8")
    _deliveries(tmp_path).deliver(DUE)
    found = snapshots.taken(tmp_path / "deliveries" / "appraisal" / "2026-H1")
    assert found is not None
    found[1].chmod(0o644)
    with found[1].open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"x")
    heir = {"id": "heir", "name": "Heir", "role": "leadership", "scope": "all"}
    (tmp_path / "delivery.yml").write_text(_plan("crm:1", heir), encoding="utf-8")
    held = {each.due.recipient.id: each for each in _deliveries(tmp_path).deliver(DUE)}
    assert held["heir"].does == "hold"
    assert "is not what was kept; restore it from your copy" in held["heir"].said


def test_a_crash_while_it_is_kept_leaves_nothing_half(half: Path, tmp_path: Path) -> None:
    from pipelines.warehouse.publications import Publication

    publication = Publication("v1", str(LAST), "", "", 0, 0, 0, 0)
    (tmp_path / "snapshot" / "v1.part").mkdir(parents=True)
    (tmp_path / "snapshot" / "v1.part" / "publication.json").write_text("{}")
    assert snapshots.taken(tmp_path) is None
    file = snapshots.take(tmp_path, publication, half, MAKERS["appraisal"].keeps)
    assert snapshots.taken(tmp_path) == (publication, file)
    assert snapshots.take(tmp_path, Publication("v2", "", "", "", 0, 0, 0, 0), half, ()) == file
    assert set(MAKERS["appraisal"].keeps) == set(TABLES)
    with duckdb.connect(str(file), read_only=True) as kept, duckdb.connect(str(half), read_only=True) as whole:
        assert [each.value for each in read(kept, "").figures()] == [each.value for each in read(whole, "").figures()]


def test_the_command_makes_none_of_a_half_year_that_is_not_told(published: Path, tmp_path: Path) -> None:
    publish(
        tmp_path, "v1", base=published, changes=[ENDED, "update reporting.rpt_team_scorecard set is_complete = false"]
    )

    def appraisal(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            main, ["report", "appraisal", "--home", str(tmp_path), "--out", str(tmp_path / "out"), *options]
        )
        return done.exit_code, done.output

    code, said = appraisal("--period", "2026H1")
    assert (code, "Not every feed tells all of the half-year" in said) == (1, True), said
    assert not (tmp_path / "out").exists()
    code, said = appraisal("--as-it-is", "--language", "ru")
    assert (code, "appraisal-2026-H1-ru.pdf" in said) == (0, True), said
