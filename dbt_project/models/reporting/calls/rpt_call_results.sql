-- Grain: one row per month, employee ('unassigned' where nobody is named), who tells (the call tracker or the CRM), source of the
-- call and result: what came of calls (A13), as the tracker's disposition or the CRM's outcome says, whatever its case; 'not_known'
-- where nobody wrote it down. The tracker's conversations and the CRM's logs of them stand apart, for a call may be in both.
with run as (
    select * from {{ ref('int_run_dated') }}
),

-- The CRM tells of its calls with its deals.
feed_ends as (
    select
        case feed when 'calls' then 'tracker' else 'crm' end as told_by,
        complete_until
    from {{ ref('fct_feed_ends') }}
    where feed in ('calls', 'deals')
),

employees as (
    select * from {{ ref('dim_employees') }}
),

noted as (
    select
        'tracker' as told_by, started_on, employee_id, source_key as source, disposition as result, talk_seconds
    from {{ ref('fct_calls') }}
    where started_on is not null
    union all
    select 'crm', activities.occurred_on, activities.owner_id, 'unknown', activities.outcome, activities.duration_seconds
    from {{ ref('fct_activities') }} as activities
    cross join run
    where activities.activity_type = 'call' and activities.occurred_on <= run.as_of_date
),

counted as (
    select
        {{ month_of('started_on') }} as month,
        coalesce(employee_id, 'unassigned') as employee_id,
        told_by,
        source,
        coalesce(nullif(lower(trim(result)), ''), 'not_known') as result,
        count(*) as calls,
        sum(talk_seconds) as talk_seconds
    from noted
    group by 1, 2, 3, 4, 5
)

select
    counted.month,
    counted.employee_id,
    employees.full_name as employee_name,
    employees.team,
    counted.told_by,
    counted.source,
    counted.result,
    counted.calls,
    {{ ratio(
        'counted.calls',
        'sum(counted.calls) over (partition by counted.month, counted.employee_id, counted.told_by)'
    ) }} as calls_share,
    cast(counted.talk_seconds as decimal(38, 3)) as talk_seconds,
    {{ is_told(month_end_of('counted.month'), 'feed_ends') }} as is_complete
from counted
cross join run
left join feed_ends on counted.told_by = feed_ends.told_by
left join employees on counted.employee_id = employees.employee_id
