-- Grain: one row per week, deal, owner, quarter of the expected close and movement: the deals behind rpt_pipeline_bridge's
-- movements, each with the line of the export that it came from (P20).
with run as (
    select * from {{ ref('int_run_dated') }}
),

movements as (
    select * from {{ ref('fct_pipeline_movements') }} where movement not in ('opening', 'closing')
),

deals as (
    select * from {{ ref('fct_deals') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
)

select
    movements.week_start,
    movements.deal_id,
    movements.employee_id,
    movements.expected_quarter,
    movements.movement,
    deals.account_id,
    deals.name as deal_name,
    employees.full_name as employee_name,
    employees.team,
    run.base_currency,
    {{ money('movements.amount') }} as amount,
    deals._file,
    deals._row
from movements
inner join deals on movements.deal_id = deals.deal_id
cross join run
left join employees on movements.employee_id = employees.employee_id
