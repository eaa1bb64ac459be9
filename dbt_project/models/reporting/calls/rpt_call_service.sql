-- Grain: one row per business day and team (team is NULL where no agent is named): inbound conversations in opening hours
-- and how many of them were answered in time (K19, K20). Each is counted once, for its last agent's team, however many
-- queues and telephones it went through. Who gave up at once (K2) is no part of the service level, nor what failed on
-- the line; what came outside of opening hours stands beside it. Where it is not known how long a call waited, or what
-- became of it, nobody knows how many were answered in time.
with calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound' and started_on is not null
),

employees as (
    select * from {{ ref('dim_employees') }}
),

placed as (
    select
        calls.started_on as day,
        employees.team,
        coalesce(calls.status, 'unknown') as status,
        calls.wait_seconds,
        calls.wait_seconds is null as is_wait_unknown,
        coalesce(calls.wait_seconds <= {{ parameter('service_level_seconds') }}, false) as is_in_time,
        calls.is_out_of_hours
    from calls
    left join employees on calls.employee_id = employees.employee_id
),

{{ service_counted(['day', 'team']) }}

select
    day,
    team,
    inbound,
    offered,
    answered,
    answered_in_time,
    missed as abandoned,
    abandoned as short_abandoned,
    voicemail,
    failed,
    unknown as unknown_status,
    unknown_wait,
    out_of_hours,
    service_calls,
    service_level,
    service_level_goal,
    is_goal_met
from levels
