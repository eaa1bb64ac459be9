"""Publications: versioned warehouse files and the link that says which one is published.

A build happens in `warehouse/.build/<run>/keybook.duckdb` (`.build/current` links to it), with `build.json` beside it:
what it is made from, taken as it starts. Once every gate has passed, the folder moves as a whole to
`warehouse/versions/<version>/`, its file read-only and `publication.json` in it; then the link
`warehouse/keybook.duckdb` is swapped. A version without a readable `publication.json` is none. Readers open what the
link resolves to, so that they see one whole publication or the one before it. What is published beside, for a report of
a past day, is a version that the link does not move to. Only the steps of a refresh write here, one at a time; between
a run's build and its publication others may, which changes nothing in either.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from pipelines.bounds import clear_left, connect
from pipelines.files import clear_unfinished, fsync, link_whole, read_object, write_whole

FILE = "keybook.duckdb"
STAMP = "build.json"
RECEIPT = "publication.json"
LOCK_WAIT_SECONDS = 900


class PublishError(Exception):
    """A publication cannot be made or brought back; the message says why."""


@dataclass(frozen=True)
class Publication:
    """What stands beside a published file: its version (sorts by when its build began), as of which day, from what.

    `inputs` is a hash of all that it was made from, `made_by` of the models and settings, and `tables` has one of each
    raw table: by these the next build knows what it may keep. They, and the counts, are those of the moment at which
    the build began: what was landed or forgotten since is not in it. `contract` is the digest of its reporting
    contract, by which readers know whether they understand it; publications of versions that had none carry ''.
    `bytes` is the file's size. `began_at` is when the build began: what was landed later is not in it. `is_beside` says
    that reports are made of it, and that dashboards and queries go on with what they read.
    """

    version: str
    as_of_date: str
    published_at: str
    inputs: str
    files: int
    rows_loaded: int
    rows_rejected: int
    files_held: int
    known_at: str | None = None
    made_by: str = ""
    contract: str = ""
    tables: dict[str, str] = field(default_factory=dict)
    bytes: int | None = None
    began_at: str = ""
    is_beside: bool = False

    def is_begun_after(self, day: date, zone: ZoneInfo) -> bool:
        """Whether a day was over, by the clock on the wall, when the build began: only then it can know all of it.

        Of a publication of an earlier version, which does not say when it began, it counts when it was published.
        """
        began = self.began_at or self.published_at
        return bool(began) and datetime.fromisoformat(began).astimezone(zone).date() > day

    def may_be_made_whole(self, zone: ZoneInfo) -> bool:
        """Whether it was begun before the day that it is as of was over, and that day is over by now."""
        day = date.fromisoformat(self.as_of_date) if self.as_of_date else None
        return day is not None and not self.is_begun_after(day, zone) and datetime.now(zone).date() > day


def version_name(run_id: str, now: datetime | None = None) -> str:
    """A name for what a run publishes: it sorts by when its build began."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S%f}-{run_id[:8]}"


