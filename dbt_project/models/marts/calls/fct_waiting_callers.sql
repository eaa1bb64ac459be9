-- Grain: one row per account that called in vain lately (parameter worklist_missed_call_days): nobody called back, and nobody has
-- spoken with it since in any way (N8).
with run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    select {{ parameter('worklist_missed_call_days') }} as missed_call_days
),

spoken as (
    select account_id, max(occurred_at) as last_at from {{ ref('fct_two_way_contacts') }} group by account_id
)

select
    cases.account_id,
    count(*) as waiting_missed_calls,
    max(cases.started_on) as missed_call_on
from {{ ref('fct_missed_calls') }} as cases
cross join run
cross join settings
left join spoken on cases.account_id = spoken.account_id
where cases.account_id is not null and cases.is_number_known and cases.handled_conversation_id is null
    and cases.started_on > {{ plus_days('run.as_of_date', '-settings.missed_call_days') }}
    and coalesce(spoken.last_at < cases.started_at, true)
group by cases.account_id
