-- Grain: one row a source system and invoice_id, number; the newest version of each.
with newest as (
    {{ newest_version('billing_instalments', ['invoice_id', 'number']) }}
)

select
    invoice_id,
    number,
    due_on,
    amount,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
