"""The landing folder: the files that lie in it, what lies there and is none, and whether a file stays what it was.

Nothing in it is ours: whoever may write there may write while it is read. So a file is known by its hash, and what is
read counts only where the file was, before and after, as it was when it was hashed.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.exports.codes import Finding
from pipelines.exports.readers.unpack import NO_EXPORTS
from pipelines.files import read_object, write_whole
from pipelines.formats import printable

# Size, and when it was written and renamed last, in nanoseconds.
Stamp = tuple[int, int, int]


class ChangedError(Exception):
    """A file is not, or no longer, what it was when it was hashed: another one, longer, or gone."""


@dataclass(frozen=True)
class NewFile:
    """A file that lies there: where, its name below the landing folder, its hash, and what it was when it was hashed."""

    path: Path
    name: str
    sha256: str
    stamp: Stamp


@dataclass
class Lying:
    """What lies below a folder: the files, in the order of their names, and what cannot be read as one, and why."""

    files: list[Path] = field(default_factory=list)
    strange: dict[Path, Finding] = field(default_factory=dict)


def is_export(path: Path) -> bool:
    """Whether a path is a file that a person may have put there."""
    return path.is_file() and not path.name.startswith(NO_EXPORTS)


def lying(landing: Path) -> Lying:
    """Everything below the landing folder that a person may have put there. Links to folders are not followed."""
    found = Lying()
    if not landing.is_dir():
        return found

    def refused(error: OSError) -> None:
        found.strange[Path(os.fsdecode(error.filename))] = unreadable(error)

    for folder, folders, names in os.walk(landing, onerror=refused):
        for name in [*names, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]:
            path = Path(folder, name)
            if name.startswith(NO_EXPORTS):
                continue
            try:
                if stat.S_ISREG(path.stat().st_mode):
                    found.files.append(path)
                else:
                    found.strange[path] = Finding("no_file")
            except OSError as error:
                # What is gone by now does not lie there; a link that leads nowhere does.
                if os.path.lexists(path):
                    found.strange[path] = unreadable(error)
    found.files.sort(key=lambda path: path.relative_to(landing).as_posix())
    return found


def export_files(landing: Path) -> list[Path]:
    """The files below the landing folder, in the order of their names."""
    return lying(landing).files


def unreadable(error: OSError) -> Finding:
    """What the system says of a file that it does not give."""
    return Finding("cannot_be_opened", said=error.strerror or str(error))


def system_of(name: str) -> str:
    """The system that a file's folder names, by the file's name below the landing folder; empty for none."""
    folder, slash, _ = name.partition("/")
    return folder if slash else ""


def stamp_of(path: Path) -> Stamp:
    """What tells that a file was written or replaced.

    Raises:
        OSError: it is gone, or may not be looked at.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def must_be(path: Path, stamp: Stamp) -> None:
    """Makes sure that a file is still what it was.

    Raises:
        ChangedError: it is not.
    """
    try:
        now = stamp_of(path)
    except OSError as error:
        raise ChangedError(str(path)) from error
    if now != stamp:
        raise ChangedError(str(path))


def sha256_of(path: Path) -> str:
    """The hash that a file is known by."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown_name(name: str) -> str:
    """A file's name as text: what of it is no UTF-8, or is no sign but an order to a terminal, is a question mark."""
    return printable(name.encode("utf-8", "replace").decode())


class LandingFolder:
    """One landing folder, its files by their hashes; a file that has not been touched is not hashed again."""

    def __init__(self, folder: Path, memory: Path) -> None:
        """Reads nothing yet; `memory` is the file that remembers hashes."""
        self.folder = folder
        self.memory = memory
        # What could not be hashed when last looked, by name.
        self.unreadable: dict[str, Finding] = {}

    def hashed(self) -> Iterator[NewFile]:
        """Every file with its hash, in the order of their names."""
        known = read_object(self.memory) or {}
        seen = {}
        there = lying(self.folder)
        self.unreadable = {self._name(path): finding for path, finding in there.strange.items()}
        for path in there.files:
            try:
                stamp = stamp_of(path)
                key = ascii(f"{path}|{stamp[0]}|{stamp[1]}")
                sha256 = seen[key] = known.get(key) or sha256_of(path)
            except OSError as error:
                self.unreadable[self._name(path)] = unreadable(error)
                continue
            yield NewFile(path, self._name(path), sha256, stamp)
        if seen != known and self.memory.parent.exists():
            # It only saves time: where it cannot be written, whatever is asked for goes on.
            with suppress(OSError):
                write_whole(self.memory, json.dumps(seen, indent=0))

    def _name(self, path: Path) -> str:
        return shown_name(path.relative_to(self.folder).as_posix())
