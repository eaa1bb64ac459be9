-- Grain: one row per call that a CRM says was had (side crm) and per conversation of a call tracker that is to be logged, or
-- is (side tracker), with what the other side says of it (K17, N5); of the days alone that both tell of, from the first to
-- the last: before and after them nothing can be held against anything.
-- A log is of the conversation with its account that it lies nearest to, within same_call_window_minutes of its beginning or
-- its end, as CRMs write down either, and in which its employee talked, as far as both sides name one: whoever hands a call
-- on may log it as well as who ends it. A log is undecided, and no call that never was, where it names no account, where
-- its employee had a call at that time whose number reaches no account, or has no telephone in the tracker at all.
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

bounds as (
    select
        min(day) filter (where side = 'crm') as logs_from,
        max(day) filter (where side = 'crm') as logs_until,
        min(day) filter (where side = 'tracker') as calls_from,
        max(day) filter (where side = 'tracker') as calls_until
    from (
        select 'crm' as side, occurred_on as day from logs
        union all
        select 'tracker', started_on from calls
    ) as told
),

-- Around midnight a log lies on the day before or after its call's. Whole days are joined as equal.
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
    select
        activity_id,
        conversation_id,
        is_of_account
    from near
    where apart_seconds <= 60 * {{ parameter('same_call_window_minutes') }}
    qualify row_number() over (
        partition by activity_id
        order by case when is_of_account then 0 else 1 end, apart_seconds, abs(after_seconds), started_at, conversation_id
    ) = 1
),

telephones as (
    select distinct employee_id from agents
),

logged as (
    select
        logs.*,
        nearest.is_of_account,
        case when nearest.is_of_account then calls.conversation_id end as conversation_id,
        -- Nobody talked in a call that nobody took.
        case when calls.status = 'answered' then calls.talk_seconds when calls.status is not null then 0 end as talk_seconds,
        calls.total_seconds,
        telephones.employee_id is not null or logs.owner_id is null as has_telephone
    from logs
    left join nearest on logs.activity_id = nearest.activity_id
    left join calls on nearest.conversation_id = calls.conversation_id and nearest.is_of_account
    left join telephones on logs.owner_id = telephones.employee_id
),

counted as (
    select
        conversation_id,
        count(*) as logs
    from logged
    where conversation_id is not null
    group by conversation_id
),

compared as (
    select
        'crm' as side,
        activity_id as call_id,
        occurred_on as day,
        owner_id as employee_id,
        account_id,
        conversation_id,
        true as is_due,
        case
            when conversation_id is not null then 'dialled'
            when account_id is null or not has_telephone or is_of_account is not null then 'undecided'
            else 'not_dialled'
        end as state,
        duration_seconds as logged_seconds,
        talk_seconds,
        1 as logs,
        -- A CRM may count from the first ring or from the answer: a length between the two is right.
        duration_seconds < talk_seconds - {{ parameter('call_length_tolerance_seconds') }}
        or duration_seconds > {{ greatest_known('talk_seconds', 'coalesce(total_seconds, talk_seconds)') }}
            + {{ parameter('call_length_tolerance_seconds') }} as is_length_different,
        occurred_at,
        _file,
        _row
    from logged
    union all
    select
        'tracker',
        calls.conversation_id,
        calls.started_on,
        calls.employee_id,
        calls.account_id,
        calls.conversation_id,
        coalesce(calls.status = 'answered', false)
        or ({{ parameter('attempts_are_logged') }} = 1 and coalesce(calls.direction = 'outbound', false)),
        case
            when counted.logs > 0 then 'logged'
            when calls.account_id is null then 'without_account'
            else 'not_logged'
        end,
        cast(null as decimal(18, 3)),
        calls.talk_seconds,
        coalesce(counted.logs, 0),
        cast(null as boolean),
        calls.started_at,
        calls._file,
        calls._row
    from calls
    left join counted on calls.conversation_id = counted.conversation_id
)

select
    compared.side,
    compared.call_id,
    compared.account_id,
    compared.employee_id,
    compared.conversation_id,
    compared.state,
    cast(compared.logged_seconds as decimal(18, 3)) as logged_seconds,
    cast(compared.talk_seconds as decimal(18, 3)) as talk_seconds,
    cast(compared.logs as integer) as logs,
    compared.is_due,
    compared.is_length_different,
    compared.occurred_at,
    compared.day,
    compared._file,
    compared._row
from compared
inner join bounds
    on compared.day >= bounds.logs_from and compared.day >= bounds.calls_from
    and compared.day <= bounds.logs_until and compared.day <= bounds.calls_until
where compared.is_due or compared.logs > 0
