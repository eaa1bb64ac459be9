-- Grain: one row a source system and document_id; the newest version of each.
with newest as (
    {{ newest_version('crm_documents', ['document_id']) }}
)

select
    document_id,
    document_type,
    number,
    account_id,
    deal_id,
    sent_at,
    signed_at,
    starts_on,
    ends_on,
    amount,
    {{ currency_or_default() }} as currency,
    payment_terms_days,
    credit_limit,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
