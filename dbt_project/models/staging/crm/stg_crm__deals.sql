-- Grain: one row a source system and deal_id; the newest version of each. Of a deal without a creation date first_known_at
-- says which export was the first to know it.
with staged as (
    {{ staged('crm.deals', default_currency=true) }}
),

arrivals as (
    select _system, deal_id, min(_known_at) as first_known_at
    from {{ source('raw', 'crm_deals') }}
    where created_at is null
    group by _system, deal_id
)

select
    staged.*,
    arrivals.first_known_at
from staged
left join arrivals on staged._system = arrivals._system and staged.deal_id = arrivals.deal_id and staged.created_at is null
