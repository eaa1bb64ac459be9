-- Grain: one row per subscription and period in which its price stood, with what it is worth a month (V2) in its own
-- currency. It runs from its first to its last day, both included. No export says since when a price counts: one
-- that differs from the export before counts from the day of the export that says so. A subscription that its newest
-- full export no longer holds ran until the day before that was seen. One without a first day is one period that
-- begins on no known day, at its last price.
with prices as (
    select * from {{ ref('stg_billing__subscription_prices') }}
),

identities as (
    select system, native_id, account_id from {{ ref('int_account_identities') }} where kind = 'billing_customer'
),

run as (
    select business_timezone from {{ ref('int_run_dated') }}
),

dated as (
    select
        prices.*,
        coalesce(prices.ended_on, {{ plus_days('prices.vanished_on', -1) }}) as last_on,
        case
            when prices.version_number = 1 then prices.started_on
            else {{ greatest_or_unknown(
                'prices.started_on', business_date('prices.priced_at', 'run.business_timezone')
            ) }}
        end as valid_from
    from prices
    cross join run
),

periods as (
    select
        *,
        {{ least_known('last_on', plus_days(
            'lead(valid_from) over (partition by _system, subscription_id order by version_number)', -1
        )) }} as valid_to,
        row_number() over (partition by _system, subscription_id order by version_number desc) as versions_after
    from dated
)

select
    {{ global_id('periods._system', 'periods.subscription_id') }} as subscription_id,
    row_number() over (
        partition by periods._system, periods.subscription_id order by periods.version_number
    ) as period_number,
    coalesce(
        identities.account_id, {{ global_id('periods._system', "coalesce(periods.customer_id, '')") }}
    ) as account_id,
    {{ global_id('periods._system', "coalesce(periods.customer_id, '')") }} as customer_id,
    {{ global_id('periods._system', 'periods.product_id') }} as product_id,
    periods.currency,
    periods.interval_unit,
    periods.interval_count,
    periods.unit_price,
    periods.quantity,
    -- V2: a week is 52/12 of a month's price, a day 365/12. NULL where the price or the interval is not known; a missing
    -- quantity or number of intervals is 1.
    cast(
        cast(periods.unit_price as double)
        * coalesce(cast(periods.quantity as double), 1)
        * case periods.interval_unit
            when 'day' then 365.0 / 12
            when 'week' then 52.0 / 12
            when 'month' then 1
            when 'year' then 1.0 / 12
        end
        / nullif(coalesce(cast(periods.interval_count as double), 1), 0) as decimal(18, 4)
    ) as monthly_amount,
    periods.started_on,
    periods.last_on as ended_on,
    periods.valid_from,
    periods.valid_to,
    {{ provenance('periods') }},
    periods._known_at
from periods
left join identities
    on periods._system = identities.system and coalesce(periods.customer_id, '') = identities.native_id
where case
    when periods.valid_from is null then periods.versions_after = 1
    else coalesce(periods.valid_from <= periods.valid_to, true)
end
