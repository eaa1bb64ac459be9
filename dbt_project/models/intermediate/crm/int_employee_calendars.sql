-- Grain: one row per employee of a users export whose team has opening hours of its own: its calendar in int_business_days.
-- Everybody else's is the calendar ''.
with employees as (
    select * from {{ ref('stg_crm__employees') }}
),

users as (
    select * from {{ ref('int_employees_unified') }}
),

hours as (
    select distinct lower(trim(team)) as calendar
    from {{ ref('stg_lists__opening_hours') }}
    where trim(team) <> ''
)

-- A person with users in two systems is described by the user whose id the employee carries.
select
    users.employee_id,
    hours.calendar
from users
inner join employees on users.system = employees._system and users.native_id = employees.employee_id
inner join hours on lower(trim(employees.team)) = hours.calendar
where users.employee_id = {{ global_id('users.system', 'users.native_id') }}
