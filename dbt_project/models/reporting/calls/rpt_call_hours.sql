-- Grain: one row per month, weekday, hour of the business time zone and team (team is NULL where no agent is named): when
-- inbound conversations come and what becomes of them, in opening hours and outside of them.
with calls as (
    select * from {{ ref('fct_calls') }} where direction = 'inbound' and started_on is not null
),

run as (
    select * from {{ ref('int_run_dated') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

timed as (
    select
        coalesce(calls.status, 'unknown') as status,
        calls.is_out_of_hours,
        employees.team,
        {{ month_of('calls.started_on') }} as month,
        {{ days_from("cast(date_trunc('week', calls.started_on) as date)", 'calls.started_on') }} + 1 as weekday,
        hour(timezone(run.business_timezone, calls.started_at)) as hour_of_day
    from calls
    cross join run
    left join employees on calls.employee_id = employees.employee_id
)

select
    month,
    cast(weekday as integer) as weekday,
    cast(hour_of_day as integer) as hour_of_day,
    team,
    count(*) as inbound,
    count(*) filter (where status = 'answered') as answered,
    count(*) filter (where {{ is_offered('timed') }}) as offered,
    count(*) filter (where status = 'missed') as missed,
    count(*) filter (where is_out_of_hours) as out_of_hours,
    cast(count(*) filter (where status = 'answered') as double)
    / nullif(count(*) filter (where {{ is_offered('timed') }}), 0) as answer_rate
from timed
group by month, weekday, hour_of_day, team
