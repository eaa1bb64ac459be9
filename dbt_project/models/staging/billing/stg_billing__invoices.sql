-- Grain: one row a source system and invoice_id; the newest version of each.
-- One that its newest full export no longer holds stays, with when that was seen: it was a debt until then.
with newest as (
    {{ newest_version('billing_invoices', ['invoice_id'], keep_vanished=true) }}
)

select
    invoice_id,
    number,
    document_kind,
    customer_id,
    deal_id,
    issued_on,
    due_on,
    delivered_on,
    {{ currency_or_default() }} as currency,
    exchange_rate,
    net_amount,
    tax_amount,
    gross_amount,
    status,
    voided_on,
    is_disputed,
    disputed_on,
    dispute_resolved_on,
    settled_on,
    reported_balance,
    vanished_at,
    vanished_from,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
