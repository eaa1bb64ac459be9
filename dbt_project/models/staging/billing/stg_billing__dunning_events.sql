-- Grain: one row a source system and dunning_id; the newest version of each.
with newest as (
    {{ newest_version('billing_dunning_events', ['dunning_id']) }}
)

select
    dunning_id,
    customer_id,
    invoice_id,
    level,
    channel,
    sent_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
