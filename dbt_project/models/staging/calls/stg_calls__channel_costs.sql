-- Grain: one row a source system and source, medium, spent_on; the newest version of each.
with newest as (
    {{ newest_version('calls_channel_costs', ['source', 'medium', 'spent_on']) }}
)

select
    source,
    medium,
    spent_on,
    amount,
    currency,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
