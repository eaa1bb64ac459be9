-- Blocks publishing: inbound conversations up to the as-of date are the same number by month and source, by day and agent,
-- by day and team and by weekday and hour, and each at least once by queue; what a team or a queue was offered is all that
-- became of it; the account's money is given to one source only.
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

service as (
    select
        coalesce(sum(inbound), 0) as calls,
        count(*) filter (
            where inbound <> offered + out_of_hours
                or offered <> answered + abandoned + short_abandoned + voicemail + failed + unknown_status
                or answered_in_time > service_calls
        ) as wrong_rows
    from {{ ref('rpt_call_service') }}
),

queues as (
    select
        coalesce(sum(inbound), 0) as calls,
        count(*) filter (
            where inbound <> offered + out_of_hours
                or offered <> answered + abandoned + short_abandoned + moved_on + voicemail + failed + unknown_status
                or answered_in_time > service_calls
        ) as wrong_rows
    from {{ ref('rpt_call_queues') }}
),

hours as (
    select coalesce(sum(inbound), 0) as calls from {{ ref('rpt_call_hours') }}
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

select
    facts.calls,
    channels.calls as channel_calls,
    response.calls as response_calls,
    service.calls as service_calls,
    hours.calls as hour_calls,
    service.wrong_rows,
    queues.calls as queue_calls,
    queues.wrong_rows as wrong_queue_rows,
    channels.cash_applied,
    cash.cash_applied as ledger_cash
from facts
cross join channels
cross join response
cross join service
cross join queues
cross join hours
cross join cash
where facts.calls <> channels.calls
    or facts.calls <> response.calls
    or facts.calls <> service.calls
    or facts.calls <> hours.calls
    or service.wrong_rows > 0
    or facts.calls > queues.calls
    or queues.wrong_rows > 0
    or channels.cash_applied <> cash.cash_applied
