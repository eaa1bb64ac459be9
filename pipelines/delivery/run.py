"""What is due, to whom, what holds it, and sending it once.

`decide` says of every report that is due to somebody what would be done with it, and makes its pack; `deliver` does
just that. Each step is on disk before the next: whatever ends a run, the next one goes on from what the ledger says.
"""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipelines import reporting_contract
from pipelines.bounds import connect
from pipelines.delivery import channels, packs, snapshots
from pipelines.delivery.brake import Finding, findings
from pipelines.delivery.decisions import Decision, Due, tell
from pipelines.delivery.ledger import FINAL, FOLDER, Entry, Ledger, State
from pipelines.delivery.notes import MOST_CHANGED, cared, corrected
from pipelines.delivery.packs import MAKERS, Maker, Pack, PackFailed, Scope
from pipelines.delivery.periods import Period, is_late
from pipelines.delivery.plan import Folder, Plan, Smtp, read_plan
from pipelines.logs import logger
from pipelines.settings import Settings
from pipelines.warehouse.publications import FILE, Publication, Warehouse
from pipelines.words import languages

# Asked again after so many minutes, each time after twice as long, at most after four hours.
FIRST_WAIT, LONGEST_WAIT = 5, 240


class WordError(Exception):
    """What a person asked for has nothing to act on; the message says what there is."""


