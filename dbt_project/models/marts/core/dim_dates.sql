-- Grain: one row per day, from the first day of 1990 to two years after the as-of date.
with bounds as (
    select
        as_of_date,
        fiscal_year_first_month
    from {{ ref('int_run_dated') }}
    where as_of_date is not null
),

days as (
    select * from {{ ref('int_business_days') }} where calendar = ''
)

select
    days.day,
    cast(date_trunc('week', days.day) as date) as week_start,
    {{ plus_days("cast(date_trunc('week', days.day) as date)", 6) }} as week_end,
    {{ month_of('days.day') }} as month,
    {{ month_end_of('days.day') }} as month_end,
    cast(date_trunc('quarter', days.day) as date) as quarter,
    cast(date_trunc('year', days.day) as date) as year,
    {{ fiscal_start_of('quarter', 'days.day', 'bounds.fiscal_year_first_month') }} as fiscal_quarter,
    {{ fiscal_start_of('year', 'days.day', 'bounds.fiscal_year_first_month') }} as fiscal_year,
    days.holiday_name,
    {{ days_from("cast(date_trunc('week', days.day) as date)", 'days.day') }} + 1 as iso_weekday,
    {{ days_from("cast(date_trunc('week', days.day) as date)", 'days.day') }} >= 5 as is_weekend,
    days.is_working_day,
    {{ is_week_end('days.day') }} as is_week_end,
    days.day = {{ month_end_of('days.day') }} as is_month_end,
    days.day = bounds.as_of_date as is_as_of,
    -- The days on which history tables stand: week ends, month ends and the as-of date, none of them after it.
    days.day <= bounds.as_of_date and (
        {{ is_week_end('days.day') }} or days.day = {{ month_end_of('days.day') }} or days.day = bounds.as_of_date
    ) as is_snapshot
from days
cross join bounds
