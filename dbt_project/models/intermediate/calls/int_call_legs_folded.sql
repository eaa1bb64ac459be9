-- Grain: one row per leg: a row of a call export that is no internal call, with the conversation it belongs to (K1).
-- A leg whose parent is given belongs to its parent's conversation, through any number of parents; legs that name the
-- same parent belong together even when no export holds that parent, and with nothing else: who gives ids tells what
-- belongs together. Of the others, legs in one direction between the same two numbers are one conversation while the pause
-- between one's end and the next one's start is short enough: a quick call back is a conversation of its own, else the
-- fastest would never be seen (K5). A leg without both numbers or without its start never folds. A conversation is called
-- by the leg that opens it, whose direction all of its legs have: the leg to an agent's telephone is dialled outwards.
-- A leg that has legs of its own and names nobody, or opens a call outwards and dials none itself (a telephone in a browser
-- calls the exchange, which dials), is the exchange's: that it was taken says nothing of whether somebody was reached, and
-- its time is none with a person. Its legs say both.
with recursive run as (
    select * from {{ ref('int_run_dated') }}
),

dialling_codes as (
    select * from {{ ref('dialling_codes') }}
),

countries as (
    {{ home_country() }}
),

children as (
    select
        _system,
        call_id,
        parent_call_id
    from {{ ref('stg_calls__calls') }}
    where parent_call_id <> call_id
),

parents as (
    select distinct
        _system,
        parent_call_id as call_id
    from children
),

-- Most threads have two levels: few legs stand between others.
between_legs as (
    select children.*
    from children
    inner join parents on children._system = parents._system and children.call_id = parents.call_id
),

-- From the top down, so that legs which name each other in a circle are never reached and stay on their own.
reached as (
    select
        legs._system,
        legs.call_id,
        legs.parent_call_id as top_id
    from between_legs as legs
    left join between_legs as above on legs._system = above._system and legs.parent_call_id = above.call_id
    where above.call_id is null

    union all

    select
        legs._system,
        legs.call_id,
        reached.top_id
    from reached
    inner join between_legs as legs on reached._system = legs._system and reached.call_id = legs.parent_call_id
),

threads as (
    select
        children._system,
        children.call_id,
        coalesce(reached.top_id, children.parent_call_id) as top_id
    from children
    left join between_legs
        on children._system = between_legs._system and children.parent_call_id = between_legs.call_id
    left join reached on children._system = reached._system and children.parent_call_id = reached.call_id
    where between_legs.call_id is null or reached.call_id is not null
),

outward as (
    select
        _system,
        call_id,
        direction,
        started_at
    from {{ ref('stg_calls__calls') }}
    where direction is distinct from 'internal'
),

topped as (
    select
        threads._system,
        threads.call_id,
        threads.top_id,
        tops.call_id as head_id,
        tops.direction as head_direction
    from threads
    left join outward as tops on threads._system = tops._system and threads.top_id = tops.call_id
),

-- A thread whose top is in no export, or was an internal call, is led by its first leg.
leaders as (
    select
        topped._system,
        topped.top_id,
        outward.call_id,
        outward.direction
    from topped
    inner join outward on topped._system = outward._system and topped.call_id = outward.call_id
    where topped.head_id is null
    qualify row_number() over (
        partition by topped._system, topped.top_id order by outward.started_at, outward.call_id
    ) = 1
),

led as (
    select
        topped._system,
        topped.call_id,
        coalesce(topped.head_id, leaders.call_id) as head_id,
        coalesce(topped.head_direction, leaders.direction) as head_direction
    from topped
    left join leaders on topped._system = leaders._system and topped.top_id = leaders.top_id
    where topped.head_id is not null or leaders.call_id is not null
),

sided as not materialized (
    select
        *,
        case when direction = 'outbound' then callee_number else caller_number end as client_number,
        coalesce(parent_call_id <> call_id, false) as has_parent
    from {{ ref('stg_calls__calls') }}
    where direction is distinct from 'internal'
),

-- What is known of each leg is wide, and looked at twice: it is worked out as it is read, and takes no memory.
dialled as not materialized (
    select
        *,
        {%- for side in ['caller', 'callee'] %}
        {{ dialled(side ~ '_number') }} as {{ side }}_dialled{{ ',' if not loop.last }}
        {%- endfor %}
    from sided
),

legs as not materialized (
    select
        dialled.*,
        {{ phone_digits('dialled.caller_dialled', 'countries') }} as caller_digits,
        {{ phone_digits('dialled.callee_dialled', 'countries') }} as callee_digits,
        case
            when dialled.is_voicemail then 'voicemail'
            when dialled.status is not null then dialled.status
            when dialled.answered_at is not null or dialled.talk_seconds > 0 then 'answered'
            when coalesce(dialled.wait_seconds, dialled.total_seconds, {{ exact_seconds_between('dialled.started_at', 'dialled.ended_at') }})
                is not null then 'missed'
        end as leg_status,
        parents.call_id is not null or dialled.has_parent as is_tied,
        -- Case by case: what a leg dials is asked of those few only that it matters of.
        case
            when parents.call_id is null then false
            when coalesce(dialled.agent_id, dialled.agent_name) is null then true
            when dialled.has_parent or coalesce(dialled.direction, '') <> 'outbound' then false
            else coalesce({{ dialled('dialled.client_number') }}, '') = ''
        end as is_exchange_leg
    from dialled
    cross join countries
    left join parents on dialled._system = parents._system and dialled.call_id = parents.call_id
),

