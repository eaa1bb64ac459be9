-- Grain: one row per week, employee, quarter of the expected close and movement of the open pipeline (P20). Opening plus
-- the movements is closing, in each quarter and over all; what moves between owners or quarters cancels in their sum.
with run as (
    select * from {{ ref('int_run_dated') }}
),

movements as (
    select * from {{ ref('fct_pipeline_movements') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

summed as (
    select
        week_start,
        employee_id,
        expected_quarter,
        movement,
        count(*) as deals,
        sum(amount) as amount,
        count(*) filter (where missing_amount_count > 0) as missing_amount_count
    from movements
    group by week_start, employee_id, expected_quarter, movement
)

select
    summed.week_start,
    {{ plus_days('summed.week_start', 6) }} as week_end,
    summed.employee_id,
    employees.full_name as employee_name,
    employees.team,
    summed.expected_quarter,
    summed.movement,
    run.base_currency,
    summed.deals,
    {{ money('summed.amount') }} as amount,
    summed.missing_amount_count,
    {{ plus_days('summed.week_start', 6) }} <= run.as_of_date
        and coalesce({{ plus_days('summed.week_start', 6) }} <= feeds.complete_until, false) as is_complete
from summed
cross join run
left join {{ ref('fct_feed_ends') }} as feeds on feeds.feed = 'deals'
left join employees on summed.employee_id = employees.employee_id
