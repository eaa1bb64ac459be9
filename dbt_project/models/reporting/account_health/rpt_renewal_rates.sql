-- Grain: one row per quarter and kind of contract: what ended in it and how much of that was renewed (C12). A quarter has rates once
-- all that ended in it is decided: what is renewed counts at once, what lapses only when the days of grace are over. By
-- revenue, what an account brought is shared evenly by those of its contracts that are decided, so that it counts once.
{{ config(materialized='held_view') }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

renewals as (
    select
        *,
        cast(date_trunc('quarter', ends_on) as date) as quarter,
        state in ('renewed', 'lapsed') as is_decided
    from {{ ref('fct_renewals') }}
),

shared as (
    select
        *,
        case
            -- A decimal, because a sum of doubles depends on the order in which its parts come.
            when is_decided then cast(
                revenue_12m / count(*) over (partition by quarter, term_kind, account_id, is_decided) as decimal(28, 8)
            )
        end as decided_revenue
    from renewals
),

counted as (
    select
        shared.quarter,
        shared.term_kind,
        shared.base_currency,
        {{ plus_days(plus_months('shared.quarter', 3), '-1 + ' ~ parameter('renewal_grace_days')) }} < run.as_of_date
            as is_complete,
        count(*) as ended,
        count(*) filter (where shared.state = 'renewed') as renewed,
        count(*) filter (where shared.state = 'lapsed') as lapsed,
        count(*) filter (where not shared.is_decided) as undecided,
        {%- for state in ['renewed', 'lapsed'] %}
        {{ money(known_total(
            'shared.decided_revenue', 'shared.missing_rate_count', among="shared.state = '" ~ state ~ "'"
        )) }} as {{ state }}_revenue,
        {%- endfor %}
        coalesce(sum(shared.missing_rate_count) filter (where shared.is_decided), 0) as missing_rate_count
    from shared
    cross join run
    group by 1, 2, 3, 4
)

select
    quarter,
    term_kind,
    base_currency,
    is_complete,
    ended,
    renewed,
    lapsed,
    undecided,
    case when is_complete then {{ ratio('renewed', '(renewed + lapsed)') }} end as renewal_rate,
    renewed_revenue,
    lapsed_revenue,
    case
        when is_complete and missing_rate_count = 0
            then {{ ratio('renewed_revenue', '(renewed_revenue + lapsed_revenue)') }}
    end as renewal_rate_amount,
    cast(missing_rate_count as bigint) as missing_rate_count
from counted
