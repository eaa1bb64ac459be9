-- Grain: one row of the list as it is now, names of sources.
select
    row_id,
    name,
    source,
    note,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_source_names') }}
