-- Grain: one row a source system and customer_id, currency, as_of; the newest version of each.
with newest as (
    {{ newest_version('billing_opening_balances', ['customer_id', 'currency', 'as_of']) }}
)

select
    customer_id,
    {{ currency_or_default() }} as currency,
    as_of,
    amount,
    due_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
