"""A refresh from end to end: what is published, what its exit code says, and what stays when it fails."""

from __future__ import annotations

import json
import os
import shutil
import threading
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import duckdb
import pytest

from pipelines.commands import main as commands
from pipelines.exports.landing.raw import RawStore
from tests.integration.conftest import FILES, drop
from tests.support.homes import keybook, query

OPEN = "select invoice_number, open_amount from reporting.rpt_open_invoices order by 1"


def _versions(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "warehouse" / "versions").iterdir())


def test_a_small_landing_is_published(small: Path) -> None:
    assert query(small, OPEN) == [("1002", 100), ("1003", 150)]
    assert query(small, "select cast(as_of_date as varchar) from intermediate.int_run_dated") == [("2026-03-25",)]
    assert (small / "warehouse" / "keybook.duckdb").is_symlink()
    assert oct(os.stat(small / "warehouse" / "keybook.duckdb").st_mode)[-3:] == "444"


def test_the_published_file_reads_no_other_file(small: Path) -> None:
    schemas = {row[0] for row in query(small, "select distinct table_schema from information_schema.tables")}
    assert "raw" not in schemas
    views = query(small, "select view_name, sql from duckdb_views() where not internal")
    assert not [name for name, sql in views if "read_parquet" in sql or "read_csv" in sql]


def test_an_empty_landing_says_so_and_exits_2(tmp_path: Path) -> None:
    result = keybook("refresh", "--home", tmp_path)
    assert result.exit_code == 2
    assert str(tmp_path / "landing") in result.output
    assert keybook("refresh", "--home", tmp_path, "--as-of", "yesterday").exit_code == 2
    assert keybook("refresh", "--home", tmp_path, "--landing", tmp_path / "nowhere").exit_code == 2


def test_where_all_is_held_it_says_so_and_exits_2(tmp_path: Path) -> None:
    drop(tmp_path, {"strange.csv": "Colour,Size\nred,5\n"})
    for _ in range(2):
        result = keybook("refresh", "--home", tmp_path)
        assert result.exit_code == 2, result.output
        assert "held      strange.csv: no source contract knows these headers" in result.output
        assert f"no row of the files in {tmp_path / 'landing'} could be loaded" in result.output
        assert "dim_runs" not in result.output


