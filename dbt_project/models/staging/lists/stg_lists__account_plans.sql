-- Grain: one row of the list as it is now, account plans.
select
    row_id,
    account_id,
    item,
    goal,
    starts_on,
    due_on,
    done_on,
    owner,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_account_plans') }}
