-- Grain: one row of the list as it is now, key account ratings.
select
    row_id,
    account_id,
    criterion,
    is_met,
    rated_on,
    rated_by,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_key_account_ratings') }}
