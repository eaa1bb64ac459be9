-- Grain: one row per billing row that says something of receivables and could not be posted, with the reason.
-- Nothing is dropped in silence: an application to an unknown invoice leaves its payment unapplied, and stands here.
with documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select * from {{ ref('int_billing_payments') }}
),

exceptions as (
    select
        'invoices' as entity,
        invoice_id as row_id,
        account_id,
        case
            when gross_amount is null then 'no_amount'
            when issued_on is null then 'no_date'
            when status = 'superseded' then 'later_opening_balance'
            else 'prepayment_request'
        end as reason,
        currency,
        gross_amount as amount,
        issued_on as event_date,
        {{ provenance() }}
    from documents
    where not is_void
        and not is_draft
        and (gross_amount is null or issued_on is null or status = 'superseded' or document_kind = 'prepayment')
    union all
    select
        'payments',
        payment_id,
        account_id,
        case
            when not is_settled then 'payment_not_received'
            when amount is null then 'no_amount'
            else 'no_date'
        end,
        currency,
        amount,
        received_on,
        {{ provenance() }}
    from payments
    where not is_received
    union all
    select
        'applications',
        application_id,
        account_id,
        issue,
        currency,
        amount,
        event_date,
        {{ provenance() }}
    from {{ ref('int_applications_linked') }} as linked
    where issue is not null
    union all
    select
        'adjustments',
        adjustment_id,
        account_id,
        issue,
        currency,
        amount,
        event_date,
        {{ provenance() }}
    from {{ ref('int_adjustments_posted') }} as adjusted
    where issue is not null
)

select * from exceptions
