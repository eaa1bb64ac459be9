-- Grain: one row per method (score, silence alone, overdue alone), threshold, account and alarm: a run of weeks in which an
-- active account stood at or below the threshold, with what came of it (V18's back-test).
-- before: it began before the account left and lasted to within health_horizon_days of that. late: it began when the
-- account had left and the status did not say so yet. false: no departure within the horizon after its last week. open:
-- that time is not over.
with run as (
    select * from {{ ref('int_run_dated') }}
),

thresholds as (
    select threshold from {{ ref('health_thresholds') }}
),

weeks as (
    select * from {{ ref('fct_account_health') }} where status = 'active'
),

departures as (
    select * from {{ ref('fct_account_departures') }}
),

flags as (
    {%- for method, points in [
        ('score', 'score'), ('silence', 'silence_points'), ('overdue', 'overdue_share_points')
    ] %}
    select '{{ method }}' as method, thresholds.threshold, weeks.account_id, weeks.as_of_date
    from weeks
    inner join thresholds on weeks.{{ points }} <= thresholds.threshold
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

compared as (
    select
        *,
        lag(as_of_date) over (partition by method, threshold, account_id order by as_of_date) as earlier_on
    from flags
),

numbered as (
    select
        *,
        sum(case
            when {{ days_from('earlier_on', 'as_of_date') }} <= {{ parameter('health_alarm_rest_days') }} then 0 else 1
        end) over (partition by method, threshold, account_id order by as_of_date) as alarm_number
    from compared
),

alarms as (
    select
        method,
        threshold,
        account_id,
        alarm_number,
        count(*) as weeks,
        min(as_of_date) as started_on,
        max(as_of_date) as ended_on
    from numbered
    group by method, threshold, account_id, alarm_number
),

-- The first departure that the alarm can be about.
matched as (
    select
        alarms.*,
        departures.left_on,
        departures.recognised_on,
        departures.is_tested
    from alarms
    left join departures
        on alarms.account_id = departures.account_id
        and alarms.started_on < departures.recognised_on
        and {{ plus_days('alarms.ended_on', parameter('health_horizon_days')) }} >= departures.left_on
    qualify row_number() over (
        partition by alarms.method, alarms.threshold, alarms.account_id, alarms.alarm_number order by departures.left_on
    ) = 1
)

select
    matched.account_id,
    matched.method,
    cast(matched.threshold as double) as threshold,
    cast(matched.alarm_number as bigint) as alarm_number,
    case
        when matched.left_on is not null and matched.started_on < matched.left_on then 'before'
        when matched.left_on is not null then 'late'
        when {{ plus_days('matched.ended_on', parameter('health_horizon_days')) }} <= run.as_of_date then 'false'
        else 'open'
    end as outcome,
    -- At most the horizon: an account that was flagged for years was not foretold for years.
    case
        when matched.started_on < matched.left_on then {{ least_known(
            days_from('matched.started_on', 'matched.left_on'),
            'cast(' ~ parameter('health_horizon_days') ~ ' as integer)'
        ) }}
    end as lead_days,
    matched.weeks,
    matched.started_on,
    matched.ended_on,
    matched.left_on,
    matched.recognised_on
from matched
cross join run
