-- Grain: one row per method and threshold: what an alarm at that threshold would have told of the accounts that left
-- (V18). The methods are the score and, beside it, two plain ones: silence alone and the overdue share alone.
with weeks as (
    select * from {{ ref('fct_account_health') }} where status = 'active'
),

run as (
    select * from {{ ref('int_run_dated') }}
),

departures as (
    select * from {{ ref('fct_account_departures') }} where is_tested
),

alarms as (
    select * from {{ ref('fct_health_alarms') }}
),

bands as (
    select * from {{ ref('health_bands') }}
),

methods as (
    select methods.method, cast(thresholds.threshold as double) as threshold
    from (values ('score'), ('silence'), ('overdue')) as methods (method)
    cross join {{ ref('health_thresholds') }} as thresholds
),

left_accounts as (
    select count(*) as departures, count(distinct account_id) as departed_accounts from departures
),

watched as (
    select count(*) as account_weeks, count(distinct account_id) as accounts
    from weeks
    where score is not null
),

-- Of all weeks of active accounts, the share within the horizon before a departure: what a blind flag would hit.
near as (
    select count(*) as account_weeks
    from weeks
    inner join departures
        on weeks.account_id = departures.account_id
        and weeks.as_of_date < departures.left_on
        and {{ plus_days('weeks.as_of_date', parameter('health_horizon_days')) }} >= departures.left_on
    where weeks.score is not null
),

departures_flagged as (
    select
        alarms.method,
        alarms.threshold,
        departures.account_id,
        departures.left_on,
        max(alarms.lead_days) as lead_days,
        max(case when alarms.outcome = 'before' then 1 else 0 end) as is_before
    from alarms
    inner join departures on alarms.account_id = departures.account_id and alarms.left_on = departures.left_on
    group by alarms.method, alarms.threshold, departures.account_id, departures.left_on
),

totals as (
    select
        method,
        threshold,
        count(*) filter (where is_before = 1) as flagged_before,
        count(*) filter (where is_before = 0) as flagged_late,
        cast(median(lead_days) as double) as lead_days_median
    from departures_flagged
    group by method, threshold
),

alarm_sums as (
    select
        method,
        threshold,
        count(*) as alarms,
        count(*) filter (where outcome = 'before') as alarms_before,
        count(*) filter (where outcome = 'late') as alarms_late,
        count(*) filter (where outcome = 'false') as alarms_false,
        count(*) filter (where outcome = 'open') as alarms_open
    from alarms
    group by method, threshold
)

select
    methods.method,
    methods.threshold,
    bands.band,
    cast(left_accounts.departures as bigint) as departures,
    cast(coalesce(totals.flagged_before, 0) as bigint) as flagged_before,
    cast(coalesce(totals.flagged_late, 0) as bigint) as flagged_late,
    {{ ratio('coalesce(totals.flagged_before, 0)', 'left_accounts.departures') }} as recall,
    {{ ratio('coalesce(totals.flagged_before, 0) + coalesce(totals.flagged_late, 0)', 'left_accounts.departures') }}
        as recall_by_pause,
    totals.lead_days_median,
    cast(coalesce(alarm_sums.alarms, 0) as bigint) as alarms,
    cast(coalesce(alarm_sums.alarms_before, 0) as bigint) as alarms_before,
    cast(coalesce(alarm_sums.alarms_late, 0) as bigint) as alarms_late,
    cast(coalesce(alarm_sums.alarms_false, 0) as bigint) as alarms_false,
    cast(coalesce(alarm_sums.alarms_open, 0) as bigint) as alarms_open,
    {{ ratio('alarm_sums.alarms_before + alarm_sums.alarms_late',
        'alarm_sums.alarms_before + alarm_sums.alarms_late + alarm_sums.alarms_false') }} as precision,
    {{ ratio('near.account_weeks', 'watched.account_weeks') }} as base_rate,
    cast(watched.accounts as bigint) as accounts,
    cast(watched.account_weeks as bigint) as account_weeks,
    cast({{ parameter('health_horizon_days') }} as bigint) as horizon_days,
    run.as_of_date
from methods
cross join run
cross join left_accounts
cross join watched
cross join near
left join bands on methods.method = 'score' and methods.threshold = bands.up_to
left join totals on methods.method = totals.method and methods.threshold = totals.threshold
left join alarm_sums on methods.method = alarm_sums.method and methods.threshold = alarm_sums.threshold
