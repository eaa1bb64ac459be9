-- Grain: one row of the list as it is now, account links.
select
    row_id,
    system,
    kind,
    native_id,
    decision,
    account_id,
    reason,
    decided_by,
    decided_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_account_links') }}
