"""CSV for downloads: what a spreadsheet would run as a formula becomes text."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pyarrow as pa

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?%?")


def cell(value: Any) -> Any:
    """The value as it is written: text that begins like a formula gets an apostrophe in front, a number does not."""
    if not isinstance(value, str):
        return "" if value is None else value
    starts = value.lstrip(" ").startswith(_STARTS) or value.startswith(_STARTS)
    return "'" + value if starts and not _NUMBER.fullmatch(value.strip(" ")) else value


def to_csv(table: pa.Table) -> bytes:
    """The table as RFC 4180 text in UTF-8 with a byte-order mark, which spreadsheets need to read it as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(cell(name) for name in table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            writer.writerow([cell(value) for value in row.values()])
    return text.getvalue().encode("utf-8-sig")
