-- Grain: one row per call that a CRM says was had (side crm) and per conversation of a call tracker that is to be logged, or
-- is (side tracker), with what the other side says of it (K17, N5); of the days alone that both tell of, from the first to
-- the last: before and after them nothing can be held against anything.
-- A log is undecided, and no call that never was, where it names no account, where its employee had a call at that time whose
-- number reaches no account, or has no telephone in the tracker at all.
with logs as (
    select * from {{ ref('fct_activities') }} where activity_type = 'call' and is_completed and occurred_on is not null
),

calls as (
    select * from {{ ref('fct_calls') }} where started_on is not null
),

-- Who has a telephone: whoever took a leg of a call, and who is named where nobody did.
telephones as (
    select employee_id from {{ ref('fct_call_talks') }} where employee_id is not null
    union
    select employee_id from calls where employee_id is not null
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

logged as (
    select
        logs.*,
        pairs.is_of_account,
        pairs.conversation_id,
        -- Nobody talked in a call that nobody took.
        case when calls.status = 'answered' then calls.talk_seconds when calls.status is not null then 0 end as talk_seconds,
        calls.total_seconds,
        telephones.employee_id is not null or logs.owner_id is null as has_telephone
    from logs
    left join {{ ref('fct_logged_calls') }} as pairs on logs.activity_id = pairs.activity_id
    left join calls on pairs.conversation_id = calls.conversation_id
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
