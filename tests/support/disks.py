"""A crash before any one change of the disk, and a loss of power with it.

Before each change of the disk (Python tells of them to an audit hook) the home is copied: that is what a crash leaves
there. A second copy has what was not brought to disk torn in half: what a loss of power may leave.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines import files

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.chmod", "os.truncate"}


@dataclass
class Disk:
    """Copies of a home, one before each change of it, and the same with what no `fsync` had reached torn in half."""

    home: Path
    copies: Path
    before: set[tuple[int, int]] = field(default_factory=set)
    synced: set[tuple[int, int]] = field(default_factory=set)
    made: list[Path] = field(default_factory=list)
    is_copying: bool = False

    def told(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Of each event of the interpreter: copies the home if it is about to change."""
        writes = event == "open" and isinstance(arguments[1], str) and arguments[1][:1] in "wxa"
        if self.is_copying or not (writes or event in CHANGES) or not self._is_here(arguments[0]):
            return
        if event == "os.mkdir" and os.path.isdir(arguments[0]):
            return  # asked for, and there
        self.is_copying = True
        try:
            self._copy()
        finally:
            self.is_copying = False

    def _is_here(self, path: object) -> bool:
        return isinstance(path, str | bytes | os.PathLike) and os.fsdecode(path).startswith(f"{self.home}/")

    def _copy(self) -> None:
        crashed = self.copies / f"{len(self.made):03}"
        shutil.copytree(self.home, crashed, symlinks=True)
        self.made.append(crashed)
        torn = [path for path in files_of(self.home) if self._written(path) not in self.before | self.synced]
        if torn:
            dark = self.copies / f"{len(self.made):03}"
            shutil.copytree(crashed, dark, symlinks=True)
            self.made.append(dark)
            for path in torn:
                copy = dark / path.relative_to(self.home)
                copy.chmod(0o644)
                os.truncate(copy, copy.stat().st_size // 2)

    @staticmethod
    def _written(path: Path) -> tuple[int, int]:
        status = path.stat()
        return status.st_ino, status.st_mtime_ns

    def remember(self) -> None:
        """What is on disk already."""
        self.before = {self._written(path) for path in files_of(self.home)}

    def brought(self, path: Path) -> None:
        """Of a file that was brought to disk."""
        if path.is_file():
            self.synced.add(self._written(path))


_DISKS: list[Disk] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for disk in _DISKS:
        disk.told(event, arguments)


@contextmanager
def watched(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = files.fsync

    def fsync(path: Path) -> None:
        real(path)
        disk.brought(path)

    for module in ("pipelines.files", "pipelines.warehouse.publications"):
        monkeypatch.setattr(f"{module}.fsync", fsync)
    if not getattr(_hook, "is_added", False):
        sys.addaudithook(_hook)
        _hook.is_added = True  # type: ignore[attr-defined]
    disk.remember()
    _DISKS.append(disk)
    try:
        yield
    finally:
        _DISKS.remove(disk)


def files_of(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file() and not path.is_symlink()]