measured as not materialized (
    select
        *,
        case
            when leg_status = 'answered' and not is_exchange_leg
                then coalesce(talk_seconds, {{ exact_seconds_between('answered_at', 'ended_at') }})
        end as leg_talk_seconds,
        coalesce(wait_seconds, {{ exact_seconds_between('started_at', 'answered_at') }}) as leg_wait_seconds,
        coalesce(
            {{ exact_seconds_between('started_at', 'ended_at') }}, total_seconds,
            cast(coalesce(wait_seconds, {{ exact_seconds_between('started_at', 'answered_at') }}, 0) + talk_seconds as decimal(18, 3)),
            wait_seconds
        ) as leg_total_seconds
    from legs
),

timed as not materialized (
    select
        *,
        {{ seconds_after('started_at', 'coalesce(leg_total_seconds, 0)') }} as leg_ended_at
    from measured
),

-- Legs that nothing but their numbers and times tie together.
untied as materialized (
    select
        _system,
        call_id,
        direction,
        started_at,
        leg_ended_at,
        {{ phone_key('caller_digits') }} as caller_key,
        {{ phone_key('callee_digits') }} as callee_key
    from timed
    where not is_tied and started_at is not null
),

heads as not materialized (
    select
        *,
        {{ least_known('caller_key', 'callee_key') }} as one_end,
        {{ greatest_known('caller_key', 'callee_key') }} as other_end
    from untied
    where caller_key is not null and callee_key is not null
),

-- A number a pair: legs are put into order by it in half the time that the names of it take.
pairs as (
    select
        _system,
        direction,
        one_end,
        other_end,
        row_number() over () as pair
    from heads
    group by _system, direction, one_end, other_end
    having count(*) > 1
),

paired as (
    select
        heads._system,
        heads.call_id,
        heads.started_at,
        heads.leg_ended_at,
        pairs.pair,
        {{ parameter('conversation_fold_seconds') }} as fold_seconds
    from heads
    inner join pairs
        on heads._system = pairs._system
        and heads.direction is not distinct from pairs.direction
        and heads.one_end = pairs.one_end
        and heads.other_end = pairs.other_end
),

paused as (
    select
        *,
        max(leg_ended_at) over (
            partition by pair order by started_at, call_id rows between unbounded preceding and 1 preceding
        ) as earlier_ended_at,
        lead(started_at) over (partition by pair order by started_at, call_id) as next_started_at
    from paired
),

parted as (
    select
        *,
        earlier_ended_at is null
        or {{ exact_seconds_between('earlier_ended_at', 'started_at') }} > fold_seconds
            as is_opening,
        {{ exact_seconds_between(greatest_known('earlier_ended_at', 'leg_ended_at'), 'next_started_at') }}
        <= fold_seconds as is_followed
    from paused
),

-- Of most conversations nothing is left here: only legs that follow another one, and those that are followed.
opened as (
    select
        _system,
        call_id,
        {{ last_known('case when is_opening then call_id end') }} over (
            partition by pair order by started_at, call_id rows between unbounded preceding and current row
        ) as opening_call_id
    from parted
    where not is_opening or is_followed
),

-- A leg is tied to others by a thread or by its numbers and times, never by both.
placed as (
    select _system, call_id, head_id as opening_call_id, head_direction, true as is_led from led
    union all
    select _system, call_id, opening_call_id, cast(null as varchar), false from opened
),

-- Whose number it is says the leg that opens, outwards a leg outwards where that one dials none: of the others, which may be
-- called from a number of ours, it is not worked out.
folded as not materialized (
    select
        timed.*,
        nullif(placed.opening_call_id, timed.call_id) as opening_call_id,
        coalesce(placed.is_led, false) as is_led,
        placed.head_direction,
        placed.call_id is not null as is_placed,
        case
            when
                coalesce(placed.opening_call_id = timed.call_id, true)
                or coalesce(placed.head_direction = 'outbound' and timed.direction = 'outbound', false)
                then {{ dialled('timed.client_number') }}
        end as client_dialled
    from timed
    left join placed on timed._system = placed._system and timed.call_id = placed.call_id
)

select
    folded._system as system,
    folded.call_id,
    folded.opening_call_id,
    case when folded.is_led then folded.head_direction else folded.direction end as direction,
    {{ phone_digits('folded.client_dialled', 'countries') }} as client_digits,
    folded.agent_id,
    folded.agent_name,
    nullif(trim(folded.queue), '') as queue,
    folded.leg_status,
    folded.currency,
    folded.leg_wait_seconds as wait_seconds,
    folded.leg_talk_seconds as talk_seconds,
    folded.leg_total_seconds as total_seconds,
    folded.cost,
    folded.is_tied or folded.is_placed as is_continued,
    folded.has_parent,
    folded.is_exchange_leg,
    folded.leg_status = 'answered' and not folded.is_exchange_leg as is_answered,
    folded.started_at,
    folded.leg_ended_at as ended_at
from folded
cross join countries
