"""Mending what was landed: takes a wrongly landed file out again, and re-lands what a mended contract concerns.

What a build is made from is the raw store alone, so both are changes to it; `keybook refresh` builds from what it then
holds. Commands call this; nothing here prints.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pipelines.exports.landing.collisions import hold_collisions
from pipelines.exports.landing.folder import NewFile, sha256_of, system_of
from pipelines.exports.landing.land import digest_of_all, needs_landing
from pipelines.exports.landing.raw import Receipt
from pipelines.warehouse.refresh import Refresh

# A shorter beginning of a hash is too easily a file's name.
SHORTEST_HASH = 6


class NoSuchFileError(Exception):
    """No file is meant by what was given, or several are; the message lists what could be."""


@dataclass(frozen=True)
class Forgotten:
    """What forgetting did: the file, the rows it takes out of raw, and where the same bytes still lie."""

    sha256: str
    file: str
    rows: int
    lies_at: list[Path]
    was_landed: bool = False


@dataclass
class Retried:
    """One file that was landed again: its receipts before and after."""

    before: Receipt
    after: Receipt


@dataclass
class Retry:
    """What a retry did, and which files it could not find in the landing folder any more."""

    files: list[Retried] = field(default_factory=list)
    gone: list[Receipt] = field(default_factory=list)
    # Files with held parts or rejected rows whose contracts have not changed since.
    waiting: int = 0


def _one_of(known: dict[str, str], lying: list[NewFile], text: str) -> tuple[str, str]:
    """The hash and name of the one file that a text means: its name, its path, or the beginning of its hash."""
    names: dict[str, set[str]] = {}
    for sha256, name in [*known.items(), *((file.sha256, file.name) for file in lying)]:
        names.setdefault(sha256, set()).add(name)
    path = Path(text)
    lies = os.path.isfile(path)  # false also of what is too long for a name
    tries = [
        {sha256 for sha256, given in names.items() if text in given},
        {file.sha256 for file in lying if lies and file.path == path.resolve()},
        {sha256_of(path)} & names.keys() if lies else set(),
        {sha256 for sha256 in names if len(text) >= SHORTEST_HASH and sha256.startswith(text.lower())},
        {sha256 for sha256, given in names.items() if any(Path(name).name == text for name in given)},
    ]
    for found in tries:
        if len(found) == 1:
            sha256 = next(iter(found))
            return sha256, known.get(sha256) or sorted(names[sha256])[0]
        if found:
            listed = "; ".join(f"{sha256[:12]} ({', '.join(sorted(names[sha256]))})" for sha256 in sorted(found))
            raise NoSuchFileError(f"{text} means {len(found)} files; give the beginning of one's hash: {listed}")
    raise NoSuchFileError(
        f"no file {text} was landed, and none lies in the landing folder; `keybook status` lists the landed ones"
    )


def forget(refresh: Refresh, text: str) -> Forgotten:
    """Takes one file out of raw, so that the next refresh is as if it had never come.

    A file that still lies in the landing folder is remembered as forgotten, because it would be landed again.

    Raises:
        NoSuchFileError: the text means no file, or several.
    """
    with refresh.warehouse.writing():
        lying = list(refresh.hashes())
        receipts = {receipt.sha256: receipt for receipt in refresh.store.receipts() if not receipt.list_name}
        # One whose receipt cannot be read has lost its name, and is meant by its hash.
        known = {sha256: sha256 for sha256 in refresh.store.unreadable}
        known |= {sha256: receipt.file for sha256, receipt in receipts.items()}
        sha256, name = _one_of(known, lying, text)
        lies_at = [file.path for file in lying if file.sha256 == sha256]
        if lies_at:
            # First remembered, then removed: what breaks off between the two is mended by forgetting again.
            refresh.store.forget(sha256, name, datetime.now(UTC).isoformat(timespec="seconds"))
        refresh.store.remove(sha256)
        rows = sum(int(row["rows_loaded"]) for row in receipts[sha256].entities) if sha256 in receipts else 0
        return Forgotten(sha256, name, rows, lies_at, sha256 in receipts)


def undo_forget(refresh: Refresh, text: str) -> Forgotten:
    """Lets a forgotten file be landed again by the next refresh, if it lies in the landing folder.

    Raises:
        NoSuchFileError: the text means no forgotten file, or several.
    """
    with refresh.warehouse.writing():
        forgotten = refresh.store.forgotten()
        lying = [file for file in refresh.hashes() if file.sha256 in forgotten]
        if not forgotten:
            raise NoSuchFileError("no file is forgotten; one that was taken out and lies nowhere may be dropped again")
        sha256, name = _one_of(forgotten, lying, text)
        refresh.store.unforget(sha256)
        return Forgotten(sha256, name, 0, [file.path for file in lying if file.sha256 == sha256])


def accept(refresh: Refresh, text: str, contract: str = "", undo: bool = False) -> Forgotten:
    """Takes a person's word for a held file: that it is what it looks like, or by which contract it is to be read.

    Raises:
        NoSuchFileError: the text means no file, or several; or there is no such contract.
    """
    if contract and contract not in refresh.contracts:
        raise NoSuchFileError(f"no contract is called {contract}; `keybook detect FILE` names those that fit")
    with refresh.warehouse.writing():
        lying = list(refresh.hashes())
        known = {receipt.sha256: receipt.file for receipt in refresh.store.receipts() if not receipt.list_name}
        sha256, name = _one_of(known, lying, text)
        if undo:
            refresh.store.unaccept(sha256)
        else:
            refresh.store.prepare()
            refresh.store.accept(sha256, name, datetime.now(UTC).isoformat(), contract)
        return Forgotten(sha256, name, 0, [file.path for file in lying if file.sha256 == sha256], sha256 in known)


def retry(refresh: Refresh) -> Retry:
    """Lands again what a changed contract concerns, where it still lies: its own files, and those that were held.

    A held file is tried again when any contract has changed, since any may know it now. A file with rejected rows whose
    contract is the same would be read the same: it is counted as waiting. New files are left to the next refresh, and
    nothing is built.
    """
    done = Retry()
    contracts = refresh.contracts
    all_digest = digest_of_all(contracts, refresh.reading_rules)
    with refresh.warehouse.writing():
        refresh.store.prepare()
        lying: dict[str, NewFile] = {}
        systems = {receipt.sha256: receipt.system for receipt in refresh.store.receipts()}
        for file in refresh.hashes():
            # Of copies the one in the folder of the system that the file was landed for.
            if file.sha256 not in lying or system_of(file.name) == systems.get(file.sha256):
                lying[file.sha256] = file
        for receipt in list(refresh.store.receipts()):
            if receipt.list_name:
                continue  # a list is landed by the next refresh as it then lies there
            flawed = bool(receipt.held or receipt.rows_rejected)
            word, found = refresh.store.word(receipt.sha256), lying.get(receipt.sha256)
            system = system_of(found.name) if found else receipt.system
            if not needs_landing(receipt, contracts, all_digest, refresh.reading_rules, word, system):
                done.waiting += flawed
                continue
            if found is None:
                done.gone.append(receipt)
                continue
            refresh.store.begin({found.sha256})
            landed = refresh.land_one(found)
            if landed is None:
                done.gone.append(receipt)
                continue
            after = {item.sha256: item for item in hold_collisions(refresh.store, [landed])}[found.sha256]
            done.files.append(Retried(receipt, after))
            if refresh.on_file:
                refresh.on_file(after)
        # What a run that broke off left to be compared.
        hold_collisions(refresh.store, [])
    return done
