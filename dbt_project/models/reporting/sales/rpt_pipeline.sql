-- Grain: one row a snapshot day (week end, month end, as-of date), employee and stage.
-- Open on a day: created by then and not closed by then. Amounts and probabilities are today's, at the rate of the day:
-- a CRM export has no history of them. The stage is the one of that day where a history of stages says so, today's for
-- a deal that is open still, else 'not recorded'. A closed deal whose day of closing nobody knows is left out.
with run as (
    select * from {{ ref('dim_runs') }}
),

snapshots as (
    select day as as_of_date from {{ ref('dim_dates') }} where is_snapshot
),

deals as (
    select
        deals.deal_id,
        deals.owner_id,
        deals.stage,
        deals.status,
        deals.currency,
        deals.amount,
        deals.probability,
        coalesce(deals.created_on, run.as_of_date) as created_on,
        coalesce(deals.closed_on, {{ end_of_time() }}) as closed_on
    from {{ ref('fct_deals') }} as deals
    cross join run
    where coalesce(deals.closed_rule, 'given') <> 'unknown'
),

activities as (
    select * from {{ ref('fct_activities') }} where is_completed and deal_id is not null and occurred_on is not null
),

rates as (
    select * from {{ ref('dim_fx_rates') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

-- The last stage entered on a day, until the day on which the next one was entered.
stages as (
    select deal_id, stage, entered_on
    from {{ ref('fct_deal_stages') }}
    qualify row_number() over (partition by deal_id, entered_on order by stage_number desc) = 1
),

stage_spans as (
    select
        deal_id,
        stage,
        entered_on,
        coalesce(lead(entered_on) over (partition by deal_id order by entered_on), {{ end_of_time() }}) as left_on
    from stages
),

movements as (
    select deal_id, created_on as moved_on from deals
    union
    select deal_id, entered_on from stages
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

open_deals as (
    select
        snapshots.as_of_date,
        deals.deal_id,
        deals.owner_id,
        deals.currency,
        deals.amount,
        deals.probability,
        case when deals.status = 'open' then deals.stage end as stage_today
    from deals
    inner join snapshots on snapshots.as_of_date >= deals.created_on and snapshots.as_of_date < deals.closed_on
),

described as (
    select
        open_deals.as_of_date,
        coalesce(open_deals.owner_id, 'unassigned') as employee_id,
        coalesce(stage_spans.stage, open_deals.stage_today, 'not recorded') as stage,
        open_deals.amount,
        open_deals.probability,
        open_deals.amount * rates.rate as amount_base,
        {{ days_from('movement_spans.moved_on', 'open_deals.as_of_date') }} > {{ parameter('stale_deal_days') }}
            as is_stale
    from open_deals
    left join rates on open_deals.currency = rates.currency and open_deals.as_of_date = rates.rate_date
    left join stage_spans
        on open_deals.deal_id = stage_spans.deal_id
        and open_deals.as_of_date >= stage_spans.entered_on and open_deals.as_of_date < stage_spans.left_on
    left join movement_spans
        on open_deals.deal_id = movement_spans.deal_id
        and open_deals.as_of_date >= movement_spans.moved_on and open_deals.as_of_date < movement_spans.until_on
),

summed as (
    select
        as_of_date,
        employee_id,
        stage,
        count(*) as open_deals,
        sum(amount_base) as open_amount,
        sum(amount_base * probability) as weighted_amount,
        count(*) filter (where is_stale) as stale_deals,
        count(*) filter (where amount is null) as missing_amount_count,
        count(*) filter (where amount is not null and probability is null) as missing_probability_count,
        count(*) filter (where amount is not null and amount_base is null) as missing_rate_count
    from described
    group by as_of_date, employee_id, stage
)

select
    summed.as_of_date,
    summed.employee_id,
    coalesce(employees.full_name, 'No owner') as employee_name,
    employees.team,
    summed.stage,
    run.base_currency,
    summed.open_deals,
    {{ money('coalesce(summed.open_amount, 0)') }} as open_amount,
    {{ money('coalesce(summed.weighted_amount, 0)') }} as weighted_amount,
    summed.stale_deals,
    summed.missing_amount_count,
    summed.missing_probability_count,
    summed.missing_rate_count
from summed
cross join run
left join employees on summed.employee_id = employees.employee_id
