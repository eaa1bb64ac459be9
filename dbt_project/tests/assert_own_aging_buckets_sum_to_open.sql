-- The buckets of a user's own edges sum to what is open, by due date and by issue date, at every snapshot date, account
-- by account; none is negative. Returns what differs.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_receivable_aging_buckets'}}}) }}

with buckets as (
    select
        as_of_date,
        account_id,
        currency,
        sum(open_amount) as by_due,
        sum(open_amount_by_issue) as by_issue,
        {{ least_known('min(open_amount)', 'min(open_amount_by_issue)') }} as least_amount
    from {{ ref('rpt_receivable_aging_buckets') }}
    group by as_of_date, account_id, currency
),

balances as (
    select as_of_date, account_id, currency, open_amount from {{ ref('fct_receivable_balances') }}
)

select
    coalesce(buckets.as_of_date, balances.as_of_date) as as_of_date,
    coalesce(buckets.account_id, balances.account_id) as account_id,
    coalesce(buckets.currency, balances.currency) as currency,
    buckets.by_due,
    buckets.by_issue,
    balances.open_amount
from buckets
full join balances
    on buckets.as_of_date = balances.as_of_date
    and buckets.account_id = balances.account_id
    and buckets.currency = balances.currency
where coalesce(buckets.by_due, 0) <> coalesce(balances.open_amount, 0)
    or coalesce(buckets.by_issue, 0) <> coalesce(balances.open_amount, 0)
    or buckets.least_amount < 0
