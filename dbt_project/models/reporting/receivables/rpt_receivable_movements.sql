-- Grain: one row per month, account and currency, from the account's first event in the currency to the as-of month.
-- What moved the net balance (open - credit - unapplied), signed: what raises it is positive. Money that was set against
-- an invoice moved the balance when it came in, not when it was applied: an application and the unapplied money that it
-- uses up cancel out, but where they belong to two accounts or two currencies.
with run as (
    select * from {{ ref('int_run_dated') }}
),

dates as (
    select distinct month from {{ ref('dim_dates') }}
),

-- An application to which no payment or credit note belongs moves no unapplied money: the money came in by itself.
ledger as (
    select
        account_id,
        currency,
        event_date,
        amount,
        case
            when event_type in ('invoice', 'debit_note') and is_opening then 'brought_forward'
            when event_type in ('invoice', 'debit_note') then 'invoiced'
            when event_type = 'write_off' then 'written_off'
            when event_type = 'recovery' then 'recovered'
            when movement_kind = 'payment' and payment_id is not null then 'transferred'
            when movement_kind = 'payment' and amount < 0 then 'collected'
            when movement_kind = 'payment' then 'refunded'
            when movement_kind = 'credit_note' and credit_note_id is not null then 'transferred'
            when movement_kind = 'credit_note' then 'credited'
            when event_type = 'refund' then 'refunded'
            when event_type = 'chargeback' or payment_id is not null then 'charged_back'
            else 'reversed'
        end as movement
    from {{ ref('fct_receivable_events') }}
),

-- Unapplied money lowers the net balance as it comes in. A credit note that was used up without saying where is no cash:
-- the invoices that it lowered look collected by as much, which is taken back.
unapplied as (
    select
        account_id,
        currency,
        event_date,
        -amount as amount,
        case
            when movement_kind = 'consumption' then 'collected'
            when movement_type = 'applied' then 'transferred'
            when movement_type in ('received', 'voided') and origin_kind = 'credit_note' then 'credited'
            when movement_type = 'received' and amount < 0 then 'refunded'
            when movement_type = 'received' then 'collected'
            when movement_type = 'refunded' then 'refunded'
            when movement_kind = 'reversal' and origin_kind = 'credit_note' then 'credited'
            else 'charged_back'
        end as movement
    from {{ ref('fct_unapplied_credits') }}
),

{% set movements = ['invoiced', 'credited', 'collected', 'written_off', 'refunded', 'charged_back', 'reversed',
    'recovered', 'brought_forward', 'transferred'] %}
moved as (
    select
        moves.account_id,
        moves.currency,
        {{ month_of('moves.event_date') }} as month,
        {%- for movement in movements %}
        coalesce(sum(moves.amount) filter (where moves.movement = '{{ movement }}'), 0) as {{ movement }},
        {%- endfor %}
        sum(moves.amount) as change
    from (select * from ledger union all select * from unapplied) as moves
    inner join run on moves.event_date <= run.as_of_date
    group by moves.account_id, moves.currency, {{ month_of('moves.event_date') }}
),

-- Every month since the first one, those in which nothing moved as well.
months as (
    select firsts.account_id, firsts.currency, dates.month
    from (select account_id, currency, min(month) as first_month from moved group by account_id, currency) as firsts
    cross join run
    inner join dates on dates.month >= firsts.first_month and dates.month <= run.as_of_month
),

balanced as (
    select
        months.account_id,
        months.currency,
        months.month,
        sum(moved.change) over (
            partition by months.account_id, months.currency order by months.month
        ) as closing,
        {%- for movement in movements %}
        coalesce(moved.{{ movement }}, 0) as {{ movement }}{% if not loop.last %},{% endif %}
        {%- endfor %}
    from months
    left join moved
        on months.account_id = moved.account_id
        and months.currency = moved.currency
        and months.month = moved.month
),

final as (
    select
        balanced.*,
        lag(closing) over (partition by account_id, currency order by month) as closed_before
    from balanced
)

select
    account_id,
    currency,
    cast(coalesce(closed_before, 0) as decimal(38, 4)) as opening,
    {%- for movement in movements[:5] %}
    cast({{ movement }} as decimal(38, 4)) as {{ movement }},
    {%- endfor %}
    cast({{ movements[5:] | join(' + ') }} as decimal(38, 4)) as other,
    {%- for movement in movements[5:] %}
    cast({{ movement }} as decimal(38, 4)) as {{ movement }},
    {%- endfor %}
    cast(closing as decimal(38, 4)) as closing,
    month
from final
