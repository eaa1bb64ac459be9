"""The quarterly pack: its figures are cells of the reporting tables, and what is proposed is what the page shows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
import yaml
from click.testing import CliRunner

from dashboards.queries import key_accounts
from dashboards.queries.base import Filters, rows
from pipelines.commands.main import main
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.run import Deliveries
from pipelines.reports.packs.checking import PackError
from pipelines.reports.packs.making import make
from pipelines.reports.packs.sections import Pack
from pipelines.reports.quarterly.reading import read
from pipelines.settings import load_settings
from pipelines.words import languages
from tests.support.packs import expected, files_say, flat, lookup_of, text_of
from tests.support.publications import publish

LAST = date(2026, 9, 30)
QUARTER = date(2026, 7, 1)
# Nobody of thirty accounts is a key account in the quarter, and none is paused or lost.
EMPTY_IN_SAMPLE = {"not_active", "key_list"}


@pytest.fixture(scope="module")
def connection(quarter_ended: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str((quarter_ended / "warehouse" / "keybook.duckdb").resolve()), read_only=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def pack(connection: duckdb.DuckDBPyConnection) -> Pack:
    return read(connection, "Nordkontor AB")


def test_every_figure_is_the_cell_that_it_names(pack: Pack, connection: duckdb.DuckDBPyConnection) -> None:
    lookup = lookup_of(connection)
    assert {name for name, section in pack.sections.items() if not section.rows} <= EMPTY_IN_SAMPLE
    assert len(pack.figures()) > 300
    for figure in pack.figures():
        assert figure.value == expected(figure, lookup(figure.table)), figure


def test_sums_are_of_the_quarter_and_of_everybody(pack: Pack, connection: duckdb.DuckDBPyConnection) -> None:
    sales = [row for row in lookup_of(connection)("rpt_sales_monthly") if QUARTER <= row["month"] <= LAST]
    assert pack.pairs["won_in_period"].now.value == sum(row["won_amount"] for row in sales)
    managers = pack.sections["sales"]
    assert managers.total("won") == pack.pairs["won_in_period"].now.value
    assert {str(row[0].key["employee_id"]) for row in managers.rows} == {row["employee_id"] for row in sales}
    before = [row for row in lookup_of(connection)("rpt_sales_monthly") if date(2026, 4, 1) <= row["month"] < QUARTER]
    assert pack.pairs["deals_won"].was == sum(row["won"] for row in before)
    # Every account stands under one status.
    assert pack.sections["statuses"].total("accounts") == sum(
        row["is_named"] for row in lookup_of(connection)("rpt_accounts")
    )


def test_the_key_account_list_is_that_of_the_page(pack: Pack, quarter_ended: Path) -> None:
    warehouse = str((quarter_ended / "warehouse" / "keybook.duckdb").resolve())
    shows = {row["account_id"] for row in rows(key_accounts.listed(warehouse, Filters(), QUARTER))}
    assert {row[0].key["account_id"] for row in pack.sections["key_list"].rows} == shows
    page = {(row["account_id"], row["change"]) for row in rows(key_accounts.changes(warehouse, Filters(), QUARTER))}
    proposed = {(row[0].key["account_id"], row[1].value) for row in pack.sections["proposals"].rows}
    assert proposed
    assert proposed <= page


@pytest.mark.parametrize("language", ["en", "ru", "sv"])
def test_files_say_what_the_pack_holds(pack: Pack, language: str) -> None:
    files = make(pack, language, "v1")
    assert {Path(name).suffix for name in files} == {".pdf", ".xlsx", ".json", ".eml"}
    assert all(name.startswith(f"quarterly-2026-Q3-{language}.") for name in files)
    files_say(files, pack, languages()[language])


def test_a_day_that_ends_no_quarter_has_no_pack(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as october, pytest.raises(PackError, match="ends no quarter"):
        read(october, "")


def test_the_command_takes_a_quarter_as_people_write_it(quarter_ended: Path, tmp_path: Path) -> None:
    def quarterly(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(
            main, ["report", "quarterly", "--home", str(quarter_ended), "--out", str(tmp_path), *options]
        )
        return done.exit_code, done.output

    for period in (["--period", "2026-Q3"], ["--period", "2026q3"], []):
        code, said = quarterly(*period)
        assert (code, "quarterly-2026-Q3-en.pdf" in said) == (0, True), said
    assert quarterly("--period", "2026-Q5")[0] == 2
    code, said = quarterly("--period", "2025-Q4")
    assert (code, "keybook refresh --beside --as-of 2025-12-31" in said) == (1, True)


def test_it_is_delivered_once_after_its_quarter_and_caught_up(
    quarter_ended: Path, tmp_path: Path, published: Path
) -> None:
    publish(tmp_path, "v1", base=published, changes=[f"update reporting.rpt_run set as_of_date = date '{LAST}'"])
    plan = {
        "channels": {"box": {"kind": "folder", "path": "out"}},
        "reports": {"quarterly": {"due": "by the 10th of every quarter 09:00", "brake": dict.fromkeys(CAUSES, "pass")}},
        "recipients": [{"id": "chair", "name": "Chair", "role": "leadership", "scope": "all", "reports": ["quarterly"],
                        "channel": "box", "language": "ru", "from": date(2026, 10, 1)},
                       {"id": "anna", "name": "Anna", "role": "manager", "scope": "own book", "employee": "crm:1",
                        "reports": ["quarterly"], "channel": "box", "language": "en", "from": date(2026, 10, 1)}],
    }  # fmt: skip
    (tmp_path / "delivery.yml").write_text(yaml.safe_dump(plan), encoding="utf-8")
    settings = load_settings(home=tmp_path, business_timezone="Europe/Stockholm")

    def delivered(now: datetime) -> dict[str, str]:
        deliveries = Deliveries.of(settings)
        assert deliveries is not None
        return {each.due.recipient.id: each.due.entry.state for each in deliveries.deliver(now)}

    tenth = datetime(2026, 10, 10, 9, tzinfo=ZoneInfo("Europe/Stockholm")).astimezone(UTC)
    assert delivered(tenth - timedelta(minutes=1)) == {}
    # Nobody ran it for two days: it comes once, and says that it is late; a book is not the company.
    assert delivered(tenth + timedelta(days=2)) == {"chair": "sent", "anna": "held"}
    [pdf] = (tmp_path / "out" / "quarterly" / "2026-Q3").rglob("*.pdf")
    assert flat("С опозданием: срок был 10.10.2026.") in text_of(pdf.read_bytes())
    before = pdf.stat().st_mtime_ns
    assert delivered(tenth + timedelta(days=3)) == {"chair": "sent", "anna": "held"}
    assert pdf.stat().st_mtime_ns == before
