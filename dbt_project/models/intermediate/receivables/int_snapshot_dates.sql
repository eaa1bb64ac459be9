-- Grain: one row per date of which history tables hold balances: every week end (Sunday) and month end up to the as-of
-- date, and the as-of date itself.
with run as (
    select * from {{ ref('int_run_dated') }}
),

-- The base currency has a rate on every day from the first event on.
days as (
    select rates.rate_date as day
    from {{ ref('int_fx_rates_dated') }} as rates
    inner join run on rates.currency = run.base_currency
)

select
    days.day as as_of_date,
    {{ month_of('days.day') }} as month,
    {{ is_week_end('days.day') }} as is_week_end,
    days.day = {{ month_end_of('days.day') }} as is_month_end,
    days.day = run.as_of_date as is_as_of
from days
cross join run
where days.day = run.as_of_date
    or {{ is_week_end('days.day') }}
    or days.day = {{ month_end_of('days.day') }}
