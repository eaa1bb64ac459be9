"""Headers as texts: how they are compared, and how a row of cells becomes one."""

from __future__ import annotations

import re
from functools import lru_cache

_SPACES = re.compile(r"\s+")
# A percent sign tells two columns apart ("Item Tax", "Item Tax %"), a star two exports.
_NO_LETTERS = re.compile(r"[^\w%*]|_")


@lru_cache(maxsize=100_000)
def normal(header: str | None) -> str:
    """A header as it is compared: without case and without surrounding or repeated white space."""
    return _SPACES.sub(" ", (header or "").replace("\ufeff", "")).strip().casefold()


@lru_cache(maxsize=100_000)
def squashed(header: str) -> str:
    """A header by its letters and digits alone: `Deal Name`, `deal_name`, `deal-name` and `DealName` are one."""
    return _NO_LETTERS.sub("", normal(header))


def header_cells(row: list[str | None]) -> tuple[dict[str, int], list[str]]:
    """Normal header -> cell, and every cell's unique header; a blank one is called by its place."""
    columns: dict[str, int] = {}
    headers: list[str] = []
    numbers: dict[str, int] = {}
    for place, cell in enumerate(row):
        name = _SPACES.sub(" ", (cell or "").replace("\ufeff", "")).strip() or f"(unnamed {place + 1})"
        unique, number = name, numbers.get(normal(name), 1)
        while normal(unique) in columns:
            number += 1
            unique = f"{name} ({number})"
        numbers[normal(name)] = number
        columns[normal(unique)] = place
        headers.append(unique)
    return columns, headers


def joined(rows: list[list[str | None]]) -> list[str | None]:
    """One header of several rows: a merged cell, blank but for its first place, stands over all that is below it."""
    lowest = rows[-1]
    above: list[str] = [""] * len(lowest)
    for row in rows[:-1]:
        last = ""
        for place in range(len(lowest)):
            cell = (row[place] if place < len(row) else None) or ""
            last = cell.strip() or (last if (lowest[place] or "").strip() else "")
            above[place] = f"{above[place]} {last}".strip()
    return [f"{upper} {lower or ''}".strip() or None for upper, lower in zip(above, lowest, strict=True)]
