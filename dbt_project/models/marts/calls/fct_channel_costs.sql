-- Grain: one row per source system, channel (source, medium) and day of what was spent on it.
with costs as (
    select * from {{ ref('stg_calls__channel_costs') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

named as (
    select
        costs.*,
        run.base_currency,
        coalesce(nullif(costs.currency, ''), run.default_currency) as known_currency
    from costs
    cross join run
)

select
    named._system as system,
    named.source,
    coalesce(names.source_key, {{ source_key('named.source') }}) as source_key,
    named.medium,
    named.known_currency as currency,
    named.base_currency,
    named.amount,
    cast(named.amount * rates.rate as decimal(18, 4)) as amount_base,
    named.goals,
    named.spent_on,
    named._source,
    named._file,
    named._file_sha256,
    named._row
from named
left join rates on named.known_currency = rates.currency and named.spent_on = rates.rate_date
left join {{ ref('dim_source_names') }} as names on {{ source_key('named.source') }} = names.name_key
