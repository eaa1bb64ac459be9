-- Grain: one row per document: a contract, an addendum, an act, an invoice document or an act of reconciliation. A
-- document that names no account takes its deal's.
with documents as (
    select * from {{ ref('stg_crm__documents') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

deals as (
    select * from {{ ref('int_deals_resolved') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
)

select
    {{ global_id('documents._system', 'documents.document_id') }} as document_id,
    coalesce(account_references.account_id, deals.account_id) as account_id,
    deals.deal_id,
    documents._system as system,
    case
        when account_references.account_id is not null then account_references.rule
        when deals.account_id is not null then 'deal'
        when documents.account_id is not null then 'not_in_export'
        else 'none'
    end as account_rule,
    {{ unresolved_ids([
        ('account', 'documents.account_id', 'account_references.account_id'),
        ('deal', 'documents.deal_id', 'deals.deal_id'),
    ]) }} as unresolved_ids,
    documents.document_type,
    documents.number as document_number,
    documents.currency,
    documents.amount,
    documents.credit_limit,
    documents.payment_terms_days,
    documents.sent_at,
    {{ business_date('documents.sent_at', 'run.business_timezone') }} as sent_on,
    documents.signed_at,
    {{ business_date('documents.signed_at', 'run.business_timezone') }} as signed_on,
    -- A system that gives no signature on any document of a kind does not tell who signed.
    case
        when count(documents.signed_at) over (
            partition by
                documents._system,
                case when documents.document_type = 'addendum' then 'contract' else documents.document_type end
        ) > 0 then documents.signed_at is not null
    end as is_signed,
    documents.starts_on,
    documents.ends_on,
    documents._source,
    documents._file,
    documents._file_sha256,
    documents._row
from documents
left join account_references
    on documents._system = account_references.system and documents.account_id = account_references.reference
left join deals on documents._system = deals.system and documents.deal_id = deals.native_id
cross join run
