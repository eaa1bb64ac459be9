-- Blocks publishing: inbound conversations up to the as-of date are the same number by month and source as by day and
-- agent, and the account's money is given to one source only.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_call_response'}}}) }}

with facts as (
    select count(*) as calls
    from {{ ref('fct_calls') }}
    cross join {{ ref('int_run_dated') }} as run
    where direction = 'inbound' and started_on <= run.as_of_date
),

channels as (
    select coalesce(sum(calls), 0) as calls, coalesce(sum(cash_applied), 0) as cash_applied
    from {{ ref('rpt_call_channels') }}
),

response as (
    select coalesce(sum(inbound), 0) as calls from {{ ref('rpt_call_response') }}
),

cash as (
    select coalesce(sum(-events.amount_base), 0) as cash_applied
    from {{ ref('fct_receivable_events') }} as events
    cross join {{ ref('int_run_dated') }} as run
    where events.event_type in ('payment', 'refund', 'chargeback', 'reversal')
        and events.event_date <= run.as_of_date
        and exists (
            select 1 from {{ ref('fct_calls') }} as calls
            where calls.account_id = events.account_id and calls.direction = 'inbound'
                and calls.started_on <= events.event_date
        )
)

select *
from facts
cross join channels
cross join response
cross join cash
where facts.calls <> channels.calls or facts.calls <> response.calls or channels.cash_applied <> cash.cash_applied