class Warehouse:
    """The folder `<home>/warehouse`, apart from raw."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is written yet."""
        self.folder = folder
        self.builds = folder / ".build"
        self.versions = folder / "versions"
        self.link = folder / FILE
        # Told once who else writes, while this waits for it.
        self.on_wait: Callable[[str], None] | None = None
        # The locks of this process's builds that are not published yet.
        self._held: dict[str, IO[str] | None] = {}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the one writer's lock; waits for another refresh to let go of it.

        Raises:
            PublishError: another refresh held it for longer than LOCK_WAIT_SECONDS.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a+") as lock:
            began = time.monotonic()
            tell = self.on_wait
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    lock.seek(0)
                    said = f"another run holds this home ({lock.read().strip() or 'it does not say which'})"
                    if tell:
                        tell(said)
                        tell = None
                    if time.monotonic() > began + LOCK_WAIT_SECONDS:
                        raise PublishError(f"{said}; wait for it to end, or end it") from None
                    time.sleep(0.2)
            # For whoever waits.
            lock.truncate(0)
            lock.write(f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
            lock.flush()
            yield

    def start_build(self, run_id: str, stamp: Publication, from_published: bool = False) -> Path:
        """A folder for a run's build, with `current` pointing to it; what runs left that have ended is cleared.

        The build starts empty, or as a copy of what is published. `stamp` says what it is made from.
        """
        self.builds.mkdir(parents=True, exist_ok=True)
        self._clear_leftovers()
        folder = self.builds / run_id
        folder.mkdir()
        self._held[run_id] = _hold(self.builds / f"{run_id}.lock")
        if from_published:
            shutil.copyfile(self.link, folder / FILE)
        write_whole(folder / STAMP, json.dumps(asdict(stamp)))
        link_whole(self.builds / "current", Path(run_id))
        return folder / FILE

    def _clear_leftovers(self) -> None:
        """Deletes the builds of runs that have ended; one that waits to be published is still held by its process."""
        for folder in (self.folder, self.builds):
            clear_unfinished(folder)
        clear_left(self.folder)
        for leftover in self.builds.iterdir():
            if not leftover.is_dir() or leftover.is_symlink():
                continue
            lock = _hold(self.builds / f"{leftover.name}.lock")
            if lock is not None:
                lock.close()
                self._drop_build(leftover.name)

    def _drop_build(self, run_id: str) -> None:
        shutil.rmtree(self.builds / run_id, ignore_errors=True)
        (self.builds / f"{run_id}.lock").unlink(missing_ok=True)
        current = self.builds / "current"
        if current.is_symlink() and not current.exists():
            current.unlink()
        held = self._held.pop(run_id, None)
        if held is not None:
            held.close()

    def give_up(self, run_id: str) -> None:
        """Says that a run's build is not going to be published: it stays to be looked at until the next one starts."""
        (self.builds / run_id / STAMP).unlink(missing_ok=True)
        held = self._held.pop(run_id, None)
        if held is not None:
            held.close()

    def built(self, run_id: str) -> tuple[Path, Publication]:
        """The file that a run has built as a whole, and what it was stamped with as it began.

        Raises:
            PublishError: there is none.
        """
        file = self.builds / run_id / FILE
        stamp = _publication(self.builds / run_id / STAMP)
        if stamp is None or not file.exists():
            raise PublishError(f"run {run_id} left no whole build to publish; run `keybook refresh` again")
        return file, stamp

    def publish(self, run_id: str, keep: int, as_of_date: str, also: Collection[str] = ()) -> Publication:
        """Moves a run's finished build to the versions; the newest stay, and `also` these.

        The link is swapped to it, unless it is published beside; where nothing is published it is all the same.

        Raises:
            PublishError: the run left no whole build, or what is published began later.
        """
        built, stamp = self.built(run_id)
        folder = built.parent
        published = self.published()
        takes_place = published is None or not stamp.is_beside
        if takes_place and published and not published.is_beside and published.version > stamp.version:
            raise PublishError("a refresh that began later has published already, with all that this one holds")
        with connect(built) as connection:
            connection.execute("drop schema if exists raw cascade")
            connection.execute("checkpoint")
        built.chmod(0o444)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        publication = replace(stamp, as_of_date=as_of_date, published_at=now, bytes=built.stat().st_size)
        write_whole(folder / RECEIPT, json.dumps(asdict(publication), indent=1))
        (folder / STAMP).unlink()
        fsync(built)
        fsync(folder)
        version = self.versions / publication.version
        self.versions.mkdir(exist_ok=True)
        os.replace(folder, version)
        fsync(self.versions)
        if takes_place:
            link_whole(self.link, Path("versions") / publication.version / FILE)
        self._drop_build(run_id)
        self._keep_newest(keep, {publication.version, *also})
        return publication

    def _keep_newest(self, keep: int, also: Collection[str]) -> None:
        """Deletes the versions beyond the newest and those that are named, and what is none.

        Of those that are beside as many stay, each the newest of its day.
        """
        whole = self.publications()
        shown = [each.version for each in whole if not each.is_beside]
        beside = sorted({each.as_of_date: each.version for each in whole if each.is_beside}.values())
        kept = {self._linked().name, *also, *shown[-keep:], *beside[-keep:]}
        for folder in self.versions.iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder)

    def publications(self) -> list[Publication]:
        """Every version on disk that is whole, oldest first."""
        found = (self._version(folder) for folder in sorted(self.versions.glob("*")))
        return [publication for publication in found if publication is not None]

    def published(self) -> Publication | None:
        """The published version, or None when nothing was published yet or what the link points to is not whole."""
        return self._version(self._linked()) if self.link.is_symlink() else None

    def as_of(self, day: date) -> list[Publication]:
        """The versions that are as of a day, the newest first; last those that a person took back."""
        published = self.published()

        def stands(each: Publication) -> bool:
            return published is None or each.is_beside or each.version <= published.version

        found = [each for each in self.publications() if each.as_of_date == str(day)]
        return sorted(found, key=lambda each: (stands(each), each.version), reverse=True)

    def _linked(self) -> Path:
        return Path(os.path.realpath(self.link)).parent

    @staticmethod
    def _version(folder: Path) -> Publication | None:
        """What a version's folder says of itself; None where that is damaged, or its file not there as a whole."""
        publication = _publication(folder / RECEIPT)
        file = folder / FILE
        if publication is None or not file.is_file() or publication.bytes not in (None, file.stat().st_size):
            return None
        return publication

    def rollback(self) -> Publication:
        """Publishes the version before the published one again; one that is beside is none before it.

        Raises:
            PublishError: there is none before it.
        """
        current = self._linked().name if self.link.is_symlink() else ""
        earlier = [each for each in self.publications() if each.version < current and not each.is_beside]
        if not earlier:
            raise PublishError("there is no publication before the published one")
        link_whole(self.link, Path("versions") / earlier[-1].version / FILE)
        return earlier[-1]


def _publication(path: Path) -> Publication | None:
    """A publication as its file says; None where that is missing or damaged. What a newer Keybook added is left out."""
    data = read_object(path) or {}
    known = {item.name for item in fields(Publication)}
    try:
        return Publication(**{name: value for name, value in data.items() if name in known})
    except TypeError:
        return None


def _hold(path: Path) -> IO[str] | None:
    """Takes a lock that lasts as long as the file stays open, at most as long as the process; None if it is taken."""
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def digest_of_files(folder: Path, patterns: tuple[str, ...]) -> str:
    """A hash over the names and contents of a folder's files."""
    found = sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})
    digest = hashlib.sha256()
    for path in found:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
