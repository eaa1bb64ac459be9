-- Grain: one row a missed inbound conversation, with the case that it belongs to and how the case ended (K4, K5).
-- A caller's misses are one case until a connected contact with the number, either way, or until the caller has been
-- silent for longer than the window. The case is handled when the contact follows its first miss within the window; a
-- contact after the as-of date has not happened yet, and a case whose window still runs then is undecided: is_handled is
-- NULL. Who withholds the number cannot be called back: each such miss is a case of its own, never decided.
with conversations as (
    select * from {{ ref('int_conversations_folded') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

misses as (
    select
        conversation_id,
        client_key,
        started_at
    from conversations
    where direction = 'inbound'
        and started_at is not null
        and (status = 'missed' or (status = 'voicemail' and {{ parameter('voicemail_is_missed') }} = 1))
),

callers as (
    select distinct client_key from misses where client_key is not null
),

contacts as (
    select
        conversations.conversation_id,
        conversations.client_key,
        conversations.started_at
    from conversations
    inner join callers on conversations.client_key = callers.client_key
    cross join run
    where conversations.status = 'answered' and conversations.started_on <= run.as_of_date
),

-- Of a miss and a contact at the same moment, the contact comes first: it does not follow the miss.
events as (
    select conversation_id, client_key, started_at, 0 as is_miss from contacts
    union all
    select conversation_id, client_key, started_at, 1 from misses where client_key is not null
),

counted as (
    select
        *,
        sum(1 - is_miss) over (
            partition by client_key order by started_at, is_miss, conversation_id
            rows between unbounded preceding and current row
        ) as contacts_so_far
    from events
),

paused as (
    select
        *,
        lag(started_at) over (
            partition by client_key, contacts_so_far order by started_at, conversation_id
        ) as earlier_started_at
    from counted
    where is_miss = 1
),

parted as (
    select
        *,
        earlier_started_at is null
        or {{ exact_seconds_between('earlier_started_at', 'started_at') }} > {{ parameter('handled_window_hours') }} * 3600
            as is_opening
    from paused
),

opened as (
    select
        *,
        {{ last_known('case when is_opening then conversation_id end') }} over (
            partition by client_key, contacts_so_far order by started_at, conversation_id
            rows between unbounded preceding and current row
        ) as case_id
    from parted
),

cased as (
    select
        *,
        min(started_at) over (partition by case_id) as case_started_at
    from opened
),

followed as (
    select
        cased.conversation_id,
        cased.case_id,
        cased.case_started_at,
        contacts.conversation_id as contact_conversation_id,
        contacts.started_at as contacted_at,
        {{ exact_seconds_between('cased.case_started_at', 'contacts.started_at') }} as callback_seconds
    from cased
    left join counted as contacts
        on cased.client_key = contacts.client_key
        and cased.contacts_so_far + 1 = contacts.contacts_so_far
        and contacts.is_miss = 0
),

decided as (
    select
        followed.*,
        case
            when followed.callback_seconds <= {{ parameter('handled_window_hours') }} * 3600 then true
            when {{ business_date(
                seconds_after('followed.case_started_at', parameter('handled_window_hours') ~ ' * 3600'),
                'run.business_timezone'
            ) }} <= run.as_of_date then false
        end as is_handled
    from followed
    cross join run
)

select
    conversation_id,
    case_id,
    case when is_handled then contact_conversation_id end as handled_conversation_id,
    case when is_handled then cast(callback_seconds / 60 as decimal(18, 2)) end as callback_minutes,
    true as is_number_known,
    conversation_id = case_id as is_first_of_case,
    is_handled,
    case_started_at,
    case when is_handled then contacted_at end as handled_at
from decided

union all

select
    conversation_id,
    conversation_id,
    cast(null as varchar(1)),
    cast(null as decimal(18, 2)),
    false,
    true,
    cast(null as boolean),
    started_at,
    cast(null as timestamp)
from misses
where client_key is null
