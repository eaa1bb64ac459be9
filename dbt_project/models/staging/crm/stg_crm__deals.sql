-- Grain: one row a source system and deal_id; the newest version of each. Of a deal without a creation date first_known_at
-- says which export was the first to know it.
with newest as (
    {{ newest_version('crm_deals', ['deal_id']) }}
),

arrivals as (
    select _system, deal_id, min(_known_at) as first_known_at
    from {{ source('raw', 'crm_deals') }}
    where created_at is null
    group by _system, deal_id
)

select
    newest.deal_id,
    newest.account_id,
    newest.contact_id,
    newest.lead_id,
    newest.owner_id,
    newest.name,
    newest.pipeline,
    newest.stage,
    newest.status,
    newest.amount,
    {{ currency_or_default('newest.currency') }} as currency,
    newest.probability,
    newest.forecast_category,
    newest.lead_source,
    newest.campaign_id,
    newest.product_id,
    newest.lost_reason,
    newest.created_at,
    newest.expected_close_on,
    newest.closed_at,
    arrivals.first_known_at,
    newest._system,
    newest._source,
    newest._file,
    newest._file_sha256,
    newest._row,
    newest._loaded_at,
    newest._known_at
from newest
left join arrivals on newest._system = arrivals._system and newest.deal_id = arrivals.deal_id and newest.created_at is null
