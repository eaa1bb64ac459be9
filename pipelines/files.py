"""Files that are written whole and read: a reader, or what comes after a crash, sees the old text or the new."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

# The one in C takes a tenth of the time; a machine without libyaml has the other.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def write_whole(path: Path, text: str) -> None:
    """Writes a text under another name, brings it to disk, and gives it the name in one step.

    Raises:
        OSError: it cannot be written; what stood there before still does.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.writing")
    try:
        temporary.write_text(text, encoding="utf-8")
        fsync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync(path.parent)


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
