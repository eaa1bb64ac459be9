-- Grain: one row per call that a CRM says was had, with the conversation of a call tracker that it is of (K17): the one rule by
-- which a log and a conversation are one call, whoever asks.
-- It is of the conversation with its account that it lies nearest to, within same_call_window_minutes of its beginning or its
-- end, as CRMs write down either, and in which its employee talked, as far as both sides name one: whoever hands a call on may
-- log it as well as who ends it. A call that was had is rather of one that somebody took, where there is one near. Where no
-- conversation with the account is near, one of its employee whose number reaches no account may be it: is_of_account is
-- false. Where nothing is near, both are unknown.
with logs as (
    select * from {{ ref('fct_activities') }} where activity_type = 'call' and is_completed and occurred_on is not null
),

calls as (
    select * from {{ ref('fct_calls') }} where started_on is not null
),

-- Whoever took one of its legs, and who is named where nobody did.
agents as (
    select conversation_id, employee_id from {{ ref('fct_call_talks') }} where employee_id is not null
    union
    select conversation_id, employee_id from calls where employee_id is not null
),

-- Around midnight a log lies on the day before or after its call's. Whole days are joined as equal: a join on a span of days
-- would try every call of an account with every conversation that it ever had.
logged_days as (
    select
        logs.activity_id,
        logs.account_id,
        logs.owner_id,
        logs.occurred_at,
        {{ plus_days('logs.occurred_on', 'shifts.days') }} as day
    from logs
    cross join (values (-1), (0), (1)) as shifts (days)
),

paired as (
    select
        logged_days.activity_id,
        calls.conversation_id,
        calls.started_at,
        calls.status,
        calls.account_id is not null as is_of_account,
        coalesce(calls.total_seconds, 0) as lasted,
        {{ exact_seconds_between('calls.started_at', 'logged_days.occurred_at') }} as after_seconds
    from logged_days
    inner join calls on logged_days.day = calls.started_on and logged_days.account_id = calls.account_id
    left join agents on calls.conversation_id = agents.conversation_id and logged_days.owner_id = agents.employee_id
    where agents.employee_id is not null or logged_days.owner_id is null or calls.employee_id is null
    union all
    select
        logged_days.activity_id,
        calls.conversation_id,
        calls.started_at,
        calls.status,
        false,
        coalesce(calls.total_seconds, 0),
        {{ exact_seconds_between('calls.started_at', 'logged_days.occurred_at') }}
    from logged_days
    inner join agents on logged_days.owner_id = agents.employee_id
    inner join calls on agents.conversation_id = calls.conversation_id and logged_days.day = calls.started_on
    where calls.account_id is null
),

near as (
    select
        *,
        case
            when after_seconds < 0 then -after_seconds
            when after_seconds > lasted then after_seconds - lasted
            else 0
        end as apart_seconds
    from paired
),

nearest as (
    select activity_id, conversation_id, is_of_account, status
    from near
    where apart_seconds <= 60 * {{ parameter('same_call_window_minutes') }}
    qualify row_number() over (
        partition by activity_id
        order by
            case when is_of_account then 0 else 1 end,
            case when status = 'answered' then 0 else 1 end,
            apart_seconds,
            abs(after_seconds),
            started_at,
            conversation_id
    ) = 1
)

select
    logs.activity_id,
    case when nearest.is_of_account then nearest.conversation_id end as conversation_id,
    nearest.is_of_account,
    case when nearest.is_of_account then nearest.status = 'answered' end as is_answered
from logs
left join nearest on logs.activity_id = nearest.activity_id
