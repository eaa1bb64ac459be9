-- Grain: one row a source system and promise_id; the newest version of each.
with newest as (
    {{ newest_version('billing_promises', ['promise_id']) }}
)

select
    promise_id,
    customer_id,
    invoice_id,
    made_on,
    promised_for,
    amount,
    currency,
    cancelled_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
