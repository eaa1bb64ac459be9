"""Finds out how unusual delimited text is written, and rewrites it the usual way, line for line.

The readers know one character between fields and double quotes around them, doubled within. A file with a delimiter of
several characters, apostrophes for quotes or a backslash before quotes is rewritten once; each of its lines keeps its
number. What is read the usual way already is left alone: only a file that reads clearly better otherwise is rewritten.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from pipelines.exports.readers.deadline import check, in_time

DELIMITERS = (",", ";", "\t", "|")
# Longer ones first: the first that fits is the one.
UNUSUAL = ("~|~", "|~|", "^|^", "<|>", " | ", "||", ";;", "::", "~~", ", ", "; ", "~", "^", "\x1f", "\x01")
SAMPLE = 1 << 16
SAMPLE_LINES = 200
# A quoted field that runs over more lines than this has lost its closing quote; in the sample, than AHEAD.
MAX_FIELD_LINES = 1_000
# So many cells in quotes together are no text with commas in it.
LEAST_WRAPPED = 3
AHEAD = 10
# Stands for a delimiter of several characters while the text is taken apart; no text holds it.
_MARK = "\ue000"


def by_outer_quotes(text: str, delimiter: str, quote: str = '"') -> list[str] | None:
    """Cells where a quote closes a field only before a delimiter or the line's end; None when that does not fit."""
    mark = re.escape(delimiter)
    field_pattern = re.compile(
        rf"(?:{quote}((?:[^{quote}]|{quote}(?!{mark}|$))*){quote}|([^{quote}{mark}][^{mark}]*|))(?={mark}|$)", re.S
    )
    cells, place = [], 0
    line = text.rstrip("\r\n")
    while True:
        match = field_pattern.match(line, place)
        if match is None:
            return None
        cells.append((match[1] or "").replace(quote * 2, quote) if match[1] is not None else match[2])
        place = match.end()
        if place >= len(line):
            return cells
        place += len(delimiter)


def text_lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends: LF, CR and CRLF end one, and nothing else that Unicode calls a line's end."""
    return iter(io.StringIO(text, newline=""))


@dataclass(frozen=True)
class Dialect:
    """How a text is written: what stands between fields, around them, and before a quote within one."""

    delimiter: str = ","
    quote: str = '"'
    backslash: bool = False
    # Lines stand in quotes whole, as a spreadsheet writes them that took each for one cell; those without a quote may not.
    wrapped: bool = False

    def cells(self, text: str) -> list[str] | None:
        """The cells of one record; None where its quotes do not add up."""
        if self.wrapped:
            within = Dialect().cells(text)
            if within is not None and len(within) == 1:
                text = within[0]
        if self.backslash:
            text = text.replace(f"\\{self.quote}", self.quote * 2)
        one = self.delimiter
        if len(self.delimiter) > 1:
            # At a line's end a delimiter has lost the blank behind it.
            end = len(text.rstrip("\r\n"))
            line, rest = text[:end], text[end:]
            bare = self.delimiter.rstrip(" ")
            line = line[: -len(bare)] + self.delimiter if line.endswith(bare) and bare != self.delimiter else line
            one, text = _MARK, line.replace(self.delimiter, _MARK) + rest
        try:
            found = next(csv.reader(text_lines(text), delimiter=one, quotechar=self.quote, strict=True), [])
        except csv.Error:
            # Who quotes with apostrophes often leaves those within words as they are.
            return by_outer_quotes(text, one, self.quote) if self.quote == "'" else None
        return found if one == self.delimiter else [cell.replace(_MARK, self.delimiter) for cell in found]


def _score(lines: list[str], dialect: Dialect) -> tuple[float, int, list[list[str]]]:
    """The share of records that have the commonest width, that width, and those records."""
    records = [cells if whole else None for cells, whole in _records(iter(lines), dialect, AHEAD)]
    widths = Counter(len(record) for record in records if record)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return count / len(records), width, [record for record in records if record and len(record) == width]


def _always_within(text: str, delimiter: str) -> bool:
    """Whether the delimiter's own character stands nowhere else: every comma is followed by a blank, or ends a line."""
    base = delimiter.strip()[:1] or delimiter
    loose = text.replace(delimiter, "")
    if delimiter.endswith(" "):
        loose = re.sub(rf"{re.escape(delimiter.rstrip())}(?=[\r\n]|$)", "", loose)
    return base not in loose


def _in_apostrophes(records: list[list[str]]) -> bool:
    """Whether the cells of a column stand in apostrophes, all of them."""
    for column in zip(*records, strict=True) if len(records) > 2 else ():
        filled = [cell for cell in column if cell]
        if len(filled) > 2 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in filled):
            return True
    return False


