-- Grain: one row of the list as it is now, service targets.
select
    service_class,
    class_rank,
    callback_minutes,
    case_days,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_service_targets') }}
