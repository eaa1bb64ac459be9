-- Grain: one row a deal that is open on the as-of date: created by then and not closed by then, as rpt_pipeline counts it.
with run as (
    select * from {{ ref('dim_runs') }}
),

deals as (
    select * from {{ ref('fct_deals') }} where coalesce(closed_rule, 'given') <> 'unknown'
),

employees as (
    select * from {{ ref('dim_employees') }}
)

select
    deals.deal_id,
    deals.account_id,
    coalesce(deals.owner_id, 'unassigned') as employee_id,
    deals.name as deal_name,
    coalesce(employees.full_name, 'No owner') as employee_name,
    deals.pipeline,
    case when deals.status = 'open' then deals.stage end as stage,
    deals.currency,
    run.base_currency,
    {{ money('deals.amount') }} as amount,
    deals.amount_base,
    cast(deals.probability as double) as probability,
    cast(case when deals.amount is not null and deals.amount_base is null then 1 else 0 end as bigint)
        as missing_rate_count,
    deals.created_on,
    deals.expected_close_on,
    run.as_of_date,
    deals._file,
    deals._row
from deals
cross join run
left join employees on deals.owner_id = employees.employee_id
where coalesce(deals.created_on, run.as_of_date) <= run.as_of_date
    and (deals.closed_on is null or deals.closed_on > run.as_of_date)
