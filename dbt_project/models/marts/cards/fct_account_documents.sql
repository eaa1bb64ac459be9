-- Grain: one row per account with a contract, an act or an invoice: what answers "which contract", "when was our act sent, is it
-- signed" (B7, B8) and "what was the last invoice". Where a system tells no signatures, a document that is there has to do.
with run as (
    select * from {{ ref('int_run_dated') }}
),

documents as (
    select
        documents.*,
        coalesce(documents.is_signed, true) as was_signed,
        coalesce(documents.starts_on, documents.signed_on, documents.sent_on) as begins_on,
        run.as_of_date
    from {{ ref('fct_documents') }} as documents
    cross join run
    where documents.account_id is not null and coalesce(documents.sent_on, documents.signed_on) is not null
),

-- One in force goes first, then one that waits for a signature, then one that is to begin, then the one that ended last.
contracts as (
    select
        account_id,
        document_number as contract_number,
        case
            when ends_on < as_of_date then 'ended'
            when not was_signed then 'not_signed'
            when begins_on > as_of_date then 'to_begin'
            else 'in_force'
        end as contract_state,
        case when was_signed then signed_on end as contract_signed_on,
        starts_on as contract_starts_on,
        ends_on as contract_ends_on
    from documents
    where document_type = 'contract'
    qualify row_number() over (
        partition by account_id
        order by
            case
                when ends_on < as_of_date then 4 when not was_signed then 2 when begins_on > as_of_date then 3 else 1
            end,
            begins_on desc,
            document_number,
            document_id
    ) = 1
),

acts as (
    select
        account_id,
        max(sent_on) as last_act_sent_on,
        {{ last_by('document_number', 'sent_at', 'document_id', among='sent_on is not null') }} as last_act_number,
        max(signed_on) filter (where was_signed) as last_act_signed_on,
        {{ last_by('document_number', 'signed_at', 'document_id', among='signed_at is not null') }} as last_signed_act_number,
        count(*) filter (where not was_signed) as unsigned_acts,
        min(sent_on) filter (where not was_signed) as oldest_unsigned_act_on
    from documents
    where document_type = 'act'
    group by account_id
),

invoices as (
    select
        invoices.account_id,
        invoices.invoice_number as last_invoice_number,
        invoices.gross_amount as last_invoice_amount,
        invoices.currency as last_invoice_currency
    from {{ ref('fct_invoices') }} as invoices
    where invoices.issued_on is not null
        and invoices.document_kind in ('invoice', 'debit_note', 'prepayment')
        and not invoices.is_draft and not invoices.is_void and invoices.account_id is not null
    qualify row_number() over (
        partition by invoices.account_id order by invoices.issued_on desc, invoices.invoice_number desc,
            invoices.invoice_id
    ) = 1
),

keys as (
    select account_id from contracts
    union
    select account_id from acts
    union
    select account_id from invoices
)

select
    keys.account_id,
    contracts.contract_number,
    contracts.contract_state,
    contracts.contract_signed_on,
    contracts.contract_starts_on,
    contracts.contract_ends_on,
    acts.last_act_number,
    acts.last_act_sent_on,
    acts.last_signed_act_number,
    acts.last_act_signed_on,
    coalesce(acts.unsigned_acts, 0) as unsigned_acts,
    acts.oldest_unsigned_act_on,
    invoices.last_invoice_number,
    invoices.last_invoice_amount,
    invoices.last_invoice_currency
from keys
left join contracts on keys.account_id = contracts.account_id
left join acts on keys.account_id = acts.account_id
left join invoices on keys.account_id = invoices.account_id
