-- Grain: one row of the list as it is now, aging edges.
select
    edge_days,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_aging_edges') }}
