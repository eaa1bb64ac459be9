"""What a refresh is made of, without Dagster: which files are new, what a build is made from, what is published.

The assets in `defs/` and the `keybook` command call these; the order of the steps is Dagster's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from pipelines.exports.contracts import load_contracts
from pipelines.exports.land import Landing, Surroundings, digest_of_all, export_files, needs_landing, sha256_of
from pipelines.exports.raw import RawStore, Receipt
from pipelines.exports.unpack import Limits
from pipelines.publications import Publication, Warehouse, version_name
from pipelines.settings import Settings
from pipelines.transform import project_digest


@dataclass(frozen=True)
class NewFile:
    """An export that is to be landed: where it is, its name below the landing folder, its hash."""

    path: Path
    name: str
    sha256: str


class Refresh:
    """One home's landing folder, raw store and warehouse, and what a refresh does with them."""

    def __init__(self, settings: Settings) -> None:
        """Reads nothing yet."""
        self.settings = settings
        self.store = RawStore(settings.raw)
        self.warehouse = Warehouse(settings.warehouse)
        limits = Limits(settings.max_file_bytes, settings.max_cells, settings.read_memory_bytes, settings.read_seconds)
        self.surroundings = Surroundings(settings.business_timezone, limits)
        # Who wants to follow: told of each landed file, and of each model, seed and test (its name and status).
        self.on_node: Callable[[str, str], None] | None = None
        self.on_file: Callable[[Receipt], None] | None = None

    @cached_property
    def landing(self) -> Landing:
        """Lands files by the contracts as they are now."""
        return Landing(self.store, load_contracts(), self.surroundings)

    def hashes(self) -> Iterator[NewFile]:
        """Every file of the landing folder with its hash; one that has not been touched is not hashed again."""
        memory_file = self.store.root / "hashes.json"
        memory = json.loads(memory_file.read_text(encoding="utf-8")) if memory_file.exists() else {}
        seen = {}
        for path in export_files(self.settings.landing_dir):
            status = path.stat()
            stamp = f"{path}|{status.st_size}|{status.st_mtime_ns}"
            sha256 = seen[stamp] = memory.get(stamp) or sha256_of(path)
            yield NewFile(path, path.relative_to(self.settings.landing_dir).as_posix(), sha256)
        if seen != memory and self.store.root.exists():
            memory_file.write_text(json.dumps(seen, indent=0), encoding="utf-8")

    def new_files(self) -> list[NewFile]:
        """The files that were never landed, or whose contract has changed; of copies only the first.

        A file that a person told Keybook to forget is none of them.
        """
        contracts = load_contracts()
        all_digest = digest_of_all(contracts)
        found: dict[str, NewFile] = {}
        forgotten = self.store.forgotten()
        for file in self.hashes():
            if file.sha256 in found or file.sha256 in forgotten:
                continue
            if needs_landing(self.store.receipt(file.sha256), contracts, all_digest, self.surroundings):
                found[file.sha256] = file
        return list(found.values())

    def land(self, domain: str | None = None) -> list[Receipt]:
        """Lands new files: all, or those that feed a domain and those that feed none."""
        with self.warehouse.writing():
            self.store.prepare()
            landing = self.landing
            receipts = []
            for file in self.new_files():
                if domain is not None and domain not in (landing.domains(file.path, file.sha256) or {domain}):
                    continue
                receipt = landing.land_file(file.path, file.name, file.sha256)
                receipts.append(receipt)
                if self.on_file:
                    self.on_file(receipt)
            return receipts

    def inputs(self, as_of: str | None) -> str:
        """A hash of all that a publication is made from: what was landed, the models, the settings, the day."""
        digest = hashlib.sha256()
        for receipt in sorted(self.store.receipts(), key=lambda receipt: receipt.sha256):
            digest.update(json.dumps([receipt.sha256, sorted(receipt.digests.items()), receipt.landed_at]).encode())
        settings = self.settings.model_dump_json(exclude={"landing", "home", "keep_versions", "company_name"})
        digest.update(json.dumps([project_digest(), settings, as_of]).encode())
        return digest.hexdigest()[:32]

    def is_current(self, as_of: str | None) -> bool:
        """Whether a refresh would publish what is published already."""
        published = self.warehouse.published()
        return published is not None and not self.new_files() and published.inputs == self.inputs(as_of)

    def is_empty(self) -> bool:
        """Whether there is nothing landed, nothing to land, and nothing published that would have to go."""
        if self.warehouse.published() is not None or any(receipt.entities for receipt in self.store.receipts()):
            return False
        forgotten = self.store.forgotten()
        return all(file.sha256 in forgotten for file in self.hashes())

    def start_build(self, run_id: str, as_of: str | None) -> None:
        """Makes the build's folder and the tables that tell the models what this run was asked for."""
        self.store.prepare()
        self.warehouse.start_build(run_id)
        self.store.write_records(
            {
                "run_id": run_id,
                "as_of_date": as_of,
                "base_currency": self.settings.base_currency,
                "default_currency": self.settings.default_currency,
                "business_timezone": self.settings.business_timezone,
                "default_country": self.settings.default_country,
                "fx_max_age_days": self.settings.fx_max_age_days,
                "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )

    def publish(self, run_id: str, as_of: str | None) -> Publication:
        """Publishes a run's build."""
        receipts = list(self.store.receipts())
        rows = [row for receipt in receipts for row in receipt.entities]
        built = self.warehouse.builds / run_id / "keybook.duckdb"
        with duckdb.connect(str(built), read_only=True) as connection:
            as_of_date = connection.execute("select as_of_date from intermediate.int_run_dated").fetchall()[0][0]
        publication = Publication(
            version=version_name(run_id),
            as_of_date=str(as_of_date),
            published_at=datetime.now(UTC).isoformat(timespec="seconds"),
            inputs=self.inputs(as_of),
            files=sum(1 for receipt in receipts if receipt.entities),
            rows_loaded=sum(row["rows_loaded"] for row in rows),
            rows_rejected=sum(row["rows_rejected"] for row in rows),
            files_held=sum(1 for receipt in receipts if receipt.held),
        )
        self.warehouse.publish(run_id, publication, self.settings.keep_versions)
        return publication
