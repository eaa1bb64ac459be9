-- Grain: one row a source system and payment_id; the newest version of each.
with newest as (
    {{ newest_version('billing_payments', ['payment_id']) }}
)

select
    payment_id,
    customer_id,
    received_on,
    {{ currency_or_default() }} as currency,
    exchange_rate,
    amount,
    method,
    reference,
    status,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
