-- Grain: one row per employee and day of absence, as far as the calendar goes (D11): who stands in. A substitute who is away
-- on the day does not, so that nobody covers. Working days are those of the employee's own team.
with absences as (
    select * from {{ ref('stg_plan__absences') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

calendars as (
    select * from {{ ref('int_employee_calendars') }}
),

dates as (
    select * from {{ ref('int_business_days') }}
),

-- Of two absences on one day the one with a substitute tells who stands in; else the one that began first, and lasts longer.
days as (
    select
        employees.employee_id,
        substitutes.employee_id as substitute_id,
        dates.day,
        dates.is_working_day,
        absences.ends_on,
        absences._source,
        absences._file,
        absences._file_sha256,
        absences._row
    from absences
    inner join employees on absences._system = employees.system and absences.employee_id = employees.reference
    left join calendars on employees.employee_id = calendars.employee_id
    inner join dates
        on coalesce(calendars.calendar, '') = dates.calendar
        and dates.day >= absences.starts_on
        and coalesce(dates.day <= absences.ends_on, true)
    left join employees as substitutes
        on absences._system = substitutes.system and absences.substitute_id = substitutes.reference
    qualify row_number() over (
        partition by employees.employee_id, dates.day
        order by
            case when substitutes.employee_id is null then 1 else 0 end, absences.starts_on,
            absences.ends_on desc nulls first, substitutes.employee_id, absences._file, absences._row
    ) = 1
),

away as (
    select distinct employee_id, day from days
)

select
    days.employee_id,
    days.day,
    case when away.employee_id is null then days.substitute_id end as substitute_id,
    days.substitute_id as named_substitute_id,
    days.is_working_day,
    days.ends_on,
    days._source,
    days._file,
    days._file_sha256,
    days._row
from days
left join away on days.substitute_id = away.employee_id and days.day = away.day
