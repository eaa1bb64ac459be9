"""Publications: versioned warehouse files and the link that says which one is published.

A build happens in `warehouse/.build/<run>/keybook.duckdb` (`.build/current` links to it) and, once every gate has
passed, moves to `warehouse/versions/<run>/keybook.duckdb`, where it is read-only; then the link
`warehouse/keybook.duckdb` is swapped. Readers open what the link resolves to, so that they see one whole publication or
the one before it. Only the steps of a refresh write here, one at a time.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

FILE = "keybook.duckdb"
LOCK_WAIT_SECONDS = 900


class PublishError(Exception):
    """A publication cannot be made or brought back; the message says why."""


@dataclass(frozen=True)
class Publication:
    """What stands beside a published file: its version (sorts by time), as of which day, and from what.

    `inputs` is a hash of all that it was made from, `made_by` of the models and settings, and `tables` has one of each
    raw table: by these the next build knows what it may keep.
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
    tables: dict[str, str] = field(default_factory=dict)


def version_name(run_id: str, now: datetime | None = None) -> str:
    """A name for what a run publishes: it sorts by time."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%S%f}-{run_id[:8]}"


class Warehouse:
    """The folder `<home>/warehouse`, apart from raw."""

    def __init__(self, folder: Path) -> None:
        """Names the folder; nothing is written yet."""
        self.folder = folder
        self.builds = folder / ".build"
        self.versions = folder / "versions"
        self.link = folder / FILE

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Holds the one writer's lock; waits for another refresh to let go of it.

        Raises:
            PublishError: another refresh held it for longer than LOCK_WAIT_SECONDS.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            deadline = time.monotonic() + LOCK_WAIT_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise PublishError("another refresh is running; wait for it to end") from None
                    time.sleep(0.2)
            yield

    def start_build(self, run_id: str, from_published: bool = False) -> Path:
        """A folder for a run's build, with `current` pointing to it; what earlier runs left is cleared.

        The build starts empty, or as a copy of what is published.
        """
        self.builds.mkdir(parents=True, exist_ok=True)
        for leftover in self.builds.iterdir():
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
        folder = self.builds / run_id
        folder.mkdir()
        if from_published:
            shutil.copyfile(self.link, folder / FILE)
        _swap_link(self.builds / "current", Path(run_id))
        return folder / FILE

    def publish(self, run_id: str, publication: Publication, keep: int) -> Path:
        """Moves a run's finished build to the versions and swaps the link to it.

        Raises:
            PublishError: the run left no build.
        """
        built = self.builds / run_id / FILE
        if not built.exists():
            raise PublishError(f"run {run_id} left no build to publish; run `keybook refresh` again")
        with duckdb.connect(str(built)) as connection:
            connection.execute("drop schema if exists raw cascade")
            connection.execute("checkpoint")
        version = self.versions / publication.version
        version.mkdir(parents=True)
        _fsync(built)
        os.replace(built, version / FILE)
        (version / FILE).chmod(0o444)
        (version / "publication.json").write_text(json.dumps(asdict(publication), indent=1), encoding="utf-8")
        _fsync(version)
        _swap_link(self.link, Path("versions") / publication.version / FILE)
        shutil.rmtree(self.builds, ignore_errors=True)
        for old in sorted(self.versions.iterdir())[:-keep]:
            if old.name != publication.version:
                shutil.rmtree(old)
        return version / FILE

    def published(self) -> Publication | None:
        """The published version, or None when nothing was published yet."""
        if not self.link.exists():
            return None
        return _read(Path(os.path.realpath(self.link)).parent)

    def rollback(self) -> Publication:
        """Publishes the version before the published one again.

        Raises:
            PublishError: there is none before it.
        """
        current = self.published()
        earlier = sorted(
            version.name for version in self.versions.glob("*") if current and version.name < current.version
        )
        if not earlier:
            raise PublishError("there is no publication before the published one")
        _swap_link(self.link, Path("versions") / earlier[-1] / FILE)
        return _read(self.versions / earlier[-1])


def _read(version: Path) -> Publication:
    return Publication(**json.loads((version / "publication.json").read_text(encoding="utf-8")))


def _swap_link(link: Path, target: Path) -> None:
    """Points a symbolic link at a target in one step, so that it never is missing."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
    _fsync(link.parent)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest_of_files(folder: Path, patterns: tuple[str, ...]) -> str:
    """A hash over the names and contents of a folder's files."""
    found = sorted({path for pattern in patterns for path in folder.rglob(pattern) if path.is_file()})
    digest = hashlib.sha256()
    for path in found:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
