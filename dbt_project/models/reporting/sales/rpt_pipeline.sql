-- Grain: one row per snapshot day (week end, month end, as-of date), employee and stage: the deals open on that day, with the
-- owner, stage, amount and probability of that day, at its rate (fct_open_deals).
with run as (
    select * from {{ ref('int_run_dated') }}
),

open_deals as (
    select * from {{ ref('fct_open_deals') }}
),

activities as (
    select * from {{ ref('fct_activities') }} where is_completed and deal_id is not null and occurred_on is not null
),

employees as (
    select * from {{ ref('dim_employees') }}
),

movements as (
    -- What is known since the first export that has it, and since nothing else, moved on no known day. A row of the history
    -- that names the stage in which the deal was already moves nothing.
    select deal_id, created_on as moved_on from {{ ref('fct_deals') }} where created_on is not null
    union
    select deal_id, min(entered_on) from {{ ref('fct_deal_stages') }} group by deal_id, stay_number
    union
    select deal_id, occurred_on from activities
),

movement_spans as (
    select
        deal_id,
        moved_on,
        coalesce(lead(moved_on) over (partition by deal_id order by moved_on), {{ end_of_time() }}) as until_on
    from movements
),

described as (
    select
        open_deals.*,
        coalesce(open_deals.owner_id, 'unassigned') as employee_id,
        coalesce(open_deals.stage, 'not_known') as stage_name,
        {{ days_from('movement_spans.moved_on', 'open_deals.as_of_date') }} > {{ parameter('stale_deal_days') }}
            as is_stale
    from open_deals
    left join movement_spans
        on open_deals.deal_id = movement_spans.deal_id
        and open_deals.as_of_date >= movement_spans.moved_on and open_deals.as_of_date < movement_spans.until_on
),

summed as (
    select
        as_of_date,
        employee_id,
        stage_name as stage,
        count(*) as open_deals,
        sum(amount_base) as open_amount,
        sum(weighted_amount_base) as weighted_amount,
        count(*) filter (where is_stale) as stale_deals,
        sum(missing_amount_count) as missing_amount_count,
        sum(missing_probability_count) as missing_probability_count,
        sum(missing_rate_count) as missing_rate_count
    from described
    group by as_of_date, employee_id, stage_name
)

select
    summed.as_of_date,
    summed.employee_id,
    employees.full_name as employee_name,
    employees.team,
    summed.stage,
    run.base_currency,
    summed.open_deals,
    {{ money('summed.open_amount') }} as open_amount,
    {{ money('summed.weighted_amount') }} as weighted_amount,
    summed.stale_deals,
    cast(summed.missing_amount_count as bigint) as missing_amount_count,
    cast(summed.missing_probability_count as bigint) as missing_probability_count,
    cast(summed.missing_rate_count as bigint) as missing_rate_count
from summed
cross join run
left join employees on summed.employee_id = employees.employee_id
