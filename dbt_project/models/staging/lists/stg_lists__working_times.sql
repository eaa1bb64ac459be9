-- Grain: one row of the list as it is now, part time.
select
    row_id,
    employee_id,
    share,
    valid_from,
    valid_to,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_working_times') }}
