"""Lands the lists of `<home>/lists/`: as an export is landed, but a list is what its file says now.

A version of a list is landed once and stays in raw, as every file does, under the hash of its name and content.
`lists.json` beside it says which version of each list was in force since when, so that a line that is taken out is gone,
a list whose file is taken away is empty, one that comes back as it was counts again, and a build of what was known at a
moment takes the version of that moment.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.exports.codes import Finding
from pipelines.exports.contracts.contract import Contract
from pipelines.exports.contracts.loading import list_contracts
from pipelines.exports.landing.folder import ChangedError, Stamp, is_export, stamp_of, unreadable
from pipelines.exports.landing.land import Landing, ReadingRules, digest_of_all, needs_landing
from pipelines.exports.landing.raw import RawStore, Receipt
from pipelines.files import write_whole
from pipelines.lists import DOMAIN, landed_lists, lists


@dataclass(frozen=True)
class ListFile:
    """A file that is a list: which one, where it is, the hash of its name and content, and what it was then."""

    name: str
    path: Path
    sha256: str
    stamp: Stamp

    @property
    def shown(self) -> str:
        """As it is called in findings and in provenance."""
        return f"{DOMAIN}/{self.path.name}"


class ListLanding:
    """The lists of one home: what lies there, which versions are in force, and what is to be landed."""

    def __init__(self, folder: Path, store: RawStore, reading_rules: ReadingRules) -> None:
        """Reads nothing yet."""
        self.folder = folder
        self.store = store
        self.reading_rules = reading_rules
        self.history_file = store.root / "lists.json"
        # Files that are no list, when last looked, each with what is wrong.
        self.strange: dict[str, Finding] = {}

    def files(self) -> Iterator[ListFile]:
        """The file of each list: the first of its name."""
        self.strange = {}
        seen: dict[str, str] = {}
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else []:
            if not is_export(path):
                continue
            shown, name = f"{DOMAIN}/{path.name}", path.stem
            if name not in lists():
                self.strange[shown] = Finding("no_such_list", name=name, said=", ".join(lists()))
            elif name in seen:
                self.strange[shown] = Finding("list_twice", name=f"{DOMAIN}/{seen[name]}")
            elif lists()[name].lands:
                seen[name] = path.name
                try:
                    stamp, content = stamp_of(path), path.read_bytes()
                except OSError as error:
                    self.strange[shown] = unreadable(error)
                    continue
                yield ListFile(name, path, hashlib.sha256(f"{name}\0".encode() + content).hexdigest(), stamp)

    def history(self) -> list[dict[str, str | None]]:
        """Since when each list was which version, oldest first; a list without a file has none (NULL)."""
        try:
            said = json.loads(self.history_file.read_text(encoding="utf-8"))
            return [{key: entry[key] for key in ("list", "sha256", "known_at")} for entry in said]
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            # What lies in the folder is in force again from the next refresh on.
            return []

    def in_force(self, known_at: str | None = None) -> dict[str, str]:
        """The version of each list that counts, at a moment or now; lists without a file are left out."""
        versions: dict[str, str | None] = {}
        for entry in self.history():
            moment = datetime.fromisoformat(str(entry["known_at"]))
            if known_at is None or moment <= datetime.fromisoformat(known_at):
                versions[str(entry["list"])] = entry["sha256"]
        return {name: sha256 for name, sha256 in versions.items() if sha256 is not None}

    def to_land(self) -> tuple[list[ListFile], dict[str, str | None]]:
        """The files that are to be landed, and which lists have another version than before (NULL: none any more)."""
        lying = {file.name: file for file in self.files()}
        before = self.in_force()
        other: dict[str, str | None] = {
            name: lying[name].sha256 if name in lying else None
            for name in landed_lists()
            if (lying[name].sha256 if name in lying else None) != before.get(name)
        }
        files = [
            file
            for file in lying.values()
            if needs_landing(
                self.store.receipt(file.sha256), self._contracts(file.name), self._digest(file.name), self.reading_rules
            )
        ]
        return files, other

    def land(self, known_at: str) -> list[Receipt]:
        """Lands what is new, and notes which versions are in force from this moment (ISO) on."""
        files, other = self.to_land()
        receipts = []
        for file in files:
            landing = Landing(self.store, self._contracts(file.name), self.reading_rules)
            try:
                receipt = landing.land_file(file.path, file.shown, file.sha256, known_at, file.name, file.stamp)
            except ChangedError:
                # Saved at this moment: the version of before is in force until the next refresh.
                other.pop(file.name, None)
                continue
            receipts.append(receipt)
        if other:
            entries = [{"list": name, "sha256": sha256, "known_at": known_at} for name, sha256 in other.items()]
            write_whole(self.history_file, json.dumps([*self.history(), *entries], indent=1))
        return receipts

    def counted(self, receipts: list[Receipt], known_at: str | None = None) -> list[Receipt]:
        """Receipts without those of a list's versions that are not in force, at a moment or now."""
        in_force = set(self.in_force(known_at).values())
        return [receipt for receipt in receipts if not receipt.list_name or receipt.sha256 in in_force]

    def _contracts(self, name: str) -> dict[str, Contract]:
        contract = list_contracts()[name]
        return {contract.contract: contract}

    def _digest(self, name: str) -> str:
        return digest_of_all(self._contracts(name), self.reading_rules)
