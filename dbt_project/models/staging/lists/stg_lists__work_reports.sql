-- Grain: one row of the list as it is now, reports on one's own work.
select
    row_id,
    employee_id,
    month,
    handed_in_on,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_work_reports') }}
