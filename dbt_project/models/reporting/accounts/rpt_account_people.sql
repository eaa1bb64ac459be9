-- Grain: one row per person at an account, as of the run's as-of date.
with run as (
    select * from {{ ref('int_run_dated') }}
),

people as (
    select * from {{ ref('dim_account_people') }}
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
)

select
    people.contact_id,
    people.account_id,
    accounts.account_name,
    accounts.owner_id,
    people.full_name,
    people.job_title,
    people.contact_role,
    people.email,
    coalesce(people.phone, people.mobile) as phone,
    people.is_decision_maker,
    people.has_phone,
    people.has_email,
    people.birth_date,
    people.next_birthday_on,
    cast(people.days_to_birthday as bigint) as days_to_birthday,
    people.days_to_birthday <= {{ parameter('birthday_ahead_days') }} as is_birthday_soon,
    people.last_two_way_at,
    people.last_two_way_on,
    people.last_channel,
    employees.full_name as last_contact_by,
    cast(people.days_silent as bigint) as days_silent,
    run.as_of_date,
    people._file,
    people._row
from people
cross join run
inner join accounts on people.account_id = accounts.account_id
left join employees on people.last_contact_by_id = employees.employee_id
