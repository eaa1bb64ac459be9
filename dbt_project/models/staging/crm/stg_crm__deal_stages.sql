-- Grain: one row a source system and deal_id, stage, entered_at; the newest version of each.
with newest as (
    {{ newest_version('crm_deal_stages', ['deal_id', 'stage', 'entered_at']) }}
)

select
    deal_id,
    stage,
    entered_at,
    left_at,
    status,
    amount,
    nullif(currency, '') as currency,
    probability,
    expected_close_on,
    owner_id,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
