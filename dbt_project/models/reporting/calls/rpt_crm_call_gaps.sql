-- Grain: one row per business day and employee (employee_id is NULL where none is named): the calls that the CRM says were
-- had against those of the call tracker (K17, N5), on the days that both tell of.
with calls as (
    select * from {{ ref('fct_crm_calls_compared') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

counted as (
    select
        day,
        employee_id,
        count(*) filter (where side = 'crm') as logged_calls,
        count(*) filter (where state = 'not_dialled') as logged_not_dialled,
        count(*) filter (where state = 'undecided') as logged_undecided,
        count(*) filter (where side = 'tracker' and is_due) as dialled_calls,
        count(*) filter (where state = 'not_logged') as dialled_not_logged,
        count(*) filter (where state = 'without_account') as dialled_without_account,
        count(is_length_different) as lengths_compared,
        count(*) filter (where coalesce(is_length_different, false)) as duration_differs,
        count(*) filter (where side = 'tracker' and logs > 1) as logged_more_than_once
    from calls
    group by day, employee_id
)

select
    counted.day,
    counted.employee_id,
    employees.full_name as employee_name,
    employees.team,
    counted.logged_calls,
    counted.logged_not_dialled,
    counted.logged_undecided,
    counted.dialled_calls,
    counted.dialled_not_logged,
    counted.dialled_without_account,
    counted.lengths_compared,
    counted.duration_differs,
    counted.logged_more_than_once
from counted
left join employees on counted.employee_id = employees.employee_id
