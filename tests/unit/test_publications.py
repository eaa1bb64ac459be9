"""Publications on disk: what is whole, what a crash left, and who may publish after whom."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines.warehouse.publications import Publication, PublishError, Warehouse, version_name

BEGAN = datetime(2026, 3, 2, 6, tzinfo=UTC)


def _stamp(run: str, began: datetime, is_beside: bool = False) -> Publication:
    return Publication(version_name(run, began), "", "", "what came in", 1, 10, 0, 0, is_beside=is_beside)


def _build(warehouse: Warehouse, run: str, day: int, is_beside: bool = False) -> None:
    file = warehouse.start_build(run, _stamp(run, BEGAN + timedelta(days=day), is_beside))
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"create table run as select {day} as day")


def _publish(warehouse: Warehouse, run: str, day: int) -> Publication:
    _build(warehouse, run, day)
    return warehouse.publish(run, 3, f"2026-03-0{day}")


def _beside(warehouse: Warehouse, day: int, as_of: str) -> Publication:
    _build(warehouse, f"beside{day}", day, is_beside=True)
    return warehouse.publish(f"beside{day}", 3, as_of)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Three days published."""
    warehouse = Warehouse(tmp_path / "warehouse")
    for day in (1, 2, 3):
        _publish(warehouse, f"run{day}", day)
    return warehouse


def _folder(warehouse: Warehouse, day: int) -> Path:
    return warehouse.versions / version_name(f"run{day}", BEGAN + timedelta(days=day))


def _day(warehouse: Warehouse) -> int:
    with duckdb.connect(os.path.realpath(warehouse.link), read_only=True) as connection:
        return int(connection.execute("select day from run").fetchall()[0][0])


def test_the_newest_is_published_and_older_ones_go(warehouse: Warehouse) -> None:
    published = _publish(warehouse, "run4", 4)
    assert warehouse.published() == published
    assert published.as_of_date == "2026-03-04"
    assert published.inputs == "what came in"
    assert [item.as_of_date[-1] for item in warehouse.publications()] == ["2", "3", "4"]
    assert not list(warehouse.builds.iterdir())


@pytest.mark.parametrize("damage", ["no receipt", "half a receipt", "a list", "half a file", "no file"])
def test_a_version_that_is_not_whole_is_none(warehouse: Warehouse, damage: str) -> None:
    for day in (2, 3):
        receipt, file = _folder(warehouse, day) / "publication.json", _folder(warehouse, day) / "keybook.duckdb"
        if damage == "no receipt":
            receipt.unlink()
        elif damage == "half a receipt":
            receipt.write_text(receipt.read_text(encoding="utf-8")[:40], encoding="utf-8")
        elif damage == "a list":
            receipt.write_text("[]", encoding="utf-8")
        elif damage == "half a file":
            file.chmod(0o644)
            file.write_bytes(file.read_bytes()[:5000])
        else:
            file.unlink()
    assert warehouse.published() is None
    # Neither the published day nor the one before it can be read: the one before that is published again.
    assert warehouse.rollback().as_of_date == "2026-03-01"
    assert _day(warehouse) == 1
    with pytest.raises(PublishError, match="no publication before"):
        warehouse.rollback()
    assert _publish(warehouse, "run4", 4) == warehouse.published()
    assert {folder.name for folder in warehouse.versions.iterdir()} == {
        item.version for item in warehouse.publications()
    }


def test_what_a_later_keybook_wrote_into_a_receipt_is_left_out(warehouse: Warehouse) -> None:
    receipt = _folder(warehouse, 3) / "publication.json"
    receipt.write_text(receipt.read_text(encoding="utf-8").replace("{", '{"signed_by": "Ada",', 1), encoding="utf-8")
    published = warehouse.published()
    assert published is not None
    assert published.as_of_date == "2026-03-03"


def test_a_build_that_began_earlier_does_not_replace_a_later_one(warehouse: Warehouse) -> None:
    _build(warehouse, "slow", 4)
    _publish(warehouse, "quick", 5)
    with pytest.raises(PublishError, match="began later"):
        warehouse.publish("slow", 3, "2026-03-04")
    assert _day(warehouse) == 5


