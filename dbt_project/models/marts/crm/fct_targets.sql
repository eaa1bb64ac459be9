-- Grain: one row per employee, metric and month for which a plan sets a target, with the month's working days of the employee's
-- team, and those of them on which the employee is away (P22).
with targets as (
    select * from {{ ref('stg_plan__targets') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

calendars as (
    select * from {{ ref('int_employee_calendars') }}
),

working as (
    select calendar, {{ month_of('day') }} as month, count(*) as working_days
    from {{ ref('int_business_days') }}
    where is_working_day
    group by calendar, {{ month_of('day') }}
),

away as (
    select employee_id, {{ month_of('day') }} as month, count(*) as absent_days
    from {{ ref('fct_absence_days') }}
    where is_working_day
    group by employee_id, {{ month_of('day') }}
),

planned as (
    select
        employees.employee_id,
        lower(targets.metric) as metric,
        sum(targets.target) as target,
        {{ month_of('targets.period_start') }} as month
    from targets
    inner join employees on targets._system = employees.system and targets.employee_id = employees.reference
    group by employees.employee_id, lower(targets.metric), {{ month_of('targets.period_start') }}
)

select
    planned.employee_id,
    planned.metric,
    planned.target,
    working.working_days,
    coalesce(away.absent_days, 0) as absent_days,
    planned.month
from planned
left join calendars on planned.employee_id = calendars.employee_id
left join working on coalesce(calendars.calendar, '') = working.calendar and planned.month = working.month
left join away on planned.employee_id = away.employee_id and planned.month = away.month
