-- Grain: one row per cash event of the ledger (payment, refund, chargeback, reversal) and instalment that it fell on.
-- Each instalment is due on its own day, so what was paid of it is late or not by that day (R12, R14). Payments fill
-- instalments in order, money taken back opens the last ones again; of one day what opens comes before what pays.
-- `is_payment` is true once a payment, on the part that was due first: it is the latest paid.
{{ config(materialized='held_view') }}

with events as (
    select * from {{ ref('fct_receivable_events') }}
),

instalments as (
    select
        {{ global_id('_system', 'invoice_id') }} as invoice_id,
        due_on,
        amount,
        number,
        sum(amount) over (partition by _system, invoice_id)
        - sum(amount) over (partition by _system, invoice_id order by due_on, number) as later_amount,
        row_number() over (partition by _system, invoice_id order by due_on, number) = 1 as is_first
    from {{ ref('stg_billing__instalments') }}
    where amount > 0
),

in_parts as (
    select distinct invoice_id from instalments
),

balances as (
    select
        events.*,
        sum(events.amount) over (
            partition by events.invoice_id order by events.event_date, events.amount desc, events.event_id
            rows between unbounded preceding and current row
        ) as balance
    from events
    inner join in_parts on events.invoice_id = in_parts.invoice_id
),

-- What lies on each instalment before and after the event. What is open beyond the later ones, and what is over-applied,
-- lies on the first.
compared as (
    select
        balances.*,
        instalments.number,
        instalments.due_on as part_due_on,
        {%- for state, balance in [('before', 'balances.balance - balances.amount'), ('after', 'balances.balance')] %}
        case
            when not instalments.is_first
                then {{ least_known(
                    greatest_known(balance ~ ' - instalments.later_amount', '0'), 'instalments.amount'
                ) }}
            when {{ balance }} < 0 then {{ balance }}
            else {{ greatest_known(balance ~ ' - instalments.later_amount', '0') }}
        end as open_{{ state }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from balances
    inner join instalments on balances.invoice_id = instalments.invoice_id
),

split as (
    select
        *,
        {{ money('open_after - open_before') }} as part_amount
    from compared
    where event_type in ('payment', 'refund', 'chargeback', 'reversal') and open_after <> open_before
),

final as (
    select
        event_id,
        invoice_id,
        account_id,
        currency,
        number as instalment_number,
        event_type,
        part_amount as amount,
        event_type = 'payment'
        and row_number() over (partition by event_id order by part_due_on, number) = 1 as is_payment,
        is_opening,
        event_date,
        settlement_date,
        issued_on,
        part_due_on as due_on
    from split
    union all
    select
        events.event_id,
        events.invoice_id,
        events.account_id,
        events.currency,
        1,
        events.event_type,
        events.amount,
        events.event_type = 'payment',
        events.is_opening,
        events.event_date,
        events.settlement_date,
        events.issued_on,
        events.due_on
    from events
    left join in_parts on events.invoice_id = in_parts.invoice_id
    where events.event_type in ('payment', 'refund', 'chargeback', 'reversal') and in_parts.invoice_id is null
)

select * from final
