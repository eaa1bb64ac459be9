-- Grain: one row per invoice, instalment and stretch of days on which the same amount of it is open, with what ended the
-- stretch: cash, or a loss (written off, credited, made void). A debt that is settled on the day it arises has none.
-- `is_day_unknown`: a balance alone tells that it was paid, so that it teaches nothing of when debts are; nor does what is open
-- of who paid others so, and none on a known day.
with intervals as (
    select * from {{ ref('fct_receivable_intervals') }} where open_amount > 0
),

events as (
    select * from {{ ref('fct_receivable_events') }}
),

reductions as (
    select
        invoice_id,
        event_date,
        {{ ratio("coalesce(sum(amount) filter (where event_type = 'payment'), 0)", 'sum(amount)') }} as cash_share
    from events
    where amount < 0
    group by invoice_id, event_date
),

paid as (
    select
        invoice_id,
        account_id,
        bool_or({{ is_payment_dated('allocation', 'payment_id') }}) as has_day,
        not bool_and({{ is_payment_dated('allocation', 'payment_id') }}) as has_none
    from events
    where event_type = 'payment' and amount < 0
    group by invoice_id, account_id
),

payers as (
    select account_id
    from paid
    group by account_id
    having bool_or(has_none) and not bool_or(has_day)
),

followed as (
    select
        *,
        lead(valid_from) over (partition by invoice_id, instalment_number order by valid_from) as next_from,
        lead(open_amount) over (partition by invoice_id, instalment_number order by valid_from) as next_amount
    from intervals
),

ended as (
    select
        *,
        {{ money('case when next_from = valid_to then next_amount else 0 end') }} as open_after
    from followed
),

final as (
    select
        ended.invoice_id,
        ended.account_id,
        ended.instalment_number,
        ended.currency,
        ended.instalment_amount,
        ended.open_amount,
        ended.open_after,
        {{ money(greatest_known(
            'ended.open_amount - ended.open_after', '0'
        ) ~ ' * coalesce(reductions.cash_share, 0)') }}
            as paid_amount,
        {{ money(greatest_known(
            'ended.open_amount - ended.open_after', '0'
        ) ~ ' * (1 - coalesce(reductions.cash_share, 0))') }}
            as lost_amount,
        coalesce(paid.has_none, false) or payers.account_id is not null as is_day_unknown,
        ended.issued_on,
        ended.due_on,
        ended.valid_from,
        ended.valid_to
    from ended
    left join reductions on ended.invoice_id = reductions.invoice_id and ended.valid_to = reductions.event_date
    left join paid on ended.invoice_id = paid.invoice_id and ended.account_id = paid.account_id
    left join payers on ended.account_id = payers.account_id
)

select * from final
