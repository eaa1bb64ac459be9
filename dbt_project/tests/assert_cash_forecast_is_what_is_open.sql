-- What is expected by week, later, never and not foreseen adds up to what is open of each account and currency; and the
-- weeks of accounts, and of all accounts together, to what their invoices expect.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_cash_forecast'}}}) }}

with expected as (
    select account_id, currency, sum(expected_amount) as amount
    from {{ ref('rpt_cash_expectations') }}
    group by account_id, currency
),

balances as (
    select balances.account_id, balances.currency, balances.open_amount as amount
    from {{ ref('fct_receivable_balances') }} as balances
    inner join {{ ref('int_run_dated') }} as run on balances.as_of_date = run.as_of_date
),

weeks as (
    select week_start, currency, expected_amount as amount from {{ ref('rpt_cash_forecast_weeks') }}
),

account_weeks as (
    select week_start, currency, sum(expected_amount) as amount
    from {{ ref('rpt_cash_forecast') }}
    group by week_start, currency
),

invoice_weeks as (
    select week_start, currency, sum(expected_amount) as amount
    from {{ ref('rpt_cash_expectations') }}
    where outcome = 'paid'
    group by week_start, currency
)

select
    'open' as identity,
    coalesce(expected.account_id, balances.account_id) as item,
    coalesce(expected.currency, balances.currency) as currency,
    expected.amount,
    balances.amount as other_amount
from expected
full join balances on expected.account_id = balances.account_id and expected.currency = balances.currency
where coalesce(expected.amount, 0) <> coalesce(balances.amount, 0)
union all
select
    'weeks',
    cast(coalesce(weeks.week_start, account_weeks.week_start) as varchar(10)),
    coalesce(weeks.currency, account_weeks.currency),
    weeks.amount,
    account_weeks.amount
from weeks
full join account_weeks on weeks.week_start = account_weeks.week_start and weeks.currency = account_weeks.currency
where coalesce(weeks.amount, 0) <> coalesce(account_weeks.amount, 0)
union all
select
    'invoices',
    cast(coalesce(weeks.week_start, invoice_weeks.week_start) as varchar(10)),
    coalesce(weeks.currency, invoice_weeks.currency),
    weeks.amount,
    invoice_weeks.amount
from weeks
full join invoice_weeks on weeks.week_start = invoice_weeks.week_start and weeks.currency = invoice_weeks.currency
where coalesce(weeks.amount, 0) <> coalesce(invoice_weeks.amount, 0)
