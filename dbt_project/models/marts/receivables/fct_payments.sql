-- Grain: one row per movement of cash: in with a plus, out with a minus. The sum of `amount` is what was collected (R17).
-- Cash that no payments export holds is inferred from what shows it: an application, a settled date, a balance.
with payments as (
    select * from {{ ref('int_billing_payments') }} where is_received
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

cash as (
    select
        payment_id,
        account_id,
        customer_id,
        case when amount < 0 then 'refund' else 'received' end as payment_kind,
        'explicit' as allocation,
        currency,
        method,
        reference,
        amount,
        received_on,
        {{ provenance() }},
        _known_at as known_at
    from payments
    union all
    select
        application_id || ':inferred',
        account_id,
        customer_id,
        case when amount < 0 then 'refund' else 'received' end,
        allocation,
        currency,
        null,
        null,
        amount,
        event_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_linked') }} as linked
    where issue is null and payment_id is null and origin_kind = 'payment'
    union all
    select
        application_id || ':inferred',
        account_id,
        customer_id,
        allocation,
        allocation,
        currency,
        null,
        null,
        amount,
        event_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_applications_assumed') }} as assumed
    where coalesce(payment_id, credit_note_id) is null
    union all
    select
        credit_note_id || ':consumed',
        account_id,
        customer_id,
        'credit_note_used',
        allocation,
        currency,
        null,
        null,
        -amount,
        event_date,
        {{ provenance() }},
        _known_at
    from {{ ref('int_credit_notes_consumed') }} as consumed
    union all
    -- An adjustment may change several invoices: in cash it is one movement, of who had paid.
    select
        adjustment_id || ':' || adjustment_kind,
        min(payer_account_id),
        min(payer_customer_id),
        case when adjustment_kind = 'refund' then 'refund' else 'chargeback' end,
        'explicit',
        cash_currency,
        null,
        null,
        -sum(cash_amount),
        occurred_on,
        {{ provenance() }},
        min(_known_at)
    from {{ ref('int_adjustments_posted') }} as adjusted
    where issue is null
        and (adjustment_kind in ('refund', 'chargeback') or (adjustment_kind = 'reversal' and payment_id is not null))
    group by adjustment_id, adjustment_kind, cash_currency, occurred_on, _system, _source, _file, _file_sha256, _row
),

final as (
    select
        cash.payment_id,
        cash.account_id,
        cash.customer_id,
        cash.payment_kind,
        cash.allocation,
        {{ is_payment_dated('cash.allocation', 'null') }} as is_dated,
        cash.currency,
        cash.method,
        cash.reference,
        {{ money('cash.amount') }} as amount,
        {{ money('cash.amount * rates.rate') }} as amount_base,
        cash.received_on,
        cash.known_at,
        {{ provenance('cash') }}
    from cash
    left join rates on cash.currency = rates.currency and cash.received_on = rates.rate_date
)

select * from final
