"""Reads text of `key=value` lines: each block between two marks is a row, keys outside of blocks belong to every row.

How the blocks are marked is the contracts' (`table.blocks`). A row's line is the line that its block begins on.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb

from pipelines.exports.codes import Rejection
from pipelines.exports.contracts.contract import Blocks
from pipelines.exports.readers.deadline import in_time
from pipelines.exports.readers.grids import BadLine, Grid, Head, Loaded, quoted

# A block that runs over more lines than this has lost its end.
MAX_BLOCK_LINES = 10_000
_PEEK = 1 << 16


def _pair(line: str, mark: str) -> tuple[str, str] | None:
    key, found, value = line.partition(mark)
    return (key.strip(), value) if found and key.strip() else None


def _add(to: dict[str, str], key: str, value: str) -> None:
    """A key that is said again with another value holds both, a line each."""
    if key not in to or not to[key].strip():
        to[key] = value
    elif value.strip() and value not in to[key].split("\n"):
        to[key] += f"\n{value}"


class BlockText(Grid):
    """A text of blocks: the header is the file's own keys and those of all blocks."""

    def __init__(self, path: Path, scratch: Path, part: str, blocks: Blocks) -> None:
        """Goes through the file once for its keys; the rows are read by `load`."""
        super().__init__(part)
        self.path = path
        self.scratch = scratch
        self.blocks = blocks
        self._marks = blocks
        keys: dict[str, None] = {}
        for _, block, _ in self._read():
            keys.update(dict.fromkeys(block))
        self.names = [*self.document, *(key for key in keys if key not in self.document)]

    def _read(self) -> Iterator[tuple[int, dict[str, str], BadLine | None]]:
        """Each block's first line, its keys and, for one without an end, its text. Fills `document` on the way."""
        marks, start = self._marks, 0
        block: dict[str, str] = {}
        lines: list[str] = []
        last = ""

        def broken() -> tuple[int, dict[str, str], BadLine]:
            bad = BadLine(start, "\n".join(lines), Rejection("block_without_end", expected=marks.end))
            return start, block, bad

        with self.path.open(encoding="utf-8", newline=None) as file:
            for number, text in enumerate(in_time(file), start=1):
                line = text.rstrip("\n").removeprefix("\ufeff")
                pair = _pair(line, marks.pair)
                if pair and pair[0] == marks.start:
                    if start:
                        yield broken()
                    start, block, lines, last = number, {pair[0]: pair[1]}, [line], pair[0]
                elif not start:
                    if pair:
                        _add(self.document, *pair)
                elif line.strip() == marks.end:
                    yield start, block, None
                    start = 0
                elif len(lines) > MAX_BLOCK_LINES:
                    yield broken()
                    start = 0
                else:
                    lines.append(line)
                    if pair:
                        last = pair[0]
                        _add(block, *pair)
                    elif line.strip():
                        # A line without a key goes on with the text of the one before it.
                        block[last] += f"\n{line}"
        if start:
            yield broken()

    def heads(self) -> list[Head]:
        """The keys, as the one row that can be a header."""
        return [Head([0], [list(self.names)])]

    def load(self, connection: duckdb.DuckDBPyConnection, head: int, header_row: int, pad_short_rows: bool) -> Loaded:
        """See `Grid.load`."""
        bad_lines: list[BadLine] = []
        rows = 0
        clean = self.scratch / f"{self.path.name}.blocks"
        with clean.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            for line, block, bad in self._read():
                if bad:
                    bad_lines.append(bad)
                    continue
                own = self.document | block
                writer.writerow([line, *(own.get(name, "") for name in self.names)])
                rows += 1
        columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.names)))
        connection.execute(
            f"create or replace temp table grid as select * from read_csv({quoted(str(clean))}, auto_detect = false, "
            f"header = false, delim = ',', quote = '\"', escape = '\"', max_line_size = 33554432, "
            f"columns = {{'_line': 'BIGINT', {columns}}})"
        )
        return Loaded(rows, bad_lines)


def find_blocks(path: Path, known: list[Blocks]) -> Blocks | None:
    """The marks that a text's blocks have, when its first lines show a block of a kind that a contract knows."""
    with path.open(encoding="utf-8", errors="replace") as file:
        lines = file.read(_PEEK).splitlines()
    for marks in known:
        if any(line.startswith(f"{marks.start}{marks.pair}") for line in lines):
            return marks
    return None
