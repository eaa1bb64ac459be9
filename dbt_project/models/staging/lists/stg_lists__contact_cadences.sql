-- Grain: one row of the list as it is now, contact cadences.
select
    tier,
    days,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_contact_cadences') }}
