-- Grain: one row per billing row that says something of receivables and could not be posted, with the reason.
-- Nothing is dropped in silence: an application to an unknown invoice leaves its payment unapplied, and stands here.
with documents as (
    select * from {{ ref('int_billing_documents') }}
),

payments as (
    select * from {{ ref('int_billing_payments') }}
),

items as (
    {{ open_items_at(ref('fct_receivable_intervals'), ref('int_run_dated'), ['invoice_id', 'open_amount']) }}
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
        coalesce(issue, case when origin_kind = 'credit_note' then 'exceeds_credit_note' else 'exceeds_payment' end),
        case when issue is null then origin_currency else currency end,
        case when issue is null then unposted_amount else amount end,
        event_date,
        {{ provenance() }}
    from {{ ref('int_applications_linked') }} as linked
    where issue is not null or unposted_amount > 0
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
union all
-- Its export says that it was settled, and by its events something is open: money was taken back, or the one is wrong.
select
    'invoices',
    documents.invoice_id,
    documents.account_id,
    'settled_but_open',
    documents.currency,
    sum(items.open_amount),
    documents.settled_on,
    {{ provenance('documents') }}
from documents
inner join items on documents.invoice_id = items.invoice_id
where documents.settled_on <= items.as_of_date and items.open_amount > 0
group by
    documents.invoice_id, documents.account_id, documents.currency, documents.settled_on,
    {{ provenance('documents') }}
union all
-- More went back than the customer had unapplied: the movement after which that stands.
select
    'unapplied_credits',
    movement_id,
    account_id,
    'unapplied_below_zero',
    currency,
    balance,
    event_date,
    {{ provenance() }}
from (
    select
        *,
        sum(amount) over (partition by account_id, currency) as closing,
        sum(amount) over (
            partition by account_id, currency order by event_date, amount desc, movement_id
            rows between unbounded preceding and current row
        ) as balance,
        row_number() over (
            partition by account_id, currency order by event_date desc, amount, movement_id desc
        ) as place
    from {{ ref('fct_unapplied_credits') }}
) as movements
where closing < 0 and place = 1
