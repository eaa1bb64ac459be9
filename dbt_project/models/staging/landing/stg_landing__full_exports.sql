-- Grain: one row per export of all that a system has of an entity: the files of one contract that came with one refresh.
-- A contract says whether an export is full, or holds all that is open (`export: open_items`, of which only documents
-- that are gone tell something). One that lacks much of what stood before it may be a filtered view (`is_whole` is false):
-- it is no evidence that the rest is gone, unless a person says so. Landing judges that
-- (pipelines/exports/landing/full_exports.py).
select
    contract,
    system,
    raw_table,
    export,
    known_at,
    file,
    file_sha256,
    rows_read,
    rows_before,
    rows_gone,
    is_accepted,
    is_whole
from {{ source('raw', 'landing_full_exports') }}
