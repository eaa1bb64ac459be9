-- Grain: one row per employee of a users export and day on which he was employed, over the months of which norms are kept, the
-- rest of the running month among them (P13): whether his team works, whether he is away, and how much of a full day he
-- works. Of several part times for a day the one valid from the latest day counts, then the later line.
with run as (
    select
        {{ plus_months('as_of_month', '-' ~ parameter('norm_history_months')) }} as first_on,
        {{ month_end_of('as_of_date') }} as last_on
    from {{ ref('int_run_dated') }}
),

dates as (
    select dates.calendar, dates.day, {{ month_of('dates.day') }} as month, dates.is_working_day
    from {{ ref('int_business_days') }} as dates
    inner join run on dates.day >= run.first_on and dates.day <= run.last_on
),

employees as (
    select * from {{ ref('dim_employees') }} where is_in_export
),

absences as (
    select * from {{ ref('fct_absence_days') }}
),

part_times as (
    select times.employee_id, dates.day, times.share
    from {{ ref('stg_lists__working_times') }} as times
    inner join dates
        on dates.calendar = ''
        and coalesce(dates.day >= times.valid_from, true)
        and coalesce(dates.day <= times.valid_to, true)
    qualify row_number() over (
        partition by times.employee_id, dates.day order by times.valid_from desc nulls last, times._row desc
    ) = 1
)

select
    employees.employee_id,
    dates.day,
    dates.month,
    absences.substitute_id,
    dates.is_working_day,
    absences.employee_id is not null as is_absent,
    coalesce(part_times.share, 1) as part_time_share,
    case
        when dates.is_working_day and absences.employee_id is null then coalesce(part_times.share, 1) else 0
    end as working_share
from employees
inner join dates
    on employees.calendar = dates.calendar
    and coalesce(dates.day >= employees.active_from, true)
    and coalesce(dates.day <= employees.active_to, true)
left join absences on employees.employee_id = absences.employee_id and dates.day = absences.day
left join part_times on employees.employee_id = part_times.employee_id and dates.day = part_times.day
