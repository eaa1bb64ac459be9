"""What a refresh is made of, without Dagster: which files are new, what a build is made from, what is published.

The assets in `defs/` and the `keybook` command call these; the order of the steps is Dagster's.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipelines import reporting_contract
from pipelines.bounds import connect, work_within
from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import broken_contracts, load_contracts
from pipelines.exports.entities import entities
from pipelines.exports.landing.alike import land_files
from pipelines.exports.landing.collisions import hold_collisions, to_compare_again
from pipelines.exports.landing.folder import LandingFolder, NewFile, system_of
from pipelines.exports.landing.full_exports import Judged, asked, judge
from pipelines.exports.landing.intact import Damage, DamagedError, damages
from pipelines.exports.landing.land import Landing, ReadingRules, digest_of_all, needs_landing
from pipelines.exports.landing.lists import ListLanding
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.exports.readers.unpack import Limits
from pipelines.lists import DOMAIN
from pipelines.logs import logger
from pipelines.settings import Settings
from pipelines.warehouse.calendar import write_holidays
from pipelines.warehouse.publications import Publication, Warehouse, version_name
from pipelines.warehouse.raw_views import told
from pipelines.warehouse.retiring import unneeded
from pipelines.warehouse.transform import project_digest

if TYPE_CHECKING:
    from pipelines.verification.compare import Verdict


# The first day that a date of the data can hold, and how far past today a run may look: what is later is a slip, and
# the calendar up to it would never be done.
FIRST_DAY = date(1970, 1, 1)
DAYS_AHEAD = 366


@dataclass(frozen=True)
class PointInTime:
    """From where a run looks: back from a day (ISO), by what was known at a moment (ISO); None is the newest.

    Where `is_beside` is said, it is for a report: dashboards and queries go on with what is published. A day that has
    not come is taken as if nothing more happened until then: what will be overdue if nobody pays.

    Raises:
        ValueError: the day is none that the data can tell of, or the moment has not come.
    """

    as_of: str | None = None
    known_at: str | None = None
    is_beside: bool = False

    def __post_init__(self) -> None:
        """Holds the day to what dates of the data can hold."""
        last = datetime.now(UTC).date() + timedelta(days=DAYS_AHEAD)
        if self.as_of is not None and not FIRST_DAY <= date.fromisoformat(self.as_of) <= last:
            raise ValueError(f"as of {self.as_of} nothing can be told: a day lies between {FIRST_DAY} and {last}.")
        # Wherever on earth, today ends within 38 hours.
        if self.known_at and datetime.fromisoformat(self.known_at) > datetime.now(UTC) + timedelta(hours=38):
            raise ValueError(
                f"what is known at {self.known_at} has not become known yet; leave --known-at out for now."
            )

    @property
    def is_ahead(self) -> bool:
        """Whether the day has not come yet, wherever on earth."""
        first_anywhere = (datetime.now(UTC) + timedelta(hours=14)).date()
        return self.as_of is not None and date.fromisoformat(self.as_of) > first_anywhere


class Refresh:
    """One home's landing folder, raw store and warehouse, and what a refresh does with them."""

    def __init__(self, settings: Settings) -> None:
        """Reads nothing yet."""
        work_within(settings)
        self.settings = settings
        self.log = logger(settings)
        self.store = RawStore(settings.raw)
        self.warehouse = Warehouse(settings.warehouse)
        limits = Limits.of(settings)
        self.reading_rules = ReadingRules(settings.business_timezone, limits)
        self._landing: Landing | None = None
        self.lists = ListLanding(settings.lists_dir, self.store, self.reading_rules)
        # When each run began to land.
        self._began: dict[str, str] = {}
        self._folder = LandingFolder(settings.landing_dir, self.store.root / "hashes.json")
        # What changed while it was read.
        self._changed: dict[str, Finding] = {}
        # Who wants to follow: told of each landed file, and of each model, seed and test (its name and status).
        self.on_node: Callable[[str, str], None] | None = None
        self.on_file: Callable[[Receipt], None] | None = None
        # What the last run's figures came to when they were computed again, and what it published.
        self.proof: list[Verdict] = []
        self.made: Publication | None = None
        # The full exports as they were judged last, with what that was made from.
        self._judged: tuple[str, list[Judged]] = ("", [])

    def view(self, as_of: str | None = None, known_at: str | None = None, is_beside: bool = False) -> PointInTime:
        """What a person writes as a point in time: what is known on a day is known by the end of the business day."""
        if known_at is None:
            return PointInTime(as_of, None, is_beside)
        moment = datetime.fromisoformat(known_at)
        if len(known_at) == len("2026-01-31"):
            moment += timedelta(days=1, microseconds=-1)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.settings.business_timezone))
        return PointInTime(as_of, moment.astimezone(UTC).isoformat(), is_beside)

    @property
    def contracts(self) -> dict[str, Contract]:
        """The contracts as they are now: the shipped ones and the home's own."""
        return load_contracts(self.settings.contracts_dir)

    @property
    def landing(self) -> Landing:
        """Lands files by the contracts as they are now."""
        if self._landing is None or self._landing.contracts is not self.contracts:
            self._landing = Landing(self.store, self.contracts, self.reading_rules)
        return self._landing

    def hashes(self) -> Iterator[NewFile]:
        """Every file of the landing folder with its hash; one that has not been touched is not hashed again."""
        return self._folder.hashed()

    def damages(self) -> list[Damage]:
        """What of raw is gone, cut off or cannot be read."""
        return damages(self.store, list(self.store.receipts()))

    def full_exports(self, known_at: str | None = None) -> list[Judged]:
        """Every full export of what was known at a moment (ISO) or is now, and whether it is believed."""
        receipts = self.receipts(known_at)
        made_from = [
            [receipt.sha256, receipt.landed_at, receipt.retired_at]
            for receipt in receipts
            if receipt.list_name == "parameters" or any(row["export"] != "partial" for row in receipt.entities)
        ]
        stamp = json.dumps([made_from, self.store.accepted(), known_at])
        if self._judged[0] != stamp:
            self._judged = stamp, judge(self.store, receipts, known_at)
        return self._judged[1]

    @property
    def moments(self) -> set[str]:
        """When what this process landed became known (ISO)."""
        return set(self._began.values())

    def troubles(self, known_at: str | None = None) -> list[dict[str, Any]]:
        """What is wrong in the home and in no receipt, as it is now: a finding a file.

        Files that cannot be read, contracts of the user that cannot be used, files that are no list, and full exports
        that wait for a person's word.
        """
        deque(self.hashes(), maxlen=0)
        deque(self.lists.files(), maxlen=0)
        broken = broken_contracts(self.settings.contracts_dir)
        found = self._folder.unreadable | self._changed | self.lists.strange
        damaged = self.damages()
        found |= {f"warehouse/raw/{item.place}": Finding("cannot_be_opened", said=item.remedy) for item in damaged}
        found |= {f"contracts/{name}": Finding("contract_broken", said=said) for name, said in broken.items()}
        place = {"file_sha256": "", "part": "", "severity": "held"}
        waiting = [] if damaged else asked(self.full_exports(known_at))
        return [{"file": file, **place, **finding.facts} for file, finding in found.items()] + waiting

    def new_files(self) -> list[NewFile]:
        """The files that were never landed, or whose contract or folder has changed; of copies only one.

        Where one of them lies in the folder of the system that the file was landed for, that one. A file that a person
        told Keybook to forget is none of them.
        """
        return self._new_and_waiting()[0]

    def _new_and_waiting(self) -> tuple[list[NewFile], dict[NewFile, Receipt]]:
        """The new files, and those that are held for want of what another file may tell."""
        contracts = self.contracts
        all_digest = digest_of_all(contracts, self.reading_rules)
        copies: dict[str, list[NewFile]] = {}
        forgotten = self.store.forgotten()
        receipts = {receipt.sha256: receipt for receipt in self.store.receipts()}
        again = {item.sha256 for item in damages(self.store, list(receipts.values()))}
        again |= to_compare_again(receipts.values())
        for file in self.hashes():
            if file.sha256 not in forgotten:
                copies.setdefault(file.sha256, []).append(file)
        found: list[NewFile] = []
        waiting: dict[NewFile, Receipt] = {}
        for sha256, files in copies.items():
            receipt, word = receipts.get(sha256), self.store.word(sha256)
            own = [file for file in files if receipt and system_of(file.name) == receipt.system]
            file = (own or files)[0]
            waits = receipt is not None and self.landing.told.is_awaited(receipt)
            rules, system = self.reading_rules, system_of(file.name)
            if waits or sha256 in again or needs_landing(receipt, contracts, all_digest, rules, word, system):
                found.append(file)
            elif receipt is not None and receipt.held:
                waiting[file] = receipt
        return found, waiting

    def land(self, domain: str | None = None, run_id: str = "") -> list[Receipt]:
        """Lands new files: all, or those that feed a domain and those that feed none.

        What one run lands became known at one moment, so that a full export in several files is one export.
        """
        with self.warehouse.writing():
            self.store.prepare()
            if run_id not in self._began:
                self.retire()
            landing = self.landing
            landing.told.forget()
            known_at = self._began.setdefault(run_id, self._moment().isoformat())
            receipts = self.lists.land(known_at) if domain in (None, DOMAIN) else []
            landed: dict[str, Receipt] = {}
            files, waiting = self._new_and_waiting() if domain != DOMAIN else ([], {})
            if domain is not None:
                files = [file for file in files if domain in (landing.domains(file.path, file.sha256) or {domain})]
            self.store.begin({file.sha256 for file in files})
            for file, receipt in land_files(landing, files, known_at):
                if (noted := self._noted(file, receipt)) is not None:
                    landed[file.sha256] = noted
                    if self.on_file:
                        self.on_file(noted)
            for file in [*files, *waiting]:
                # Another file of this run may have told the order of its dates, or whose it is.
                receipt = landed.get(file.sha256) or waiting.get(file)
                if landed and receipt and landing.told.is_awaited(receipt):
                    landed[file.sha256] = self.land_one(file, known_at) or receipt
            if lost := [f"warehouse/raw/{item.place}: {item.remedy}" for item in self.damages()]:
                raise DamagedError("\n".join(lost))
            in_order = [landed[file.sha256] for file in [*files, *waiting] if file.sha256 in landed]
            return hold_collisions(self.store, [*receipts, *in_order])

    def land_one(self, file: NewFile, known_at: str | None = None) -> Receipt | None:
        """Lands one file; None where it changed while it was read, of which nothing is landed before the next run."""
        (receipt,) = (self._noted(*landed) for landed in land_files(self.landing, [file], known_at))
        return receipt

    def _noted(self, file: NewFile, receipt: Receipt | None) -> Receipt | None:
        """The receipt as it is, after noting whether the file changed while it was read."""
        self._changed.pop(file.name, None)
        if receipt is None:
            self._changed[file.name] = Finding("changed_while_read")
        return receipt

    def receipts(self, known_at: str | None = None) -> list[Receipt]:
        """The receipts that count at a moment (ISO) or now: every export's, and of each list the version in force."""
        return self.lists.counted(list(self.store.receipts()), known_at)

    def _moment(self) -> datetime:
        """The moment at which what is landed now becomes known: later than all before, whatever the clock says."""
        known = max((datetime.fromisoformat(receipt.known_at) for receipt in self.store.receipts()), default=None)
        now = datetime.now(UTC)
        return now if known is None or known < now else known + timedelta(microseconds=1)

    def retire(self, now: datetime | None = None) -> int:
        """Takes out of raw what the setting `keep_superseded_days` no longer keeps; how many bytes were freed.

        Retired are files landed before that, of which the published warehouse needs no row.
        """
        days = self.settings.keep_superseded_days
        if days is None or self.warehouse.published() is None:
            return 0
        before = (now or datetime.now(UTC)) - timedelta(days=days)
        gone = unneeded(self.warehouse.link.resolve(), before)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return sum(self.store.retire(receipt, at) for receipt in self.store.receipts() if receipt.sha256 in gone)

    def retired_until(self) -> datetime | None:
        """The newest moment at which something became known that was retired since; None when nothing was."""
        retired = [receipt.known_at for receipt in self.store.receipts() if receipt.retired_at]
        return max(map(datetime.fromisoformat, retired), default=None)

    def made_by(self) -> str:
        """A hash of what makes a publication out of raw: the models and the settings."""
        apart = {"landing", "home", "keep_versions", "keep_superseded_days", "company_name"}
        apart |= {"dashboard_address", "dashboard_hosts", "webhook_hosts", "log"}
        apart |= {"memory_limit", "dashboard_memory_limit", "max_temp_directory_size"}
        settings = self.settings.model_dump_json(exclude=apart)
        return hashlib.sha256(f"{project_digest()}{settings}".encode()).hexdigest()[:32]

    def tables(self, view: PointInTime) -> dict[str, str]:
        """A hash of what each raw table holds; the tables of the landing's records change together."""
        said: dict[str, list[object]] = {entity.table: [] for entity in entities().values()}
        records: list[object] = [self.troubles(view.known_at)]
        whole: list[object] = []
        for receipt in self.receipts(view.known_at):
            stamp = [
                receipt.sha256,
                sorted(receipt.digests.items()),
                receipt.landed_at,
                receipt.known_at,
                receipt.retired_at,
            ]
            records.append([stamp, receipt.findings])
            for row in receipt.entities:
                said[f"{row['domain']}_{row['entity']}"].append(stamp)
                if row["export"] != "partial":
                    whole.append(stamp)
        said |= {f"landing_{name}": records for name in ("files", "rejects", "totals", "schema_events", "findings")}
        # Figures read these; the other records, which change with every file and list, are shown alone.
        judged: list[object] = [asdict(export) for export in self.full_exports(view.known_at)]
        said |= {
            "landing_whole_files": whole,
            "landing_full_exports": judged,
            "landing_held_payments": said["billing_payments"],
            "run": [view.as_of],
        }
        # What is not to be known is left out of every table.
        return {
            name: hashlib.sha256(json.dumps([sorted(rows, key=str), view.known_at]).encode()).hexdigest()[:32]
            for name, rows in said.items()
        }

    def inputs(self, view: PointInTime) -> str:
        """A hash of all that a publication is made from: what was landed, the models, the settings, the day."""
        return hashlib.sha256(json.dumps([self.made_by(), self.tables(view)]).encode()).hexdigest()[:32]

    def changed(self, view: PointInTime) -> set[str] | None:
        """The raw tables that have changed since the last publication; None when everything is to be built.

        Other knowledge changes every table, and a build of everything is cheaper in one pass than in two.
        """
        published = self.warehouse.published()
        if published is None or (published.made_by, published.known_at) != (self.made_by(), view.known_at):
            return None
        tables = self.tables(view)
        return {name for name, digest in tables.items() if published.tables.get(name) != digest}

    def is_current(self, view: PointInTime) -> bool:
        """Whether a refresh would publish what is published already, or, beside, what is kept for that day.

        What was begun before its day was over knows a part of it, whatever it is made from: it is made once more after.
        """
        published, zone = self.warehouse.published(), ZoneInfo(self.settings.business_timezone)
        stand = [published] if published else []
        if published and view.is_beside and view.as_of:
            stand = self.warehouse.as_of(date.fromisoformat(view.as_of))
        whole = [each.inputs for each in stand if not each.may_be_made_whole(zone)]
        pending = self.new_files() or any(self.lists.to_land()) or self.store.begun() or self.damages()
        return bool(whole) and not pending and self.inputs(view) in whole

    def is_empty(self) -> bool:
        """Whether there is nothing landed, nothing to land, and nothing published that would have to go."""
        if self.warehouse.published() is not None or any(
            receipt.entities for receipt in self.store.receipts() if not receipt.list_name
        ):
            return False
        forgotten = self.store.forgotten()
        return all(file.sha256 in forgotten for file in self.hashes())

    def holds_no_row(self) -> bool:
        """Whether no row of any export is in raw, and nothing is published that would have to go."""
        rows = (row["rows_loaded"] for receipt in self.receipts() if not receipt.list_name for row in receipt.entities)
        return self.warehouse.published() is None and not any(rows)

    def start_build(self, run_id: str, view: PointInTime, full: bool = False) -> set[str] | None:
        """Makes the build's folder and the tables that tell the models what this run was asked for.

        What the build is made from is written down now, before anything of it is read: whatever changes while it is
        made, or before it is published, differs from that and is built next.

        Returns:
            The raw tables that have changed since the publication that the build starts from as a copy; None when it
            starts empty: at first, on request (`full`), and when the models or the settings have changed.
        """
        self.store.prepare()
        changed = None if full else self.changed(view)
        self.warehouse.start_build(run_id, self._stamp(run_id, view), from_published=changed is not None)
        run = told(self.settings, view.as_of, view.known_at)
        judged = [asdict(export) for export in self.full_exports(view.known_at)]
        self.store.write_records(run, self.troubles(view.known_at), self.receipts(view.known_at), judged)
        write_holidays(self.store.records, self.settings.holiday_country or self.settings.default_country)
        return changed

    def _stamp(self, run_id: str, view: PointInTime) -> Publication:
        """What a build that starts now is made from."""
        receipts = self.receipts(view.known_at)
        rows = [row for receipt in receipts for row in receipt.entities]
        now = datetime.now(UTC)
        return Publication(
            version=version_name(run_id, now),
            began_at=now.isoformat(timespec="seconds"),
            as_of_date="",
            published_at="",
            inputs=self.inputs(view),
            files=sum(1 for receipt in receipts if receipt.entities),
            rows_loaded=sum(row["rows_loaded"] for row in rows),
            rows_rejected=sum(row["rows_rejected"] for row in rows),
            files_held=sum(1 for receipt in receipts if receipt.held) + len(self.troubles(view.known_at)),
            known_at=view.known_at,
            made_by=self.made_by(),
            contract=reporting_contract.digest(),
            tables=self.tables(view),
            is_beside=view.is_beside,
        )

    def verify(self, run_id: str) -> list[Verdict]:
        """Computes again what a run has built, from raw, and puts on record in the build what came of it.

        Raises:
            PublishError: the run left no whole build.
        """
        from pipelines.verification.proof import record

        built, _ = self.warehouse.built(run_id)
        self.proof = record(built, self.settings.raw)
        return self.proof

    def publish(self, run_id: str, needed: Collection[str]) -> Publication:
        """Publishes a run's build as what it was made from; of older versions those stay that are `needed`.

        Raises:
            PublishError: the run left no whole build, or what is published began later.
        """
        built, _ = self.warehouse.built(run_id)
        with connect(built, read_only=True) as connection:
            as_of_date = connection.execute("select as_of_date from intermediate.int_run_dated").fetchall()[0][0]
        self.made = self.warehouse.publish(run_id, self.settings.keep_versions, str(as_of_date), needed)
        return self.made
