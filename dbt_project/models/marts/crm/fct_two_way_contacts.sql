-- Grain: one row per two-way contact with an account (P14), by the end of the run's day: a two-way CRM activity of a known
-- day or a connected conversation.
-- A CRM often logs a call that the call tracker has too: such a pair (fct_logged_calls, K17) is one contact, and the tracker's
-- record of an answered one stands for it. A CRM also logs one call with every contact that has the number: calls of an
-- employee with an account that begin while another goes on are that one.
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

logged_twice as (
    select activity_id from {{ ref('fct_logged_calls') }} where is_answered
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
