"""Homes with a delivery.yml, packs that a stub makes of a publication's rows, and what arrived where."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

from pipelines import reporting_contract
from pipelines.delivery.brake import CAUSES
from pipelines.delivery.channels import Letter, Outcome, send
from pipelines.delivery.decisions import Decision
from pipelines.delivery.packs import Scope, ScopeKind
from pipelines.delivery.periods import Period, Unit
from pipelines.delivery.plan import Channel, read_plan
from pipelines.delivery.run import Deliveries
from pipelines.reports.mail import to_mail
from pipelines.reports.statements.document import Document, Text
from pipelines.settings import Settings, load_settings
from pipelines.words import languages
from tests.support.publications import Rows, publish

ZONE = ZoneInfo("Europe/Stockholm")
SUNDAY = date(2026, 3, 1)
MONDAY = datetime(2026, 3, 2, 6, tzinfo=ZONE)
FRESH = {"source": "erp", "domain": "billing", "entity": "invoices", "freshness_state": "fresh"}


BOX = {"box": {"kind": "folder", "path": "out"}}
ALL_HAVE = {"name": "Anna Berg", "language": "en", "role": "leadership", "scope": "all", "reports": ["weekly"],
            "channel": "box", "from": date(2026, 3, 2)}  # fmt: skip
# What a publication for these tests is made of: all that the brake reads, and what the stub does.
TABLES = re.findall(r"reporting\.(\w+)", " ".join(cause.sql for cause in CAUSES.values()))


def plan(*recipients: dict[str, Any], channels: dict[str, Any] = BOX, brake: dict[str, str] | None = None) -> str:
    """A delivery.yml; a recipient says what is other than all have."""
    report = {"due": "every Monday 06:00", "brake": brake or {}}
    said = {"channels": channels, "reports": {"weekly": report}, "recipients": [ALL_HAVE | each for each in recipients]}
    return yaml.safe_dump(said, sort_keys=False)


@cache
def _base() -> Path:
    file = Path(mkdtemp(prefix="keybook-deliveries-")) / "keybook.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema reporting")
        for table in {"rpt_run", "rpt_accounts", *TABLES}:
            columns = reporting_contract.declared()[table]
            connection.execute(f"create table reporting.{table} ({', '.join(map(' '.join, columns.items()))})")
    return file


@dataclass
class Stub:
    """Makes packs whose figures are the accounts' open amounts; counts how many."""

    unit: Unit = "week"
    scopes: frozenset[ScopeKind] = frozenset({"all"})
    is_for_clients: bool = False
    keeps: tuple[str, ...] = ()
    tells_pay: bool = False
    made: int = 0

    def make(
        self, publication: Path, period: Period, scope: Scope, language: str, notes: Sequence[str], settings: Settings
    ) -> dict[str, bytes]:
        self.made += 1
        with duckdb.connect(str(publication), read_only=True) as connection:
            rows = connection.execute(
                "select account_id, open_amount from reporting.rpt_accounts order by 1"
            ).fetchall()
        figures = [
            {
                "value": str(amount),
                "table": "rpt_accounts",
                "column": "open_amount",
                "how": "cell",
                "key": {"account_id": account},
            }
            for account, amount in rows
        ]
        said = [Text("Weekly", "title"), *map(Text, notes), *(Text(f"{a} owes {m}") for a, m in rows)]
        document = Document("Weekly", "", "", languages()[language], 2, period.last, tuple(said))
        files = {"weekly.pdf": b"%PDF " + repr(rows).encode(), "weekly.json": json.dumps({"figures": figures}).encode()}
        return files | {"weekly.eml": to_mail(document, files)}


@dataclass
class Post:
    """A sender that notes what arrived at whom; `does` says what comes of a letter, by default that it is sent."""

    does: Callable[[Letter], Outcome] = lambda letter: Outcome("sent", "250 OK")
    arrived: list[Letter] = field(default_factory=list)

    def __call__(self, channel: Channel, letter: Letter, settings: Settings) -> Outcome:
        outcome = self.does(letter)
        if outcome.state in ("sent", "unknown"):
            self.arrived.append(letter)
        return outcome

    def got(self, recipient: str = "chair") -> list[Letter]:
        return [letter for letter in self.arrived if letter.recipient.id == recipient]


def publish_week(
    home: Path, last: date, amount: float = 100, rows: Rows | None = None, again: str = "", began_at: str | None = None
) -> Path:
    """A publication as of a Sunday, of one account that owes so much, with fresh billing."""
    given: dict[str, Any] = {
        "rpt_run": [{"as_of_date": last, "base_currency": "EUR", "business_timezone": ZONE.key}],
        "rpt_accounts": [{"account_id": "crm:1", "open_amount": amount}],
        "rpt_data_health": [FRESH],
    }
    return publish(home, f"{last:%Y%m%d}{again}", given | dict(rows or {}), base=_base(), began_at=began_at)


def home_of(folder: Path, text: str) -> Path:
    """A home with that delivery.yml and nothing published."""
    (folder / "warehouse").mkdir(parents=True)
    (folder / "delivery.yml").write_text(text, encoding="utf-8")
    return folder


def deliveries(home: Path, post: Any = send, stub: Stub | None = None) -> Deliveries:
    """What `keybook deliver` works with, as the file stands now."""
    makers = {"weekly": stub or Stub()}
    read = read_plan(home, makers)
    assert read is not None
    return Deliveries(load_settings(home=home, business_timezone=ZONE.key), read, makers, post)


def states(done: Sequence[Decision]) -> dict[tuple[str, str], str]:
    """(recipient, period) -> what the ledger says."""
    return {(each.due.recipient.id, each.due.period.key): each.due.entry.state for each in done}
