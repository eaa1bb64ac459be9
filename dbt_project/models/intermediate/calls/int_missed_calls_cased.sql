-- Grain: one row per missed inbound conversation, with the case that it belongs to and how the case ended (K4, K5).
-- A caller's misses are one case until a connected contact with the number, either way, or until the caller has been
-- silent for longer than the window. Clocks run while the business is open: who was missed on Friday evening and called
-- back on Monday morning has waited minutes; plain minutes stand beside them. The case is handled when the contact follows
-- its first miss within the window; a later contact ends the wait all the same. A contact after the as-of date has not
-- happened yet, and a case whose window still runs then is undecided: is_handled is NULL. Who withholds the number cannot
-- be called back: each such miss is a case of its own, never decided.
with conversations as (
    select * from {{ ref('int_conversations_folded') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('int_business_days') }}
),

misses as (
    select
        conversation_id,
        client_key,
        started_at,
        started_on
    from conversations
    where direction = 'inbound'
        and started_at is not null
        and (status = 'missed' or (status = 'voicemail' and {{ parameter('voicemail_is_missed') }} = 1))
),

-- A number a caller: calls are put into order by it sooner than by the digits.
callers as (
    select client_key, row_number() over () as caller
    from misses
    where client_key is not null
    group by client_key
),

-- Of a miss and a contact at the same moment, the contact comes first: it does not follow the miss.
events as (
    select conversations.conversation_id, callers.caller, conversations.started_at, conversations.started_on, 0 as is_miss
    from conversations
    inner join callers on conversations.client_key = callers.client_key
    where conversations.status = 'answered'
    union all
    select misses.conversation_id, callers.caller, misses.started_at, misses.started_on, 1
    from misses
    inner join callers on misses.client_key = callers.client_key
),

placed as (
    select
        events.*,
        days.business_seconds_before,
        days.business_seconds as day_seconds,
        {{ since_opening('events.started_at', 'days.day', 'run.business_timezone') }} as since_opening
    from events
    cross join run
    inner join days on events.started_on = days.day
),

-- Seconds that the business was open up to the call.
clocked as (
    select
        conversation_id,
        caller,
        started_at,
        is_miss,
        {{ business_seconds('business_seconds_before', 'day_seconds', 'since_opening') }} as business_seconds
    from placed
),

counted as (
    select
        *,
        sum(1 - is_miss) over (
            partition by caller order by started_at, is_miss, conversation_id
            rows between unbounded preceding and current row
        ) as contacts_so_far
    from clocked
),

paused as (
    select
        *,
        lag(business_seconds) over (
            partition by caller, contacts_so_far order by started_at, conversation_id
        ) as earlier_seconds
    from counted
    where is_miss = 1
),

parted as (
    select
        *,
        earlier_seconds is null
        or business_seconds - earlier_seconds > {{ parameter('handled_window_hours') }} * 3600 as is_opening
    from paused
),

opened as (
    select
        *,
        {{ last_known('case when is_opening then conversation_id end') }} over (
            partition by caller, contacts_so_far order by started_at, conversation_id
            rows between unbounded preceding and current row
        ) as case_id
    from parted
),

cased as (
    select
        *,
        min(started_at) over (partition by case_id) as case_started_at,
        min(business_seconds) over (partition by case_id) as case_seconds
    from opened
),

followed as (
    select
        cased.conversation_id,
        cased.case_id,
        cased.case_started_at,
        cased.case_seconds + {{ parameter('handled_window_hours') }} * 3600 as window_ends_at_seconds,
        contacts.conversation_id as contact_conversation_id,
        contacts.started_at as contacted_at,
        contacts.business_seconds - cased.case_seconds as callback_seconds,
        {{ exact_seconds_between('cased.case_started_at', 'contacts.started_at') }} as plain_seconds
    from cased
    left join counted as contacts
        on cased.caller = contacts.caller
        and cased.contacts_so_far + 1 = contacts.contacts_so_far
        and contacts.is_miss = 0
),

-- All working days are of one length, so that the one on which a window is over is found by a number.
day_length as (
    select max(business_seconds) as seconds from days
),

working_days as (
    select day, business_seconds_before / business_seconds as working_days_before
    from days
    where business_seconds > 0
),

decided as (
    select
        followed.*,
        days.day as decided_on,
        case
            when followed.callback_seconds <= {{ parameter('handled_window_hours') }} * 3600 then true
            when days.day <= run.as_of_date then false
        end as is_handled
    from followed
    cross join run
    cross join day_length
    inner join working_days as days
        on ceil(followed.window_ends_at_seconds / day_length.seconds) - 1 = days.working_days_before
)

select
    conversation_id,
    case_id,
    contact_conversation_id as handled_conversation_id,
    cast(callback_seconds / 60 as decimal(18, 2)) as callback_minutes,
    cast(plain_seconds / 60 as decimal(18, 2)) as callback_minutes_plain,
    true as is_number_known,
    conversation_id = case_id as is_first_of_case,
    is_handled,
    case_started_at,
    contacted_at as handled_at,
    decided_on
from decided

union all

select
    conversation_id,
    conversation_id,
    cast(null as varchar(1)),
    cast(null as decimal(18, 2)),
    cast(null as decimal(18, 2)),
    false,
    true,
    cast(null as boolean),
    started_at,
    cast(null as timestamp),
    cast(null as date)
from misses
where client_key is null
