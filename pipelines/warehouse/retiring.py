"""Which landed files a publication needs no row of, so that they may be taken out of raw."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pipelines.bounds import connect

# A call export stays, because a call's source is what its first export said (K10).
_LANDED = """
    select
        file_sha256,
        sum(rows_current) > 0
        or sum(rows_rejected) > 0
        or bool_or(domain || '.' || entity = 'calls.calls' or domain = 'lists')
        or max(landed_at) >= ? as is_needed
    from marts.fct_landed_files
    group by file_sha256"""
# A file that marks a row as deleted is what keeps the row's older versions from counting; what newer files have no
# column for stands in older ones.
_READ = """
    select file_sha256 from staging.stg_landing__superseded_rows where state = 'deleted'
    union
    select kept_file_sha256 from intermediate.int_kept_columns"""


def unneeded(published: Path, before: datetime) -> set[str]:
    """The files (SHA-256) landed before a moment of which no row is current and none was rejected."""
    with connect(published, read_only=True) as connection:
        landed = connection.execute(_LANDED, [before]).fetchall()
        read = {sha256 for (sha256,) in connection.execute(_READ).fetchall()}
    return {sha256 for sha256, is_needed in landed if not is_needed} - read
