-- Grain: one row per event that changes what an invoice leaves open.
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
        case when credit_note_id is null then 'payment:' else 'credit_note:' end || application_id,
        case when credit_note_id is null then 'payment' else 'credit_note' end,
        account_id,
        customer_id,
        invoice_id,
        payment_id,
        credit_note_id,
        case when credit_note_id is not null then 'credit_note' when amount < 0 then 'reversal' else 'payment' end,
        allocation,
        currency,
        -amount,
        is_opening,
        event_date,
        settlement_date,
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

-- What is paid of a debt that was written off is a recovery, and not in the customer's favour: the write-off is taken back by
-- as much as the document would otherwise be overpaid, and comes again where that payment is taken back.
given_up as (
    select
        invoice_id,
        event_date,
        sum(amount) as amount,
        sum(case when event_type = 'write_off' then -amount else 0 end) as written_off
    from events
    where invoice_id in (select invoice_id from events where event_type = 'write_off')
    group by invoice_id, event_date
),

recoverable as (
    select
        invoice_id,
        event_date,
        {{ greatest_or_unknown(0, least_or_unknown(
            "sum(written_off) over (partition by invoice_id order by event_date)",
            "-sum(amount) over (partition by invoice_id order by event_date)"
        )) }} as recovered
    from given_up
),

recoveries as (
    select
        invoice_id,
        event_date,
        recovered - coalesce(lag(recovered) over (partition by invoice_id order by event_date), 0) as amount
    from recoverable
),

all_events as (
    select * from events
    union all
    select
        'recovery:' || documents.invoice_id || ':' || cast(recoveries.event_date as varchar(10)),
        'recovery',
        documents.account_id,
        documents.customer_id,
        documents.invoice_id,
        null,
        null,
        'recovery',
        'explicit',
        documents.currency,
        recoveries.amount,
        documents.document_kind = 'opening',
        recoveries.event_date,
        null,
        documents.issued_on,
        documents.due_on,
        {{ provenance('documents') }},
        documents._known_at
    from recoveries
    inner join documents on recoveries.invoice_id = documents.invoice_id
    where recoveries.amount <> 0
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
    from all_events as events
    left join rates on events.currency = rates.currency and events.event_date = rates.rate_date
)

select * from final
