-- Grain: one row per conversation: its legs folded (K1), its status (K2), talk (K6), wait (K7), first-time caller (K8) and
-- target call (K9).
-- The leg that opens it, call_id, gives the direction and the numbers. Answered when somebody took one leg; the agent is
-- the last one who did, else the only one named. Talk is time with a person, as far as its legs tell: a voicemail is none.
-- Of an inbound call that nobody took, the time that it rang tells whether it was abandoned, whatever word the export has
-- for it; where that time is not known it is missed: a caller is not said to have given up quickly without evidence.
with legs as (
    select * from {{ ref('int_call_legs_folded') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('int_business_days') }}
),

folded as (
    select conversation_id
    from legs
    group by conversation_id
    having count(*) > 1
),

numbered as (
    select
        legs.*,
        row_number() over (partition by legs.conversation_id order by legs.started_at, legs.call_id) as leg_number,
        min(legs.started_at) over (partition by legs.conversation_id) as first_started_at,
        max(legs.ended_at) over (partition by legs.conversation_id) as last_ended_at
    from legs
    inner join folded on legs.conversation_id = folded.conversation_id
),

summed as (
    select
        conversation_id,
        count(*) as legs,
        case
            when bool_or(is_answered) then 'answered'
            when bool_or(leg_status = 'voicemail') then 'voicemail'
            when bool_or(leg_status = 'missed') then 'missed'
            when bool_or(leg_status = 'abandoned') then 'abandoned'
            when bool_or(leg_status = 'failed') then 'failed'
            -- Nobody's leg says anything: the exchange's own is all that is known.
            when bool_or(leg_status = 'answered') then 'answered'
        end as status,
        min(first_started_at) as started_at,
        -- Whichever leg was taken first: one that does not say when may be it.
        case
            when bool_and(wait_seconds is not null) filter (where is_answered)
                then min({{ exact_seconds_between('first_started_at', 'started_at') }} + wait_seconds) filter (where is_answered)
        end as answered_after_seconds,
        sum(talk_seconds) as talk_seconds,
        coalesce(bool_and(talk_seconds is not null) filter (where is_answered), false) as is_talk_known,
        {{ exact_seconds_between('min(first_started_at)', 'max(last_ended_at)') }} as total_seconds,
        case when count(distinct currency) <= 1 then sum(cost) end as cost,
        coalesce(
            max(leg_number) filter (where is_answered),
            case
                when count(distinct coalesce(agent_id, agent_name)) = 1
                    then max(leg_number) filter (where coalesce(agent_id, agent_name) is not null)
            end
        ) as agent_leg_number
    from numbered
    group by conversation_id
),

opening as (
    select * from legs where is_opening
),

conversations as (
    select
        opening.conversation_id,
        opening.system,
        opening.call_id,
        opening.direction,
        case when opening.direction = 'outbound' then opening.callee_digits else opening.caller_digits end as client_digits,
        case when summed.legs is null then opening.leg_status else summed.status end as status,
        case when summed.legs is null then opening.agent_id else agents.agent_id end as agent_id,
        case when summed.legs is null then opening.agent_name else agents.agent_name end as agent_name,
        case
            when summed.legs is null then opening.wait_seconds
            when summed.status = 'answered' then summed.answered_after_seconds
            else summed.total_seconds
        end as wait_seconds,
        case when summed.legs is null then opening.talk_seconds else summed.talk_seconds end as talk_seconds,
        case when summed.legs is null then opening.talk_seconds is not null else summed.is_talk_known end as is_talk_known,
        case when summed.legs is null then opening.total_seconds else summed.total_seconds end as total_seconds,
        case when summed.legs is null then opening.cost else summed.cost end as cost,
        coalesce(opening.currency, run.default_currency) as currency,
        coalesce(summed.legs, 1) as legs,
        coalesce(summed.started_at, opening.started_at) as started_at,
        run.business_timezone
    from opening
    cross join run
    left join summed on opening.conversation_id = summed.conversation_id
    left join numbered as agents
        on summed.conversation_id = agents.conversation_id and summed.agent_leg_number = agents.leg_number
),

keyed as (
    select
        * replace (
            case
                when direction = 'inbound' and status in ('missed', 'abandoned')
                    then case
                        when coalesce(wait_seconds, total_seconds) < {{ parameter('abandoned_below_seconds') }} then 'abandoned'
                        else 'missed'
                    end
                else status
            end as status
        ),
        {{ phone_key('client_digits') }} as client_key
    from conversations
),

-- The history of a number is that of every system together: whoever called us on another line is no first-time caller.
first_calls as (
    select conversation_id
    from keyed
    where direction = 'inbound' and client_key is not null and started_at is not null
    qualify row_number() over (partition by client_key order by started_at, conversation_id) = 1
)

select
    keyed.conversation_id,
    keyed.system,
    keyed.call_id,
    keyed.direction,
    keyed.client_digits,
    keyed.client_key,
    keyed.status,
    keyed.agent_id,
    keyed.agent_name,
    keyed.currency,
    cast(keyed.wait_seconds as decimal(18, 3)) as wait_seconds,
    cast(keyed.talk_seconds as decimal(18, 3)) as talk_seconds,
    cast(keyed.total_seconds as decimal(18, 3)) as total_seconds,
    cast(keyed.cost as decimal(18, 4)) as cost,
    keyed.legs,
    case
        when keyed.direction = 'inbound' and keyed.client_key is not null and keyed.started_at is not null
            then first_calls.conversation_id is not null
    end as is_first_time_caller,
    case
        when coalesce(keyed.direction, '') <> 'inbound' then null
        when keyed.status <> 'answered' then false
        when keyed.status = 'answered' and keyed.talk_seconds >= {{ parameter('target_call_seconds') }} then true
        when keyed.status = 'answered' and keyed.is_talk_known then false
    end as is_target_call,
    not days.is_working_day
    or hour(timezone(keyed.business_timezone, keyed.started_at)) < {{ parameter('opens_at_hour') }}
    or hour(timezone(keyed.business_timezone, keyed.started_at)) >= {{ parameter('closes_at_hour') }} as is_out_of_hours,
    keyed.started_at,
    {{ business_date('keyed.started_at', 'keyed.business_timezone') }} as started_on
from keyed
left join days on {{ business_date('keyed.started_at', 'keyed.business_timezone') }} = days.day
left join first_calls on keyed.conversation_id = first_calls.conversation_id
