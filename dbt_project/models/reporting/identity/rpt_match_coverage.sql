-- Grain: one row per measure and source contract, and `ALL` sources (N17).
with amounts as (
    select * from {{ ref('fct_match_amounts') }}
),

run as (
    select base_currency, as_of_date from {{ ref('int_run_dated') }}
),

by_source as (
    {%- for source in ['source', "'ALL'"] %}
    select
        measure, unit, {{ source }} as source, match_state, amount, missing_rate_count, missing_amount_count,
        missing_rate_count + missing_amount_count as unknown_count
    from amounts
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

summed as (
    select
        measure,
        unit,
        source,
        {{ known_total('amount', 'unknown_count') }} as total,
        {%- for state in ['matched', 'ambiguous', 'unmatched'] %}
        {{ known_total('amount', 'unknown_count', among="match_state = '" ~ state ~ "'") }} as {{ state }},
        {%- endfor %}
        sum(missing_rate_count) as missing_rate_count,
        sum(missing_amount_count) as missing_amount_count,
        sum(unknown_count) as unknown_count
    from by_source
    group by measure, unit, source
)

select
    summed.measure,
    summed.source,
    summed.unit,
    case when summed.unit = 'money' then run.base_currency end as base_currency,
    cast(summed.total as decimal(38, 4)) as total,
    cast(summed.matched as decimal(38, 4)) as matched,
    cast(summed.ambiguous as decimal(38, 4)) as ambiguous,
    cast(summed.unmatched as decimal(38, 4)) as unmatched,
    case when summed.unknown_count = 0 then {{ ratio('summed.matched', 'summed.total') }} end as matched_share,
    cast(summed.missing_rate_count as bigint) as missing_rate_count,
    cast(summed.missing_amount_count as bigint) as missing_amount_count,
    run.as_of_date
from summed
cross join run
