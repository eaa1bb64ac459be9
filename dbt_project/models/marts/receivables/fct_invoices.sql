-- Grain: one row per billing document or opening balance; void and draft ones too, which the ledger leaves out.
-- One without a day (`issued_on`) is a finding (no_date) and in no period: what counts by period leaves it out.
{{ config(materialized='held_view') }}

select
    invoice_id,
    account_id,
    customer_id,
    deal_id,
    invoice_number,
    document_kind,
    status,
    currency,
    due_rule,
    net_amount,
    tax_amount,
    gross_amount,
    exchange_rate,
    net_amount_base,
    gross_amount_base,
    -- Net of tax and signed, so that their sum is revenue (V1); gross and signed for credit sales (R7).
    {{ sales_sign() }} * net_amount as revenue_amount,
    {{ sales_sign() }} * net_amount_base as revenue_amount_base,
    {{ sales_sign() }} * gross_amount as sales_amount,
    {{ sales_sign() }} * gross_amount_base as sales_amount_base,
    reported_balance,
    is_void,
    is_draft,
    is_receivable,
    is_disputed,
    issued_on,
    due_on,
    delivered_on,
    voided_on,
    settled_on,
    disputed_on,
    dispute_resolved_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _known_at
from {{ ref('int_billing_documents') }}
