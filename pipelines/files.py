"""State on disk: written whole, so that a reader, or what comes after a crash, sees the old or the new."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

# The one in C takes a tenth of the time; a machine without libyaml has the other.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# How the names end under which files are written that are not whole yet.
UNFINISHED = ".writing"


@contextmanager
def replacing(path: Path, lasting: bool = True) -> Iterator[Path]:
    """A name to write a file under; as the block ends, what was written is brought to disk and takes its place.

    What is made anew wherever it is missing or damaged need not be `lasting`: it is not waited for until it is on disk.

    Raises:
        OSError: it cannot be written; what stood there before still does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        yield temporary
        if lasting:
            fsync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    if lasting:
        fsync(path.parent)


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
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_YAML)


def fsync(path: Path) -> None:
    """Brings a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
