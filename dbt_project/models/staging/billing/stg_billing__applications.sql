-- Grain: one row a source system and application_id; the newest version of each.
with newest as (
    {{ newest_version('billing_applications', ['application_id']) }}
)

select
    application_id,
    payment_id,
    credit_note_id,
    invoice_id,
    applied_on,
    amount,
    payment_amount,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
