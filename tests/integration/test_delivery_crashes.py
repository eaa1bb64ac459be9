"""Delivery through crashes and a loss of power: what a run that ends between any two changes of the disk leaves."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.delivery.channels import Letter, Outcome, send
from pipelines.delivery.plan import Channel, Smtp
from pipelines.delivery.snapshots import FOLDER, take, taken
from pipelines.settings import Settings
from pipelines.warehouse.publications import FILE, Warehouse
from tests.support.deliveries import BOX, MONDAY, SUNDAY, Post, deliveries, home_of, plan, publish_week, states
from tests.support.disks import Disk, watched

WEEK = "2026-W09"
SOON = MONDAY + timedelta(minutes=5)


class PostByMail(Post):
    """Into a folder it is written for real."""

    def __call__(self, channel: Channel, letter: Letter, settings: Settings) -> Outcome:
        is_mail = isinstance(channel, Smtp)
        return super().__call__(channel, letter, settings) if is_mail else send(channel, letter, settings)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_after_a_crash_before_any_change_of_the_disk_nothing_comes_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_office = {"kind": "smtp", "host": "localhost", "sender": "reports@example.com"}
    chair = {"id": "chair", "channel": "post", "address": "anna@example.com"}
    here = home_of(tmp_path / "home", plan(chair, {"id": "board"}, channels=BOX | {"post": post_office}))
    publish_week(here, SUNDAY)
    # What is published is no part of what is copied.
    (here / "warehouse").rename(tmp_path / "warehouse")
    (here / "warehouse").symlink_to(tmp_path / "warehouse")
    disk = Disk(here, tmp_path / "copies")
    arrived_at: list[int] = []
    post = PostByMail(lambda letter: arrived_at.append(len(disk.made)) or Outcome("sent"))  # type: ignore[func-returns-value]
    with watched(disk, monkeypatch):
        deliveries(here, post).deliver(MONDAY)
    assert len(post.arrived) == 1
    whole = _files(here / "out")
    assert len(whole) == 3
    assert len(disk.made) > 15
    unknown = 0
    for number, copy in enumerate(disk.made):
        after = PostByMail()
        # Whoever comes after the crash is another process.
        for left in list(copy.rglob("*.writing")):
            left.rename(left.with_name(left.name.replace(f".{os.getpid()}.", ".1.")))
        board = deliveries(copy).ledger.entry("weekly", WEEK, "board")
        # Who asks whether anything waits before a run is begun is told of the folder.
        waits = {due.recipient.id for due in deliveries(copy).waiting(SOON)}
        assert ("board" in waits) == (board.state != "sent"), copy
        found = states(deliveries(copy, after).deliver(SOON))
        assert set(found.values()) <= {"sent", "unknown"}, copy
        came = len(after.arrived) + sum(made <= number for made in arrived_at)
        # By mail at most once, and where it is not known whether it came, that is said.
        assert came == 1 or (came == 0 and found["chair", WEEK] == "unknown"), copy
        unknown += found["chair", WEEK] == "unknown"
        # Into a folder the same files may be written again.
        assert found["board", WEEK] == "sent", copy
        assert _files(copy / "out") == whole, copy
        assert states(deliveries(copy, after).deliver(SOON + timedelta(minutes=1))) == found, copy
        assert not list(copy.rglob("*.writing")), copy
    assert 0 < unknown < len(disk.made) / 3


def test_the_folders_of_a_delivery_are_on_disk_before_it_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(tmp_path / "home", plan({"id": "chair"}))
    publish_week(home, SUNDAY)
    brought: list[Path] = []
    monkeypatch.setattr("pipelines.delivery.ledger.fsync", brought.append)
    before: list[Path] = []
    post = Post(lambda letter: before.extend(brought) or Outcome("sent"))  # type: ignore[func-returns-value]
    deliveries(home, post).deliver(MONDAY)
    assert before == [home, home / "deliveries", home / "deliveries" / "weekly"]


def test_what_an_appraisal_is_made_of_is_whole_or_not_there_after_any_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_of(tmp_path / "home", plan({"id": "chair"}))
    publish_week(home, SUNDAY)
    warehouse = Warehouse(home / "warehouse")
    published = warehouse.published()
    assert published
    file = warehouse.versions / published.version / FILE
    period = tmp_path / "2026-H1"
    period.mkdir()
    disk = Disk(period, tmp_path / "copies")
    with watched(disk, monkeypatch):
        kept = take(period, published, file, ("rpt_run",))
    run = "select * from reporting.rpt_run"
    whole = query_of(kept, run)
    assert whole == query_of(file, run)
    assert len(disk.made) > 5
    before = 0
    for copy in disk.made:
        found = taken(copy)
        before += found is None
        again = take(copy, published, file, ("rpt_run",))
        assert found is None or found == (published, again), copy
        assert query_of(again, run) == whole, copy
        assert [left.name for left in (copy / FOLDER).iterdir()] == [published.version], copy
    assert 0 < before <= len(disk.made)


def query_of(file: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()
