"""What older exports still say in a publication, because newer ones have no column for it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.bounds import connect
from pipelines.exports.costs import Kept, Standing


def kept(published: Path) -> Kept:
    """By newer file and canonical column: for how many of its rows older files stand, and which.

    `published` is the published database; one that is damaged, or of before this was kept, tells of none.
    """
    try:
        with connect(published, read_only=True) as connection:
            rows = connection.execute(
                "select file_sha256, entity_id || '.' || column_name, sum(row_count)::bigint, "
                "list(kept_file order by kept_known_at desc, kept_file) from intermediate.int_kept_columns group by all"
            ).fetchall()
    except duckdb.Error:
        return {}
    return {(sha256, column): Standing(count, tuple(dict.fromkeys(files))) for sha256, column, count, files in rows}
