-- Grain: one row, the run: its as-of date and the settings that reporting reads.
select
    base_currency,
    default_currency,
    business_timezone,
    default_country,
    fx_max_age_days,
    fiscal_year_first_month,
    known_at,
    as_of_date,
    {{ month_of('as_of_date') }} as as_of_month
from {{ ref('int_run_dated') }}
