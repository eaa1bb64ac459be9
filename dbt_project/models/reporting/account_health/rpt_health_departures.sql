-- Grain: one row per departure of an account (V9) within the health history, and whether the score had flagged it: at the
-- upper edge of red, and for comparison silence and the overdue share at the same number of points.
with departures as (
    select * from {{ ref('fct_account_departures') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name from {{ ref('dim_employees') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

red as (
    select up_to as threshold from {{ ref('health_bands') }} where band = 'red'
),

weeks as (
    select * from {{ ref('fct_account_health') }}
),

alarms as (
    select alarms.*
    from {{ ref('fct_health_alarms') }} as alarms
    inner join red on alarms.threshold = red.threshold
    where alarms.left_on is not null
),

flags as (
    select
        account_id,
        left_on,
        {%- for method in ['score', 'silence', 'overdue'] %}
        min(started_on) filter (where method = '{{ method }}') as {{ method }}_flagged_on,
        max(lead_days) filter (where method = '{{ method }}') as {{ method }}_lead_days,
        {%- endfor %}
        count(*) as alarms
    from alarms
    group by account_id, left_on
),

-- How the account stood in the last week before it left.
last_weeks as (
    select
        departures.account_id,
        departures.left_on,
        weeks.as_of_date as week,
        weeks.score,
        weeks.band,
        weeks.coverage,
        weeks.reasons
    from departures
    inner join weeks
        on departures.account_id = weeks.account_id and weeks.as_of_date < departures.left_on
    qualify row_number() over (partition by departures.account_id, departures.left_on order by weeks.as_of_date desc) = 1
),

-- What it had complained of before it left (E1, C26), as far as the last closing of each case tells.
claimed as (
    select
        departures.account_id,
        departures.left_on,
        count(*) filter (
            where claims.opened_on >= {{ plus_days('departures.left_on', '-cast(' ~ parameter('claims_before_days') ~ ' as integer)') }}
        ) as claims_before,
        count(*) filter (where coalesce(claims.closed_on >= departures.left_on, true)) as open_claims
    from departures
    inner join {{ ref('fct_claims') }} as claims
        on departures.account_id = claims.account_id and claims.opened_on < departures.left_on
    group by departures.account_id, departures.left_on
),

-- Beside it: what the accounts that stood in the last week before it and never left complained of in the same days.
weeks_before as (
    select departures.left_on, max(weeks.as_of_date) as week
    from (select distinct left_on from departures) as departures
    inner join (select distinct as_of_date from weeks) as weeks on weeks.as_of_date < departures.left_on
    group by departures.left_on
),

stayed_weeks as (
    select weeks.account_id, weeks.as_of_date as week
    from weeks
    left join (select distinct account_id from departures) as leavers on weeks.account_id = leavers.account_id
    where leavers.account_id is null and weeks.as_of_date in (select weeks_before.week from weeks_before)
),

stayed as (
    select week, count(*) as accounts from stayed_weeks group by week
),

stayed_claims as (
    select windows.left_on, windows.week, count(*) as claims, count(distinct claims.account_id) as accounts
    from weeks_before as windows
    inner join {{ ref('fct_claims') }} as claims
        on claims.opened_on < windows.left_on
        and claims.opened_on >= {{ plus_days('windows.left_on', '-cast(' ~ parameter('claims_before_days') ~ ' as integer)') }}
    inner join stayed_weeks on claims.account_id = stayed_weeks.account_id and windows.week = stayed_weeks.week
    group by windows.left_on, windows.week
)

select
    departures.account_id,
    accounts.account_name,
    accounts.owner_id,
    employees.full_name as owner_name,
    accounts.segment,
    run.base_currency,
    departures.revenue_12m,
    case
        when not departures.is_tested then 'too_new'
        when flags.score_lead_days is not null then 'flagged_before'
        when flags.score_flagged_on is not null then 'flagged_late'
        else 'not_flagged'
    end as outcome,
    cast(coalesce(claimed.claims_before, 0) as bigint) as claims_before,
    cast(coalesce(claimed.open_claims, 0) as bigint) as open_claims,
    -- Before the first week of the history nobody knows who stayed.
    case when weeks_before.week is not null then coalesce(stayed.accounts, 0) end as stayed_accounts,
    case when weeks_before.week is not null then coalesce(stayed_claims.claims, 0) end as stayed_claims,
    case when weeks_before.week is not null then coalesce(stayed_claims.accounts, 0) end as stayed_with_claims,
    last_weeks.score as last_score,
    last_weeks.band as last_band,
    last_weeks.coverage as last_coverage,
    last_weeks.reasons as last_reasons,
    cast(flags.score_lead_days as bigint) as lead_days,
    cast(flags.silence_lead_days as bigint) as silence_lead_days,
    cast(flags.overdue_lead_days as bigint) as overdue_lead_days,
    departures.is_tested,
    departures.left_on,
    departures.recognised_on,
    departures.returned_on,
    flags.score_flagged_on as flagged_on,
    flags.silence_flagged_on,
    flags.overdue_flagged_on,
    run.as_of_date
from departures
cross join run
left join accounts on departures.account_id = accounts.account_id
left join employees on accounts.owner_id = employees.employee_id
left join flags on departures.account_id = flags.account_id and departures.left_on = flags.left_on
left join last_weeks on departures.account_id = last_weeks.account_id and departures.left_on = last_weeks.left_on
left join weeks_before on departures.left_on = weeks_before.left_on
left join stayed on weeks_before.week = stayed.week
left join stayed_claims on departures.left_on = stayed_claims.left_on
left join claimed on departures.account_id = claimed.account_id and departures.left_on = claimed.left_on
