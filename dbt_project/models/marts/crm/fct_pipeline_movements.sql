-- Grain: one row per week, deal, owner, quarter of the expected close and movement: what changed the open pipeline in the
-- week (P20), walked step by step along the deal's intervals. A step changes one thing after the other: whose the deal is,
-- the quarter in which it is expected, what it amounts to; what leaves one owner or quarter enters another. A week's steps
-- are worth their amounts at the rate of the day before the week; what the rate itself did until the week's end is the
-- movement 'currency'. What becomes known or unknown, an amount or a rate, is 'not_known': it grew by nothing that was told.
with weeks as (
    -- Of the week that is not over, the as-of date.
    select
        dates.week_start,
        {{ plus_days('dates.week_start', -1) }} as opening_day,
        {{ least_known('dates.week_end', 'run.as_of_date') }} as closing_day
    from {{ ref('dim_dates') }} as dates
    cross join {{ ref('int_run_dated') }} as run
    where dates.day = dates.week_start and dates.day <= run.as_of_date
),

rates as (
    select * from {{ ref('int_fx_rates_dated') }}
),

states as (
    select
        deal_id,
        valid_from as moved_on,
        status,
        coalesce(status = 'open', false) as is_open,
        coalesce(owner_id, 'unassigned') as employee_id,
        cast(date_trunc('quarter', expected_close_on) as date) as expected_quarter,
        amount,
        currency
    from {{ ref('fct_deal_intervals') }}
),

paired as (
    select
        *,
        lag(is_open, 1, false) over deal as was_open,
        lag(employee_id) over deal as employee_before,
        lag(expected_quarter) over deal as quarter_before,
        lag(amount) over deal as amount_before,
        lag(currency) over deal as currency_before
    from states
    window deal as (partition by deal_id order by moved_on)
),

valued as (
    select
        paired.*,
        weeks.week_start,
        {{ money('paired.amount * rates.rate') }} as value_after,
        {{ money('paired.amount_before * rates_before.rate') }} as value_before
    from paired
    inner join weeks on cast(date_trunc('week', paired.moved_on) as date) = weeks.week_start
    left join rates on paired.currency = rates.currency and weeks.opening_day = rates.rate_date
    left join rates as rates_before
        on paired.currency_before = rates_before.currency and weeks.opening_day = rates_before.rate_date
    where paired.is_open or paired.was_open
),

steps as (
    select
        week_start, deal_id, employee_id, expected_quarter, 'opened' as movement, value_after as amount
    from valued
    where is_open and not was_open
    union all
    select
        week_start, deal_id, employee_before, quarter_before, coalesce(status, 'not_known'), -value_before
    from valued
    where was_open and not is_open
    union all
    select week_start, deal_id, employee_before, quarter_before, 're_owned', -value_before
    from valued
    where was_open and is_open and employee_before <> employee_id
    union all
    select week_start, deal_id, employee_id, quarter_before, 're_owned', value_before
    from valued
    where was_open and is_open and employee_before <> employee_id
    union all
    select
        moved.week_start,
        moved.deal_id,
        moved.employee_id,
        case when sides.is_left then moved.quarter_before else moved.expected_quarter end,
        -- Without an expected close it is expected at no time: later than any day.
        case
            when coalesce(moved.expected_quarter > moved.quarter_before, moved.expected_quarter is null) then 'slipped'
            else 'pulled_in'
        end,
        case when sides.is_left then -moved.value_before else moved.value_before end
    from valued as moved
    cross join (values (true), (false)) as sides (is_left)
    where moved.was_open and moved.is_open and moved.expected_quarter is distinct from moved.quarter_before
    union all
    select
        week_start,
        deal_id,
        employee_id,
        expected_quarter,
        case
            when value_after is null or value_before is null then 'not_known'
            when value_after > value_before then 'grown'
            else 'shrunk'
        end,
        coalesce(value_after, 0) - coalesce(value_before, 0)
    from valued
    where was_open and is_open and value_after is distinct from value_before
),

open_deals as (
    select
        as_of_date,
        deal_id,
        coalesce(owner_id, 'unassigned') as employee_id,
        cast(date_trunc('quarter', expected_close_on) as date) as expected_quarter,
        amount,
        currency,
        amount_base
    from {{ ref('fct_open_deals') }}
),

standing as (
    select
        weeks.week_start,
        open_deals.deal_id,
        open_deals.employee_id,
        open_deals.expected_quarter,
        open_deals.amount_base,
        {{ money('open_deals.amount * rates.rate') }} as frozen_amount
    from open_deals
    inner join weeks on open_deals.as_of_date = weeks.closing_day
    left join rates on open_deals.currency = rates.currency and weeks.opening_day = rates.rate_date
),

all_steps as (
    select week_start, deal_id, employee_id, expected_quarter, movement, amount from steps
    union all
    select weeks.week_start, open_deals.deal_id, open_deals.employee_id, open_deals.expected_quarter, 'opening', open_deals.amount_base
    from open_deals
    inner join weeks on open_deals.as_of_date = weeks.opening_day
    union all
    select week_start, deal_id, employee_id, expected_quarter, 'closing', amount_base from standing
    union all
    select
        week_start,
        deal_id,
        employee_id,
        expected_quarter,
        case when amount_base is null or frozen_amount is null then 'not_known' else 'currency' end,
        coalesce(amount_base, 0) - coalesce(frozen_amount, 0)
    from standing
    where amount_base is distinct from frozen_amount
)

select
    week_start,
    deal_id,
    employee_id,
    coalesce(year(expected_quarter) || '-Q' || quarter(expected_quarter), 'not_known') as expected_quarter,
    movement,
    sum(amount) as amount,
    count(*) - count(amount) as missing_amount_count
from all_steps
group by week_start, deal_id, employee_id, all_steps.expected_quarter, movement
