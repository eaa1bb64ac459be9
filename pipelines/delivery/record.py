"""What came of every delivery, for those who look: the page Reports and `keybook status`.

It reads delivery.yml, the ledger and the receipts of publications, and makes and sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pipelines.delivery import packs
from pipelines.delivery.decisions import Due
from pipelines.delivery.plan import PlanError
from pipelines.delivery.restated import Restated as Restated
from pipelines.delivery.restated import restated
from pipelines.delivery.run import Deliveries
from pipelines.settings import Settings
from pipelines.warehouse.publications import Publication, Warehouse

# How many of the coming times of a schedule are told.
COMING = 5


class Event(NamedTuple):
    """Something that happened to a delivery, in business time; `by` is who said so, where a person did."""

    at: datetime | None
    event: str
    said: str
    by: str | None


@dataclass(frozen=True)
class Told:
    """A delivery that was expected: what it is called, its state since when, why, and what a person can do about it.

    `pack` are the files that were handed over last, None where nothing was or they are deleted; `events` is its ledger.
    """

    report: str
    period: str
    recipient: str
    name: str
    scope: str
    channel: str
    address: str
    due_at: datetime
    state: str
    since: datetime
    said: str
    remedy: str
    publication: str
    pack: packs.Pack | None = field(repr=False)
    events: tuple[Event, ...] = field(repr=False)
    # Whose pay its files tell; nobody's where they tell none.
    pay_of: packs.Scope | None = None

    def __str__(self) -> str:
        """What it is called."""
        return f"{self.report} {self.period} to {self.recipient}"


@dataclass(frozen=True)
class Record:
    """All of a home: what cannot be used of its delivery.yml, what was expected, what comes, what is published."""

    problems: tuple[str, ...] = ()
    is_planned: bool = True
    told: tuple[Told, ...] = ()
    # (report, period, when), in business time.
    coming: tuple[tuple[str, str, datetime], ...] = ()
    publications: tuple[Publication, ...] = ()

    @property
    def not_sent(self) -> list[Told]:
        """What is due and not known to be sent."""
        return [each for each in self.told if each.state != "sent"]


def record(settings: Settings, now: datetime) -> Record:
    """What is known of a home's deliveries, the newest first."""
    published = tuple(reversed(Warehouse(settings.warehouse).publications()))
    try:
        deliveries = Deliveries.of(settings)
    except PlanError as error:
        return Record(tuple(str(error).splitlines()), publications=published)
    if deliveries is None:
        return Record(is_planned=False, publications=published)
    told = [_told(deliveries, due) for due in deliveries.expected(now)]
    coming = [
        (name, period.key, period.due_at.astimezone(deliveries.zone))
        for name, report in deliveries.plan.reports.items()
        for period in report.due.coming(deliveries.zone, now, COMING)
    ]
    return Record(
        told=tuple(sorted(told, key=lambda each: each.due_at, reverse=True)), coming=tuple(coming),
        publications=published,
    )  # fmt: skip


def changed_since(settings: Settings, report: str, period: str) -> Restated:
    """What has changed since a report of a period was sent."""
    return restated(settings, report, packs.MAKERS[report].unit, period=period)


def _told(deliveries: Deliveries, due: Due) -> Told:
    entry, zone = due.entry, deliveries.zone
    last = entry.sendings[-1] if entry.sendings else {}
    folder = deliveries.ledger.period(due.report, due.period.key) / "packs" / str(last.get("pack", ""))
    since = datetime.fromisoformat(entry.at) if entry.at else due.period.due_at
    events = tuple(
        Event(
            datetime.fromisoformat(each["at"]).astimezone(zone) if each.get("at") else None, str(each["event"]),
            str(each.get("said") or ""), each.get("by"),
        )
        for each in entry.events
    )  # fmt: skip
    return Told(
        due.report, due.period.key, due.recipient.id, due.recipient.name, str(due.recipient.scope),
        due.recipient.channel, due.recipient.address or "", due.period.due_at.astimezone(zone), entry.state,
        since.astimezone(zone), entry.said, remedy(due), str(last.get("publication", "")),
        packs.kept(folder) if last else None, events,
        _pay_of(deliveries, due, str(last.get("scope", ""))),
    )  # fmt: skip


def _pay_of(deliveries: Deliveries, due: Due, sent: str) -> packs.Scope | None:
    """Whose pay was sent: the recipient's own scope; where that was another one then, for all we know everybody's."""
    if not deliveries.makers[due.report].tells_pay:
        return None
    now = due.recipient.scope
    return now if sent == str(now) or sent.startswith(f"{now} without ") else packs.Scope("all")


def remedy(due: Due) -> str:
    """What a person can do about a delivery that is not sent; nothing where there is nothing to do."""
    words, last = f"{due.report} {due.period.key}", due.entry.events[-1] if due.entry.events else {}
    match due.entry.state:
        case "due":
            return "Nothing has sent it: run `keybook deliver`, and have it run every few minutes."
        case "held" if last.get("findings"):
            return f"`keybook deliver --release {words}` sends it all the same."
        case "deferred":
            return f"Asked again from {last['retry_at']} on."
        case "refused":
            return f"`keybook deliver --again {words} {due.recipient.id}` sends it once more."
        case "unknown":
            return (
                f"Ask whether it arrived: `keybook deliver --arrived {words} {due.recipient.id}` says so, --again in "
                "its place sends it once more."
            )
        case "released" | "again" | "correct":
            return "The next `keybook deliver` sends it."
    return ""
