"""CSV for downloads: what a spreadsheet would run as a formula becomes text."""

from __future__ import annotations

import pyarrow as pa

from pipelines.formats import csv_line


def to_csv(table: pa.Table) -> bytes:
    """The table as RFC 4180 text in UTF-8 with a byte-order mark, which spreadsheets need to read it as UTF-8."""
    lines = [csv_line(table.column_names)]
    for batch in table.to_batches(max_chunksize=10_000):
        lines += [csv_line(row.values()) for row in batch.to_pylist()]
    return "".join(lines).encode("utf-8-sig")
