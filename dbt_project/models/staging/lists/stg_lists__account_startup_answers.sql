-- Grain: one row of the list as it is now, account startup answers.
select
    row_id,
    account_id,
    question,
    answer,
    answered_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_account_startup_answers') }}
