-- Grain: one row per week of the horizon and currency in which anything is open on the as-of date (R30). Its band is
-- narrower than its accounts' bands together: that all of them pay early, or late, in the same week is less likely.
with expectations as (
    select * from {{ ref('fct_cash_expectations') }}
),

origins as (
    select * from {{ ref('dim_forecast_origins') }} where is_as_of
),

settings as (
    {{ forecast_settings() }}
),

grid as (
    select
        currencies.currency,
        {{ plus_days('origins.first_week', '7 * weeks.week_number') }} as week_start
    from origins
    cross join settings
    cross join (select distinct currency from expectations) as currencies
    inner join (select cast(number as integer) as week_number from range(520) as numbers (number)) as weeks
        on weeks.week_number < settings.horizon_weeks
),

paid as (
    select currency, week_start, open_amount, expected_amount, promised_amount, variance
    from expectations
    where outcome = 'paid'
    union all
    select currency, week_start, 0, 0, 0, 0 from grid
),

sums as (
    select
        paid.currency,
        {{ money_sum('sum(paid.expected_amount)') }} as expected_amount,
        {{ forecast_low('max(settings.band_deviations)') }} as low,
        {{ forecast_high('max(settings.band_deviations)') }} as high,
        {{ money_sum('sum(paid.promised_amount)') }} as promised_amount,
        paid.week_start
    from paid
    cross join settings
    group by paid.currency, paid.week_start
)

select * from sums
