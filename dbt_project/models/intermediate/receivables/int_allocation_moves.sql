-- Grain: one row per move of the walk through int_allocation_steps: money that is taken to have paid a document, or, with a
-- minus, that no longer does. Without a payment or credit note it is money that no export holds; without a document it is a
-- credit note that was used up, or unspent money that `adjustment_id` took back. `settled_on` is the day of what is taken back.
with walks as (
    select
        customer_id,
        currency,
        list({{ allocation_step(
            'kind', 'debt_id', 'origin_id', 'rank', 'cast(amount as decimal(38, 4)) * 10000', 'day', 'adjustment_id'
        ) }} order by step_number) as steps
    from {{ ref('int_allocation_steps') }}
    group by customer_id, currency
),

walked as (
    -- What the linter cannot read are lambdas.
    select customer_id, currency, ({{ allocation_walk('steps') }}).moves as moves from walks -- noqa: PRS
),

numbered as (
    select customer_id, currency, unnest(moves) as move, generate_subscripts(moves, 1) as move_number from walked
),

final as (
    select
        customer_id,
        currency,
        move_number,
        move.debt as invoice_id,
        case when move.origin like 'payment:%' then substr(move.origin, length('payment:') + 1) end as payment_id,
        case when move.origin like 'credit_note:%' then substr(move.origin, length('credit_note:') + 1) end as credit_note_id,
        move.cause as adjustment_id,
        {{ money('cast(move.amount as decimal(18, 0)) / 10000') }} as amount,
        move.day as event_date,
        move.settled as settled_on
    from numbered
)

select * from final
