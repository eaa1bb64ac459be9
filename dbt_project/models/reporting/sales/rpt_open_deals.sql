-- Grain: one row per deal that is open on the as-of date: the deals that rpt_pipeline's newest day counts (fct_open_deals).
with run as (
    select * from {{ ref('int_run_dated') }}
),

open_deals as (
    select * from {{ ref('fct_open_deals') }} where is_as_of
),

deals as (
    select * from {{ ref('fct_deals') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
)

select
    open_deals.deal_id,
    open_deals.account_id,
    coalesce(open_deals.owner_id, 'unassigned') as employee_id,
    deals.name as deal_name,
    employees.full_name as employee_name,
    open_deals.pipeline,
    open_deals.stage,
    open_deals.currency,
    run.base_currency,
    {{ money('open_deals.amount') }} as amount,
    open_deals.amount_base,
    cast(open_deals.probability as double) as probability,
    cast(open_deals.missing_rate_count as bigint) as missing_rate_count,
    deals.created_on,
    open_deals.expected_close_on,
    open_deals.as_of_date,
    deals._file,
    deals._row
from open_deals
inner join deals on open_deals.deal_id = deals.deal_id
cross join run
left join employees on open_deals.owner_id = employees.employee_id
