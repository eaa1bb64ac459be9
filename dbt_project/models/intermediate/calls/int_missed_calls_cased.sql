-- Grain: one row per missed inbound conversation, with the case that it belongs to and how the case ended (K4, K5).
-- A caller's misses are one case until a connected contact with the number, either way, or until the caller has been
-- silent for longer than the window. Clocks run while the business is open: who was missed on Friday evening and called
-- back on Monday morning has waited minutes; plain minutes stand beside them. Whose opening hours count is said by the miss:
-- how long a caller was silent by the miss before, how long the case waited by its first one. The case is handled when the
-- contact follows its first miss within the window; a later contact ends the wait all the same. A contact after the as-of
-- date has not happened yet, and a case whose window still runs then is undecided: is_handled is NULL. Who withholds the
-- number cannot be called back: each such miss is a case of its own, never decided.
with conversations as (
    select
        *,
        {{ phone_key('client_digits') }} as client_key
    from {{ ref('int_conversations_folded') }}
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
        calendar,
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
    select
        conversations.conversation_id,
        callers.caller,
        cast(null as varchar) as calendar,
        conversations.started_at,
        conversations.started_on,
        0 as is_miss
    from conversations
    inner join callers on conversations.client_key = callers.client_key
    where conversations.status = 'answered' and conversations.started_at is not null
    union all
    select misses.conversation_id, callers.caller, misses.calendar, misses.started_at, misses.started_on, 1
    from misses
    inner join callers on misses.client_key = callers.client_key
),

counted as (
    select
        *,
        sum(1 - is_miss) over (
            partition by caller order by started_at, is_miss, conversation_id
            rows between unbounded preceding and current row
        ) as contacts_so_far
    from events
),

-- Seconds that the business was open up to the miss, by its own opening hours.
clocked as (
    select
        counted.*,
        {{ business_seconds('days', 'counted.started_at') }} as business_seconds
    from counted
    inner join days on counted.calendar = days.calendar and counted.started_on = days.day
),

paused as (
    select
        *,
        {%- for column in ['business_seconds', 'calendar'] %}
        lag({{ column }}) over (
            partition by caller, contacts_so_far order by started_at, conversation_id
        ) as earlier_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from clocked
),

parted as (
    select
        paused.*,
        paused.earlier_calendar is null
        or case
            when paused.earlier_calendar = paused.calendar then paused.business_seconds
            else {{ business_seconds('days', 'paused.started_at') }}
        end - paused.earlier_business_seconds > {{ parameter('handled_window_hours') }} * 3600 as is_opening
    from paused
    left join days
        on paused.earlier_calendar = days.calendar
        and paused.started_on = days.day
        and paused.earlier_calendar <> paused.calendar
),

cased as (
    select
        conversation_id,
        {{ last_known('case when is_opening then conversation_id end') }} over (
            partition by caller, contacts_so_far order by started_at, conversation_id
            rows between unbounded preceding and current row
        ) as case_id
    from parted
),

cases as (
    select
        conversation_id as case_id,
        caller,
        contacts_so_far,
        calendar,
        started_at,
        business_seconds,
        business_seconds + {{ parameter('handled_window_hours') }} * 3600 as window_ends_at_seconds
    from parted
    where is_opening
),

-- The day on which a window is over is the first one at whose end the business was open for as long.
placed as (
    select calendar, window_ends_at_seconds as seconds, case_id, cast(null as date) as day from cases
    union all
    select calendar, business_seconds_before + business_seconds, cast(null as varchar), day from days
),

over_on as (
    select
        case_id,
        min(day) over (
            partition by calendar order by seconds, case when case_id is null then 1 else 0 end
            rows between current row and unbounded following
        ) as decided_on
    from placed
    qualify case_id is not null
),

decided as (
    select
        cases.case_id,
        cases.started_at as case_started_at,
        contacts.conversation_id as contact_conversation_id,
        contacts.started_at as contacted_at,
        {{ business_seconds('days', 'contacts.started_at') }} - cases.business_seconds as callback_seconds,
        {{ exact_seconds_between('cases.started_at', 'contacts.started_at') }} as plain_seconds,
        over_on.decided_on
    from cases
    inner join over_on on cases.case_id = over_on.case_id
    left join counted as contacts
        on cases.caller = contacts.caller
        and cases.contacts_so_far + 1 = contacts.contacts_so_far
        and contacts.is_miss = 0
    left join days on cases.calendar = days.calendar and contacts.started_on = days.day
)

select
    cased.conversation_id,
    cased.case_id,
    decided.contact_conversation_id as handled_conversation_id,
    cast(decided.callback_seconds / 60 as decimal(18, 2)) as callback_minutes,
    cast(decided.plain_seconds / 60 as decimal(18, 2)) as callback_minutes_plain,
    true as is_number_known,
    cased.conversation_id = cased.case_id as is_first_of_case,
    case
        when decided.callback_seconds <= {{ parameter('handled_window_hours') }} * 3600 then true
        when decided.decided_on <= run.as_of_date then false
    end as is_handled,
    decided.case_started_at,
    decided.contacted_at as handled_at,
    decided.decided_on
from cased
inner join decided on cased.case_id = decided.case_id
cross join run

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
