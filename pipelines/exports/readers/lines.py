"""Takes delimited text apart one physical line after another: for files that the fast reading does not add up for.

Every record that can be one is kept, and every line that cannot is named, with its cells as far as they can be told.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pipelines.exports.codes import Rejection
from pipelines.exports.readers.deadline import check
from pipelines.exports.readers.dialects import MAX_FIELD_LINES, by_outer_quotes, text_lines


def _strict(text: str, delimiter: str) -> list[str] | str:
    """The cells of one record, or the reason why its quotes do not add up."""
    try:
        return next(csv.reader(text_lines(text), delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        return str(error)


def _fit(cells: list[str], width: int, pad: bool) -> tuple[list[str] | None, Rejection | None]:
    """The row with the header's width, or why it has none."""
    if len(cells) == width:
        return cells, None
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return cells[:width], None
    if len(cells) < width and pad:
        return [*cells, *[""] * (width - len(cells))], None
    return None, Rejection("field_count", expected=str(width), found=str(len(cells)))


def literal_cells(text: str, delimiter: str) -> list[str]:
    """The cells of a line whose quotes do not add up: one that closes no field as it should is a letter like any other."""
    line = text.rstrip("\r\n")
    whole_field = re.compile(rf'"((?:[^"]|"")*)"(?={re.escape(delimiter)}|$)')
    cells: list[str] = []
    place = 0
    while True:
        if field := whole_field.match(line, place):
            cells.append(field[1].replace('""', '"'))
            place = field.end()
        else:
            end = line.find(delimiter, place)
            end = len(line) if end < 0 else end
            cells.append(line[place:end])
            place = end
        if place >= len(line):
            return cells
        place += len(delimiter)


@dataclass(frozen=True)
class Line:
    """One record of the text: the line that it begins on, its cells, its text, and why it is no row of the table.

    `cells` of a record that is no row are what it holds as far as that can be told.
    """

    number: int
    cells: list[str]
    text: str
    rejection: Rejection | None = None


def exact_rows(path: Path, delimiter: str, width: int, header_lines: int, pad: bool) -> Iterator[Line]:
    """Every record below the header, one physical line after another."""
    with path.open(encoding="utf-8", newline="") as file:
        waiting: list[str] = []
        source = islice(file, header_lines, None)
        number = header_lines
        while True:
            check()
            text = waiting.pop(0) if waiting else next(source, None)
            if text is None:
                return
            number += 1
            if not text.strip("\r\n"):
                continue
            if "\ufffd" in text:
                bare = text.rstrip("\r\n")
                yield Line(number, bare.split(delimiter), bare, Rejection("undecodable"))
                continue
            cells = _strict(text, delimiter)
            lines = [text]
            is_open = False
            if cells == "unexpected end of data":
                while isinstance(cells, str) and len(lines) < MAX_FIELD_LINES:
                    check()
                    following = waiting.pop(0) if waiting else next(source, None)
                    if following is None:
                        break
                    lines.append(following)
                    if '"' in following:
                        cells = _strict("".join(lines), delimiter)
                        if isinstance(cells, str) and cells != "unexpected end of data":
                            break
                if isinstance(cells, str) or _fit(cells, width, pad)[0] is None:
                    waiting = lines[1:] + waiting
                    lines = lines[:1]
                    cells, is_open = "", True
            if isinstance(cells, str) and (outer := by_outer_quotes(text, delimiter)) and len(outer) == width:
                cells = outer
            if isinstance(cells, str):
                bare = text.rstrip("\r\n")
                why = Rejection("open_quote") if is_open else Rejection("broken_quotes", found=cells)
                yield Line(number, literal_cells(bare, delimiter), bare, why)
                continue
            fitted, rejection = _fit(cells, width, pad)
            yield Line(number, fitted or cells, "".join(lines).rstrip("\r\n"), rejection)
            number += len(lines) - 1
