-- Grain: one row per origin and method (R30): how far a forecast made at that month end, from what had happened by then,
-- lay from what happened after it, beside two simpler methods on the same invoices.
with forecasts as (
    select * from {{ ref('fct_cash_forecasts') }} where not is_as_of
),

weeks as (
    select * from {{ ref('fct_forecast_weeks') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

settings as (
    {{ forecast_settings() }}
),

-- Where the behaviour foresees nothing it is judged by the due date: every method answers for every invoice.
predictions as (
    {%- for method, day in [
        ('payment_behaviour', 'coalesce(expected_on, due_date_says)'),
        ('due_date', 'due_date_says'),
        ('mean_lag', 'mean_lag_says'),
    ] %}
    {{ 'union all' if not loop.first }}
    select
        origin,
        '{{ method }}' as method,
        case when is_settled_by_cash then abs({{ days_from(day, 'settled_on') }}) end as error_days,
        settled_on is null as is_still_open
    from forecasts
    {%- endfor %}
),

days_off as (
    select
        origin,
        method,
        count(error_days) as invoices,
        count(*) filter (where is_still_open) as invoices_still_open,
        sum(error_days) as error_days
    from predictions
    group by origin, method
),

-- Currencies meet in the base currency, at the rate of the origin.
amounts_off as (
    select
        weeks.origin,
        weeks.method,
        sum(abs(weeks.expected_amount - weeks.paid_amount) * rates.rate) as amount_error,
        {{ known_sum('weeks.paid_amount * rates.rate', 'weeks.paid_amount') }} as paid_amount,
        {{ known_sum('weeks.expected_amount * rates.rate', 'weeks.expected_amount') }} as expected_amount,
        count(distinct weeks.week_start) as weeks,
        count(weeks.variance) as bands,
        count(*) filter (
            where abs(weeks.expected_amount - weeks.paid_amount)
                <= cast(settings.band_deviations * sqrt(cast(weeks.variance as double)) as decimal(38, 4))
        ) as within_band,
        count(distinct case when rates.rate is null then weeks.currency end) as missing_rate_count
    from weeks
    cross join settings
    left join rates on weeks.currency = rates.currency and weeks.origin = rates.rate_date
    group by weeks.origin, weeks.method
),

final as (
    select
        days_off.origin,
        cast(days_off.method as varchar) as method,
        days_off.invoices,
        days_off.invoices_still_open,
        {{ ratio('days_off.error_days', 'days_off.invoices') }} as mean_absolute_error_days,
        case
            when amounts_off.missing_rate_count = 0
                then {{ ratio('amounts_off.amount_error', 'amounts_off.paid_amount') }}
        end as amount_error_ratio,
        {{ ratio('amounts_off.within_band', 'amounts_off.bands') }} as within_band_ratio,
        cast(amounts_off.expected_amount as decimal(38, 4)) as expected_amount,
        cast(amounts_off.paid_amount as decimal(38, 4)) as paid_amount,
        coalesce(amounts_off.weeks, 0) as weeks,
        -- The same over all origins, for a headline: each invoice and each week counts as often as it was forecast.
        {{ ratio(
            'sum(days_off.error_days) over (partition by days_off.method)',
            'sum(days_off.invoices) over (partition by days_off.method)'
        ) }} as overall_error_days,
        case
            when sum(amounts_off.missing_rate_count) over (partition by days_off.method) = 0 then {{ ratio(
                'sum(amounts_off.amount_error) over (partition by days_off.method)',
                'sum(amounts_off.paid_amount) over (partition by days_off.method)'
            ) }}
        end as overall_amount_error_ratio,
        {{ ratio(
            'sum(amounts_off.within_band) over (partition by days_off.method)',
            'sum(amounts_off.bands) over (partition by days_off.method)'
        ) }} as overall_within_band_ratio,
        sum(days_off.invoices) over (partition by days_off.method) as overall_invoices,
        run.base_currency,
        coalesce(amounts_off.missing_rate_count, 0) as missing_rate_count
    from days_off
    cross join run
    left join amounts_off on days_off.origin = amounts_off.origin and days_off.method = amounts_off.method
)

select
    origin,
    method,
    cast(invoices as bigint) as invoices,
    cast(invoices_still_open as bigint) as invoices_still_open,
    mean_absolute_error_days,
    amount_error_ratio,
    within_band_ratio,
    expected_amount,
    paid_amount,
    cast(weeks as bigint) as weeks,
    overall_error_days,
    overall_amount_error_ratio,
    overall_within_band_ratio,
    cast(overall_invoices as bigint) as overall_invoices,
    base_currency,
    cast(missing_rate_count as bigint) as missing_rate_count
from final
