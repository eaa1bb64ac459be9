"""As of a past day: from all exports the same reporting tables come as from exports of that day.

What has no history is as known now in both, because a cut export holds it as it is now (tests/support/truncation.py).
What files said and say no longer is a record of the files, which no day cuts: `meta: {clock: known_at}` declares it.
Every build is the compiled SQL of all models on a bare connection: of dbt's own work nothing depends on the day.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

import duckdb
import pytest

from benchmarks import floor
from pipelines.exports.entities import entities
from pipelines.files import read_yaml
from pipelines.settings import Settings
from pipelines.verification.proof import prove
from pipelines.verification.rows import Raw
from pipelines.warehouse.raw_views import create_raw_views
from pipelines.warehouse.transform import DBT_PROJECT
from tests.support.companies import Company
from tests.support.figures import FIGURES, SAMPLE_ONLY, claims_of, held, moves
from tests.support.publications import sample
from tests.support.raw_rows import files_of, write_raw
from tests.support.tables import differences
from tests.support.truncation import Row, Rows, cut, day_of, read_rows

# A month's last day, a Sunday, the first day of a quarter.
DAYS = (date(2026, 4, 30), date(2026, 5, 17), date(2026, 7, 1))
SUNDAY = DAYS[1]
OWNED = ("fct_receivable_events", "fct_unapplied_credits")
SUBJECTS = {"balances", "aging", "collected", "revenue", "deals", "calls"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the sample."""
    return sample(tmp_path_factory).parents[3]


@pytest.fixture(scope="module")
def rows(published: Path) -> Rows:
    """The sample's rows, and two random companies' beside them, most of whose dates are about the Sunday."""
    found = read_rows(published / "warehouse" / "raw")
    for company in (Company(1, SUNDAY), Company(2, SUNDAY)):
        for entity_id, drawn in company.rows.items():
            found[entity_id] += drawn
    return found


def identity(row: Row) -> tuple[object, ...]:
    return row["_system"], row.get("_file"), row["_row"]


@pytest.fixture(scope="module")
def kept_rows(rows: Rows) -> Rows:
    """What exports of the Sunday hold of them."""
    return cut(rows, SUNDAY)


@pytest.mark.parametrize("entity", [name for name in entities() if not name.startswith("lists.")])
def test_the_rows_try_every_date_that_is_cut(rows: Rows, kept_rows: Rows, entity: str) -> None:
    """Otherwise a cut that does nothing would pass."""
    declared, all_rows = entities()[entity].cut, rows[entity]
    kept = {identity(row) for row in kept_rows[entity]}

    def is_after(row: Row, column: str) -> bool:
        return row[column] is not None and day_of(row[column]) > SUNDAY

    for column in declared.since:
        assert any(is_after(row, column) for row in all_rows), column
        assert any(row[column] is not None and not is_after(row, column) for row in all_rows), column
    for column in (*declared.later, *declared.until):
        assert any(is_after(row, column) for row in all_rows if identity(row) in kept), column
    if declared.of:
        gone = [row for row in all_rows if identity(row) not in kept]
        assert any(not any(is_after(row, column) for column in declared.since) for row in gone), declared.of


