-- Grain: one row of the list as it is now, norms of roles and grades.
select
    row_id,
    norm,
    role_profile,
    grade,
    target,
    valid_from,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_norm_targets') }}
