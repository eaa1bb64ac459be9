-- Grain: one row per movement of unapplied money: a payment or credit note came in (+), was applied or given back (−).
with documents as (
    select * from {{ ref('int_billing_documents') }} where is_credit
),

payments as (
    select * from {{ ref('int_billing_payments') }} where is_received
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

movements as (
    select
        'received:' || payment_id as movement_id,
        'payment' as movement_kind,
        account_id,
        customer_id,
        payment_id as origin_id,
        'payment' as origin_kind,
        'received' as movement_type,
        currency,
        amount,
        received_on as event_date,
        received_on as origin_date,
        {{ provenance() }},
        _known_at as known_at
    from payments
    union all
    select
        'issued:' || invoice_id,
        'credit_note',
        account_id,
        customer_id,
        invoice_id,
        'credit_note',
        'received',
        currency,
        gross_amount,
        issued_on,
        issued_on,
        {{ provenance() }},
        _known_at
    from documents
    union all
    select
        'void:' || invoice_id,
        'void',
        account_id,
        customer_id,
        invoice_id,
        'credit_note',
        'voided',
        currency,
        -gross_amount,
        voided_on,
        issued_on,
        {{ provenance() }},
        _known_at
    from documents
    where is_void
    union all
    -- Accounts of the origin: a parent's money that paid a daughter's invoice is the parent's.
    select
        'applied:' || application_id,
        'application',
        origin_account_id,
        origin_customer_id,
        coalesce(payment_id, credit_note_id),
        origin_kind,
        'applied',
        origin_currency,
        -origin_amount,
        event_date,
        origin_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_linked') }} as linked
    where issue is null and (payment_id is not null or (credit_note_id is not null and origin_kind = 'credit_note'))
    union all
    select
        'applied:' || application_id,
        'application',
        account_id,
        customer_id,
        coalesce(payment_id, credit_note_id),
        case when credit_note_id is null then 'payment' else 'credit_note' end,
        'applied',
        currency,
        -amount,
        event_date,
        origin_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_assumed') }} as assumed
    where coalesce(payment_id, credit_note_id) is not null
    union all
    select
        'consumed:' || credit_note_id,
        'consumption',
        account_id,
        customer_id,
        credit_note_id,
        'credit_note',
        'applied',
        currency,
        -amount,
        event_date,
        event_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_credit_notes_consumed') }} as consumed
    union all
    select
        adjustment_kind || ':' || adjustment_id || ':' || cast(posting_number as varchar(20)),
        adjustment_kind,
        account_id,
        customer_id,
        coalesce(credit_note_id, payment_id, adjustment_id),
        case when credit_note_id is not null then 'credit_note' else 'payment' end,
        case when adjustment_kind = 'refund' then 'refunded' else 'charged_back' end,
        currency,
        -amount,
        event_date,
        event_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_adjustments_posted') }} as adjusted
    where target = 'unapplied'
),

final as (
    select
        movements.movement_id,
        movements.account_id,
        movements.customer_id,
        movements.origin_id,
        movements.origin_kind,
        movements.movement_type,
        movements.movement_kind,
        movements.currency,
        movements.amount,
        {{ money('movements.amount * rates.rate') }} as amount_base,
        movements.event_date,
        movements.origin_date,
        movements.known_at,
        {{ provenance('movements') }}
    from movements
    left join rates on movements.currency = rates.currency and movements.event_date = rates.rate_date
)

select * from final
