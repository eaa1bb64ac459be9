-- Grain: one row of the list as it is now, effort minutes.
select
    activity_type,
    minutes,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_effort_minutes') }}
