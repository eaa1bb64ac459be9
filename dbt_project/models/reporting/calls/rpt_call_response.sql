-- Grain: one row per business day and agent (employee_id is NULL where no agent is named): inbound conversations.
-- A conversation is its last agent's; talk is each agent's own, so that an agent who handed every call on has a row
-- without conversations. Rates leave out what came outside of opening hours, which is counted beside them.
with calls as (
    select * from {{ ref('fct_calls') }}
),

talks as (
    select * from {{ ref('fct_call_talks') }}
),

missed_cases as (
    select * from {{ ref('fct_missed_calls') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
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
        count(*) filter (where calls.is_out_of_hours) as out_of_hours,
        count(*) filter (where calls.status = 'answered' and not calls.is_out_of_hours) as answered_in_hours,
        count(*) filter (where {{ is_offered('calls') }} and not calls.is_out_of_hours) as offered_in_hours,
        avg(calls.wait_seconds) filter (where calls.status = 'answered') as answer_seconds_average
    from calls
    where calls.direction = 'inbound' and calls.started_on is not null
    group by calls.started_on, calls.employee_id
),

-- Days and agents: who talked in an inbound call has a row, also where another agent ended it.
talked as (
    select
        talks.started_on as day,
        talks.employee_id,
        max(talks.agent_name) as agent_name,
        sum(talks.talk_seconds) as talk_seconds
    from talks
    where talks.direction = 'inbound' and talks.started_on is not null
    group by talks.started_on, talks.employee_id
),

agents as (
    select day, employee_id, max(agent_name) as agent_name
    from (
        select day, employee_id, agent_name from inbound
        union all
        select day, employee_id, agent_name from talked
    ) as both_sides
    group by day, employee_id
),

-- Decided cases in the order of their waits; who was never called back waits longest, so that a P90 that falls on such a
-- case is not known rather than too short.
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
),

cases as (
    select
        started_on as day,
        employee_id,
        count(*) as missed_cases,
        max(decided_cases) as decided_missed,
        count(*) filter (where is_handled) as handled_missed,
        count(*) filter (where is_number_known and handled_conversation_id is null) as waiting_missed,
        {{ censored_median('callback_minutes', 'is_handled is not null') }} as callback_minutes_median,
        max(callback_minutes) filter (where place = ceil(decided_cases * 9 / 10.0)) as callback_minutes_p90
    from ranked
    group by started_on, employee_id
)

select
    agents.day,
    agents.employee_id,
    coalesce(employees.full_name, agents.agent_name) as agent_name,
    coalesce(inbound.inbound, 0) as inbound,
    coalesce(inbound.answered, 0) as answered,
    coalesce(inbound.missed, 0) as missed,
    coalesce(inbound.voicemail, 0) as voicemail,
    coalesce(inbound.abandoned, 0) as abandoned,
    coalesce(inbound.failed, 0) as failed,
    coalesce(inbound.unknown_status, 0) as unknown_status,
    coalesce(inbound.out_of_hours, 0) as out_of_hours,
    coalesce(inbound.answered_in_hours, 0) as answered_in_hours,
    coalesce(inbound.offered_in_hours, 0) as offered_in_hours,
    cast(inbound.answered_in_hours as double) / nullif(inbound.offered_in_hours, 0) as answer_rate,
    cast(inbound.answered as double) / nullif(inbound.inbound, 0) as answer_rate_all,
    cast(inbound.answer_seconds_average as double) as answer_seconds_average,
    cast(talked.talk_seconds as decimal(38, 3)) as talk_seconds,
    coalesce(cases.missed_cases, 0) as missed_cases,
    coalesce(cases.decided_missed, 0) as decided_missed,
    coalesce(cases.handled_missed, 0) as handled_missed,
    coalesce(cases.waiting_missed, 0) as waiting_missed,
    cast(cases.handled_missed as double) / nullif(cases.decided_missed, 0) as handled_rate,
    cast(cases.callback_minutes_median as double) as callback_minutes_median,
    cast(cases.callback_minutes_p90 as double) as callback_minutes_p90
from agents
left join employees on agents.employee_id = employees.employee_id
left join inbound on agents.day = inbound.day and agents.employee_id is not distinct from inbound.employee_id
left join talked on agents.day = talked.day and agents.employee_id is not distinct from talked.employee_id
left join cases on agents.day = cases.day and agents.employee_id is not distinct from cases.employee_id
