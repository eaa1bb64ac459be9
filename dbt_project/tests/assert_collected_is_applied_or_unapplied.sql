-- What was collected (R17) went somewhere: cash up to the as-of date = money applied to invoices and not taken back, and
-- what of payments is unapplied. In each currency; payments in another currency than their invoice's are left out.
with linked as (
    select * from {{ ref('int_applications_linked') }} where issue is null and currency <> origin_currency
),

run as (
    select * from {{ ref('dim_runs') }}
),

cash as (
    select currency, sum(amount) as amount
    from {{ ref('fct_payments') }}
    where received_on <= (select as_of_date from run)
    group by currency
),

applied as (
    select currency, -sum(amount) as amount
    from {{ ref('fct_receivable_events') }}
    where event_type in ('payment', 'refund', 'chargeback') and event_date <= (select as_of_date from run)
    group by currency
),

unapplied as (
    select currency, sum(amount) as amount
    from {{ ref('fct_unapplied_credits') }}
    where origin_kind = 'payment' and event_date <= (select as_of_date from run)
    group by currency
)

select cash.currency, cash.amount as collected, applied.amount as applied, unapplied.amount as unapplied
from cash
left join applied on cash.currency = applied.currency
left join unapplied on cash.currency = unapplied.currency
where cash.amount <> coalesce(applied.amount, 0) + coalesce(unapplied.amount, 0)
