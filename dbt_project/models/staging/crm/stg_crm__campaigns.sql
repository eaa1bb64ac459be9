-- Grain: one row a source system and campaign_id; the newest version of each.
with newest as (
    {{ newest_version('crm_campaigns', ['campaign_id']) }}
)

select
    campaign_id,
    name,
    channel,
    starts_on,
    ends_on,
    cost,
    {{ currency_or_default() }} as currency,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
