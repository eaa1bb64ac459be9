-- Grain: one row per source system and user id of its users export, with the employee that the user is.
-- One person's users in two systems are one employee when they share an e-mail that is one user's only in each system;
-- the employee carries the id of the first of these systems by name.
with employees as (
    select
        *,
        {{ normalised_email('email') }} as email_key
    from {{ ref('stg_crm__employees') }}
),

counted as (
    select
        *,
        count(*) over (partition by _system, email_key) as users_of_email
    from employees
)

select
    _system as system,
    employee_id as native_id,
    case
        when email_key is null or users_of_email > 1 then {{ global_id('_system', 'employee_id') }}
        else min({{ global_id('_system', 'employee_id') }}) over (partition by email_key, users_of_email)
    end as employee_id,
    email_key,
    {{ normalised_name('full_name') }} as name_key,
    nullif(trim(phone_extension), '') as extension_key
from counted
