-- Grain: one row per two-way contact with an account (P14), by the end of the run's day: a two-way CRM activity of a known
-- day or a connected conversation.
-- A CRM often logs a call that the call tracker has too: such a pair, within the window of parameter
-- same_call_window_minutes (K17), is one contact, and the tracker's record stands for it. A CRM also logs one call with
-- every contact that has the number: calls of an employee with an account that begin while another goes on are that one.
{%- set calls = 'partition by account_id, owner_id, activity_type order by occurred_at, activity_id' %}
with two_way as (
    select
        *,
        case when activity_type = 'call' then {{ exact_seconds_between('lag(occurred_at) over (' ~ calls ~ ')', 'occurred_at') }}
            < lag(duration_seconds) over ({{ calls }}) end as is_call_before
    from {{ ref('fct_activities') }}
    where is_two_way and account_id is not null and occurred_on is not null
),

activities as (
    select * from two_way where not coalesce(is_call_before and owner_id is not null, false)
),

conversations as (
    select * from {{ ref('fct_calls') }} where status = 'answered' and account_id is not null
),

-- The conversation began on the same day or, around midnight, on the one before or after. Whole days are joined as equal:
-- a join on a span of days would try every call of an account with every conversation that it ever had.
logged_days as (
    select
        activities.activity_id,
        activities.account_id,
        activities.occurred_at,
        {{ plus_days('activities.occurred_on', 'shifts.days') }} as day
    from activities
    cross join (values (-1), (0), (1)) as shifts (days)
    where activities.activity_type = 'call'
),

logged_twice as (
    select distinct logged_days.activity_id
    from logged_days
    inner join conversations
        on logged_days.account_id = conversations.account_id and logged_days.day = conversations.started_on
    where abs({{ exact_seconds_between('logged_days.occurred_at', 'conversations.started_at') }})
        <= 60 * {{ parameter('same_call_window_minutes') }}
)

select
    activities.activity_id as contact_event_id,
    activities.account_id,
    activities.contact_id,
    activities.owner_id as employee_id,
    activities.activity_type as channel,
    activities.direction,
    activities.duration_seconds,
    activities.occurred_at,
    activities.occurred_on,
    activities._source,
    activities._file,
    activities._file_sha256,
    activities._row
from activities
left join logged_twice on activities.activity_id = logged_twice.activity_id
where logged_twice.activity_id is null
union all
select
    conversation_id,
    account_id,
    cast(null as varchar),
    employee_id,
    'call',
    direction,
    cast(talk_seconds as decimal(18, 3)),
    started_at,
    started_on,
    _source,
    _file,
    _file_sha256,
    _row
from conversations
