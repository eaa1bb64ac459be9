-- Grain: one row per leg: a row of a call export that is no internal call, with the conversation it belongs to (K1).
-- A leg whose parent is given belongs to its parent's conversation, through any number of parents; legs that name the
-- same parent belong together even when no export holds that parent, and with nothing else: who gives ids tells what
-- belongs together. Of the others, legs in one direction between the same two numbers are one conversation while the pause
-- between one's end and the next one's start is short enough: a quick call back is a conversation of its own, else the
-- fastest would never be seen (K5). A leg without both numbers or without its start never folds. A conversation is called
-- by the leg that opens it, whose direction all of its legs have: the leg to an agent's telephone is dialled outwards.
-- A leg that names nobody and has legs of its own is the exchange's: that it was taken says nothing of whether somebody
-- was reached, and its time is none with a person. Its legs say both.
with recursive calls as (
    select
        _system,
        call_id,
        parent_call_id,
        direction,
        status,
        agent_id,
        agent_name,
        wait_seconds,
        talk_seconds,
        total_seconds,
        cost,
        currency,
        is_voicemail,
        started_at,
        answered_at,
        ended_at,
        {{ dialled('caller_number') }} as caller_dialled,
        {{ dialled('callee_number') }} as callee_dialled
    from {{ ref('stg_calls__calls') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

dialling_codes as (
    select * from {{ ref('dialling_codes') }}
),

countries as (
    select cast(max(dialling_codes.calling_code) as varchar(9)) as calling_code
    from run
    inner join dialling_codes on run.default_country = dialling_codes.country
),

children as (
    select
        _system,
        call_id,
        parent_call_id
    from calls
    where parent_call_id <> call_id
),

parents as (
    select distinct
        _system,
        parent_call_id as call_id
    from children
),

-- From the top down, so that legs which name each other in a circle are never reached and stay on their own.
threads as (
    select
        children._system,
        children.call_id,
        children.parent_call_id as top_id
    from children
    left join children as parents
        on children._system = parents._system and children.parent_call_id = parents.call_id
    where parents.call_id is null

    union all

    select
        children._system,
        children.call_id,
        threads.top_id
    from threads
    inner join children on threads._system = children._system and threads.call_id = children.parent_call_id
),

legs as (
    select
        calls.*,
        {{ phone_digits('calls.caller_dialled', 'countries.calling_code') }} as caller_digits,
        {{ phone_digits('calls.callee_dialled', 'countries.calling_code') }} as callee_digits,
        case
            when calls.is_voicemail then 'voicemail'
            when calls.status is not null then calls.status
            when calls.answered_at is not null or calls.talk_seconds > 0 then 'answered'
            when coalesce(calls.wait_seconds, calls.total_seconds, {{ exact_seconds_between('calls.started_at', 'calls.ended_at') }})
                is not null then 'missed'
        end as leg_status,
        parents.call_id is not null or calls.parent_call_id <> calls.call_id as is_tied,
        parents.call_id is not null and calls.agent_id is null and calls.agent_name is null as is_exchange_leg
    from calls
    cross join countries
    left join parents on calls._system = parents._system and calls.call_id = parents.call_id
    where calls.direction is distinct from 'internal'
),

measured as (
    select
        *,
        case
            when leg_status = 'answered' and not is_exchange_leg
                then coalesce(talk_seconds, {{ exact_seconds_between('answered_at', 'ended_at') }})
        end as leg_talk_seconds,
        coalesce(wait_seconds, {{ exact_seconds_between('started_at', 'answered_at') }}) as leg_wait_seconds,
        coalesce(
            {{ exact_seconds_between('started_at', 'ended_at') }}, total_seconds,
            coalesce(wait_seconds, {{ exact_seconds_between('started_at', 'answered_at') }}, 0) + talk_seconds, wait_seconds
        ) as leg_total_seconds
    from legs
),

threaded as (
    select
        measured.*,
        threads.top_id,
        measured.started_at
        + to_microseconds(cast(coalesce(measured.leg_total_seconds, 0) * 1000000 as bigint)) as leg_ended_at
    from measured
    left join threads on measured._system = threads._system and measured.call_id = threads.call_id
),

-- A thread whose top is in no export, or was an internal call, is led by its first leg.
leaders as (
    select
        threaded._system,
        threaded.top_id,
        threaded.call_id
    from threaded
    left join legs as tops on threaded._system = tops._system and threaded.top_id = tops.call_id
    where threaded.top_id is not null and tops.call_id is null
    qualify row_number() over (
        partition by threaded._system, threaded.top_id order by threaded.started_at, threaded.call_id
    ) = 1
),

heads as (
    select
        threaded._system,
        threaded.call_id,
        threaded.direction,
        threaded.started_at,
        threaded.leg_ended_at,
        case
            when threaded.is_tied or threaded.started_at is null
                or threaded.caller_digits is null or threaded.callee_digits is null
                then '~' || threaded.call_id
            else coalesce(threaded.direction, '') || '|' || {{ least_known(
                phone_key('threaded.caller_digits'), phone_key('threaded.callee_digits')
            ) }}
                || '|' || {{ greatest_known(
                    phone_key('threaded.caller_digits'), phone_key('threaded.callee_digits')
                ) }}
        end as pair
    from threaded
    left join leaders on threaded._system = leaders._system and threaded.call_id = leaders.call_id
    where threaded.top_id is null or leaders.call_id is not null
),

paused as (
    select
        *,
        max(leg_ended_at) over (
            partition by _system, pair order by started_at, call_id
            rows between unbounded preceding and 1 preceding
        ) as earlier_ended_at
    from heads
),

parted as (
    select
        *,
        earlier_ended_at is null
        or {{ exact_seconds_between('earlier_ended_at', 'started_at') }} > {{ parameter('conversation_fold_seconds') }}
            as is_opening
    from paused
),

opened as (
    select
        *,
        {{ last_known('case when is_opening then call_id end') }} over (
            partition by _system, pair order by started_at, call_id
            rows between unbounded preceding and current row
        ) as opening_call_id
    from parted
),

led as (
    select
        threaded.*,
        coalesce(leaders.call_id, threaded.top_id, threaded.call_id) as head_id
    from threaded
    left join leaders on threaded._system = leaders._system and threaded.top_id = leaders.top_id
),

folded as (
    select
        {{ global_id('led._system', 'opened.opening_call_id') }} as conversation_id,
        led.call_id = opened.opening_call_id as is_opening,
        opened.direction as conversation_direction,
        led.*
    from led
    inner join opened on led._system = opened._system and led.head_id = opened.call_id
)

select
    conversation_id,
    _system as system,
    call_id,
    conversation_direction as direction,
    caller_digits,
    callee_digits,
    agent_id,
    agent_name,
    leg_status,
    currency,
    leg_wait_seconds as wait_seconds,
    leg_talk_seconds as talk_seconds,
    leg_total_seconds as total_seconds,
    cost,
    is_opening,
    is_exchange_leg,
    leg_status = 'answered' and not is_exchange_leg as is_answered,
    started_at,
    leg_ended_at as ended_at
from folded
