-- Grain: one row, the run: its as-of date and the settings that reporting reads.
select
    run_id,
    base_currency,
    default_currency,
    business_timezone,
    default_country,
    fx_max_age_days,
    as_of_date,
    {{ month_of('as_of_date') }} as as_of_month
from {{ ref('int_run_dated') }}
