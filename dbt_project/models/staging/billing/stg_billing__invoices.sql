-- Grain: one row a source system and invoice_id; the newest version of each.
with newest as (
    {{ newest_version(source('raw', 'billing_invoices'), ['invoice_id']) }}
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
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
