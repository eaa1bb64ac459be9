-- Grain: one row a source system and case_id; the newest version of each.
with newest as (
    {{ newest_version('crm_cases', ['case_id']) }}
)

select
    case_id,
    account_id,
    owner_id,
    reason,
    status,
    opened_at,
    closed_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
