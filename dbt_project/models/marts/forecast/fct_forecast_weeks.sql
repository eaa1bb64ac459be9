-- Grain: one row per origin before the as-of date, method, currency and week that has ended by then: what the method
-- expected at the origin of the debts open on it, and what was paid of them.
with items as (
    select * from {{ ref('fct_cash_forecasts') }} where not is_as_of
),

curves as (
    select * from {{ ref('fct_payment_curves') }}
),

segments as (
    select * from {{ ref('fct_segment_curves') }}
),

stretches as (
    select * from {{ ref('fct_debt_stretches') }} where open_after < open_amount
),

origins as (
    select * from {{ ref('dim_forecast_origins') }} where not is_as_of
),

settings as (
    {{ forecast_settings() }}
),

weekly as (
    {{ expected_by_week('items', 'curves', 'segments', 'settings') }}
),

-- A simpler method expects the whole on one day.
expected as (
    select origin, 'payment_behaviour' as method, currency, week_start, expected_amount, variance from weekly
    {%- for method in ['due_date', 'mean_lag'] %}
    union all
    select
        origin, '{{ method }}', currency, cast(date_trunc('week', {{ method }}_says) as date), open_amount, null
    from items
    {%- endfor %}
),

expected_sums as (
    select
        origin,
        method,
        currency,
        week_start,
        sum(expected_amount) as expected_amount,
        sum(variance) as variance
    from expected
    group by origin, method, currency, week_start
),

-- What cash took off what was open at the origin. Of a debt that is open again, as a payment was returned, what is paid once more
-- is no more of that: only what falls below the least that was ever open since counts.
reduced as (
    select
        items.origin,
        items.currency,
        stretches.valid_to,
        stretches.paid_amount,
        stretches.open_amount - stretches.open_after as reduction,
        {{ least_known('stretches.open_amount', 'min(stretches.open_after) over (
            partition by items.origin, items.invoice_id, items.instalment_number order by stretches.valid_to
            rows between unbounded preceding and 1 preceding
        )') }} - stretches.open_after as new_reduction
    from items
    inner join stretches
        on items.invoice_id = stretches.invoice_id
        and items.instalment_number = stretches.instalment_number
        and stretches.valid_to > items.origin
        and stretches.valid_to <= items.as_of_date
),

paid_sums as (
    select
        origin,
        currency,
        cast(date_trunc('week', valid_to) as date) as week_start,
        sum({{ money('paid_amount * new_reduction / reduction') }}) as paid_amount
    from reduced
    where paid_amount > 0 and new_reduction > 0
    group by origin, currency, cast(date_trunc('week', valid_to) as date)
),

-- Every week of the horizon that is over, for each currency that was owed and each method, whatever happened in it.
grid as (
    select
        origins.origin,
        currencies.currency,
        methods.method,
        {{ plus_days('origins.first_week', '7 * weeks.week_number') }} as week_start
    from origins
    cross join settings
    inner join (select distinct origin, currency from items) as currencies on origins.origin = currencies.origin
    cross join (
        select 'payment_behaviour' as method union all select 'due_date' union all select 'mean_lag'
    ) as methods
    inner join (select cast(number as integer) as week_number from range(520) as numbers (number)) as weeks
        on weeks.week_number < settings.horizon_weeks
    where {{ plus_days('origins.first_week', '7 * weeks.week_number + 6') }} <= origins.as_of_date
),

final as (
    select
        grid.method,
        grid.currency,
        cast(coalesce(expected_sums.expected_amount, 0) as decimal(38, 4)) as expected_amount,
        cast(coalesce(paid_sums.paid_amount, 0) as decimal(38, 4)) as paid_amount,
        cast(expected_sums.variance as decimal(38, 4)) as variance,
        grid.week_start,
        grid.origin
    from grid
    left join expected_sums
        on grid.origin = expected_sums.origin
        and grid.method = expected_sums.method
        and grid.currency = expected_sums.currency
        and grid.week_start = expected_sums.week_start
    left join paid_sums
        on grid.origin = paid_sums.origin
        and grid.currency = paid_sums.currency
        and grid.week_start = paid_sums.week_start
)

select * from final
