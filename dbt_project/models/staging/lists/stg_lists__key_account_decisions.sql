-- Grain: one row of the list as it is now, key account decisions.
select
    row_id,
    quarter,
    account_id,
    decision,
    reason,
    decided_on,
    decided_by,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_key_account_decisions') }}
