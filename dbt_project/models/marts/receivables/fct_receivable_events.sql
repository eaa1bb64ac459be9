-- Grain: one row an event that changes what an invoice leaves open.
-- Open(i, D) is the sum of the invoice's events up to D.
with documents as (
    select * from {{ ref('int_billing_documents') }} where is_receivable
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

events as (
    select
        case when document_kind = 'debit_note' then 'debit_note' else 'invoice' end || ':' || invoice_id as event_id,
        'document' as movement_kind,
        account_id,
        customer_id,
        invoice_id,
        cast(null as varchar(1)) as payment_id,
        cast(null as varchar(1)) as credit_note_id,
        case when document_kind = 'debit_note' then 'debit_note' else 'invoice' end as event_type,
        'explicit' as allocation,
        currency,
        gross_amount as amount,
        document_kind = 'opening' as is_opening,
        issued_on as event_date,
        cast(null as date) as settlement_date,
        issued_on,
        due_on,
        {{ provenance() }},
        _known_at as known_at
    from documents
    union all
    -- The day that a document was made void takes the debt away again.
    select
        'void:' || invoice_id,
        'void',
        account_id,
        customer_id,
        invoice_id,
        null,
        null,
        case when document_kind = 'debit_note' then 'debit_note' else 'invoice' end,
        'explicit',
        currency,
        -gross_amount,
        document_kind = 'opening',
        voided_on,
        null,
        issued_on,
        due_on,
        {{ provenance() }},
        _known_at
    from documents
    where is_void
    union all
    select
        case when origin_kind = 'credit_note' then 'credit_note:' else 'payment:' end || application_id,
        case when origin_kind = 'credit_note' then 'credit_note' else 'payment' end,
        account_id,
        customer_id,
        invoice_id,
        payment_id,
        credit_note_id,
        case when origin_kind = 'credit_note' then 'credit_note' when amount < 0 then 'reversal' else 'payment' end,
        allocation,
        currency,
        -amount,
        is_opening,
        event_date,
        event_date,
        issued_on,
        due_on,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_linked') }} as linked
    where issue is null
    union all
    select
        'payment:' || application_id,
        'payment',
        account_id,
        customer_id,
        invoice_id,
        payment_id,
        null,
        'payment',
        allocation,
        currency,
        -amount,
        is_opening,
        event_date,
        event_date,
        issued_on,
        due_on,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_assumed') }} as assumed
    union all
    select
        adjustment_kind || ':' || adjustment_id || ':' || invoice_id || ':' || cast(event_number as varchar(10)),
        adjustment_kind,
        account_id,
        customer_id,
        invoice_id,
        payment_id,
        null,
        adjustment_kind,
        'explicit',
        currency,
        case when adjustment_kind = 'write_off' then -amount else amount end,
        is_opening,
        event_date,
        settlement_date,
        issued_on,
        due_on,
        {{ provenance() }},
        _known_at
    from (
        select
            *,
            row_number() over (partition by adjustment_id, invoice_id order by settlement_date, amount) as event_number
        from {{ ref('int_adjustments_posted') }}
        where target = 'invoice'
    ) as adjusted
),

final as (
    select
        events.event_id,
        events.account_id,
        events.customer_id,
        events.invoice_id,
        events.payment_id,
        events.credit_note_id,
        events.event_type,
        events.movement_kind,
        events.allocation,
        events.currency,
        events.amount,
        {{ money('events.amount * rates.rate') }} as amount_base,
        events.is_opening,
        events.event_date,
        events.settlement_date,
        events.issued_on,
        events.due_on,
        events.known_at,
        {{ provenance('events') }}
    from events
    left join rates on events.currency = rates.currency and events.event_date = rates.rate_date
)

select * from final
