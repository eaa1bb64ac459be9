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
        calls.wait_seconds is null as is_wait_unknown,
        coalesce(calls.wait_seconds <= {{ parameter('service_level_seconds') }}, false) as is_in_time,
        calls.is_out_of_hours
    from calls
    left join employees on calls.employee_id = employees.employee_id
),

counted as (
    select
        day,
        team,
        count(*) as inbound,
        count(*) filter (where is_out_of_hours) as out_of_hours,
        count(*) filter (where not is_out_of_hours) as offered,
        {%- for status in ['answered', 'missed', 'abandoned', 'voicemail', 'failed', 'unknown'] %}
        count(*) filter (where status = '{{ status }}' and not is_out_of_hours) as {{ status }},
        {%- endfor %}
        count(*) filter (where status = 'answered' and is_wait_unknown and not is_out_of_hours) as unknown_wait,
        count(*) filter (where status = 'answered' and is_in_time and not is_out_of_hours) as in_time
    from placed
    group by day, team
),

-- What the service level is a share of: a parameter says whether those who gave up later count, and one whether a
-- voicemail is a missed call.
judged as (
    select
        *,
        case when unknown + unknown_wait = 0 then in_time end as answered_in_time,
        case
            when unknown + unknown_wait = 0
                then answered
                    + case when {{ parameter('service_level_counts_abandoned') }} = 1 then missed else 0 end
                    + case when {{ parameter('voicemail_is_missed') }} = 1 then voicemail else 0 end
        end as service_calls
    from counted
)

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
    cast(answered_in_time as double) / nullif(service_calls, 0) as service_level,
    cast({{ parameter('service_level_goal') }} as double) as service_level_goal,
    cast(answered_in_time as double) / nullif(service_calls, 0) >= {{ parameter('service_level_goal') }} as is_goal_met
from judged
