-- Grain: one row per employee: a user of an export, or a person whom an export names and no users export has.
with employees as (
    select * from {{ ref('stg_crm__employees') }}
),

users as (
    select * from {{ ref('int_employees_unified') }}
),

identities as (
    select * from {{ ref('int_employee_identities') }}
),

calendars as (
    select * from {{ ref('int_employee_calendars') }}
),

exported as (
    select
        users.employee_id,
        users.system,
        employees.full_name,
        employees.email,
        employees.phone_extension,
        employees.grade,
        employees.role_profile,
        employees.team,
        coalesce(calendars.calendar, '') as calendar,
        employees.region,
        managers.employee_id as manager_id,
        employees.active_from,
        employees.active_to,
        employees._source,
        employees._file,
        employees._file_sha256,
        employees._row
    from users
    inner join employees on users.system = employees._system and users.native_id = employees.employee_id
    left join calendars on users.employee_id = calendars.employee_id
    left join identities as managers
        on employees._system = managers.system and employees.manager_id = managers.reference
    -- A person with users in two systems is described by the user whose id the employee carries.
    qualify row_number() over (
        partition by users.employee_id
        order by case when {{ global_id('users.system', 'users.native_id') }} = users.employee_id then 0 else 1 end
    ) = 1
),

named as (
    select
        identities.employee_id,
        min(identities.system) filter (where identities.rule = 'not_in_export') as system,
        coalesce(
            min(identities.reference_name)
                filter (where upper(identities.reference_name) <> lower(identities.reference_name)),
            min(identities.reference_name)
        ) as full_name
    from identities
    left join exported on identities.employee_id = exported.employee_id
    where exported.employee_id is null
    group by identities.employee_id
)

select
    employee_id,
    manager_id,
    system,
    full_name,
    email,
    phone_extension,
    grade,
    role_profile,
    team,
    calendar,
    region,
    true as is_in_export,
    active_from,
    active_to,
    _source,
    _file,
    _file_sha256,
    _row
from exported
union all
select
    employee_id,
    cast(null as varchar),
    system,
    full_name,
    case when full_name like '%_@_%' then full_name end,
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    '',
    cast(null as varchar),
    false,
    cast(null as date),
    cast(null as date),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as varchar),
    cast(null as bigint)
from named
