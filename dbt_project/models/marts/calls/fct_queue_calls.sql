-- Grain: one row per inbound conversation and queue that it was in (K20): a transfer is queued twice and handled once, so that
-- sums over queues are no total of conversations. A leg that names no queue is of the one that the call entered last before it.
-- Answered where somebody took a leg of the queue; moved_on where nobody did and another queue was the last one; else as the
-- legs of the queue say, of which the time that it rang there tells who gave up at once (K2). Waiting counts from its entry.
with named as (
    select
        *,
        {{ global_id('system', 'coalesce(opening_call_id, call_id)') }} as conversation_id
    from {{ ref('int_call_legs_folded') }}
),

legs as (
    select named.*
    from named
    where named.conversation_id in (select queued.conversation_id from named as queued where queued.queue is not null)
),

calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound' and queue is not null
),

placed as (
    select
        *,
        {{ last_known('queue') }} over (
            partition by conversation_id order by started_at, call_id rows between unbounded preceding and current row
        ) as in_queue
    from legs
),

summed as (
    select
        conversation_id,
        in_queue,
        min(started_at) as entered_at,
        bool_or(is_answered) as is_answered,
        bool_or(leg_status = 'voicemail') as is_voicemail,
        bool_or(leg_status = 'missed') as is_missed,
        bool_or(leg_status = 'abandoned') as is_abandoned,
        bool_or(leg_status = 'failed') as is_failed,
        bool_or(leg_status = 'answered') as is_taken,
        case
            when count(*) = 1 then max(wait_seconds)
            when bool_and(wait_seconds is not null) filter (where is_answered)
                then {{ exact_seconds_between(
                    'min(started_at)',
                    'min(' ~ seconds_after('started_at', 'wait_seconds') ~ ') filter (where is_answered)'
                ) }}
        end as answered_after_seconds,
        case
            when count(*) = 1 then coalesce(max(wait_seconds), max(total_seconds))
            else {{ exact_seconds_between('min(started_at)', 'max(ended_at)') }}
        end as rang_seconds
    from placed
    where in_queue is not null
    group by conversation_id, in_queue
)

select
    calls.conversation_id,
    summed.in_queue as queue,
    case
        when summed.is_answered then 'answered'
        when summed.in_queue <> calls.queue then 'moved_on'
        when summed.is_voicemail then 'voicemail'
        when summed.is_missed or summed.is_abandoned
            then case when summed.rang_seconds < {{ parameter('abandoned_below_seconds') }} then 'abandoned' else 'missed' end
        when summed.is_failed then 'failed'
        -- Nobody's leg says anything: the exchange's own is all that is known.
        when summed.is_taken then 'answered'
    end as status,
    cast(case when summed.is_taken then summed.answered_after_seconds end as decimal(18, 3)) as wait_seconds,
    calls.is_out_of_hours,
    summed.entered_at,
    calls.started_on,
    calls._source,
    calls._file,
    calls._file_sha256,
    calls._row
from calls
inner join summed on calls.conversation_id = summed.conversation_id
