-- Grain: one row a business day and agent (employee_id is NULL where no agent is named): inbound conversations.
with calls as (
    select * from {{ ref('fct_calls') }}
),

missed_cases as (
    select * from {{ ref('fct_missed_calls') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

run as (
    select * from {{ ref('dim_runs') }}
),

inbound as (
    select
        calls.started_on as day,
        calls.employee_id,
        max(calls.agent_name) as agent_name,
        count(*) as inbound,
        count(*) filter (where calls.status = 'answered') as answered,
        count(*) filter (where calls.status = 'missed') as missed,
        count(*) filter (where calls.status = 'voicemail') as voicemail,
        count(*) filter (where calls.status = 'abandoned') as abandoned,
        count(*) filter (where calls.status = 'failed') as failed,
        count(*) filter (where calls.status is null) as unknown_status,
        sum(calls.talk_seconds) filter (where calls.status = 'answered') as talk_seconds,
        avg(calls.wait_seconds) filter (where calls.status = 'answered') as answer_seconds_average
    from calls
    cross join run
    where calls.direction = 'inbound' and calls.started_on <= run.as_of_date
    group by calls.started_on, calls.employee_id
),

ranked as (
    select
        missed_cases.*,
        row_number() over (
            partition by missed_cases.started_on, missed_cases.employee_id
            order by case when missed_cases.is_handled is null then 1 else 0 end,
                missed_cases.callback_minutes nulls last, missed_cases.case_id
        ) as place,
        count(missed_cases.is_handled) over (
            partition by missed_cases.started_on, missed_cases.employee_id
        ) as decided_cases
    from missed_cases
    cross join run
    where missed_cases.started_on <= run.as_of_date
),

cases as (
    select
        started_on as day,
        employee_id,
        count(*) as missed_cases,
        max(decided_cases) as decided_missed,
        count(*) filter (where is_handled) as handled_missed,
        median(callback_minutes) as callback_minutes_median,
        max(callback_minutes) filter (where place = ceil(decided_cases * 9 / 10.0)) as callback_minutes_p90
    from ranked
    group by started_on, employee_id
)

select
    inbound.day,
    inbound.employee_id,
    coalesce(employees.full_name, inbound.agent_name, 'No agent named') as agent_name,
    inbound.inbound,
    inbound.answered,
    inbound.missed,
    inbound.voicemail,
    inbound.abandoned,
    inbound.failed,
    inbound.unknown_status,
    cast(inbound.answered as double) / nullif(
        inbound.answered + inbound.missed
        + case when {{ parameter('voicemail_is_missed') }} = 1 then inbound.voicemail else 0 end, 0
    ) as answer_rate,
    cast(inbound.answered as double) / nullif(inbound.inbound, 0) as answer_rate_all,
    cast(inbound.answer_seconds_average as double) as answer_seconds_average,
    cast(inbound.talk_seconds as decimal(38, 3)) as talk_seconds,
    coalesce(cases.missed_cases, 0) as missed_cases,
    coalesce(cases.decided_missed, 0) as decided_missed,
    coalesce(cases.handled_missed, 0) as handled_missed,
    cast(cases.handled_missed as double) / nullif(cases.decided_missed, 0) as handled_rate,
    cast(cases.callback_minutes_median as double) as callback_minutes_median,
    cast(cases.callback_minutes_p90 as double) as callback_minutes_p90
from inbound
left join employees on inbound.employee_id = employees.employee_id
left join cases
    on inbound.day = cases.day
    and (inbound.employee_id = cases.employee_id or (inbound.employee_id is null and cases.employee_id is null))
