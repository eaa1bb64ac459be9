-- Grain: one row of the list as it is now, payment contacts.
select
    word,
    language,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_payment_contacts') }}
