-- Grain: one row per case with how it was served: its class of service and target, business time, escalation, reopening and
-- what to do first (E1, E2, E12, E14, E15). The class is the one of the day on which it was opened; of before the first list of
-- key accounts and tiers it is today's. Business time is that of the owner's team. What is open and still in time is neither within its target nor beyond it.
with cases as (
    select * from {{ ref('fct_cases') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

days as (
    select * from {{ ref('int_business_days') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

classes as (
    select * from {{ ref('fct_key_account_intervals') }}
),

begun as (
    select min(valid_from) as first_list_on from classes
),

today as (
    select account_id, is_key_account, tier from {{ ref('dim_account_classes') }}
),

targets as (
    select * from {{ ref('service_targets') }}
),

-- A reason that stands twice, in letters of another case, is what its last row says.
reasons as (
    select lower(trim(reason)) as reason_key, cause, department
    from {{ ref('stg_lists__claim_reasons') }}
    qualify row_number() over (partition by lower(trim(reason)) order by _row desc) = 1
),

classed as (
    select
        cases.*,
        coalesce(cases.opened_on >= begun.first_list_on, false) as is_class_then,
        case
            when cases.account_id is null then null
            when cases.opened_on >= begun.first_list_on
                then case when classes.is_key_account then 'key' else coalesce(classes.tier, 'none') end
            when today.is_key_account then 'key'
            else coalesce(today.tier, 'none')
        end as service_class
    from cases
    cross join begun
    left join classes
        on cases.account_id = classes.account_id
        and cases.opened_on is not null
        and {{ holds_on('classes', 'cases.opened_on') }}
    left join today on cases.account_id = today.account_id
),

timed as (
    select
        classed.*,
        targets.class_rank,
        targets.case_days as target_days,
        nullif(trim(reasons.cause), '') as listed_cause,
        nullif(trim(reasons.department), '') as department,
        {{ plus_days('classed.opened_on', 'cast(floor(targets.case_days) as integer)') }} as due_on,
        classed.closed_on is null as is_open,
        {{ days_from('classed.opened_on', 'classed.closed_on') }} as resolve_days,
        case when classed.closed_on is null then {{ days_from('classed.opened_on', 'run.as_of_date') }} end as age_days,
        case
            when classed.closed_at >= classed.opened_at then cast((
                {{ business_seconds('closing', 'classed.closed_at') }} - ({{ business_seconds('opening', 'classed.opened_at') }})
            ) / 60 as decimal(18, 2))
        end as business_minutes,
        run.as_of_date
    from classed
    cross join run
    left join targets on classed.service_class = targets.service_class
    left join reasons on lower(trim(classed.reason)) = reasons.reason_key
    left join employees on classed.owner_id = employees.employee_id
    left join days as opening on classed.opened_on = opening.day and coalesce(employees.calendar, '') = opening.calendar
    left join days as closing on classed.closed_on = closing.day and coalesce(employees.calendar, '') = closing.calendar
),

judged as (
    select
        *,
        coalesce(resolve_days, age_days) > target_days as is_late,
        case
            when not is_open then resolve_days <= target_days
            when age_days > target_days then false
        end as is_within
    from timed
),

stepped as (
    select
        *,
        case
            when not is_open then null
            when owner_id is null then 'assign'
            when is_late and escalated_on is null then 'escalate'
            when is_late then 'press'
            when account_id is null then 'find_account'
            when {{ days_from('as_of_date', 'due_on') }} <= {{ parameter('claim_due_soon_days') }} then 'close_now'
            else 'work'
        end as next_step
    from judged
)

select
    case_id,
    account_id,
    owner_id,
    system,
    reason,
    coalesce(listed_cause, reason) as cause,
    department,
    status,
    service_class,
    class_rank,
    next_step,
    case
        when is_open then row_number() over (
            partition by is_open
            order by
                case next_step
                    when 'escalate' then 1 when 'press' then 2 when 'assign' then 3 when 'close_now' then 4 when 'find_account' then 5
                    else 6
                end,
                class_rank nulls last,
                due_on nulls last,
                opened_at nulls last,
                case_id
        )
    end as work_rank,
    cast(target_days as double) as target_days,
    cast(resolve_days as bigint) as resolve_days,
    cast(age_days as bigint) as age_days,
    business_minutes,
    reopened_count,
    is_class_then,
    is_open,
    is_late,
    is_within,
    escalated_on is not null as is_escalated,
    reopened_count > 0 as is_reopened,
    opened_at,
    opened_on,
    due_on,
    closed_at,
    closed_on,
    escalated_on,
    reopened_on,
    _source,
    _file,
    _file_sha256,
    _row
from stepped