def test_a_build_that_waits_to_be_published_outlives_the_next_one(warehouse: Warehouse) -> None:
    dead = warehouse.builds / "dead"
    dead.mkdir(parents=True)
    _build(warehouse, "waits", 4)
    assert not dead.exists()
    _build(warehouse, "next", 5)
    assert warehouse.publish("waits", 3, "2026-03-04").as_of_date == "2026-03-04"
    assert warehouse.publish("next", 3, "2026-03-05").as_of_date == "2026-03-05"
    assert _day(warehouse) == 5


def test_a_build_that_was_given_up_is_not_published(warehouse: Warehouse) -> None:
    _build(warehouse, "part", 4)
    warehouse.give_up("part")
    with pytest.raises(PublishError, match="no whole build"):
        warehouse.publish("part", 3, "2026-03-04")
    _build(warehouse, "next", 5)
    assert [path.name for path in warehouse.builds.iterdir() if path.is_dir() and not path.is_symlink()] == ["next"]


def test_what_is_published_beside_changes_nothing_for_who_reads(warehouse: Warehouse) -> None:
    before = warehouse.published()
    beside = _beside(warehouse, 4, "2026-02-28")
    assert warehouse.published() == before
    assert _day(warehouse) == 3
    assert warehouse.as_of(date(2026, 2, 28)) == [beside]
    # It is no publication to go back to.
    assert warehouse.rollback().as_of_date == "2026-03-02"
    assert _publish(warehouse, "run5", 5) == warehouse.published()
    assert warehouse.rollback().as_of_date == "2026-03-03"


def test_of_what_is_beside_the_newest_days_stay_and_what_is_published_stays_beside_them(warehouse: Warehouse) -> None:
    for day, as_of in ((4, "2026-01-31"), (5, "2026-02-28"), (6, "2026-02-28"), (7, "2026-02-15"), (8, "2025-12-31")):
        _beside(warehouse, day, as_of)
    kept = warehouse.publications()
    assert [each.as_of_date for each in kept if not each.is_beside] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert [each.as_of_date for each in kept if each.is_beside] == ["2026-02-28", "2026-02-15", "2025-12-31"]
    assert kept[3].version == version_name("beside6", BEGAN + timedelta(days=6))
    assert _day(warehouse) == 3


def test_where_nothing_is_published_what_is_beside_is_shown_until_something_is(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse")
    _build(warehouse, "today", 3)
    assert _beside(warehouse, 4, "2026-02-28") == warehouse.published()
    # It began earlier, and is what dashboards are to show.
    assert warehouse.publish("today", 3, "2026-03-03") == warehouse.published()
    assert {each.as_of_date for each in warehouse.publications()} == {"2026-02-28", "2026-03-03"}


def test_a_report_is_made_of_the_newest_of_its_day_that_nobody_took_back(warehouse: Warehouse) -> None:
    day = date(2026, 3, 3)
    first = warehouse.as_of(day)
    second = _beside(warehouse, 4, str(day))
    assert warehouse.as_of(day) == [second, *first]
    warehouse.rollback()
    assert warehouse.as_of(day) == [second, *first]
    _build(warehouse, "wrong", 5)
    wrong = warehouse.publish("wrong", 3, str(day))
    assert warehouse.as_of(day) == [wrong, second, *first]
    warehouse.rollback()
    assert warehouse.as_of(day)[-1] == wrong
    assert warehouse.as_of(day)[0] == second


def test_a_run_that_tries_again_begins_anew(warehouse: Warehouse) -> None:
    _build(warehouse, "tries", 4)
    warehouse.give_up("tries")
    _build(warehouse, "tries", 5)
    assert warehouse.publish("tries", 3, "2026-03-05") == warehouse.published()
    assert _day(warehouse) == 5
    # Of a run that has built nothing yet there is nothing to give up.
    warehouse.give_up("new")
