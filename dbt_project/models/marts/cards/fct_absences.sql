-- Grain: one row per employee and the first day of an absence (D11). Of two with one first day the longer one counts; one
-- without an end lasts.
with absences as (
    select * from {{ ref('stg_plan__absences') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
)

select
    employees.employee_id,
    substitutes.employee_id as substitute_id,
    absences.starts_on,
    absences.ends_on,
    absences._source,
    absences._file,
    absences._file_sha256,
    absences._row
from absences
inner join employees on absences._system = employees.system and absences.employee_id = employees.reference
left join employees as substitutes
    on absences._system = substitutes.system and absences.substitute_id = substitutes.reference
where absences.starts_on is not null
qualify row_number() over (
    partition by employees.employee_id, absences.starts_on
    order by case when absences.ends_on is null then 0 else 1 end, absences.ends_on desc, absences._file, absences._row
) = 1
