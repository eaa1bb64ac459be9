-- For each week, employee and quarter of the expected close what the pipeline was as the week began and what moved it sum to
-- what it was as it ended; opening and closing are the pipeline of their days, and no rate moves a deal in the base currency.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_pipeline_bridge'}}}) }}

with run as (
    select * from {{ ref('int_run_dated') }}
),

bridge as (
    select
        *,
        case when movement = 'opening' then {{ plus_days('week_start', -1) }} else {{ least_known('week_end', 'as_of_date') }} end
            as day
    from {{ ref('rpt_pipeline_bridge') }}
    cross join run
),

unequal as (
    select 'movements' as rule, employee_id || ' ' || expected_quarter as place, week_start as day
    from bridge
    group by week_start, employee_id, expected_quarter
    having sum(case when movement = 'closing' then -1 else 1 end * coalesce(amount, 0)) <> 0
),

standing as (
    select
        as_of_date as day,
        employee_id,
        sum(open_deals) as deals,
        coalesce(sum(open_amount), 0) as amount
    from {{ ref('rpt_pipeline') }}
    group by as_of_date, employee_id
),

untied as (
    select bridge.movement as rule, bridge.employee_id as place, bridge.day
    from bridge
    left join standing on bridge.day = standing.day and bridge.employee_id = standing.employee_id
    where bridge.movement in ('opening', 'closing')
    group by bridge.movement, bridge.employee_id, bridge.day
    having sum(bridge.deals) is distinct from any_value(standing.deals)
        or abs(coalesce(sum(bridge.amount), 0) - any_value(standing.amount)) > 0.01
),

rated as (
    select 'currency' as rule, movements.deal_id as place, movements.week_start as day
    from {{ ref('fct_pipeline_movements') }} as movements
    inner join {{ ref('fct_deals') }} as deals on movements.deal_id = deals.deal_id
    cross join run
    left join {{ ref('fct_deal_intervals') }} as others
        on movements.deal_id = others.deal_id and others.currency <> run.base_currency
    where movements.movement = 'currency' and others.deal_id is null
),

published as (
    select week_start, employee_id, expected_quarter, movement, count(*) as deals, coalesce(sum(amount), 0) as amount
    from {{ ref('rpt_pipeline_movements') }}
    group by week_start, employee_id, expected_quarter, movement
),

apart as (
    select 'deals' as rule, bridge.employee_id || ' ' || bridge.movement as place, bridge.week_start as day
    from bridge
    full join published
        on bridge.week_start = published.week_start and bridge.employee_id = published.employee_id
        and bridge.expected_quarter = published.expected_quarter and bridge.movement = published.movement
    where coalesce(bridge.movement, published.movement) not in ('opening', 'closing')
        and (bridge.deals is distinct from published.deals or coalesce(bridge.amount, 0) is distinct from published.amount)
)

select * from apart
union all
select * from unequal
union all
select * from untied
union all
select * from rated
