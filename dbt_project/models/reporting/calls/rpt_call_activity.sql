-- Grain: one row per month and employee (employee_id is NULL where no agent is named): conversations either way, what it
-- takes to reach somebody (K14), how much of it lies outside of opening hours (K15), who calls again, and what reaches no
-- account (K16). A conversation is its last agent's.
with run as (
    select * from {{ ref('int_run_dated') }}
),

feed_end as (
    {{ told_until('calls') }}
),

calls as (
    select * from {{ ref('fct_calls') }} where started_on is not null
),

employees as (
    select * from {{ ref('dim_employees') }}
),

counted as (
    select
        {{ month_of('started_on') }} as month,
        employee_id,
        max(agent_name) as agent_name,
        count(*) as conversations,
        count(*) filter (where coalesce(direction = 'inbound', false)) as inbound,
        count(*) filter (where coalesce(direction = 'outbound', false)) as outbound,
        count(*) filter (where coalesce(direction = 'outbound' and status = 'answered', false)) as outbound_connected,
        count(*) filter (where is_out_of_hours) as out_of_hours,
        count(is_first_time_caller) as known_callers,
        count(*) filter (where not coalesce(is_first_time_caller, true)) as repeat_calls,
        count(*) filter (where account_id is null) as unmatched_calls,
        sum(talk_seconds) as talk_seconds,
        sum(talk_seconds) filter (where account_id is null) as unmatched_talk_seconds
    from calls
    group by 1, 2
)

select
    counted.month,
    counted.employee_id,
    coalesce(employees.full_name, counted.agent_name) as agent_name,
    employees.team,
    counted.conversations,
    counted.inbound,
    counted.outbound,
    counted.outbound_connected,
    cast(counted.outbound as double) / nullif(counted.outbound_connected, 0) as attempts_per_connect,
    counted.out_of_hours,
    cast(counted.out_of_hours as double) / counted.conversations as out_of_hours_share,
    counted.known_callers,
    counted.repeat_calls,
    cast(counted.repeat_calls as double) / nullif(counted.known_callers, 0) as repeat_share,
    counted.unmatched_calls,
    cast(counted.talk_seconds as decimal(38, 3)) as talk_seconds,
    cast(counted.unmatched_talk_seconds as decimal(38, 3)) as unmatched_talk_seconds,
    {{ is_told(month_end_of('counted.month'), 'feed_end') }} as is_complete
from counted
cross join run
cross join feed_end
left join employees on counted.employee_id = employees.employee_id
