-- Opening + movements = closing in every row, each month opens with what the month before closed with, no month is
-- missing, and the closing is what fct_receivable_balances holds at the month's end (in the as-of month: on the as-of
-- date), account by account and currency by currency. Returns what differs.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_receivable_movements'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

movements as (
    select
        *,
        lag(closing) over (partition by account_id, currency order by month) as closed_before,
        lag(month) over (partition by account_id, currency order by month) as month_before
    from {{ ref('rpt_receivable_movements') }}
),

balances as (
    select
        balances.account_id,
        balances.currency,
        balances.net_amount,
        {{ month_of('balances.as_of_date') }} as month
    from {{ ref('fct_receivable_balances') }} as balances
    cross join run
    where balances.as_of_date = run.as_of_date
        or (
            balances.as_of_date = {{ month_end_of('balances.as_of_date') }}
            and {{ month_of('balances.as_of_date') }} < run.as_of_month
        )
)

select
    coalesce(movements.account_id, balances.account_id) as account_id,
    coalesce(movements.currency, balances.currency) as currency,
    coalesce(movements.month, balances.month) as month,
    movements.opening,
    movements.closing,
    balances.net_amount
from movements
full join balances
    on movements.account_id = balances.account_id
    and movements.currency = balances.currency
    and movements.month = balances.month
where coalesce(movements.closing, 0) <> coalesce(balances.net_amount, 0)
    or movements.opening + movements.invoiced + movements.credited + movements.collected + movements.written_off
        + movements.refunded + movements.other <> movements.closing
    or movements.charged_back + movements.reversed + movements.recovered + movements.brought_forward + movements.transferred
        <> movements.other
    or movements.opening <> coalesce(movements.closed_before, 0)
    or movements.month <> {{ month_of(plus_days('movements.month_before', 31)) }}
