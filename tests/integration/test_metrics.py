"""What Prometheus reads of a home: when what is published was, what is due and not sent, what is held, what alerts."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.delivery.alerts import Alerts
from pipelines.delivery.channels import Outcome
from pipelines.metrics import metrics
from pipelines.settings import load_settings
from pipelines.warehouse.publications import RECEIPT, Warehouse
from tests.support.deliveries import MONDAY, SUNDAY, ZONE, Post, deliveries, home_of, plan, publish_week
from tests.support.homes import keybook

Read = dict[tuple[str, ...], float]
ONE_WEEK = {"until": SUNDAY + timedelta(days=2)}
LATER = MONDAY + timedelta(hours=2)


def _read(text: str) -> Read:
    """(name, labels' values) -> value."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return home_of(tmp_path / "home", plan({"id": "chair", **ONE_WEEK}, {"id": "board", **ONE_WEEK}))


def _metrics(home: Path) -> Read:
    return _read(metrics(load_settings(home=home, business_timezone=ZONE.key), LATER).decode())


def test_a_home_of_which_nothing_is_published_says_so(home: Path) -> None:
    found = _metrics(home)
    assert found["keybook_published",] == 0
    assert not [name for name in found if name[0].startswith(("keybook_rows", "keybook_published_"))]
    assert found["keybook_reports_not_sent",] == 2
    assert found["keybook_reports_not_sent_since_timestamp_seconds",] == MONDAY.timestamp()
    (home / "delivery.yml").write_text("channels: 7", encoding="utf-8")
    assert _metrics(home)["keybook_delivery_problems",] == 3


def test_what_is_published_sent_held_and_told(home: Path) -> None:
    publish_week(home, SUNDAY)
    versions = home / "warehouse" / "versions"
    [publication] = Warehouse(home / "warehouse").publications()
    at = MONDAY - timedelta(minutes=5)
    began = datetime(2026, 3, 2, 4, tzinfo=UTC)
    told = replace(publication, began_at=began.isoformat(), published_at=at.isoformat(), files=4,
                   rows_loaded=300, rows_rejected=7, files_held=1)  # fmt: skip
    (versions / publication.version / RECEIPT).write_text(json.dumps(asdict(told)), encoding="utf-8")
    found = _metrics(home)
    assert found["keybook_published",] == 1
    assert found["keybook_published_timestamp_seconds",] == at.timestamp()
    assert found["keybook_build_duration_seconds",] == (at - began).total_seconds()
    assert found["keybook_as_of_timestamp_seconds",] == pytest.approx(datetime(2026, 3, 2, tzinfo=ZONE).timestamp())
    assert (found["keybook_rows", "loaded"], found["keybook_rows", "rejected"]) == (300, 7)
    assert (found["keybook_files", "landed"], found["keybook_files", "held"]) == (4, 1)
    (versions / publication.version / RECEIPT).write_text(json.dumps(asdict(publication)), encoding="utf-8")
    (home / "lists").mkdir()
    (home / "lists" / "alerts.csv").write_text(
        "alert,table,column,operator,value,recipients\nhigh,rpt_accounts,open_amount,above,50,chair\nbad,x,y,is,1,chair\n",
        encoding="utf-8",
    )
    no, yes = Outcome("refused", "550"), Outcome("sent", "250")
    work = deliveries(home, Post(lambda letter: no if letter.recipient.id == "board" else yes))
    work.deliver(MONDAY)
    Alerts(work).send(MONDAY)
    found = _metrics(home)
    states = {state: found["keybook_reports", "weekly", state] for state in ("sent", "refused", "held", "due")}
    assert states == {"sent": 1, "refused": 1, "held": 0, "due": 0}
    assert found["keybook_reports_not_sent",] == 1
    assert found["keybook_report_sent_timestamp_seconds",] == MONDAY.timestamp()
    assert found["keybook_alert_rows", "high"] == 1
    assert found["keybook_alert_problems",] == 1


def test_the_command_writes_a_file_that_the_collector_reads(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "collected" / "keybook.prom"
    assert keybook("metrics", "--home", home, "--out", out).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in out.parent.iterdir()] == ["keybook.prom"]
    printed = _read(keybook("metrics", "--home", home).output)
    assert _read(out.read_text(encoding="utf-8")).keys() == printed.keys()
    assert keybook("metrics", "--home", home, "--out", tmp_path / "keybook.txt").exit_code == 2
