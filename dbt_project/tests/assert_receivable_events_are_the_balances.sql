-- Events up to the as-of date sum to what is open less what is over-applied, account by account. Returns what differs.
{{ config(meta={'dagster': {'ref': {'name': 'fct_receivable_events'}}}) }}

with events as (
    select events.account_id, events.currency, sum(events.amount) as amount
    from {{ ref('fct_receivable_events') }} as events
    inner join {{ ref('int_run_dated') }} as run on events.event_date <= run.as_of_date
    group by events.account_id, events.currency
),

balances as (
    select balances.account_id, balances.currency, balances.open_amount - balances.credit_amount as amount
    from {{ ref('fct_receivable_balances') }} as balances
    inner join {{ ref('int_run_dated') }} as run on balances.as_of_date = run.as_of_date
)

select
    coalesce(events.account_id, balances.account_id) as account_id,
    events.amount as of_events,
    balances.amount as of_balances
from events
full join balances on events.account_id = balances.account_id and events.currency = balances.currency
where coalesce(events.amount, 0) <> coalesce(balances.amount, 0)
