-- Grain: one row a source system and order_id; the newest version of each.
with newest as (
    {{ newest_version('billing_orders', ['order_id']) }}
)

select
    order_id,
    customer_id,
    ordered_on,
    {{ currency_or_default() }} as currency,
    open_amount,
    status,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