@pytest.fixture(scope="module")
def whole(published: Path, rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Callable[[date], Path]:
    """The database of a day, made of all exports, once a day."""

    @cache
    def made(day: date) -> Path:
        home = tmp_path_factory.mktemp("all")
        write_raw(home, rows, as_of_date=day)
        floor.run(published, home, raw_of=home, threads=1)
        return home / "keybook.duckdb"

    return made


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_cutting_the_exports_changes_nothing(
    published: Path, rows: Rows, whole: Callable[[date], Path], day: date, tmp_path: Path
) -> None:
    write_raw(tmp_path, cut(rows, day), as_of_date=day)
    floor.run(published, tmp_path, raw_of=tmp_path, threads=1)
    found = differences(whole(day), tmp_path / "keybook.duckdb", ("staging", "marts", "reporting"))
    assert found.keys() == records_of_files(), found
    assert apart(whole(day).parent, whole(day)) == set()


def records_of_files() -> set[str]:
    """The tables that go by what was known, and not by the run's day, as their YAML says."""
    declared = [
        model for file in (DBT_PROJECT / "models").rglob("_*.yml") for model in read_yaml(file).get("models", [])
    ]
    names = [model["name"] for model in declared if model.get("config", {}).get("meta", {}).get("clock") == "known_at"]
    return {f"{'reporting' if name.startswith('rpt_') else 'staging'}.{name}" for name in names}


@pytest.mark.parametrize(
    ("table", "key"), [("fct_receivable_events", "invoice_id"), ("fct_unapplied_credits", "origin_id")]
)
@pytest.mark.parametrize(("day", "later"), [*combinations(DAYS, 2)], ids=str)
def test_a_past_day_is_what_it_was(whole: Callable[[date], Path], day: date, later: date, table: str, key: str) -> None:
    """What is open and unapplied in the run of a day is so on that day of a later history, but where that looks back."""
    with duckdb.connect(str(whole(later)), read_only=True) as connection:
        connection.execute(f"attach '{whole(day)}' as past (read_only)")

        def moved(database: str) -> str:
            return (
                f"(select {key} as name, event_date, sum(amount) as amount from {database}.marts.{table} "
                f"where event_date <= date '{day}' group by all having sum(amount) <> 0)"
            )

        then, now = moved("past"), moved("keybook")
        apart = f"select distinct name from ((from {then} except from {now}) union all (from {now} except from {then}))"
        different = {name for (name,) in connection.execute(apart).fetchall()}
        # Whose a number is, is as known in each run: what was said since may have made it another account's.
        owners = " union ".join(f"select customer_id, account_id from {{0}}.marts.{name}" for name in OWNED)
        moved = (
            f"select unnest([was.account_id, now.account_id]) from ({owners.format('past')}) as was "
            f"inner join ({owners.format('keybook')}) as now using (customer_id) where was.account_id <> now.account_id"
        )
        certain = connection.execute(
            f"select distinct {key} from keybook.marts.{table} semi join "
            "(select account_id, currency from reporting.rpt_receivable_aging where not is_history_assumed) "
            f"using (account_id, currency) where event_date <= date '{day}' and account_id not in ({moved})"
        ).fetchall()
    assert not different & {name for (name,) in certain}
    assert len(certain) > 100
    # Nor does anything of the sample, which is what companies export: the random ones' dates have nothing to do with each other.
    assert {name for name in different if not name.startswith("random")} == set()


def apart(home: Path, file: Path) -> set[tuple[str, str]]:
    """Balances, ageing, cash, revenue, deals and calls that the proof does not confirm."""
    raw = home / "warehouse" / "raw"
    with duckdb.connect(str(file), read_only=True) as publication:
        publication.execute("set timezone = 'UTC'")
        given = Raw.of(raw, publication)
        verdicts = prove(Raw(raw, given.run, given.parameters, files_of(raw)), publication)
    tried = [verdict for verdict in verdicts if verdict.subject in SUBJECTS]
    assert {verdict.subject for verdict in tried if verdict.cells > 10} == SUBJECTS
    return {(verdict.subject, verdict.measure) for verdict in tried if verdict.state != "agrees"}


def test_figures_of_a_past_day_are_what_the_definitions_say(whole: Callable[[date], Path]) -> None:
    """What `test_figures` asks of the sample, of it and the random companies on a day on which more is open and less is known."""
    wrong, unmoved = [], set()
    with duckdb.connect(str(whole(SUNDAY)), read_only=True) as publication:
        claims = claims_of(whole(SUNDAY).parent / "warehouse" / "raw", publication)
        for name in FIGURES.keys() - SAMPLE_ONLY:
            apart, expected = held(claims, name)
            wrong += apart
            unmoved |= {f"{name}.{column}" for column in FIGURES[name][2] if not moves(expected, column)}
    assert not wrong, f"{len(wrong)} cells differ:\n" + "\n".join(wrong[:20])
    # Of those the sample on its last day has several values, or `test_cash_forecast`, `test_unrated` and `test_key_accounts`.
    assert unmoved <= {
        "acquisition.cost_per_served_account", "backtest.missing_rate_count", "forecast.promised_amount",
        "forecast_weeks.promised_amount", "renewal_rates.lapsed_revenue", "coverage.contacted_accounts",
        "concentration.key_accounts", "key_accounts.company_revenue_12m", "key_accounts.revenue_previous_12m", "late_alarms.account_weeks", "late_alarms.flagged_late",
        "contact_effect.payments_per_100_days_without", "contact_effect.payments_per_100_days_after",
        "contact_effect.hazard_ratio", "contact_effect.low", "contact_effect.high", "waiting.waiting_missed_calls",
        "effort_outcome.employees", "talks_of_people.emails_received", "talks_of_people.email_reply_minutes_median",
        "contact_days.email_contacts", "stages_passed.reentered",
        "campaigns.revenue_change", "campaigns.other_revenue_change",
    }  # fmt: skip


def test_a_model_that_reads_what_came_later_is_found(rows: Rows, tmp_path: Path) -> None:
    files = []
    deals = {"crm.deals": [row for row in rows["crm.deals"] if not row["_system"].startswith("random")]}
    for name, given in (("all", deals), ("cut", cut(deals, SUNDAY))):
        write_raw(tmp_path / name, given, as_of_date=SUNDAY)
        files.append(tmp_path / name / "made.duckdb")
        with duckdb.connect(str(files[-1])) as connection:
            create_raw_views(connection, Settings(home=tmp_path / name))
            connection.execute("create schema reporting")
            begun = f"from raw.crm_deals where created_at < date '{SUNDAY}' + 1"
            connection.execute(f"create table reporting.rpt_past as select deal_id, created_at {begun}")
            connection.execute(f"create table reporting.rpt_later as select deal_id, status {begun}")
    assert set(differences(files[0], files[1], ("reporting",))) == {"reporting.rpt_later"}
