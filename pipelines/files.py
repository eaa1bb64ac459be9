"""State on disk: written whole, so that a reader, or what comes after a crash, sees the old or the new."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

# The one in C takes a tenth of the time; a machine without libyaml has the other.
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# How the names end under which files are written that are not whole yet.
UNFINISHED = ".writing"
# So many files are brought to disk at once: each waits for the disk, not for the others.
_SYNCING = 8


@contextmanager
def replacing(path: Path, lasting: bool = True) -> Iterator[Path]:
    """A name to write a file under; as the block ends, what was written is brought to disk and takes its place.

    What is made anew wherever it is missing or damaged need not be `lasting`: it is not waited for until it is on disk.

    Raises:
        OSError: it cannot be written; what stood there before still does.
    """
    with replacing_all([path], lasting) as (temporary,):
        yield temporary


@contextmanager
def replacing_all(paths: list[Path], lasting: bool = True) -> Iterator[list[Path]]:
    """As `replacing`, of many files: none takes its place before all are on disk, where they wait for each other.

    Raises:
        OSError: one cannot be written; what stood there before still does, or for some of them what is new.
    """
    temporaries = [path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}") for path in paths]
    try:
        yield temporaries
        if lasting and len(paths) > 1:
            with ThreadPoolExecutor(_SYNCING) as pool:
                list(pool.map(fsync, temporaries))
        elif lasting and paths:
            fsync(temporaries[0])
        for temporary, path in zip(temporaries, paths, strict=True):
            os.replace(temporary, path)
    except BaseException:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        raise
    if lasting:
        for folder in dict.fromkeys(path.parent for path in paths):
            fsync(folder)


def write_whole(path: Path, text: str) -> None:
    """Writes a text, its line ends as they are.

    Raises:
        OSError: it cannot be written; what stood there before still does.
    """
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def link_whole(link: Path, target: Path) -> None:
    """Points a symbolic link at a target in one step, so that it never is missing."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}{UNFINISHED}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, link)
    fsync(link.parent)


def remove(path: Path) -> None:
    """Deletes a file for good, if it is there."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        fsync(path.parent)


def clear_unfinished(folder: Path) -> None:
    """Deletes what crashes left half-written in a folder; the caller holds the lock of those who write there."""
    for path in folder.glob(f".*{UNFINISHED}"):
        path.unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds a folder's lock, waiting for it, and clears what crashes left there: one writer follows the other.

    Raises:
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_unfinished(folder)
        yield


def read_object(path: Path) -> dict[str, Any] | None:
    """What a JSON file holds; None where there is no such file, or where it is damaged or holds something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        OSError, UnicodeDecodeError, yaml.YAMLError: it cannot be read.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=YAML)


def fsync(path: Path) -> None:
    """Brings a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
