-- Grain: one row per day, from the first day of 1990 to two years after the as-of date: whether the business works on it,
-- and how many seconds it was open before it, so that business time between two moments is a difference.
with bounds as (
    select
        cast('1990-01-01' as date) as first_on,
        {{ plus_days('as_of_date', 731) }} as last_on
    from {{ ref('int_run_dated') }}
    where as_of_date is not null
),

holidays as (
    select day, min(name) as name
    from {{ source('raw', 'holidays') }}
    where day is not null
    group by day
),

days as (
    {{ every_day('bounds', 'first_on', 'last_on') }}
),

working as (
    select
        days.day,
        holidays.name as holiday_name,
        {{ days_from("cast(date_trunc('week', days.day) as date)", 'days.day') }} < 5 and holidays.day is null as is_working_day
    from days
    left join holidays on days.day = holidays.day
),

opened as (
    select
        *,
        case when is_working_day then ({{ parameter('closes_at_hour') }} - {{ parameter('opens_at_hour') }}) * 3600 else 0 end
            as business_seconds
    from working
)

select
    day,
    holiday_name,
    is_working_day,
    cast(business_seconds as bigint) as business_seconds,
    cast(sum(business_seconds) over (order by day) - business_seconds as bigint) as business_seconds_before
from opened
