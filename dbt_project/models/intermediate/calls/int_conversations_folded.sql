-- Grain: one row per conversation: its legs folded (K1), its status (K2), talk (K6), wait (K7) and target call (K9).
-- The leg that opens it gives the direction and the number; of a call outwards that dials none itself, the first of its legs
-- that does. Answered when somebody took one leg; the agent is the last one who did, else the only one named: outwards, who
-- opened it. A leg that another one dialled opened nothing, though it be the first that is known. Talk is time with a
-- person, as far as its legs tell: a voicemail is none.
-- Of an inbound call that nobody took, the time that it rang tells whether it was abandoned, whatever word the export has
-- for it; where that time is not known it is missed: a caller is not said to have given up quickly without evidence.
-- The queue is the last one that a leg names. Opening hours are those of the queue where the list has them, else of the
-- agent's team, else everybody's.
with run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('int_business_days') }}
),

calendars as (
    select identities.system, identities.reference, calendars.calendar
    from {{ ref('int_employee_identities') }} as identities
    inner join {{ ref('int_employee_calendars') }} as calendars on identities.employee_id = calendars.employee_id
),

queues as (
    select distinct calendar from days where calendar <> ''
),

-- Most conversations are one leg. Of the others, who had it stands in the last leg that was taken, else in the last one that names somebody.
summed as (
    select
        legs.system,
        coalesce(legs.opening_call_id, legs.call_id) as call_id,
        count(*) as legs,
        case
            when bool_or(legs.is_answered) then 'answered'
            when bool_or(legs.leg_status = 'voicemail') then 'voicemail'
            when bool_or(legs.leg_status = 'missed') then 'missed'
            when bool_or(legs.leg_status = 'abandoned') then 'abandoned'
            when bool_or(legs.leg_status = 'failed') then 'failed'
            -- Nobody's leg says anything: the exchange's own is all that is known.
            when bool_or(legs.leg_status = 'answered') then 'answered'
        end as status,
        min(legs.started_at) as started_at,
        -- Whichever leg was taken first: one that does not say when may be it.
        case
            when bool_and(legs.wait_seconds is not null) filter (where legs.is_answered)
                then {{ exact_seconds_between(
                    'min(legs.started_at)',
                    'min(' ~ seconds_after('legs.started_at', 'legs.wait_seconds') ~ ') filter (where legs.is_answered)'
                ) }}
        end as answered_after_seconds,
        sum(legs.talk_seconds) as talk_seconds,
        coalesce(bool_and(legs.talk_seconds is not null) filter (where legs.is_answered), false) as is_talk_known,
        {{ exact_seconds_between('min(legs.started_at)', 'max(legs.ended_at)') }} as total_seconds,
        case when coalesce(min(legs.currency) = max(legs.currency), true) then sum(legs.cost) end as cost,
        case
            when bool_or(legs.is_answered)
                or min(coalesce(legs.agent_id, legs.agent_name)) = max(coalesce(legs.agent_id, legs.agent_name))
                then max(
                    row(coalesce(legs.is_answered, false), legs.started_at, legs.call_id, legs.agent_id, legs.agent_name)
                ) filter (where legs.is_answered or coalesce(legs.agent_id, legs.agent_name) is not null)
        end as agent,
        max(row(legs.started_at, legs.call_id, legs.queue)) filter (where legs.queue is not null) as queued,
        min(row(legs.started_at, legs.call_id, legs.client_digits)) filter (
            where legs.opening_call_id is not null and legs.client_digits is not null
        ) as dialled
    from {{ ref('int_call_legs_folded') }} as legs
    where legs.is_continued
    group by legs.system, coalesce(legs.opening_call_id, legs.call_id)
    having count(*) > 1
),

opening as (
    select
        *,
        coalesce(direction, '') = 'outbound' and not coalesce(has_parent, false) as is_call_out
    from {{ ref('int_call_legs_folded') }}
    where opening_call_id is null
),

conversations as (
    select
        opening.system,
        opening.call_id,
        opening.direction,
        case
            when opening.is_call_out then coalesce(opening.client_digits, summed.dialled[3])
            else opening.client_digits
        end as client_digits,
        case when summed.legs is null then opening.leg_status else summed.status end as status,
        {%- for field in ['agent_id', 'agent_name'] %}
        case
            when summed.legs is null then opening.{{ field }}
            when opening.is_call_out and coalesce(summed.agent[4], summed.agent[5]) is null then opening.{{ field }}
            else summed.agent[{{ loop.index + 3 }}]
        end as {{ field }},
        {%- endfor %}
        case when summed.legs is null then opening.queue else summed.queued[3] end as queue,
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
    left join summed on opening.system = summed.system and opening.call_id = summed.call_id
),

keyed as (
    select
        conversations.* replace (
            case
                when direction = 'inbound' and status in ('missed', 'abandoned')
                    then case
                        when coalesce(wait_seconds, total_seconds) < {{ parameter('abandoned_below_seconds') }} then 'abandoned'
                        else 'missed'
                    end
                else status
            end as status
        ),
        {{ business_date('started_at', 'business_timezone') }} as started_on,
        coalesce(queues.calendar, calendars.calendar, '') as calendar
    from conversations
    left join queues on lower(conversations.queue) = queues.calendar
    left join calendars
        on conversations.system = calendars.system
        and coalesce(conversations.agent_id, conversations.agent_name) = calendars.reference
)

select
    {{ global_id('keyed.system', 'keyed.call_id') }} as conversation_id,
    keyed.system,
    keyed.direction,
    keyed.client_digits,
    keyed.status,
    keyed.agent_id,
    keyed.agent_name,
    keyed.queue,
    keyed.currency,
    cast(keyed.wait_seconds as decimal(18, 3)) as wait_seconds,
    cast(keyed.talk_seconds as decimal(18, 3)) as talk_seconds,
    cast(keyed.total_seconds as decimal(18, 3)) as total_seconds,
    cast(keyed.cost as decimal(18, 4)) as cost,
    keyed.legs,
    case
        when coalesce(keyed.direction, '') <> 'inbound' then null
        when keyed.status <> 'answered' then false
        when keyed.status = 'answered' and keyed.talk_seconds >= {{ parameter('target_call_seconds') }} then true
        when keyed.status = 'answered' and keyed.is_talk_known then false
    end as is_target_call,
    keyed.calendar,
    not coalesce(keyed.started_at < days.night_until, false)
    and (
        keyed.started_at < days.opens_at
        or {{ exact_seconds_between('days.opens_at', 'keyed.started_at') }} >= days.business_seconds
    ) as is_out_of_hours,
    keyed.started_at,
    keyed.started_on
from keyed
left join days on keyed.calendar = days.calendar and keyed.started_on = days.day
