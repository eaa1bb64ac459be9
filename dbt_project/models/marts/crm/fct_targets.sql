-- Grain: one row per employee, metric and month for which a plan sets a target.
with targets as (
    select * from {{ ref('stg_plan__targets') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
)

select
    employees.employee_id,
    lower(targets.metric) as metric,
    sum(targets.target) as target,
    {{ month_of('targets.period_start') }} as month
from targets
inner join employees on targets._system = employees.system and targets.employee_id = employees.reference
group by employees.employee_id, lower(targets.metric), {{ month_of('targets.period_start') }}
