"""Alerts: telling people of rows that meet a condition, once in a cool-down, by the ledger of deliveries.

The ledger of an alert is `deliveries/alert/<alert>/<recipient>.json`: which rows were told when, and what a person
said to them. A row that was told, or may have been, is told again after the cool-down only; one that somebody
acknowledged is told no more while it meets the condition, and anew once it has not met it in between.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pipelines import reporting_contract
from pipelines.bounds import connect
from pipelines.delivery import channels, packs
from pipelines.delivery.alert_rules import Rule, RuleError, holds, read_rules, row_key
from pipelines.delivery.ledger import ALERT, Entry
from pipelines.delivery.plan import Folder, PlanError, Recipient, Smtp
from pipelines.delivery.run import FIRST_WAIT, LONGEST_WAIT, Deliveries
from pipelines.settings import Settings
from pipelines.warehouse.publications import FILE, Publication
from pipelines.words import languages

# So many rows stand in the mail; all of them in its data.
MOST = 20


@dataclass(frozen=True)
class Alerted:
    """What became of an alert to a recipient: `rows` are what it is about, `said` why it was not sent."""

    alert: str
    recipient: str
    state: Literal["sent", "deferred", "refused", "unknown", "would go", "held"]
    said: str = ""
    rows: int = 0

    def __str__(self) -> str:
        """What it is called."""
        return f"alert {self.alert} to {self.recipient}"


@dataclass(frozen=True)
class Standing:
    """An alert as a page shows it: its last state since when, its rows that nobody has acknowledged, and the others."""

    alert: str
    recipient: str
    condition: str
    state: str
    since: datetime
    said: str
    rows: tuple[str, ...]
    acknowledged: tuple[str, ...]


class Alerts:
    """The alerts of a home."""

    def __init__(self, deliveries: Deliveries) -> None:
        """Reads the rules; what is wrong with them is in `problems`."""
        self.deliveries = deliveries
        self.ledger = deliveries.ledger
        self.recipients = {each.id: each for each in deliveries.plan.recipients}
        self.rules, self.problems = read_rules(deliveries.settings.lists_dir, self.recipients)

    def send(self, now: datetime, is_dry: bool = False) -> list[Alerted]:
        """Tells what is to be told; with `is_dry` says what would be."""
        published = self._published()
        with self.ledger.writing():
            done = [
                each
                for rule, recipient, found in self._asked(published, now)
                for each in self._one(rule, recipient, published, found, now, is_dry)
            ]
        for each in done if not is_dry else ():
            where = self.recipients[each.recipient].channel
            self.deliveries.log.info("alert", what=str(each), where=where, status=each.state, rows=each.rows)
        return done

    def waits(self, now: datetime) -> bool:
        """Whether `send` would do anything: there is something to tell, or what was told is over."""
        with self.ledger.writing():
            return any(
                not isinstance(found, RuleError)
                and not self.ledger.entry(ALERT, rule.name, recipient.id).is_put_off(now)
                and any(self._looked_at(rule, recipient, found, now))
                for rule, recipient, found in self._asked(self._published(), now)
            )

    def acknowledge(self, alert: str, recipient: str, now: datetime) -> int:
        """A person has seen what was told: it is told no more while it lasts. How many rows that are."""
        with self.ledger.writing():
            entry = self.ledger.entry(ALERT, alert, recipient)
            open_rows = sorted(set(_told(entry)) - _acknowledged(entry))
            if open_rows:
                self.ledger.add(entry, "acknowledged", now, rows=open_rows, by=getpass.getuser())
            return len(open_rows)

    def standing(self) -> list[Standing]:
        """Every alert that was ever told, by its ledger."""
        found = []
        for rule in self.rules:
            for entry in (self.ledger.entry(ALERT, rule.name, recipient) for recipient in rule.recipients):
                if entry.at:
                    seen, told = _acknowledged(entry), set(_told(entry)) - _gone(entry)
                    since = datetime.fromisoformat(entry.at).astimezone(self.deliveries.zone)
                    found.append(
                        Standing(rule.name, entry.recipient, str(rule), entry.state, since, entry.said,
                                 tuple(sorted(told - seen)), tuple(sorted(seen)))
                    )  # fmt: skip
        return found

    def _published(self) -> Publication | None:
        """What reaches furthest of all that is known: a rebuild of a past day alerts nobody.

        What is beside knows no more than what was published as it was made, and is not made again with each file.
        """
        whole = [each for each in self.deliveries.warehouse.publications() if each.known_at is None]
        newest = max(whole, key=lambda each: (not each.is_beside, each.as_of_date, each.version), default=None)
        return newest if newest and newest.contract == reporting_contract.digest() else None

    def _before(self, published: Publication) -> Path | None:
        """The newest publication of an earlier day."""
        earlier = [
            each for each in self.deliveries.warehouse.publications()
            if each.known_at is None and each.as_of_date < published.as_of_date
            and each.contract == published.contract
        ]  # fmt: skip
        newest = max(earlier, key=lambda each: (each.as_of_date, each.version), default=None)
        return self.deliveries.warehouse.versions / newest.version / FILE if newest else None

    def _asked(
        self, published: Publication | None, now: datetime
    ) -> Iterator[tuple[Rule, Recipient, list[dict[str, Any]] | RuleError]]:
        """Every rule for everybody who has it now: the rows that meet it, or why they are not known."""
        if not self.rules or published is None:
            return
        file = self.deliveries.warehouse.versions / published.version / FILE
        with connect(str(file), read_only=True) as connection:
            for rule in self.rules:
                for recipient in (self.recipients[each] for each in rule.recipients):
                    if recipient.is_due(now.astimezone(self.deliveries.zone).date()):
                        try:
                            yield rule, recipient, holds(rule, recipient.scope, connection, self._before(published))
                        except RuleError as error:
                            yield rule, recipient, error

    def _looked_at(
        self, rule: Rule, recipient: Recipient, found: Sequence[dict[str, Any]], now: datetime
    ) -> tuple[list[str], dict[str, dict[str, Any]]]:
        """The rows that were told or acknowledged and meet the condition no more, and those that are to be told now."""
        entry = self.ledger.entry(ALERT, rule.name, recipient.id)
        rows = {row_key(rule, row): row for row in found}
        told, seen, silent = _told(entry), _acknowledged(entry), timedelta(days=rule.cooldown_days)
        over = sorted((seen | set(told)) - _gone(entry) - rows.keys())
        new = {key: row for key, row in rows.items()
               if key not in seen and (key not in told or now >= told[key] + silent)}  # fmt: skip
        return over, new

    def _one(
        self, rule: Rule, recipient: Recipient, published: Publication | None,
        found: Sequence[dict[str, Any]] | RuleError, now: datetime, is_dry: bool,
    ) -> list[Alerted]:  # fmt: skip
        if isinstance(found, RuleError):
            return [Alerted(rule.name, recipient.id, "held", str(found))]
        entry = self.ledger.entry(ALERT, rule.name, recipient.id)
        if entry.is_interrupted and isinstance(self.deliveries.plan.channels[recipient.channel], Folder):
            last = entry.sendings[-1]
            pack = packs.kept(self.ledger.period(ALERT, rule.name) / "packs" / last["pack"])
            if pack is not None and not is_dry:
                # Into a folder the same files may be written again.
                return [self._sent(entry, rule, recipient, pack, last["rows"], datetime.fromisoformat(last["at"]))]
        if entry.is_put_off(now):
            return [Alerted(rule.name, recipient.id, "deferred", entry.said)]
        over, new = self._looked_at(rule, recipient, found, now)
        if over and not is_dry:
            entry = self.ledger.add(entry, "cleared", now, rows=over)
        if not new or published is None:
            return []
        if is_dry:
            return [Alerted(rule.name, recipient.id, "would go", str(rule), len(new))]
        pack = self._pack(rule, recipient, published, list(new.values()), now)
        return [self._sent(entry, rule, recipient, pack, list(new), now)]

    def _sent(
        self, entry: Entry, rule: Rule, recipient: Recipient, pack: packs.Pack, rows: list[str], now: datetime
    ) -> Alerted:
        channel = self.deliveries.plan.channels[recipient.channel]
        domain = channel.sender.partition("@")[2] if isinstance(channel, Smtp) else "keybook"
        message_id = channels.message_id(domain, ALERT, rule.name, recipient.id, pack.name)
        period = f"{rule.name}-{now.astimezone(UTC):%Y%m%dT%H%M%S}"
        letter = channels.Letter(ALERT, period, recipient, pack, message_id, now)
        entry = self.ledger.add(
            entry, "sending", now, rows=rows, pack=pack.name, publication=pack.publication, message_id=message_id,
            channel=recipient.channel, address=recipient.address, scope=str(recipient.scope),
        )  # fmt: skip
        outcome = self.deliveries.send(channel, letter, self.deliveries.settings)
        said: dict[str, Any] = {"said": outcome.said, "rows": rows}
        if outcome.state == "deferred":
            minutes = min(FIRST_WAIT * 2 ** min(entry.deferrals, 10), LONGEST_WAIT)
            said["retry_at"] = (now + timedelta(minutes=minutes)).isoformat(timespec="seconds")
        self.ledger.add(entry, outcome.state, now, **said)
        return Alerted(rule.name, recipient.id, outcome.state, outcome.said, len(rows))

    def _pack(
        self, rule: Rule, recipient: Recipient, published: Publication, rows: list[dict[str, Any]], now: datetime
    ) -> packs.Pack:
        """What is sent, kept as every pack is."""
        named = f"{recipient.id} {now.isoformat()} {published.version} {recipient.scope}"
        folder = self.ledger.period(ALERT, rule.name) / "packs" / hashlib.sha256(named.encode()).hexdigest()[:16]
        return packs.keep(folder, published.version, make(rule, recipient.language, published, rows))


def make(rule: Rule, language_code: str, published: Publication, rows: list[dict[str, Any]]) -> dict[str, bytes]:
    """File name -> bytes: the mail of an alert, with its first rows, and its data, with all."""
    from pipelines.reports.mail import to_mail
    from pipelines.reports.statements.document import Block, Column, Document, Facts, Row, Table, Text

    language = languages()[language_code]
    title = language.text("delivery.alert.title", name=rule.name, count=len(rows))
    as_of = date.fromisoformat(published.as_of_date)
    columns = tuple(Column(name) for name in rows[0])
    shown = tuple(Row(tuple("" if cell is None else str(cell) for cell in row.values())) for row in rows[:MOST])
    blocks: list[Block] = [
        Text(title, "title"),
        Facts((
            (language.text("delivery.alert.condition"), str(rule)),
            (language.text("weekly.as_of"), language.day(as_of)),
            (language.text("pack.publication"), published.version),
        )),
        *([Text(language.text("delivery.alert.more", shown=MOST, all=len(rows)))] if len(rows) > MOST else []),
        Table(columns, shown),
        Text(language.text("delivery.alert.quiet", days=rule.cooldown_days)),
    ]  # fmt: skip
    document = Document(title, "", "", language, 0, as_of, tuple(blocks))
    figures = [
        {"value": None if value is None else str(value), "table": rule.table, "column": name, "how": "cell",
         "key": {part: str(row[part]) for part in rule.key}}
        for row in rows for name, value in row.items() if name not in rule.key
    ]  # fmt: skip
    data = {"alert": rule.name, "condition": str(rule), "as_of": published.as_of_date, "figures": figures}
    files = {"alert.json": (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode()}
    return files | {"alert.eml": to_mail(document, files)}


def alerts_of(settings: Settings) -> Alerts | None:
    """Those of a home; None where it has no delivery.yml that can be used."""
    try:
        deliveries = Deliveries.of(settings)
    except PlanError:
        return None
    return Alerts(deliveries) if deliveries else None


def _told(entry: Entry) -> dict[str, datetime]:
    """Row -> when it was told last, or may have been; what the other side put off was not."""
    told: dict[str, datetime] = {}
    last: dict[str, Any] = {}
    for event in entry.events:
        if event["event"] == "sending":
            last = event
        elif event["event"] in ("sent", "unknown", "refused"):
            told |= dict.fromkeys(event.get("rows", ()), datetime.fromisoformat(str(last.get("at") or event["at"])))
    if entry.is_interrupted:
        told |= dict.fromkeys(last["rows"], datetime.fromisoformat(last["at"]))
    return told


def _acknowledged(entry: Entry) -> set[str]:
    """The rows that a person has seen and that have met the condition ever since."""
    return _between(entry, "acknowledged", ("cleared",))


def _gone(entry: Entry) -> set[str]:
    """The rows that met the condition, and do so no more."""
    return _between(entry, "cleared", ("sending",))


def _between(entry: Entry, begins: str, ends: Iterable[str]) -> set[str]:
    rows: set[str] = set()
    for event in entry.events:
        if event["event"] == begins:
            rows |= set(event["rows"])
        elif event["event"] in ends:
            rows -= set(event["rows"])
    return rows
