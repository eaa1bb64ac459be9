"""CSV for downloads: what a spreadsheet would run as a formula becomes text."""

from __future__ import annotations

import csv
import io

import pyarrow as pa

from pipelines.formats import neutral


def to_csv(table: pa.Table) -> bytes:
    """The table as RFC 4180 text in UTF-8 with a byte-order mark, which spreadsheets need to read it as UTF-8."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(neutral(name) for name in table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        for row in batch.to_pylist():
            writer.writerow([neutral(value) for value in row.values()])
    return text.getvalue().encode("utf-8-sig")
