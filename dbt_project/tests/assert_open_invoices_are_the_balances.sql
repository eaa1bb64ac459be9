-- The list of open invoices adds up to each account's balance of the as-of date.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_open_invoices'}}}) }}

with invoices as (
    select account_id, currency, sum(open_amount) as amount
    from {{ ref('rpt_open_invoices') }}
    group by account_id, currency
),

balances as (
    select balances.account_id, balances.currency, balances.open_amount as amount
    from {{ ref('fct_receivable_balances') }} as balances
    inner join {{ ref('int_run_dated') }} as run on balances.as_of_date = run.as_of_date
)

select coalesce(invoices.account_id, balances.account_id) as account_id, invoices.amount, balances.amount as balance
from invoices
full join balances on invoices.account_id = balances.account_id and invoices.currency = balances.currency
where coalesce(invoices.amount, 0) <> coalesce(balances.amount, 0)
