-- Grain: one row per payment and instalment that it fell on, and one per event that took back, payment and instalment that it
-- took from.
-- Each instalment is due on its own day, so what was paid of it is late or not by that day (R12, R14). Payments fill
-- instalments in order; of one day what opens comes before what pays. What is taken back takes what its own payment gave, the
-- last instalment first; where that gave less, what was paid last before; and never more than was paid.
-- `settlement_date` is the day on which the customer paid, unknown where an export tells no more than that it was paid by
-- some day; windows count a payment on `counted_on`. `due_on` is unknown of an opening balance that gives none: the day on
-- which the books begin is nobody's due date. `is_payment` is true once a payment, on the part that was due first.
{{ config(materialized='held_view') }}

with events as (
    select * from {{ ref('fct_receivable_events') }}
),

instalments as (
    {{ instalments_of(ref('fct_invoices')) }}
),

undue as (
    select invoice_id from {{ ref('fct_invoices') }} where document_kind = 'opening' and due_rule <> 'given'
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
        instalments.instalment_number,
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

{% set columns = ['event_id', 'invoice_id', 'account_id', 'currency', 'event_type', 'allocation', 'is_opening', 'event_date',
    'issued_on'] %}
parts as (
    select
        {{ columns | join(', ') }},
        payment_id,
        part_due_on as due_on,
        instalment_number,
        {{ money('open_before - open_after') }} as amount,
        amount as event_amount
    from compared
    where event_type = 'payment' and open_after <> open_before
    union all
    select
        {% for column in columns %}events.{{ column }}, {% endfor %}
        events.payment_id,
        case when undue.invoice_id is null then events.due_on end,
        1,
        -events.amount,
        events.amount
    from events
    left join in_parts on events.invoice_id = in_parts.invoice_id
    left join undue on events.invoice_id = undue.invoice_id
    where events.event_type = 'payment' and in_parts.invoice_id is null
),

pieces as (
    select
        *,
        {{ is_payment_dated('allocation', 'payment_id') }} as is_dated,
        row_number() over (
            partition by invoice_id order by event_date, event_amount desc, event_id, due_on, instalment_number
        ) as place,
        row_number() over (partition by event_id order by due_on, instalment_number) = 1 as is_payment
    from parts
),

taken_back as (
    select event_id, invoice_id, event_type, event_date, settlement_date, amount
    from events
    where event_type in ('refund', 'chargeback', 'reversal')
),

walks as (
    select
        taken_back.invoice_id,
        list({{ taking_step('taken_back.event_id', 'taken_back.event_date', 'taken_back.settlement_date', 'taken_back.amount') }}
            order by taken_back.event_date, taken_back.event_id) as steps
    from taken_back
    group by taken_back.invoice_id
),

paid_of as (
    select
        pieces.invoice_id,
        list(struct_pack(place := pieces.place, day := pieces.event_date, amount := pieces.amount) order by pieces.place) as paid
    from pieces
    where pieces.invoice_id in (select taken_back.invoice_id from taken_back)
    group by pieces.invoice_id
),

taken as (
    -- What the linter cannot read are lambdas.
    select walks.invoice_id, unnest(({{ takings('walks.steps', 'paid_of.paid') }}).taken) as taking -- noqa: PRS
    from walks
    inner join paid_of on walks.invoice_id = paid_of.invoice_id
),

final as (
    select
        event_id,
        event_id as payment_event_id,
        invoice_id,
        account_id,
        currency,
        instalment_number,
        event_type,
        {{ money('-amount') }} as amount,
        is_payment,
        is_dated,
        is_opening,
        event_date,
        event_date as counted_on,
        case when is_dated then event_date end as settlement_date,
        issued_on,
        due_on
    from pieces
    union all
    select
        taken_back.event_id,
        pieces.event_id,
        pieces.invoice_id,
        pieces.account_id,
        pieces.currency,
        pieces.instalment_number,
        taken_back.event_type,
        {{ money('taken.taking.amount') }},
        false,
        pieces.is_dated,
        pieces.is_opening,
        -- Nothing is taken back before it was paid.
        {{ greatest_known('taken_back.event_date', 'pieces.event_date') }},
        pieces.event_date,
        case when pieces.is_dated then pieces.event_date end,
        pieces.issued_on,
        pieces.due_on
    from taken
    inner join pieces on taken.invoice_id = pieces.invoice_id and taken.taking.place = pieces.place
    inner join taken_back on taken.taking.event_id = taken_back.event_id
)

select * from final
