-- The deals that are open on the as-of date are those that the pipeline of that day counts, in number and in money.
{{ config(meta={'dagster': {'ref': {'name': 'rpt_pipeline'}}}) }}

with deals as (
    select employee_id, count(*) as open_deals, coalesce(sum(amount_base), 0) as open_amount
    from {{ ref('rpt_open_deals') }}
    group by employee_id
),

pipeline as (
    select pipeline.employee_id, sum(pipeline.open_deals) as open_deals, sum(pipeline.open_amount) as open_amount
    from {{ ref('rpt_pipeline') }} as pipeline
    inner join {{ ref('int_run_dated') }} as run on pipeline.as_of_date = run.as_of_date
    group by pipeline.employee_id
)

select
    coalesce(deals.employee_id, pipeline.employee_id) as employee_id,
    deals.open_deals,
    pipeline.open_deals as pipeline_deals,
    deals.open_amount,
    pipeline.open_amount as pipeline_amount
from deals
full join pipeline on deals.employee_id = pipeline.employee_id
where coalesce(deals.open_deals, 0) <> coalesce(pipeline.open_deals, 0)
    -- Each stage of the pipeline is rounded to four decimals on its own.
    or abs(coalesce(deals.open_amount, 0) - coalesce(pipeline.open_amount, 0)) > 0.01
