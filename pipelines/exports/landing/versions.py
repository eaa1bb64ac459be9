"""Which code read a file: a part of its identity in raw, so that a mended reader or caster lands again what it concerns.

The version is a hash of the sources themselves and of the libraries that they read with. A number beside each reader
would be forgotten; what this costs instead is that an update which touches the reading lands the files again that still
lie in the landing folder, as it builds every model again that it touches. Files are known by what was in them before
(`known_at`), whoever reads them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pipelines.exports.readers.grids import Grid

EXPORTS = Path(__file__).resolve().parents[1]
# What reads one format alone: its modules, and the libraries that it reads with. What changes here concerns its files
# only; what changes in any other module concerns all.
FORMATS: dict[str, tuple[set[str], tuple[str, ...]]] = {
    "blocks": ({"readers/blocks.py"}, ()),
    "delimited": ({"readers/delimited.py", "readers/dialects.py", "readers/lines.py"}, ()),
    "records": ({"readers/records.py"}, ()),
    "workbook": ({"readers/workbook.py", "readers/xml_workbook.py"}, ("fastexcel",)),
}
# What decides nothing about a value: where it is kept, how it is found again, how files and contracts are shown.
NOT_READING = {
    "contracts/__init__.py",
    "contracts/draft.py",
    "contracts/explain.py",
    "contracts/guess.py",
    "contracts/loading.py",
    "contracts/own_words.py",
    "contracts/profile.py",
    "landing/__init__.py",
    "landing/file_words.py",
    "landing/folder.py",
    "landing/full_exports.py",
    "landing/intact.py",
    "landing/lists.py",
    "landing/lookup.py",
    "landing/raw.py",
    "landing/reading.py",
    "landing/versions.py",
    "readers/__init__.py",
    "readers/apart.py",
    "readers/deadline.py",
    "readers/texts.py",
    "__init__.py",
    "costs.py",
}
LIBRARIES = ("duckdb",)


def reading_sources() -> list[str]:
    """Every module that decides what comes out of a file, below `pipelines/exports`."""
    found = {path.relative_to(EXPORTS).as_posix() for path in EXPORTS.rglob("*.py")}
    return sorted(found - NOT_READING)


def format_of(grid: Grid) -> str:
    """Which reader made a grid: the name of its module."""
    return type(grid).__module__.rsplit(".", 1)[-1]


@cache
def reader_version(reader: str) -> str:
    """A hash of all that decides what comes out of a file of one reader (see `format_of`)."""
    own, libraries = FORMATS.get(reader, (set(), ()))
    others = set().union(*(modules for modules, _ in FORMATS.values())) - own if own else set()
    digest = hashlib.sha256()
    for source in reading_sources():
        if source not in others:
            digest.update(source.encode() + b"\0" + (EXPORTS / source).read_bytes() + b"\0")
    for library in (*LIBRARIES, *libraries):
        digest.update(f"{library} {version(library)}".encode())
    return digest.hexdigest()[:16]
