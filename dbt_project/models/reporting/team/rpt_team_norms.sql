-- Grain: one row per employee, period (a day or a month, by its first day) and norm that holds for the employee (P13): what was
-- due, what was done, and how many records say so (rpt_team_norm_evidence has them). Days off without anything done are left
-- out.
with run as (
    select * from {{ ref('int_run_dated') }}
),

norms as (
    select * from {{ ref('fct_employee_norms') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

counted as (
    select
        norm,
        employee_id,
        period_start,
        count(distinct counted_as) as actual,
        count(*) as evidence_count
    from {{ ref('fct_norm_evidence') }}
    group by norm, employee_id, period_start
),

-- What no export tells of was not left undone.
known as (
    select 'outbound_calls' as norm
    where exists (select 1 from {{ ref('fct_calls') }}) or exists (select 1 from {{ ref('fct_activities') }})
    union all
    select unnest(['proposals', 'companies_offered', 'card_entries'])
    where exists (select 1 from {{ ref('fct_activities') }})
    union all
    select 'new_contracts'
    where exists (select 1 from {{ ref('fct_deals') }})
    union all
    select 'reconciled_clients'
    where exists (select 1 from {{ ref('fct_documents') }} where document_type = 'reconciliation_act')
    union all
    select 'work_report'
    where exists (select 1 from {{ ref('stg_lists__work_reports') }})
),

-- The day from which nothing more is to come of a period.
dated as (
    select
        norms.*,
        case norms.norm
            when 'work_report' then {{ plus_days('norms.period_end', parameter('work_report_day')) }}
            else norms.period_end
        end as due_on,
        case norms.norm when 'outbound_calls' then 'calls' else 'deals' end as feed
    from norms
),

judged as (
    select
        dated.*,
        case when known.norm is not null then coalesce(counted.actual, 0) end as actual,
        coalesce(counted.evidence_count, 0) as evidence_count,
        dated.due_on <= run.as_of_date
        and (dated.norm = 'work_report' or coalesce(dated.due_on <= feeds.complete_until, false)) as is_complete
    from dated
    cross join run
    left join known on dated.norm = known.norm
    left join counted
        on dated.norm = counted.norm
        and dated.employee_id = counted.employee_id
        and dated.period_start = counted.period_start
    left join {{ ref('fct_feed_ends') }} as feeds on dated.feed = feeds.feed
)

select
    judged.employee_id,
    judged.period_start as day,
    judged.norm,
    employees.full_name as employee_name,
    employees.team,
    employees.role_profile,
    employees.grade,
    judged.period,
    judged.due_on,
    judged.target_rule,
    judged.target,
    judged.actual,
    cast({{ ratio('judged.actual', 'judged.target') }} as double) as attainment,
    case when judged.target > 0 then judged.actual >= judged.target end as is_reached,
    judged.working_days > 0 as is_working_day,
    judged.working_days,
    judged.absent_days,
    judged.present_days,
    judged.evidence_count,
    judged.is_complete
from judged
inner join employees on judged.employee_id = employees.employee_id
where judged.working_days > 0 or judged.evidence_count > 0
