-- Two ways to the same number: accounts added up on each snapshot date, and each currency's movements added up to it.
{{ config(meta={'dagster': {'ref': {'name': 'fct_receivable_balances'}}}) }}

with balances as (
    select
        as_of_date,
        currency,
        sum(open_amount) as open_amount,
        sum(overdue_amount) as overdue_amount,
        sum(credit_amount) as credit_amount,
        sum(unapplied_amount) as unapplied_amount
    from {{ ref('fct_receivable_balances') }}
    group by as_of_date, currency
),

days as (
    select days.*
    from {{ ref('fct_receivable_days') }} as days
    inner join {{ ref('dim_dates') }} as dates on days.day = dates.day and dates.is_snapshot
)

select coalesce(days.day, balances.as_of_date) as as_of_date, coalesce(days.currency, balances.currency) as currency
from days
full join balances on days.day = balances.as_of_date and days.currency = balances.currency
where coalesce(days.open_amount, 0) <> coalesce(balances.open_amount, 0)
    or coalesce(days.overdue_amount, 0) <> coalesce(balances.overdue_amount, 0)
    or coalesce(days.credit_amount, 0) <> coalesce(balances.credit_amount, 0)
    or coalesce(days.unapplied_amount, 0) <> coalesce(balances.unapplied_amount, 0)
