-- Grain: one row a source system and subscription_id; the newest version of each.
with newest as (
    {{ newest_version('billing_subscriptions', ['subscription_id']) }}
)

select
    subscription_id,
    customer_id,
    product_id,
    {{ currency_or_default() }} as currency,
    unit_price,
    quantity,
    interval_unit,
    interval_count,
    started_on,
    ended_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
