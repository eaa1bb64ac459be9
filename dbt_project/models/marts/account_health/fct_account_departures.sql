-- Grain: one row per account and the last sign of life after which it was paused (V9): a departure. An account that came
-- back has the day on which it did. Nothing is known here of what anybody says about why they left.
with weeks as (
    select * from {{ ref('fct_account_health') }}
),

history as (
    select min(as_of_date) as first_week_end from weeks
),

paused as (
    select
        weeks.account_id,
        weeks.last_sign_on,
        min(weeks.as_of_date) as recognised_on
    from weeks
    inner join history on weeks.last_sign_on >= history.first_week_end
    where weeks.status = 'paused'
    group by weeks.account_id, weeks.last_sign_on
),

signs as (
    select distinct account_id, last_sign_on from weeks
),

returned as (
    select
        account_id,
        last_sign_on,
        lead(last_sign_on) over (partition by account_id order by last_sign_on) as returned_on
    from signs
),

-- What the account was worth when it left: the net revenue of the 12 months before.
revenue as (
    select
        paused.account_id,
        paused.last_sign_on,
        {{ known_sum('invoices.revenue_amount_base', 'invoices.revenue_amount') }} as revenue_12m
    from paused
    inner join {{ ref('fct_invoices') }} as invoices
        on paused.account_id = invoices.account_id
        and invoices.issued_on <= paused.last_sign_on
        and invoices.issued_on > {{ year_before('paused.last_sign_on') }}
    where not invoices.is_void and not invoices.is_draft
    group by paused.account_id, paused.last_sign_on
),

-- A test needs weeks in which the account could have been flagged.
watched as (
    select paused.account_id, paused.last_sign_on, count(*) as scored_weeks
    from paused
    inner join weeks
        on paused.account_id = weeks.account_id
        and weeks.as_of_date <= paused.last_sign_on
        and weeks.as_of_date >= {{ plus_days('paused.last_sign_on', '1 - ' ~ parameter('health_horizon_days')) }}
    where weeks.score is not null and weeks.status = 'active'
    group by paused.account_id, paused.last_sign_on
)

select
    paused.account_id,
    {{ money('case when revenue.account_id is null then 0 else revenue.revenue_12m end') }} as revenue_12m,
    cast(coalesce(watched.scored_weeks, 0) as bigint) as scored_weeks,
    coalesce(watched.scored_weeks, 0) >= {{ parameter('health_least_weeks') }} as is_tested,
    paused.last_sign_on,
    {{ plus_days('paused.last_sign_on', 1) }} as left_on,
    paused.recognised_on,
    returned.returned_on
from paused
left join returned on paused.account_id = returned.account_id and paused.last_sign_on = returned.last_sign_on
left join watched on paused.account_id = watched.account_id and paused.last_sign_on = watched.last_sign_on
left join revenue on paused.account_id = revenue.account_id and paused.last_sign_on = revenue.last_sign_on