def test_a_log_of_lines_of_json_says_what_ran_what_is_held_and_how_it_ended(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYBOOK_LOG", "json")
    rejected = FILES["payments.csv"].splitlines()[0] + "\nbooks,p9,c1,2026-03-20,EUR,Kant,received\n"
    drop(small, {"strange.csv": "Colour,Size\nochre,5\n", "payments-2.csv": rejected})
    done = keybook("refresh", "--home", small)
    assert done.exit_code == 3
    # Every line is one, and none of a person's; no value of a row is in any.
    lines = [json.loads(line) for line in done.output.splitlines()]
    assert not [word for word in ("ochre", "Kant", "1003") if word in done.output]
    assert {(line["command"], line["run"]) for line in lines} == {("refresh", lines[0]["run"])}
    assert all(datetime.fromisoformat(line["at"]) and line["what"] and line["status"] for line in lines)
    told = {(line["event"], line["what"]): line for line in lines}
    assert (lines[0]["event"], lines[-1]["event"]) == ("started", "ended")
    assert told["file", "strange.csv"]["status"] == "held"
    assert told["held", "strange.csv"]["code"] == "unknown_headers"
    payments = told["file", "payments-2.csv"]
    assert (payments["status"], payments["rows_loaded"], payments["rows_rejected"]) == ("rows_rejected", 0, 1)
    assert payments["where"] == ["billing.payments"]
    assert told["landing", "billing"]["files"] == 2
    assert (told["build", "what changed"]["status"], told["build", "what changed"]["failed"]) == ("done", [])
    assert told["proof", "figures computed again"]["cells"] == told["proof", "figures computed again"]["equal"] > 0
    [publication] = [line for line in lines if line["event"] == "publication"]
    assert (publication["files_held"], publication["rows_rejected"], publication["as_of"]) == (1, 1, "2026-03-25")
    assert (lines[-1]["status"], lines[-1]["exit_code"]) == ("not_all_well", 3)
    assert lines[-1]["publication"] == publication["what"]
    assert all(line["seconds"] >= 0 for line in lines if line["event"] in ("landing", "build", "proof", "ended"))
    # A reason to end is a line as well.
    refused = keybook("refresh", "--home", small, "--as-of", "1066-10-14").output
    [_, ended] = [json.loads(line) for line in refused.splitlines()]
    assert (ended["status"], ended["exit_code"]) == ("unusable", 2)
    assert "as of 1066-10-14 nothing can be told" in ended["said"]


def test_nothing_new_publishes_nothing_new(small: Path) -> None:
    before = _versions(small)
    result = keybook("refresh", "--home", small)
    assert result.exit_code == 0
    assert "Nothing has changed" in result.output
    (small / "landing" / "invoices.csv").rename(small / "landing" / "renamed.txt")
    shutil.copy(small / "landing" / "renamed.txt", small / "landing" / "copy.csv")
    assert "Nothing has changed" in keybook("refresh", "--home", small).output
    assert _versions(small) == before


@pytest.fixture(scope="module")
def mixed(_small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home to which bad files came, some bad rows, and a newer export of its invoices; and what the refresh said."""
    home = shutil.copytree(_small, tmp_path_factory.mktemp("mixed") / "home", symlinks=True)
    drop(
        home,
        {
            "broken.xlsx": "PK\x03\x04 no workbook",
            "lacking.csv": "system,customer_id,issued_on,gross_amount\nbooks,c1,2026-03-01,5\n",
            "strange.csv": "Colour,Size\nred,5\n",
            "more.csv": "system,invoice_id,number,customer_id,issued_on,currency,gross_amount,status\n"
            "books,i4,1004,c1,2026-03-26,EUR,40.00,issued\n"
            "books,i5,1005,c1,end of March,EUR,40.00,issued\n"
            "books,i6,1006,c1,2026-03-26,EUR,forty,issued\n"
            "books,i7,1007,c1,2026-03-26,EUR,70.00,issued\n"
            "books,i7,1007,c1,2026-03-26,EUR,71.00,issued\n",
            "newer.csv": FILES["invoices.csv"].replace("100.00,issued", "90.00,issued"),
        },
    )
    result = keybook("refresh", "--home", home)
    assert result.exit_code == 3, result.output
    return home, result.output


def test_bad_files_are_named_and_the_others_go_on(mixed: tuple[Path, str]) -> None:
    home, said = mixed
    assert "held      broken.xlsx: its zip data is damaged" in said
    assert "held      strange.csv: no source contract knows these headers" in said
    assert "held      lacking.csv" in said
    assert "more.csv, line 3: issued_on: is no date" in said
    assert "'end of March'" in said
    assert "more.csv, line 4: gross_amount: is no number" in said
    assert "more.csv, line 5: stands again with other values on line 6" in said
    assert query(home, OPEN) == [("1002", 90), ("1003", 150), ("1004", 40), ("1007", 71)]
    found = query(home, "select line, column_name, value from reporting.rpt_rejected_rows order by line")
    assert found == [(3, "issued_on", "end of March"), (4, "gross_amount", "forty"), (5, "invoice_id", "i7")]
    status = keybook("status", "--home", home)
    assert "line 4: gross_amount" in status.output


def test_a_newer_export_supersedes_and_totals_tie(mixed: tuple[Path, str]) -> None:
    totals = query(
        mixed[0],
        "select file, file_total, loaded, superseded, difference from reporting.rpt_control_totals "
        "where entity = 'invoices' and measure = 'gross_amount' and currency = 'EUR' and file <> 'more.csv' order by file",
    )
    assert totals == [("invoices.csv", 225, 0, 225, 0), ("newer.csv", 215, 215, 0, 0)]


def test_a_failed_gate_publishes_nothing(small: Path) -> None:
    before = _versions(small)
    totals = next((small / "warehouse/raw/billing/invoices").glob("keybook*.totals.parquet"))
    tampered = totals.with_suffix(".new")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * replace (file_total + 1 as file_total) from read_parquet('{totals}')) "
            f"to '{tampered}' (format parquet)"
        )
    tampered.replace(totals)
    # Its receipt says what it is now, so that the file is not simply landed again.
    store = RawStore(small / "warehouse/raw")
    (receipt,) = [receipt for receipt in store.receipts() if receipt.sha256 in totals.name]
    receipt.sizes[totals.relative_to(store.root).as_posix()] = totals.stat().st_size
    store.write_receipt(receipt)
    result = keybook("refresh", "--home", small, "--full")
    assert result.exit_code == 1
    assert "assert_control_totals_tie" in result.output
    assert "the earlier publication stands" in result.output
    assert _versions(small) == before
    assert query(small, OPEN) == [("1002", 100), ("1003", 150)]


def test_readers_see_whole_publications_of_an_earlier_day_and_after_a_rollback(small: Path) -> None:
    """A reader that opens what the link resolves to, again and again, while an earlier day is published and taken back."""
    stop, saw_the_earlier_day = threading.Event(), threading.Event()
    seen: list[tuple[object, ...]] = []
    errors: list[Exception] = []

    def read() -> None:
        while not stop.wait(0.02):
            try:
                seen.append(query(small, "select count(*), sum(open_amount) from reporting.rpt_open_invoices")[0])
            except Exception as error:
                errors.append(error)
            else:
                if seen[-1] == (2, 300):
                    saw_the_earlier_day.set()

    assert keybook("rollback", "--home", small).exit_code == 1
    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert keybook("refresh", "--home", small, "--as-of", "2026-02-28").exit_code == 0
        assert query(small, OPEN) == [("1002", 100), ("1003", 200)]
        assert saw_the_earlier_day.wait(60), "the reader did not come to the earlier day's publication"
        assert keybook("rollback", "--home", small).exit_code == 0
        assert query(small, OPEN) == [("1002", 100), ("1003", 150)]
    finally:
        stop.set()
        reader.join()
    assert not errors
    assert seen[0] == (2, 250)
    assert set(seen) == {(2, 250), (2, 300)}


def test_a_report_has_the_publication_of_its_day_and_dashboards_go_on_with_theirs(small: Path, tmp_path: Path) -> None:
    link = small / "warehouse" / "keybook.duckdb"
    published, shown = link.resolve(), query(small, OPEN)
    said = keybook("refresh", "--home", small, "--beside", "--as-of", "2026-02-28")
    assert said.exit_code == 0, said.output
    assert "Published beside, for reports, as of 2026-02-28" in said.output
    assert "go on with what is published as of 2026-03-25" in said.output
    assert link.resolve() == published
    assert query(small, OPEN) == shown
    told = keybook("report", "weekly", "--home", small, "--period", "2026-02-28", "--out", tmp_path / "pack")
    assert told.exit_code == 0, told.output
    [pack] = [json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "pack").glob("*.json")]
    assert (pack["as_of"], pack["publication"] == published.parent.name) == ("2026-02-28", False)
    again = keybook("refresh", "--home", small, "--beside", "--as-of", "2026-02-28")
    assert "Nothing has changed; the publication as of 2026-02-28 stands." in again.output
    status = json.loads(keybook("status", "--home", small, "--json").output)
    assert status["published"]["as_of_date"] == "2026-03-25"
    assert [each["version"] for each in status["beside"]] == [pack["publication"]]
    assert keybook("refresh", "--home", small, "--beside").exit_code == 2


def test_queries_cannot_read_files_or_write(small: Path) -> None:
    said = keybook("sql", "--home", small, "--format", "csv", "select 1 as one, '=1+1' as two")
    assert said.output.splitlines() == ['"one","two"', '1,"\'=1+1"']
    assert keybook("sql", "--home", small, "select * from read_csv('/etc/passwd')").exit_code == 1
    assert keybook("sql", "--home", small, "create table x as select 1").exit_code == 1


@pytest.mark.parametrize(("word", "last"), [("last-week", "2026-03-08"), ("last-quarter", "2025-12-31")])
def test_as_of_takes_what_is_over_by_the_clock_of_the_business(
    small: Path, monkeypatch: pytest.MonkeyPatch, word: str, last: str
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(2026, 3, 8, 22, 30, tzinfo=UTC).astimezone(tz)

    asked = []
    monkeypatch.setattr(commands, "datetime", Clock)
    monkeypatch.setattr(commands, "_run", lambda _work, _run, view, _full: asked.append((view.as_of, view.is_beside)))
    # On Sunday at half past ten in London it is Monday in Helsinki.
    (small / "keybook.toml").write_text('business_timezone = "Europe/Helsinki"\n', encoding="utf-8")
    keybook("refresh", "--home", small, "--as-of", word)
    # What a schedule asks for is for a report, and dashboards show today.
    assert asked == [(last, True)]


def test_an_unknown_setting_is_an_error(small: Path) -> None:
    (small / "keybook.toml").write_text('base_curency = "EUR"\n', encoding="utf-8")
    result = keybook("refresh", "--home", small)
    assert result.exit_code == 2
    assert "base_curency" in result.output