class Deliveries:
    """The deliveries of a home by its plan."""

    def __init__(
        self,
        settings: Settings,
        plan: Plan,
        makers: Mapping[str, Maker] = MAKERS,
        send: channels.Sender = channels.send,
    ) -> None:
        """Takes what makes packs and what sends them; nothing is read yet."""
        self.settings = settings
        self.plan = plan
        self.makers = makers
        self.send = send
        self.zone = ZoneInfo(settings.business_timezone)
        self.ledger = Ledger(settings.home / FOLDER)
        self.warehouse = Warehouse(settings.warehouse)
        self.log = logger(settings)
        # A publication does not change: what it finds wrong is asked once in a run.
        self._findings = cache(self._find)
        self._scope = cache(self._scope_now)

    @classmethod
    def of(cls, settings: Settings) -> Deliveries | None:
        """Those of a home, by its delivery.yml; None where it has none.

        Raises:
            PlanError: the file cannot be used.
        """
        plan = read_plan(settings.home)
        return cls(settings, plan) if plan else None

    def expected(self, now: datetime) -> Iterator[Due]:
        """All that is due by now, whatever became of it."""
        for recipient in self.plan.recipients:
            for report in recipient.reports:
                for period in self.plan.reports[report].due.due(self.zone, recipient.starts_on, now):
                    if recipient.is_due(period.due_at.astimezone(self.zone).date()):
                        yield Due(report, period, recipient, self.ledger.entry(report, period.key, recipient.id))

    def missing(self, now: datetime) -> list[Due]:
        """What is expected and not known to be sent."""
        return [due for due in self.expected(now) if due.entry.state != "sent"]

    def waiting(self, now: datetime) -> list[Due]:
        """What a run would look at: all of that which no person has to decide about."""
        return [due for due in self.missing(now) if self._replays(due)
                or (due.entry.state not in FINAL and not due.entry.is_put_off(now))]  # fmt: skip

    def decide(self, now: datetime) -> list[Decision]:
        """What would be done now; packs are made, nothing else. The caller holds the ledger's lock."""
        return [self._decided(due, now) for due in self.expected(now)]

    def deliver(self, now: datetime) -> list[Decision]:
        """Sends what is due and not held, and writes down the rest; each as it became."""
        done = []
        with self.ledger.writing():
            for due in self.expected(now):
                began = time.monotonic()
                done.append(self._done(self._decided(due, now), now))
                tell(self.log, done[-1], time.monotonic() - began)
            for report, period in {(each.due.report, each.due.period.key) for each in done if each.pack}:
                self._tidy(report, period)
        return done

    def preview(self, now: datetime) -> list[Decision]:
        """What `deliver` would do."""
        with self.ledger.writing():
            return self.decide(now)

    def release(self, report: str, period: str, now: datetime) -> list[Due]:
        """A person lets pass what holds a report of a period: it is sent, with what held it written on it.

        Raises:
            WordError: nothing that a person may let pass holds it.
        """
        with self.ledger.writing():
            held = [each for each in self.decide(now) if each.does == "hold" and each.found]
            found = [each for each in held if (each.due.report, each.due.period.key) == (report, period)]
            if not found:
                waits = ", ".join(sorted({f"{each.due.report} {each.due.period.key}" for each in held})) or "none"
                raise WordError(f"no finding holds {report} {period}; held by findings: {waits}")
            return [self._word(each.due, "released", now, findings=list(each.found)) for each in found]

    def again(self, report: str, period: str, recipient: str, now: datetime) -> Due:
        """A person says that what was refused, or may not have arrived, is to be sent once more.

        Raises:
            WordError: it is in no such state.
        """
        with self.ledger.writing():
            return self._word(self._undecided(report, period, recipient, now, "unknown", "refused"), "again", now)

    def arrived(self, report: str, period: str, recipient: str, now: datetime) -> Due:
        """A person says that what may not have arrived did: it counts as sent.

        Raises:
            WordError: it is in no such state.
        """
        with self.ledger.writing():
            due = self._undecided(report, period, recipient, now, "unknown")
            return self._word(due, "sent", now, said="somebody looked, and it had arrived")

    def _undecided(self, report: str, period: str, recipient: str, now: datetime, *states: State) -> Due:
        for due in self.expected(now):
            if (due.report, due.period.key, due.recipient.id) == (report, period, recipient):
                if due.entry.state not in states:
                    raise WordError(f"{due} is {due.entry.state}, not {' or '.join(states)}")
                return due
        raise WordError(f"{report} {period} is not due to {recipient!r}")

    def correct(self, report: str, period: str, now: datetime) -> list[Due]:
        """A person says that what was sent of a period is to be replaced; who has the same figures already is left out.

        Raises:
            WordError: nothing was sent, or nothing has changed.
        """
        with self.ledger.writing():
            sent = [due for due in self.expected(now) if (due.report, due.period.key) == (report, period)
                    and due.entry.state in ("sent", "unknown") and due.entry.sendings]  # fmt: skip
            if not sent:
                raise WordError(f"of {report} {period} nothing was sent")
            other = []
            for due in sent:
                try:
                    publication = self._publication(due)
                    if publication is None:
                        raise WordError(
                            self._text("not_published", last=due.period.last, day=str(due.period.last)).rstrip(".")
                        )
                    pack = self._pack(due, publication, ())
                except PackFailed as error:
                    raise WordError(self._text("pack_failed", said=str(error)).rstrip(".")) from error
                if pack.content != due.entry.sendings[-1]["content"]:
                    other.append(self._word(due, "correct", now))
            if not other:
                raise WordError(f"the figures of {report} {period} are those that were sent")
            return other

    def _word(self, due: Due, event: State, now: datetime, **said: Any) -> Due:
        entry = self.ledger.add(due.entry, event, now, by=getpass.getuser(), **said)
        return replace(due, entry=entry)

    def _decided(self, due: Due, now: datetime) -> Decision:
        entry, maker = due.entry, self.makers[due.report]
        replays = self._replays(due)
        if replays and (decision := self._replayed(due)):
            return decision
        if entry.state in FINAL and not replays:
            return Decision(due, "nothing", entry.said)
        if entry.is_put_off(now):
            return Decision(due, "wait", entry.said)
        if due.recipient.scope.kind not in maker.scopes:
            return self._held(due, "scope", scope=str(due.recipient.scope))
        try:
            publication = self._publication(due)
        except PackFailed as error:
            return self._held(due, "pack_failed", said=str(error))
        if publication is None:
            return self._held(due, "not_published", last=due.period.last, day=str(due.period.last))
        if publication.contract != reporting_contract.digest() and not self._kept(due.report, due.period.key):
            return self._held(due, "other_version", last=due.period.last, day=str(due.period.last))
        found = self._findings(publication.version, due.report, due.period)
        holding = [each for each in found if each.does == "hold" and each.key not in entry.released]
        if holding:
            said = " ".join(each.told(languages()[self.settings.language]) for each in holding)
            keys, causes = tuple(each.key for each in holding), tuple(dict.fromkeys(each.cause for each in holding))
            return Decision(due, "hold", said, keys, causes=causes)
        try:
            return self._to_send(due, publication, found, now)
        except PackFailed as error:
            return self._held(due, "pack_failed", said=str(error))

    def _held(self, due: Due, cause: str, **values: object) -> Decision:
        return Decision(due, "hold", self._text(cause, **values), causes=(cause,))

    def _replays(self, due: Due) -> bool:
        """Whether what was to be sent is sent once more: by a person's word, or the same files into a folder again."""
        in_folder = isinstance(self.plan.channels[due.recipient.channel], Folder)
        return due.entry.state == "again" or (due.entry.is_interrupted and in_folder)

    def _to_send(self, due: Due, publication: Publication, found: Sequence[Finding], now: datetime) -> Decision:
        language = languages()[due.recipient.language]
        is_for_clients = self.makers[due.report].is_for_clients
        notes = [] if is_for_clients else cared(found, language)
        replaced = due.entry.corrects
        if replaced is None:
            if is_late(due.period, self.zone, now):
                due_on = due.period.due_at.astimezone(self.zone).date()
                notes = [language.text("delivery.late", due_on=due_on), *notes]
            return Decision(due, "send", pack=self._pack(due, publication, notes))
        before = packs.kept(self._packs(due) / replaced["pack"])
        changed = packs.changed(before, self._pack(due, publication, ())) if before else []
        sent_on = datetime.fromisoformat(replaced["at"]).astimezone(self.zone).date()
        most = 0 if is_for_clients else MOST_CHANGED
        notes = [*corrected(changed, sent_on, language, most), *notes]
        number = sum(event["event"] == "correct" for event in due.entry.events)
        pack = self._pack(due, publication, notes)
        return Decision(due, "send", pack=pack, number=number, answers=replaced["message_id"])

    def _replayed(self, due: Due) -> Decision | None:
        """What was about to be sent last, as it was; None where its pack is gone, or more than may be seen now."""
        last = due.entry.sendings[-1] if due.entry.sendings else {}
        pack = packs.kept(self._packs(due) / last["pack"]) if last else None
        try:
            if pack is None or last.get("scope") != str(self._seen(due, pack.publication)):
                return None
        except PackFailed:
            return None
        return Decision(due, "send", pack=pack, number=last["number"], answers=last["answers"])

    def _done(self, decision: Decision, now: datetime) -> Decision:
        due = decision.due
        if decision.does == "send" and decision.pack is not None:
            try:
                self._keep(due, decision.pack)
            except PackFailed as error:
                decision = self._held(due, "pack_failed", said=str(error))
        if decision.does == "hold":
            held = {"findings": list(decision.found), "said": decision.said}
            last = due.entry.events[-1] if due.entry.state == "held" else {}
            if {name: last.get(name) for name in held} != held:
                return replace(decision, due=replace(due, entry=self.ledger.add(due.entry, "held", now, **held)))
        if decision.does == "send" and decision.pack is not None:
            return replace(decision, due=replace(due, entry=self._sent(decision, decision.pack, now)))
        return decision

    def _sent(self, decision: Decision, pack: Pack, now: datetime) -> Entry:
        due = decision.due
        channel = self.plan.channels[due.recipient.channel]
        domain = channel.sender.partition("@")[2] if isinstance(channel, Smtp) else "keybook"
        content = f"{pack.content}{decision.number or ''}"
        message_id = channels.message_id(domain, due.report, due.period.key, due.recipient.id, content)
        language = languages()[due.recipient.language]
        letter = channels.Letter(
            due.report, due.period.key, due.recipient, pack, message_id, now,
            language.text("delivery.corrected.heading") if decision.number else "", decision.answers, decision.number,
        )  # fmt: skip
        entry = self.ledger.add(
            due.entry, "sending", now, pack=pack.name, content=pack.content, publication=pack.publication,
            message_id=message_id, number=decision.number, answers=decision.answers, channel=due.recipient.channel,
            address=due.recipient.address, scope=str(self._seen(due, pack.publication)),
        )  # fmt: skip
        outcome = self.send(channel, letter, self.settings)
        said: dict[str, Any] = {"said": outcome.said}
        if outcome.state == "deferred":
            minutes = min(FIRST_WAIT * 2 ** min(entry.deferrals, 10), LONGEST_WAIT)
            said["retry_at"] = (now + timedelta(minutes=minutes)).isoformat(timespec="seconds")
        return self.ledger.add(entry, outcome.state, now, **said)

    def _publication(self, due: Due) -> Publication | None:
        """What a report is made of: what was kept of it, else what is published as of its day, of all that is known.

        What was begun before the day was over knows a part of it, and is no publication of the day.

        Raises:
            PackFailed: what was kept is damaged.
        """
        if kept := self._kept(due.report, due.period.key):
            return kept[0]
        day = due.period.last
        found = (each for each in self.warehouse.as_of(day) if each.known_at is None)
        return next((each for each in found if each.is_begun_after(day, self.zone)), None)

    def _kept(self, report: str, period: str) -> tuple[Publication, Path] | None:
        """What was kept of a report that stays."""
        if not self.makers[report].keeps:
            return None
        try:
            return snapshots.taken(self.ledger.period(report, period))
        except snapshots.SnapshotDamaged as error:
            raise PackFailed(str(error)) from error

    def _keep(self, due: Due, pack: Pack) -> None:
        """Keeps what a report that stays is made of, before anybody has it.

        Raises:
            PackFailed: it is gone since the pack was made, or what was kept is damaged.
        """
        if not (tables := self.makers[due.report].keeps) or self._kept(due.report, due.period.key):
            return
        made_of = {each.version: each for each in self.warehouse.publications()}.get(pack.publication)
        if made_of is None:
            raise PackFailed(f"the publication {pack.publication}, of which it was made, is gone")
        folder = self.ledger.period(due.report, due.period.key)
        snapshots.take(folder, made_of, self._file(made_of.version), tables)

    def _file(self, version: str, report: str = "", period: str = "") -> Path:
        """The file of a version, or of what was kept of a report's period."""
        kept = self._kept(report, period) if report else None
        return kept[1] if kept else self.warehouse.versions / version / FILE

    def _find(self, version: str, report: str, period: Period) -> list[Finding]:
        with connect(self._file(version, report, period.key), read_only=True) as connection:
            return findings(connection, period, self.plan.reports[report].brake)

    def _seen(self, due: Due, version: str) -> Scope:
        """What a recipient may see; of what stays, whose an account is now changes nothing: it has none."""
        scope = due.recipient.scope
        return scope if self.makers[due.report].keeps else self._scope(scope, version)

    def _scope_now(self, scope: Scope, version: str) -> Scope:
        """A book as it may be seen now: without the accounts that are somebody else's in the newest publication.

        Raises:
            PackFailed: whose an account is now cannot be read.
        """
        if scope.kind != "own book":
            return scope
        whole = {each.version: each for each in self.warehouse.publications() if each.known_at is None}
        newest = max(whole.values(), key=lambda each: (each.as_of_date, each.version), default=None)
        made_of = whole.get(version)
        if newest is None or made_of is None or newest.contract != reporting_contract.digest():
            raise PackFailed("whose an account is now is not known: `keybook refresh` tells it")
        if newest.as_of_date <= made_of.as_of_date:
            return scope
        now = set(self._owned(newest.version, scope.of))
        left = tuple(account for account in self._owned(version, scope.of) if account not in now)
        return replace(scope, without=left)

    def _owned(self, version: str, person: str) -> list[str]:
        """The accounts of a person in a publication."""
        with connect(self._file(version), read_only=True) as connection:
            found = connection.execute(
                "select account_id from reporting.rpt_accounts where owner_id = ? order by 1", [person]
            ).fetchall()
        return [account for (account,) in found]

    def _packs(self, due: Due) -> Path:
        return self.ledger.period(due.report, due.period.key) / "packs"

    def _pack(self, due: Due, publication: Publication, notes: Sequence[str]) -> Pack:
        """The pack for a recipient, as it was made for whoever gets the same."""
        recipient = due.recipient
        scope = self._seen(due, publication.version)
        name = packs.pack_name(publication.version, scope, recipient.language, notes)
        folder = self._packs(due) / name
        if (pack := packs.kept(folder)) is not None:
            return pack
        made = self.makers[due.report].make(
            self._file(publication.version, due.report, due.period.key),
            due.period,
            scope,
            recipient.language,
            notes,
            self.settings,
        )
        return packs.keep(folder, publication.version, made)

    def _tidy(self, report: str, period: str) -> None:
        """Of a period's packs those stay that were sent."""
        wanted = {sending["pack"] for entry in self.ledger.entries(report, period) for sending in entry.sendings}
        packs.forget_others(self.ledger.period(report, period) / "packs", wanted)

    def _text(self, hold: str, **values: object) -> str:
        return languages()[self.settings.language].text(f"delivery.hold.{hold}", **values)
