-- Grain: one row per day from which cash is forecast: the as-of date, and the last month ends before it, from which the
-- forecast is tested.
with run as (
    select * from {{ ref('int_run_dated') }}
),

-- The base currency has a rate on every day from the first event on.
snapshots as (
    select
        dates.day as as_of_date,
        dates.is_as_of,
        dates.is_month_end
    from {{ ref('dim_dates') }} as dates
    inner join {{ ref('int_fx_rates_dated') }} as rates on dates.day = rates.rate_date
    inner join run on rates.currency = run.base_currency
    where dates.is_snapshot
),

numbered as (
    select
        snapshots.as_of_date as origin,
        snapshots.is_as_of,
        run.as_of_date,
        row_number() over (partition by snapshots.is_as_of order by snapshots.as_of_date desc) as number
    from snapshots
    cross join run
    where snapshots.is_as_of or snapshots.is_month_end
)

select
    origin,
    is_as_of,
    -- The week of the first day that is forecast.
    cast(date_trunc('week', {{ plus_days('origin', 1) }}) as date) as first_week,
    as_of_date
from numbered
where is_as_of or number <= {{ parameter('forecast_test_origins') }}
