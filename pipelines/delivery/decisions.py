"""What is due to whom, what is done with it, and what the log says of that."""

from __future__ import annotations

from dataclasses import dataclass
from logging import INFO, WARNING
from typing import TYPE_CHECKING, Literal

from pipelines.delivery.ledger import Entry
from pipelines.delivery.packs import Pack
from pipelines.delivery.periods import Period
from pipelines.delivery.plan import Recipient
from pipelines.logs import without_addresses

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


@dataclass(frozen=True)
class Due:
    """A report of a period that is due to a recipient, and what the ledger knows of it."""

    report: str
    period: Period
    recipient: Recipient
    entry: Entry

    def __str__(self) -> str:
        """What it is called."""
        return f"{self.report} {self.period.key} to {self.recipient.id}"


@dataclass(frozen=True)
class Decision:
    """What is done with it: `said` says why it is held, `found` which findings do; `pack` is what is sent."""

    due: Due
    does: Literal["send", "hold", "wait", "nothing"]
    said: str = ""
    found: tuple[str, ...] = ()
    pack: Pack | None = None
    # What holds it: causes of the brake, or why it cannot be made.
    causes: tuple[str, ...] = ()
    # What the sending is recorded with: `number` counts corrections, `answers` is the Message-ID of what is corrected.
    number: int = 0
    answers: str = ""

    @property
    def state(self) -> str:
        """What became of it."""
        return {"hold": "held", "wait": "deferred"}.get(self.does, self.due.entry.state)


def tell(log: FilteringBoundLogger, done: Decision, seconds: float) -> None:
    """Says in the log what became of a report that was looked at, as long as it is not over."""
    if done.does == "nothing":
        return
    said = without_addresses(done.due.entry.said) if done.does == "send" and done.state != "sent" else None
    log.log(
        INFO if done.state == "sent" else WARNING, "report", what=str(done.due), where=done.due.recipient.channel,
        status=done.state, publication=done.pack and done.pack.publication, pack=done.pack and done.pack.name,
        causes=list(done.causes), answered=said, seconds=round(seconds, 3),
    )  # fmt: skip
