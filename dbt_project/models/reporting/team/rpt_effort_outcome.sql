-- Grain: one row per outcome (cash_applied, won_deals) and lag in weeks: what a week with one more connected call of an employee
-- is followed by so many weeks later, among the accounts that the employee owns then (N20). Each employee is held against
-- his own mean (a regression with an effect of the person), over the effort_window_months up to the last whole week.
-- Nobody calls at random: who expects cash calls, and a busy week is busy in everything. Not causal.
with run as (
    select
        *,
        cast({{ parameter('team_least_periods') }} as integer) as least_weeks,
        cast({{ parameter('confidence_z') }} as double) as z
    from {{ ref('int_run_dated') }}
),

feed_end as (
    {{ told_until('invoices', 'deals', 'calls') }}
),

-- Whole weeks alone, as far as everything has been told.
weeks as (
    select distinct dates.week_start
    from {{ ref('dim_dates') }} as dates
    cross join run
    cross join feed_end
    where {{ plus_days('dates.week_start', 6) }} <= run.as_of_date
        and {{ plus_days('dates.week_start', 6) }} <= feed_end.complete_until
        and dates.week_start > {{ plus_months('run.as_of_date', '-' ~ parameter('effort_window_months')) }}
),

calls as (
    select employee_id, cast(date_trunc('week', started_on) as date) as week_start, count(*) as calls
    from {{ ref('fct_calls') }}
    where status = 'answered' and employee_id is not null and account_id is not null and started_on is not null
    group by 1, 2
),

owned as (
    select account_id, employee_id as owner_id, valid_from, valid_to
    from {{ ref('dim_account_owners') }}
    where employee_id is not null
),

{% set cash_types = "('payment', 'refund', 'chargeback', 'reversal')" -%}
happened as (
    select account_id, event_date as happened_on, 'cash_applied' as outcome, -amount_base as amount, amount_base is null as is_unknown
    from {{ ref('fct_receivable_events') }}
    where event_type in {{ cash_types }}
    union all
    select account_id, closed_on, 'won_deals', 1, false
    from {{ ref('fct_deals') }}
    where status = 'won' and account_id is not null and closed_on is not null
),

outcomes as (
    select
        owned.owner_id as employee_id,
        cast(date_trunc('week', happened.happened_on) as date) as week_start,
        happened.outcome,
        sum(happened.amount) as amount,
        count(*) filter (where happened.is_unknown) as unknown_amounts
    from happened
    inner join owned on happened.account_id = owned.account_id and {{ holds_on('owned', 'happened.happened_on') }}
    group by 1, 2, 3
),

-- Who called at all, in each week from the first of his calls or his accounts' outcomes.
people as (
    select calls.employee_id, min(calls.week_start) as first_week
    from calls
    where calls.employee_id in (select owned.owner_id from owned)
    group by calls.employee_id
),

panel as (
    select
        kinds.outcome,
        lags.lag_weeks,
        people.employee_id,
        weeks.week_start,
        cast(coalesce(calls.calls, 0) as decimal(18, 4)) as calls,
        case when coalesce(outcomes.unknown_amounts, 0) = 0 then cast(coalesce(outcomes.amount, 0) as decimal(18, 4)) end
            as amount
    from people
    inner join weeks on weeks.week_start >= people.first_week
    cross join (values ('cash_applied'), ('won_deals')) as kinds (outcome)
    cross join (values (0), (1), (2), (3), (4)) as lags (lag_weeks)
    -- The week of the outcome has to be over and told, too.
    inner join weeks as later on {{ plus_days('weeks.week_start', '7 * lags.lag_weeks') }} = later.week_start
    left join calls on people.employee_id = calls.employee_id and weeks.week_start = calls.week_start
    left join outcomes
        on people.employee_id = outcomes.employee_id
        and later.week_start = outcomes.week_start
        and kinds.outcome = outcomes.outcome
),

-- Of each person the sums about his own mean, times his weeks: whole numbers of small units, whose sums depend on no order.
persons as (
    select
        outcome,
        lag_weeks,
        employee_id,
        count(*) as weeks,
        sum(calls) as calls,
        cast(sum(cast(calls as decimal(38, 8)) * calls) as double)
        - cast(sum(calls) as double) * cast(sum(calls) as double) / count(*) as call_spread,
        cast(sum(cast(calls as decimal(28, 4)) * amount) as double)
        - cast(sum(calls) as double) * cast(sum(amount) as double) / count(*) as joint,
        cast(sum(cast(amount as decimal(28, 4)) * amount) as double)
        - cast(sum(amount) as double) * cast(sum(amount) as double) / count(*) as outcome_spread
    from panel
    where amount is not null
    group by outcome, lag_weeks, employee_id
),

summed as (
    select
        outcome,
        lag_weeks,
        count(*) as employees,
        sum(weeks) as employee_weeks,
        sum(calls) as calls,
        {%- for name in ['call_spread', 'joint', 'outcome_spread'] %}
        cast(sum(cast({{ name }} as decimal(38, 4))) as double) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from persons
    group by outcome, lag_weeks
),

fitted as (
    select
        summed.*,
        case when summed.employee_weeks >= run.least_weeks then {{ ratio('summed.joint', 'summed.call_spread') }} end as slope,
        summed.employee_weeks - summed.employees - 1 as freedom
    from summed
    cross join run
),

compared as (
    select
        fitted.*,
        case when fitted.freedom > 0 then run.z * sqrt(
            {{ ratio(
                greatest_known('fitted.outcome_spread - fitted.slope * fitted.joint', '0'), 'fitted.freedom'
            ) }} / nullif(fitted.call_spread, 0)
        ) end as apart
    from fitted
    cross join run
)

select
    compared.outcome,
    cast(compared.lag_weeks as bigint) as lag_weeks,
    run.base_currency,
    cast(compared.employees as bigint) as employees,
    cast(compared.employee_weeks as bigint) as employee_weeks,
    cast(compared.calls as bigint) as calls,
    compared.slope,
    compared.slope - compared.apart as low,
    compared.slope + compared.apart as high,
    {{ reading(
        'compared.slope is null or compared.apart is null', 'compared.slope - compared.apart',
        'compared.slope + compared.apart', 0, 'more', 'less'
    ) }} as reading,
    'not_causal' as evidence,
    run.as_of_date
from compared
cross join run
