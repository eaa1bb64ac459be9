-- Grain: one row per document of an account that was sent or signed: the register of contracts, addenda, acts and acts of
-- reconciliation (B3, B7, B8).
with run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

documents as (
    select * from {{ ref('fct_documents') }}
),

known as (
    select
        documents.document_id,
        documents.account_id,
        documents.deal_id,
        documents.document_type,
        documents.document_number,
        documents.currency,
        documents.amount,
        documents.payment_terms_days,
        documents.sent_on,
        documents.signed_on,
        documents.starts_on,
        documents.ends_on,
        run.as_of_date,
        documents._file,
        documents._row
    from documents
    cross join run
    where documents.sent_on is not null or documents.signed_on is not null
)

select
    known.document_id,
    known.account_id,
    known.deal_id,
    accounts.account_name,
    accounts.owner_id,
    known.document_type,
    known.document_number,
    case
        when known.document_type = 'contract' and known.ends_on < known.as_of_date then 'ended'
        when known.signed_on is not null then 'signed'
        when {{ days_from('known.sent_on', 'known.as_of_date') }} > {{ parameter('unsigned_after_days') }} then 'overdue'
        else 'sent'
    end as state,
    known.currency,
    {{ money('known.amount') }} as amount,
    cast(known.payment_terms_days as bigint) as payment_terms_days,
    cast(case when known.signed_on is null then {{ days_from('known.sent_on', 'known.as_of_date') }} end as bigint)
        as days_unsigned,
    known.sent_on,
    known.signed_on,
    known.starts_on,
    known.ends_on,
    known.as_of_date,
    known._file,
    known._row
from known
inner join accounts on known.account_id = accounts.account_id
