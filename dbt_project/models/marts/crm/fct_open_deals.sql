-- Grain: one row per snapshot day (week end, month end, as-of date) and deal that is open on it, with what it was on that day
-- and its money at that day's rate: what every figure of open deals and of the pipeline counts (P8, P19).
{{ config(materialized='held_view') }}

with snapshots as (
    select day as as_of_date, is_as_of from {{ ref('dim_dates') }} where is_snapshot
),

intervals as (
    select * from {{ ref('fct_deal_intervals') }} where status = 'open'
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
)

select
    snapshots.as_of_date,
    intervals.deal_id,
    intervals.account_id,
    intervals.owner_id,
    intervals.basis,
    intervals.pipeline,
    intervals.stage,
    intervals.currency,
    intervals.amount,
    {{ money('intervals.amount * rates.rate') }} as amount_base,
    {{ money('intervals.amount * rates.rate * intervals.probability') }} as weighted_amount_base,
    intervals.probability,
    intervals.forecast_category,
    case when intervals.amount is null then 1 else 0 end as missing_amount_count,
    case when intervals.amount is not null and intervals.probability is null then 1 else 0 end
        as missing_probability_count,
    case when intervals.amount is not null and rates.rate is null then 1 else 0 end as missing_rate_count,
    snapshots.is_as_of,
    intervals.expected_close_on
from intervals
inner join snapshots
    on snapshots.as_of_date >= intervals.valid_from
    and snapshots.as_of_date < coalesce(intervals.valid_to, {{ end_of_time() }})
left join rates on intervals.currency = rates.currency and snapshots.as_of_date = rates.rate_date
