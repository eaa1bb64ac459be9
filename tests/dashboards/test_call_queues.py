"""The page Calls by queue: each queue for itself, what no leg tells is said, and without queues there is no block."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import words
from tests.support.publications import publish

Open = Callable[..., AppTest]
DAY = date(2026, 11, 20)
RUN: dict[str, Any] = {
    "rpt_run": [{"as_of_date": DAY, "base_currency": "EUR"}],
    "rpt_call_response": [{"day": DAY, "inbound": 12, "answered": 6}],
}


def queue(name: str | None, day: int, **said: Any) -> dict[str, Any]:
    """A day of a queue."""
    return {
        "queue": name, "day": DAY.replace(day=day), "offered": 4, "service_calls": 4, "answered_in_time": 3, "moved_on": 1,
        "answer_seconds": 60, "waits_told": 3, "unknown_wait": 0, "unknown_status": 0,
    } | said  # fmt: skip


def test_each_queue_stands_for_itself(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", RUN | {"rpt_call_queues": [
        queue("Sales", 19, offered=9), queue("Sales", 20, answer_seconds=180), queue(None, 20, service_calls=None, unknown_wait=2),
    ]})  # fmt: skip
    app = open_page("calls", at_home=tmp_path)
    assert not app.exception
    found = next(frame.value for frame in app.dataframe if "queue" in frame.value.columns)
    sales, untold = found.to_dict("records")
    assert sales["queue"] == "Sales"
    assert untold["queue"] == "(queue not told)"
    assert (sales["offered"], sales["moved_on"]) == (13, 2)
    assert sales["service_level"] == 6 / 8
    # Of six waits together, not of two days' means.
    assert sales["answer_seconds_average"] == 240 / 6
    assert untold["unknown_calls"] == 2
    assert untold["service_level"] != untold["service_level"]


def test_without_queues_there_is_no_block(open_page: Open, tmp_path: Path) -> None:
    publish(tmp_path, "v1", RUN | {"rpt_call_queues": [queue(None, 20)]})
    app = open_page("calls", at_home=tmp_path)
    assert not app.exception
    assert "by queue" not in words(app)
    assert not any("queue" in frame.value.columns for frame in app.dataframe)
