"""Reads small workbooks ahead, many in one process: to start one for each takes longer than all else that is done with it."""

from __future__ import annotations

import tempfile
from collections import deque
from pathlib import Path

from pipelines.exports.codes import UnreadableError
from pipelines.exports.landing.folder import NewFile
from pipelines.exports.readers.deadline import within
from pipelines.exports.readers.unpack import Limits, is_workbook
from pipelines.exports.readers.workbook import Sheet, sheets_of_many

MOST_BYTES = 1 << 18
# So many in one process, and no longer than so many seconds: where one of them breaks it, all are read by themselves.
MOST_WORKBOOKS = 64
MOST_SECONDS = 60


class Workbooks:
    """The small workbooks among files that are landed in their order."""

    def __init__(self, files: list[NewFile], folder: Path, limits: Limits) -> None:
        """What is read goes below `folder`."""
        small = (file for file in files if file.stamp[0] <= MOST_BYTES and str(file.path).isprintable())
        self._waiting = deque(file for file in small if _is_workbook(file.path))
        self._read: dict[Path, list[Sheet]] = {}
        self._folder = folder
        self._limits = limits

    def sheets(self, file: NewFile) -> list[Sheet] | None:
        """The sheets of a file; None where it is no small workbook, or has to be read by itself.

        It is read with those that come after it, and may have changed since it was hashed.
        """
        if self._waiting and self._waiting[0] == file:
            paths = [self._waiting.popleft().path for _ in range(min(MOST_WORKBOOKS, len(self._waiting)))]
            if len(paths) > 1:
                self._read = self._together(paths)
        return self._read.pop(file.path, None)

    def _together(self, paths: list[Path]) -> dict[Path, list[Sheet]]:
        scratch = Path(tempfile.mkdtemp(dir=self._folder))
        try:
            with within(min(MOST_SECONDS, self._limits.seconds)):
                return sheets_of_many(paths, scratch, self._limits)
        except UnreadableError:
            return {}


def _is_workbook(path: Path) -> bool:
    try:
        return is_workbook(path)
    except OSError:
        return False
