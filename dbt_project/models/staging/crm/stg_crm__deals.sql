-- Grain: one row a source system and deal_id; the newest version of each.
with newest as (
    {{ newest_version('crm_deals', ['deal_id']) }}
)

select
    deal_id,
    account_id,
    contact_id,
    lead_id,
    owner_id,
    name,
    pipeline,
    stage,
    status,
    amount,
    {{ currency_or_default() }} as currency,
    probability,
    forecast_category,
    lead_source,
    campaign_id,
    product_id,
    lost_reason,
    created_at,
    expected_close_on,
    closed_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
