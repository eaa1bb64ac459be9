-- Grain: one row a two-way contact with an account (P14): a two-way CRM activity or a connected conversation.
-- A CRM often logs a call that the call tracker has too: such a pair, within the window of parameter
-- same_call_window_minutes (K17), is one contact, and the tracker's record stands for it.
with activities as (
    select * from {{ ref('fct_activities') }} where is_two_way and account_id is not null
),

conversations as (
    select * from {{ ref('fct_calls') }} where status = 'answered' and account_id is not null
),

logged_twice as (
    select distinct activities.activity_id
    from activities
    inner join conversations
        on activities.account_id = conversations.account_id
        and conversations.started_on between {{ plus_days('activities.occurred_on', -1) }}
            and {{ plus_days('activities.occurred_on', 1) }}
    where activities.activity_type = 'call'
        and abs({{ exact_seconds_between('activities.occurred_at', 'conversations.started_at') }})
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
