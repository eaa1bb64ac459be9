"""The delivery ledger: `<home>/deliveries/<report>/<period>/<recipient>.json`, one file a delivery.

A file holds what happened to the delivery, in order. That it is about to be sent is on disk before anything leaves the
house, and what came of it after: a delivery whose last word is `sending` was interrupted, and nobody here knows whether
it arrived. Files are written as all state is (`pipelines.files`): a crash leaves the one before. A file that is damaged
all the same is no proof that nothing was sent: its delivery counts as interrupted too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pipelines.files import clear_unfinished, fsync, locked, read_object, write_whole

FOLDER = "deliveries"
# What stands in the place of a report where an alert is told, with the alert in the place of the period.
ALERT = "alert"
State = Literal[
    "due", "held", "released", "sending", "sent", "deferred", "refused", "unknown", "again", "correct", "acknowledged",
    "cleared",
]  # fmt: skip
# States after which nothing is sent without a person's word.
FINAL = ("sent", "refused", "unknown")


@dataclass(frozen=True)
class Entry:
    """One delivery: a report of a period to a recipient, and what happened to it."""

    report: str
    period: str
    recipient: str
    events: tuple[dict[str, Any], ...] = ()

    @property
    def state(self) -> State:
        """What holds now; a sending that nothing followed is unknown."""
        last: State = self.events[-1]["event"] if self.events else "due"
        return "unknown" if last == "sending" else last

    @property
    def said(self) -> str:
        """What was said of it last: a server's answer, what holds it."""
        last = self.events[-1] if self.events else {}
        return str(last.get("said", "")) or ("it was interrupted" if last.get("event") == "sending" else "")

    @property
    def at(self) -> str:
        """When that was."""
        return str(self.events[-1]["at"]) if self.events else ""

    @property
    def released(self) -> set[str]:
        """The findings that a person let pass."""
        return {key for event in self.events if event["event"] == "released" for key in event["findings"]}

    @property
    def sendings(self) -> list[dict[str, Any]]:
        """Each time that it was about to be sent."""
        return [event for event in self.events if event["event"] == "sending"]

    @property
    def arrived(self) -> list[dict[str, Any]]:
        """Those of them that arrived, or may have."""
        found: list[dict[str, Any]] = []
        last: dict[str, Any] | None = None
        for event in self.events:
            if event["event"] == "sending":
                last = event
            elif event["event"] in ("sent", "unknown") and last is not None:
                found, last = [*found, last], None
        return [*found, last] if self.is_interrupted and last is not None else found

    @property
    def is_interrupted(self) -> bool:
        """Whether a run ended while it was sent."""
        return bool(self.events) and self.events[-1]["event"] == "sending"

    def is_put_off(self, now: datetime) -> bool:
        """Whether the other side is to be asked later than now."""
        return self.state == "deferred" and now < datetime.fromisoformat(self.events[-1]["retry_at"])

    @property
    def deferrals(self) -> int:
        """How often in a row the other side has put it off."""
        outcomes = [event["event"] for event in self.events if event["event"] not in ("sending", "held")]
        count = 0
        while count < len(outcomes) and outcomes[-1 - count] == "deferred":
            count += 1
        return count

    @property
    def corrects(self) -> dict[str, Any] | None:
        """The sending that a person wants replaced and that none has replaced yet."""
        last: dict[str, Any] | None = None
        arrived: dict[str, Any] | None = None
        wanted: dict[str, Any] | None = None
        for event in self.events:
            match event["event"]:
                case "sending":
                    last = event
                case "sent" | "unknown":
                    arrived, wanted = last, None
                case "correct":
                    wanted = arrived or last
        return wanted


class Ledger:
    """The ledger of a home. Whoever adds to it holds its lock."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is written yet."""
        self.folder = folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the lock of the one who sends; waits for another to let go of it."""
        with locked(self.folder):
            for folder in self.folder.glob("*/*"):
                clear_unfinished(folder)
            yield

    def period(self, report: str, period: str) -> Path:
        """The folder of a report's period."""
        return self.folder / report / period

    def entry(self, report: str, period: str, recipient: str) -> Entry:
        """What is known of a delivery; nothing where there was none."""
        path = self._path(report, period, recipient)
        events = (read_object(path) or {}).get("events")
        if isinstance(events, list) and all(isinstance(event, dict) and "event" in event for event in events):
            return Entry(report, period, recipient, tuple(events))
        damaged = {"event": "unknown", "at": "", "said": f"{path} is damaged"}
        return Entry(report, period, recipient, (damaged,) if path.exists() else ())

    def entries(self, report: str, period: str) -> list[Entry]:
        """The deliveries of a report's period, whoever they went to."""
        return [self.entry(report, period, path.stem) for path in sorted(self.period(report, period).glob("*.json"))]

    def add(self, entry: Entry, event: State, now: datetime, **said: Any) -> Entry:
        """Writes down what happened; it is on disk when this returns."""
        written = {"event": event, "at": now.isoformat(timespec="seconds"), "process": os.getpid(), **said}
        added = Entry(entry.report, entry.period, entry.recipient, (*entry.events, written))
        path = self._path(entry.report, entry.period, entry.recipient)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not entry.events:
            # A file is on disk only where the folders that lead to it are.
            for folder in (self.folder.parent, self.folder, path.parent.parent):
                fsync(folder)
        write_whole(path, json.dumps({"events": added.events}, ensure_ascii=False, indent=1) + "\n")
        return added

    def _path(self, report: str, period: str, recipient: str) -> Path:
        return self.period(report, period) / f"{recipient}.json"
