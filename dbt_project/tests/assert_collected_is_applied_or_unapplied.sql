-- What was collected (R17) went somewhere: cash = money applied to invoices and not taken back + what is unapplied.
-- In each currency but those in which a payment met an invoice of another currency.
{{ config(meta={'dagster': {'ref': {'name': 'fct_payments'}}}) }}

with mixed as (
    select currency, origin_currency
    from {{ ref('int_applications_linked') }}
    where issue is null and currency <> origin_currency
),

cash as (
    select currency, sum(amount) as amount
    from {{ ref('fct_payments') }}
    where payment_kind <> 'credit_note_used'
    group by currency
),

applied as (
    select currency, -sum(amount) as amount
    from {{ ref('fct_receivable_events') }}
    where event_type in ('payment', 'refund', 'chargeback')
        or (event_type = 'reversal' and (payment_id is not null or movement_kind = 'payment'))
    group by currency
),

unapplied as (
    select currency, sum(amount) as amount
    from {{ ref('fct_unapplied_credits') }}
    -- A reversal of a credit note takes money that nobody paid.
    where origin_kind = 'payment'
        or (movement_type in ('refunded', 'charged_back') and movement_kind is distinct from 'reversal')
    group by currency
)

select cash.currency, cash.amount as collected, applied.amount as applied, unapplied.amount as unapplied
from cash
left join applied on cash.currency = applied.currency
left join unapplied on cash.currency = unapplied.currency
where cash.amount <> coalesce(applied.amount, 0) + coalesce(unapplied.amount, 0)
    and cash.currency not in (select currency from mixed)
    and cash.currency not in (select origin_currency from mixed)
