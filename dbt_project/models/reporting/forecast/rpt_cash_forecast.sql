-- Grain: one row per week, account and currency in which cash is expected of what is open on the as-of date (R30).
with expectations as (
    select * from {{ ref('fct_cash_expectations') }} where outcome = 'paid'
),

accounts as (
    select account_id, account_name, owner_id from {{ ref('dim_accounts') }}
),

settings as (
    {{ forecast_settings() }}
),

sums as (
    select
        week_start,
        account_id,
        currency,
        count(*) as invoices,
        {{ money_sum('sum(expected_amount)') }} as expected_amount,
        {{ forecast_low('max(settings.band_deviations)') }} as low,
        {{ forecast_high('max(settings.band_deviations)') }} as high,
        {{ money_sum('sum(promised_amount)') }} as promised_amount
    from expectations
    cross join settings
    group by week_start, account_id, currency
)

select
    sums.account_id,
    accounts.account_name,
    accounts.owner_id,
    sums.currency,
    sums.invoices,
    sums.expected_amount,
    sums.low,
    sums.high,
    sums.promised_amount,
    sums.week_start
from sums
left join accounts on sums.account_id = accounts.account_id
