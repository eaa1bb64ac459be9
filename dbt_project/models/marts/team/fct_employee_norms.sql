-- Grain: one row per employee, norm and period (a day or a month), where a norm holds for the employee: what is due (P13).
-- A person's own plan of the month goes before the figure of role and grade, and a plan of a norm by day is spread over the
-- month's working days of the person's team, so that absence lowers it as it lowers any norm. What is due for time falls with absence and part
-- time; what is due for each client is for the active accounts that the person owns at the month's end.
with run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('fct_employee_days') }}
),

norms as (
    select * from {{ ref('norms') }}
),

employees as (
    select
        employee_id,
        lower(trim(role_profile)) as role_profile,
        grade,
        calendar
    from {{ ref('dim_employees') }}
    where is_in_export
),

figures as (
    select norm, role_profile, grade, target, valid_from, 'list' as target_rule, _row as place
    from {{ ref('stg_lists__norm_targets') }}
    union all
    select norm, role_profile, grade, target, cast(null as date), 'default', 0
    from {{ ref('norm_figures') }}
),

fitting as (
    select
        employees.employee_id,
        figures.*,
        case when figures.role_profile is null then 0 else 2 end
        + case when figures.grade is null then 0 else 1 end as fit
    from employees
    inner join figures
        on (figures.role_profile is null or employees.role_profile = lower(trim(figures.role_profile)))
        and {{ is_of_grade('employees.grade', 'figures.grade') }}
),

plans as (
    select * from {{ ref('fct_targets') }}
),

working_days as (
    select calendar, {{ month_of('day') }} as month, count(*) filter (where is_working_day) as working_days
    from {{ ref('int_business_days') }}
    group by calendar, {{ month_of('day') }}
),

worked as (
    select
        days.employee_id,
        norms.norm,
        norms.period,
        norms.basis,
        case norms.period when 'day' then days.day else days.month end as period_start,
        days.month,
        count(*) filter (where days.is_working_day) as working_days,
        count(*) filter (where days.is_working_day and days.is_absent) as absent_days,
        sum(days.working_share) as present_days
    from days
    cross join norms
    cross join run
    where norms.period = 'month' or days.day <= run.as_of_date
    group by all
),

figured as (
    select
        worked.*,
        fitting.target as figure,
        fitting.target_rule
    from worked
    inner join fitting
        on worked.employee_id = fitting.employee_id
        and worked.norm = fitting.norm
        and coalesce(fitting.valid_from <= worked.period_start, true)
    qualify row_number() over (
        partition by worked.employee_id, worked.norm, worked.period_start
        order by fitting.fit desc, fitting.target_rule desc, fitting.valid_from desc nulls last, fitting.place desc
    ) = 1
),

ruled as (
    select
        worked.*,
        case when plans.target is null then figured.target_rule else 'plan' end as target_rule,
        -- What is due for the whole time of a month or day, or for one client.
        coalesce(plans.target, figured.figure) as figure,
        -- The working days over which it is spread: the month's, of a plan or a norm of a month.
        case when plans.target is null and worked.period = 'day' then 1 else nullif(months.working_days, 0) end as spread_over
    from worked
    inner join employees on worked.employee_id = employees.employee_id
    inner join working_days as months on employees.calendar = months.calendar and worked.month = months.month
    left join figured
        on worked.employee_id = figured.employee_id
        and worked.norm = figured.norm
        and worked.period_start = figured.period_start
    left join plans
        on worked.employee_id = plans.employee_id and worked.norm = plans.metric and worked.month = plans.month
    where coalesce(plans.target, figured.figure) > 0
),

-- Days of others that the employee stands in for.
covered as (
    select
        days.substitute_id as employee_id,
        ruled.norm,
        ruled.period_start,
        cast(sum(cast(days.part_time_share * ruled.figure / ruled.spread_over as decimal(28, 10))) as decimal(28, 10))
            as covered_target
    from ruled
    inner join days
        on ruled.employee_id = days.employee_id
        and ruled.period_start = case ruled.period when 'day' then days.day else days.month end
    where ruled.basis = 'time' and days.is_absent and days.is_working_day and days.substitute_id is not null
    group by days.substitute_id, ruled.norm, ruled.period_start
),

clients as (
    select owner_id as employee_id, month, count(*) as accounts
    from {{ ref('fct_account_months') }}
    where status = 'active' and owner_id is not null
    group by owner_id, month
)

select
    ruled.employee_id,
    ruled.norm,
    ruled.period,
    ruled.period_start,
    case ruled.period when 'day' then ruled.period_start else {{ month_end_of('ruled.period_start') }} end as period_end,
    ruled.target_rule,
    cast(case
        when ruled.basis = 'time' then
            -- Nothing is due of a month in which the team never works.
            coalesce(ruled.figure * ruled.present_days / ruled.spread_over, 0)
            + coalesce(covered.covered_target, 0) * {{ parameter('norm_substitute_share') }}
        when ruled.present_days = 0 then 0
        when ruled.basis = 'client' and ruled.target_rule <> 'plan' then ruled.figure * coalesce(clients.accounts, 0)
        else ruled.figure
    end as decimal(18, 4)) as target,
    ruled.working_days,
    ruled.absent_days,
    cast(ruled.present_days as decimal(18, 6)) as present_days
from ruled
left join covered
    on ruled.employee_id = covered.employee_id
    and ruled.norm = covered.norm
    and ruled.period_start = covered.period_start
left join clients on ruled.employee_id = clients.employee_id and ruled.period_start = clients.month
