-- Grain: one row a source system and adjustment_id; the newest version of each.
with newest as (
    {{ newest_version('billing_adjustments', ['adjustment_id']) }}
)

select
    adjustment_id,
    adjustment_kind,
    customer_id,
    invoice_id,
    payment_id,
    occurred_on,
    currency,
    exchange_rate,
    amount,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
