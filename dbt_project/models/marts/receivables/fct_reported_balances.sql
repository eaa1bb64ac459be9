-- Grain: one row per document whose export carries a balance of its own, with ours of the same document.
-- Both are of all that is known: a balance that an export reports is of the day of the export, not of an asked day. What some
-- vendors leave standing on a document that is void says nothing; on one that was written off they leave what was open before.
with documents as (
    select * from {{ ref('int_billing_documents') }}
    where reported_balance is not null and (is_receivable or is_credit) and not is_void
),

events as (
    select
        invoice_id,
        sum(amount) as open_amount,
        coalesce(-sum(amount) filter (where event_type = 'write_off'), 0) as written_off,
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
),

compared as (
    select
        documents.*,
        coalesce(events.open_amount, credits.open_amount, 0) + case
            when documents.reported_balance > events.open_amount then events.written_off else 0
        end as our_balance,
        -- Where the export tells nothing but the balance, ours was made from it and cannot differ.
        coalesce(events.is_from_reported, false) as is_from_reported
    from documents
    left join events on documents.invoice_id = events.invoice_id
    left join credits on documents.invoice_id = credits.invoice_id
)

select
    compared.invoice_id,
    compared.account_id,
    compared.customer_id,
    compared.invoice_number,
    compared.document_kind,
    compared.currency,
    {{ money('compared.gross_amount') }} as gross_amount,
    {{ money('compared.reported_balance') }} as reported_balance,
    {{ money('compared.our_balance') }} as our_balance,
    {{ money('compared.reported_balance - compared.our_balance') }} as difference,
    compared.is_from_reported,
    compared.issued_on,
    {{ provenance('compared') }}
from compared
