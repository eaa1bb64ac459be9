-- Grain: one row per document whose export carries a balance of its own, with ours of the same document.
-- Both are of all that is known: a balance that an export reports is of the day of the export, not of an asked day.
with documents as (
    select * from {{ ref('int_billing_documents') }}
    where reported_balance is not null and (is_receivable or is_credit)
),

events as (
    select
        invoice_id,
        sum(amount) as open_amount,
        bool_or(allocation = 'balance_only') as is_from_reported
    from {{ ref('fct_receivable_events') }}
    group by invoice_id
),

credits as (
    select
        origin_id as invoice_id,
        sum(amount) as open_amount
    from {{ ref('fct_unapplied_credits') }}
    where origin_kind = 'credit_note'
    group by origin_id
)

select
    documents.invoice_id,
    documents.account_id,
    documents.customer_id,
    documents.invoice_number,
    documents.document_kind,
    documents.currency,
    {{ money('documents.gross_amount') }} as gross_amount,
    {{ money('documents.reported_balance') }} as reported_balance,
    {{ money('coalesce(events.open_amount, credits.open_amount, 0)') }} as our_balance,
    {{ money('documents.reported_balance - coalesce(events.open_amount, credits.open_amount, 0)') }} as difference,
    -- Where the export tells nothing but the balance, ours was made from it and cannot differ.
    coalesce(events.is_from_reported, false) as is_from_reported,
    documents.issued_on,
    {{ provenance('documents') }}
from documents
left join events on documents.invoice_id = events.invoice_id
left join credits on documents.invoice_id = credits.invoice_id