def _wrapped(lines: list[str]) -> Dialect | None:
    """How lines are written that stand in quotes whole: all that hold a quote, and of each the same cells."""
    within = [Dialect().cells(line) or [] for line in lines]
    whole = [cells[0] for line, cells in zip(lines, within, strict=True) if line.startswith('"') and len(cells) == 1]
    if not whole or any('"' in line and not line.startswith('"') for line in lines):
        return None
    found: dict[Dialect, int] = {}
    for delimiter in DELIMITERS:
        dialect = Dialect(delimiter, wrapped=True)
        widths = {len(dialect.cells(line) or ()) for line in lines}
        if len(widths) == 1 and any(delimiter in cell for cell in whole):
            found[dialect] = min(widths)
    best = max(found, key=lambda dialect: found[dialect], default=None)
    return best if best and found[best] >= LEAST_WRAPPED else None


def find_dialect(text: str) -> Dialect | None:
    """The dialect of a text by its first lines; None for one that is written the usual way, or in none at all."""
    lines = [line for line in text_lines(text) if line.strip()][:SAMPLE_LINES]
    if len(lines) < 2:
        return None
    if dialect := _wrapped(lines):
        return dialect
    sample = "".join(lines)
    there = [delimiter for delimiter in DELIMITERS if delimiter in sample] or [","]
    usual = {delimiter: _score(lines, Dialect(delimiter)) for delimiter in there}
    best = max(there, key=lambda delimiter: (usual[delimiter][1] > 1, usual[delimiter][0], usual[delimiter][1]))
    share, width, _ = usual[best]
    share = share if width > 1 else 0.0
    for delimiter in dict.fromkeys([best, *there] if "'" in sample else []):
        mark = re.escape(delimiter)
        opened = sum(bool(re.search(rf"(?:^|{mark})'.*'(?:{mark}|$)", line.rstrip("\r\n"))) for line in lines)
        if 2 * opened <= len(lines):
            continue
        found = _score(lines, Dialect(delimiter, "'"))
        plain, plain_width, plain_records = usual[delimiter]
        if found[1] > 1 and found[0] >= 0.8:
            better = found[0] > max(share, plain if plain_width > 1 else 0.0) + 0.1
            if better or (delimiter == best and found[1] <= plain_width and _in_apostrophes(plain_records)):
                return Dialect(delimiter, "'")
    for delimiter in UNUSUAL:
        ours = {mark for mark in DELIMITERS if mark in delimiter}
        if delimiter not in sample or (ours and (best not in ours or not _always_within(sample, delimiter))):
            continue
        found = _score(lines, Dialect(delimiter))
        # A tilde within words is no reason to read tildes as delimiters: where the usual ones do well, they are left.
        if found[1] > 1 and found[0] >= 0.9 and (ours or share < 0.5):
            return Dialect(delimiter)
    if '\\"' in sample:
        found = _score(lines, Dialect(best, backslash=True))
        if found[1] > 1 and found[0] > share:
            return Dialect(best, backslash=True)
    return None


def _records(lines: Iterator[str], dialect: Dialect, most: int) -> Iterator[tuple[list[str], bool]]:
    """Every record of at most so many lines, and True; of a line that begins none its cells as far as can be told."""
    waiting: list[str] = []
    while True:
        check()
        text = waiting.pop(0) if waiting else next(lines, None)
        if text is None:
            return
        cells = dialect.cells(text)
        if cells is None and dialect.quote in text:
            # A quoted field may hold line ends: the record goes on until its quotes add up.
            ahead = list(islice(chain(waiting, lines), most))
            whole = text
            for count, following in enumerate(in_time(ahead), start=1):
                whole += following
                if dialect.quote in following and (cells := dialect.cells(whole)) is not None:
                    ahead = ahead[count:]
                    break
            waiting = ahead
        yield (text.rstrip("\r\n").split(dialect.delimiter), False) if cells is None else (cells, True)


def in_usual_dialect(path: Path, scratch: Path) -> tuple[Path, str | None]:
    """The file itself, or where it was rewritten to in the usual dialect; and its delimiter where that is known."""
    with path.open(encoding="utf-8", newline="") as file:
        text = file.read(SAMPLE)
    if len(text) == SAMPLE:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    dialect = find_dialect(text)
    if dialect is None:
        return path, None
    rewritten = scratch / f"{path.name}.usual"
    with path.open(encoding="utf-8", newline="") as source, rewritten.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        for record, _ in _records(iter(source), dialect, MAX_FIELD_LINES):
            # A record without a cell is an empty line, and stays one.
            writer.writerow(record) if record else target.write("\n")
    return rewritten, ","
