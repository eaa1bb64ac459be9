"""What a text's bytes tell of its cells before any of them is read: what stands in none of them is looked for in none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.exports.readers.deadline import check
from pipelines.exports.readers.grids import Blanks

CHUNK = 1 << 20
# The first two bytes of the spaces of Unicode that are not of Latin 1.
_WIDE_SPACES = (b"\xe1\x9a", b"\xe2\x80", b"\xe2\x81", b"\xe3\x80")


def _has_edges(piece: bytes, delimiter: str) -> bool:
    """Whether a plain blank stands beside what may end a cell in these bytes, or two quotes beside each other."""
    if b" " not in piece and b'"' not in piece:
        return False
    # Two bytes are looked for several times as quickly so.
    signs = np.frombuffer(piece, dtype=np.uint8)
    quotes, blanks = signs == ord('"'), signs == ord(" ")
    ends = quotes | (signs == ord(delimiter)) | (signs == ord("\n")) | (signs == ord("\r"))
    beside = (blanks[1:] & ends[:-1]) | (blanks[:-1] & ends[1:]) | (quotes[1:] & quotes[:-1])
    return bool(beside.any())


@dataclass
class Marks:
    """What a text's bytes tell of it before any row is read: how many lines it has, and what stands in it at all."""

    # Not counting empty ones after the last.
    lines: int = 0
    ampersands: bool = False
    tabs: bool = False
    quotes: bool = False
    hard_spaces: bool = False
    # Perhaps: what other spaces of Unicode begin with, and dashes and quotation marks too.
    wide_spaces: bool = False
    # Apostrophes, or formulas that are a text.
    signs: bool = False
    # Perhaps: signs that nobody sees.
    unseen: bool = False
    # Carriage returns that end no line.
    loose_returns: bool = False
    commas: bool = False
    # Perhaps: a plain blank at a cell's end, or nothing within quotes.
    edges: bool = False
    # What stands for another sign within quotes of JSON.
    escapes: bool = False

    def blanks(self, delimiter: str) -> Blanks:
        """Which white space stands in cells that are one line."""
        # In a file that tabs divide, only a quoted cell can hold one.
        tab_in_cell = self.quotes if delimiter == "\t" else self.tabs
        if tab_in_cell or self.hard_spaces or self.loose_returns:
            return "any"
        if self.wide_spaces:
            return "spaces"
        return "plain" if self.edges or self.unseen else "none"

    @property
    def blanks_of_json(self) -> Blanks:
        """As `blanks`, of JSON's texts: a tab or a line end in one is escaped, and where one ends the bytes do not tell."""
        if self.escapes or self.hard_spaces:
            return "any"
        return "spaces" if self.wide_spaces else "plain"


def marks_of(path: Path, delimiter: str) -> Marks:
    """What a file's bytes tell, in one pass over them; `delimiter` divides its cells."""
    found, count, before, tail = Marks(), 0, b"", b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            check()
            count += chunk.count(b"\n")
            tail = (tail + chunk)[-4096:]
            found.ampersands = found.ampersands or b"&" in chunk
            found.tabs = found.tabs or b"\t" in chunk
            found.quotes = found.quotes or b'"' in chunk
            found.commas = found.commas or b"," in chunk
            found.escapes = found.escapes or b"\\" in chunk
            found.signs |= b"'" in chunk or (b"=" in chunk and b'="' in chunk)
            piece = before + chunk
            found.edges = found.edges or _has_edges(piece, delimiter)
            if not piece.isascii():
                # To look for two bytes takes ten times as long as for one.
                found.hard_spaces |= b"\xa0" in piece and b"\xc2\xa0" in piece
                found.wide_spaces |= any(mark[:1] in piece and mark in piece for mark in _WIDE_SPACES)
                found.unseen |= found.wide_spaces or (b"\xef" in piece and b"\xef\xbb\xbf" in piece)
            # A carriage return that ends no line stands within a field; one at the chunk's end counts as such too.
            found.loose_returns |= b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n")
            before = chunk[-2:]
    found.edges |= tail.endswith(b" ")
    trailing = len(tail) - len(tail.rstrip(b"\r\n"))
    found.lines = count - tail[len(tail) - trailing :].count(b"\n") + 1
    return found
