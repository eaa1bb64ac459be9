-- Grain: one row a quarter and kind of contract: what ended in it and how much of that was renewed (C12). The rate counts
-- what is decided: renewed, or lapsed because the days of grace are over.
{{ config(materialized='held_view') }}

with renewals as (
    select * from {{ ref('fct_renewals') }}
)

select
    cast(date_trunc('quarter', ends_on) as date) as quarter,
    term_kind,
    base_currency,
    count(*) as ended,
    count(*) filter (where state = 'renewed') as renewed,
    count(*) filter (where state = 'lapsed') as lapsed,
    count(*) filter (where state not in ('renewed', 'lapsed')) as undecided,
    {{ ratio("count(*) filter (where state = 'renewed')", "count(*) filter (where state in ('renewed', 'lapsed'))") }}
        as renewal_rate,
    {{ money("coalesce(sum(revenue_12m) filter (where state = 'renewed'), 0)") }} as renewed_revenue,
    {{ money("coalesce(sum(revenue_12m) filter (where state = 'lapsed'), 0)") }} as lapsed_revenue,
    {{ ratio("coalesce(sum(revenue_12m) filter (where state = 'renewed'), 0)",
        "sum(revenue_12m) filter (where state in ('renewed', 'lapsed'))") }} as renewal_rate_amount
from renewals
group by cast(date_trunc('quarter', ends_on) as date), term_kind, base_currency
