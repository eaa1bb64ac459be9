-- Grain: one row of the list as it is now, decision maker roles.
select
    word,
    is_decision_maker,
    is_whole_word,
    language,
    origin,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from {{ source('raw', 'lists_decision_maker_roles') }}
