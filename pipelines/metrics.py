"""What a home's runs came to, as Prometheus reads it: for whoever watches machines, beside what people are sent.

Moments are Unix times, so that an age is `time() - keybook_published_timestamp_seconds` whenever it is asked. Nothing
is opened but receipts, the ledger and the lists: no figure of the company is here, and no name of an account or person.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from pipelines.delivery.alerts import alerts_of
from pipelines.delivery.record import Record, record
from pipelines.files import replacing
from pipelines.settings import Settings
from pipelines.warehouse.publications import Publication, Warehouse

STATES = ("due", "held", "deferred", "refused", "unknown", "sent")


def metrics(settings: Settings, now: datetime) -> bytes:
    """All of it, in the text format."""
    registry = CollectorRegistry()
    told = _gauge(registry, "keybook_metrics_timestamp_seconds", "When this was written")
    told.set(now.timestamp())
    published = Warehouse(settings.warehouse).published()
    _gauge(registry, "keybook_published", "1 where something is published, else 0").set(published is not None)
    if published is not None:
        _publication(registry, published, ZoneInfo(settings.business_timezone))
    _deliveries(registry, record(settings, now))
    _alerts(registry, settings)
    return generate_latest(registry)


def write(settings: Settings, now: datetime, path: Path) -> None:
    """Writes them as a whole, for a collector that reads files whenever it likes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        temporary.write_bytes(metrics(settings, now))
    # A collector is somebody else.
    path.chmod(0o644)


def _gauge(registry: CollectorRegistry, name: str, said: str, *labels: str) -> Gauge:
    return Gauge(name, said, labels, registry=registry)


def _publication(registry: CollectorRegistry, published: Publication, zone: ZoneInfo) -> None:
    at = datetime.fromisoformat(published.published_at) if published.published_at else None
    if at is not None:
        _gauge(registry, "keybook_published_timestamp_seconds", "When what is published was").set(at.timestamp())
        if published.began_at:
            began = datetime.fromisoformat(published.began_at)
            took = _gauge(registry, "keybook_build_duration_seconds", "From the build's beginning to its publication")
            took.set((at - began).total_seconds())
    if published.as_of_date:
        end = datetime.combine(date.fromisoformat(published.as_of_date), time.max, zone)
        _gauge(registry, "keybook_as_of_timestamp_seconds", "The end of the day as of which it is").set(end.timestamp())
    rows = _gauge(registry, "keybook_rows", "Rows of exports behind what is published", "state")
    rows.labels("loaded").set(published.rows_loaded)
    rows.labels("rejected").set(published.rows_rejected)
    files = _gauge(registry, "keybook_files", "Export files behind what is published", "state")
    files.labels("landed").set(published.files)
    files.labels("held").set(published.files_held)
    if published.bytes is not None:
        _gauge(registry, "keybook_published_bytes", "The published file's size").set(published.bytes)


def _deliveries(registry: CollectorRegistry, found: Record) -> None:
    problems = _gauge(registry, "keybook_delivery_problems", "What cannot be used of delivery.yml")
    problems.set(len(found.problems))
    states = Counter((each.report, each.state if each.state in STATES else "due") for each in found.told)
    counts = _gauge(registry, "keybook_reports", "Reports that were due, by what came of them", "report", "state")
    for report in {report for report, _ in states} | {report for report, _, _ in found.coming}:
        for state in STATES:
            counts.labels(report, state).set(states[report, state])
    oldest = min((each.due_at for each in found.not_sent), default=None)
    waiting = _gauge(registry, "keybook_reports_not_sent", "Reports that are due and not known to be sent")
    waiting.set(len(found.not_sent))
    if oldest is not None:
        since = _gauge(registry, "keybook_reports_not_sent_since_timestamp_seconds", "When the oldest of them was due")
        since.set(oldest.timestamp())
    sent = [each.since for each in found.told if each.state == "sent"]
    if sent:
        last = _gauge(registry, "keybook_report_sent_timestamp_seconds", "When a report was sent last")
        last.set(max(sent).timestamp())


def _alerts(registry: CollectorRegistry, settings: Settings) -> None:
    found = alerts_of(settings)
    problems = _gauge(registry, "keybook_alert_problems", "Lines of alerts.csv that cannot be used")
    problems.set(len(found.problems) if found else 0)
    rows = _gauge(registry, "keybook_alert_rows", "Rows that were told and nobody has acknowledged", "alert")
    open_rows: Counter[str] = Counter()
    for each in found.standing() if found else []:
        open_rows[each.alert] += len(each.rows)
    for alert, count in open_rows.items():
        rows.labels(alert).set(count)
