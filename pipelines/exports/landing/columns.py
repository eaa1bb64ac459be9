"""What the tables of raw hold: the columns of its Parquet files with their DuckDB types, and where the files stand.

What an export's rows hold is `entities.py`; the files themselves are `raw.py`'s.
"""

from __future__ import annotations

from pipelines.exports.entities import PROVENANCE, Entity, entities
from pipelines.lists import DOMAIN

# What a file fed, and by which contract.
_FED = dict.fromkeys(("file", "file_sha256", "contract", "system", "domain", "entity"), "VARCHAR")
REJECT_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "part": "VARCHAR",
    "contract": "VARCHAR",
    "system": "VARCHAR",
    "domain": "VARCHAR",
    "entity": "VARCHAR",
    "line": "BIGINT",
    "column_name": "VARCHAR",
    "value": "VARCHAR",
    # Why, as a code, and what it speaks of: the canonical column, what the contract expects and what stood there instead,
    # the least and most that the column takes, the line that counts, the header's other cells that cannot be read.
    "code": "VARCHAR",
    "field": "VARCHAR",
    "expected": "VARCHAR",
    "found": "VARCHAR",
    "least": "VARCHAR",
    "most": "VARCHAR",
    "other_line": "BIGINT",
    "other_columns": "VARCHAR",
    # What files of before have instead of a code: a sentence.
    "reason": "VARCHAR",
    "row_text": "VARCHAR",
    "landed_at": "TIMESTAMP WITH TIME ZONE",
}
REJECT_FACTS = ("code", "field", "expected", "found", "least", "most", "other_line", "other_columns")
TOTAL_COLUMNS = {
    **_FED,
    "measure": "VARCHAR",
    "currency": "VARCHAR",
    "file_total": "DECIMAL(38,4)",
    "loaded": "DECIMAL(38,4)",
    "rejected": "DECIMAL(38,4)",
}
# One row per file and entity: what `rows read = rows loaded + rows rejected` is held against.
FILE_COLUMNS = {
    **_FED,
    "export": "VARCHAR",
    "rows_read": "BIGINT",
    "rows_loaded": "BIGINT",
    "rows_rejected": "BIGINT",
    "raw_bytes": "BIGINT",
    "landed_at": "TIMESTAMP WITH TIME ZONE",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
SCHEMA_EVENT_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "contract": "VARCHAR",
    "part": "VARCHAR",
    "column_name": "VARCHAR",
    "event": "VARCHAR",
    # What was done about it: kept, left_blank or read_as, and the canonical column or header that it was done to.
    "action": "VARCHAR",
    "target": "VARCHAR",
}
# Something about a file that a person should know: why it was held, or what in it was odd. `severity` is held or note,
# `code` says what it is, and the rest what it speaks of (`codes.Facts`).
FINDING_COLUMNS = {
    "file": "VARCHAR",
    "file_sha256": "VARCHAR",
    "part": "VARCHAR",
    "severity": "VARCHAR",
    "code": "VARCHAR",
    "contract": "VARCHAR",
    "column_name": "VARCHAR",
    "name": "VARCHAR",
    "said": "VARCHAR",
    "row_count": "BIGINT",
    "other_count": "BIGINT",
    "limit_count": "BIGINT",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
# One row: what this run was asked for. NULL is the newest.
RUN_COLUMNS = {
    "as_of_date": "DATE",
    "known_at": "TIMESTAMP WITH TIME ZONE",
}
# One row: the settings that models read. Apart from the run, because what was asked changes and they do not.
SETTING_COLUMNS = {
    "base_currency": "VARCHAR",
    "default_currency": "VARCHAR",
    "business_timezone": "VARCHAR",
    "default_country": "VARCHAR",
    "fx_max_age_days": "BIGINT",
    "fiscal_year_first_month": "BIGINT",
}
# One row per public holiday; `made_by` says which country's, as `pipelines/warehouse/calendar.py` looked them up.
HOLIDAY_COLUMNS = {"day": "DATE", "name": "VARCHAR", "made_by": "VARCHAR"}
RECORDS = {
    "files": FILE_COLUMNS,
    "whole_files": FILE_COLUMNS,
    "schema_events": SCHEMA_EVENT_COLUMNS,
    "findings": FINDING_COLUMNS,
    "run": RUN_COLUMNS,
    "settings": SETTING_COLUMNS,
}
# The name of the typed file without rows. It ends in a hexadecimal digit, as every content-addressed name does, so that
# the pattern `*[0-9a-f].parquet` finds rows and leaves rejects and totals out.
EMPTY = "none-0.parquet"


def stored_columns(entity: Entity) -> dict[str, str]:
    """Column -> DuckDB type of the entity's files in raw, provenance last."""
    return {column.name: column.stored_type for column in entity.columns} | PROVENANCE


def raw_tables() -> dict[str, tuple[str, dict[str, str]]]:
    """Every table of the schema `raw`: its name -> the files below the store that it is made of, and its columns."""
    records = RECORDS | {"holidays": HOLIDAY_COLUMNS}
    apart = ("run", "settings", "holidays")
    found = {
        name if name in apart else f"landing_{name}": (f"records/{name}.parquet", columns)
        for name, columns in records.items()
    }
    found |= {
        "landing_rejects": ("*/*/*.rejects.parquet", REJECT_COLUMNS),
        "landing_held_payments": ("billing/payments/*.rejects.parquet", REJECT_COLUMNS),
        "landing_totals": ("*/*/*.totals.parquet", TOTAL_COLUMNS),
    }
    for entity in entities().values():
        # Of a list the version in force counts, and no other.
        in_force = f"records/{entity.table}.parquet"
        files = in_force if entity.domain == DOMAIN else f"{entity.domain}/{entity.name}/*[0-9a-f].parquet"
        found[entity.table] = (files, stored_columns(entity))
    return found


def typed(columns: dict[str, str]) -> str:
    """The columns as NULLs of their types, as a query names them."""
    return ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
