"""Writes a file's text table out: as RFC 4180 text (comma, CRLF, quotes where needed) or as JSON."""

from __future__ import annotations

import csv
import json
from typing import TextIO

from pipelines.exports.landing.reading import TextTable


def write_csv(table: TextTable, out: TextIO) -> None:
    """The header as the file has it, then every row. Nothing is neutralised: what is read is what is written."""
    writer = csv.writer(out, lineterminator="\r\n")
    if table.header:
        writer.writerow(table.header)
    for _, row in table.rows():
        writer.writerow(row)


def write_json(table: TextTable, out: TextIO) -> None:
    """A list with one object a row; a blank header is called by its place, a repeated one gets a number."""
    names = table.names  # as many as the widest row has cells
    before = "["
    for line, row in table.rows():
        cells = {name: cell or None for name, cell in zip(names, row, strict=False)}
        out.write(f"{before}\n{json.dumps({'_line': line} | cells, ensure_ascii=False)}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")
