-- Grain: one row per week and employee who owned key accounts at its end (K13): with how many of them anybody of ours had a
-- connected call in the week. The list is the one that stood then; weeks run from Monday, the last one to the as-of date.
with run as (
    select * from {{ ref('int_run_dated') }}
),

members as (
    select * from {{ ref('fct_key_account_intervals') }} where is_key_account
),

owners as (
    select * from {{ ref('dim_account_owners') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

calls as (
    select distinct account_id, cast(date_trunc('week', started_on) as date) as week_start
    from {{ ref('fct_calls') }}
    where status = 'answered' and account_id is not null
),

contacts as (
    select distinct account_id, cast(date_trunc('week', occurred_on) as date) as week_start
    from {{ ref('fct_two_way_contacts') }}
),

-- From when on there are calls at all: before, nobody knows who was called.
begun as (
    select min(started_on) as calls_from from {{ ref('fct_calls') }} where status = 'answered'
),

weeks as (
    select distinct dates.week_start, {{ least_known('dates.week_end', 'run.as_of_date') }} as week_end
    from {{ ref('dim_dates') }} as dates
    cross join run
    cross join begun
    where dates.day <= run.as_of_date and dates.week_start >= begun.calls_from
),

listed as (
    select
        weeks.week_start,
        members.account_id,
        coalesce(owners.employee_id, 'unassigned') as employee_id
    from weeks
    inner join members on {{ holds_on('members', 'weeks.week_end') }}
    left join owners
        on members.account_id = owners.account_id
        and {{ holds_on('owners', 'weeks.week_end') }}
),

counted as (
    select
        listed.week_start,
        listed.employee_id,
        count(*) as key_accounts,
        count(calls.account_id) as called_accounts,
        count(contacts.account_id) as contacted_accounts
    from listed
    left join calls on listed.account_id = calls.account_id and listed.week_start = calls.week_start
    left join contacts on listed.account_id = contacts.account_id and listed.week_start = contacts.week_start
    group by listed.week_start, listed.employee_id
)

select
    counted.week_start,
    counted.employee_id,
    employees.full_name as employee_name,
    employees.team,
    counted.key_accounts,
    counted.called_accounts,
    counted.contacted_accounts,
    {{ ratio('counted.called_accounts', 'counted.key_accounts') }} as call_coverage,
    {{ ratio('counted.contacted_accounts', 'counted.key_accounts') }} as contact_coverage
from counted
left join employees on counted.employee_id = employees.employee_id
