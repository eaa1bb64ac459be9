-- Grain: one row per business day and queue (queue is NULL where no leg of the conversation tells one): what came into it in
-- opening hours and how many of them were answered there in time (K19, K20). A conversation counts in each queue that it was
-- in, so that sums over queues are no total of conversations; waiting counts from the entry into the queue.
with queued as (
    select queue, status, wait_seconds, is_out_of_hours, started_on from {{ ref('fct_queue_calls') }}
),

calls as (
    select queue, status, wait_seconds, is_out_of_hours, started_on
    from {{ ref('fct_calls') }}
    where direction = 'inbound' and queue is null
),

entered as (
    select * from queued
    union all
    select * from calls
),

placed as (
    select
        started_on as day,
        queue,
        coalesce(status, 'unknown') as status,
        wait_seconds,
        wait_seconds is null as is_wait_unknown,
        coalesce(wait_seconds <= {{ parameter('service_level_seconds') }}, false) as is_in_time,
        is_out_of_hours
    from entered
    where started_on is not null
),

{{ service_counted(['day', 'queue'], ['moved_on']) }}

select
    day,
    queue,
    inbound,
    offered,
    answered,
    answered_in_time,
    missed as abandoned,
    abandoned as short_abandoned,
    moved_on,
    voicemail,
    failed,
    unknown as unknown_status,
    unknown_wait,
    out_of_hours,
    service_calls,
    waits_told,
    cast(answer_seconds as decimal(38, 3)) as answer_seconds,
    cast(answer_seconds as double) / nullif(waits_told, 0) as answer_seconds_average,
    service_level,
    service_level_goal,
    is_goal_met
from levels
