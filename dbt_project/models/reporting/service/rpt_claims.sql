-- Grain: one row per case: its cause, age against the target of its class, business time, escalation, reopening and, of what is
-- open, what to do first.
with claims as (
    select * from {{ ref('fct_claims') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

accounts as (
    select account_id, account_name from {{ ref('dim_accounts') }}
),

employees as (
    select employee_id, full_name, team from {{ ref('dim_employees') }}
)

select
    claims.case_id,
    claims.account_id,
    accounts.account_name,
    claims.owner_id,
    employees.full_name as owner_name,
    employees.team,
    claims.reason,
    claims.cause,
    claims.department,
    claims.status,
    claims.service_class,
    claims.next_step,
    claims.work_rank,
    claims.target_days,
    claims.age_days,
    claims.resolve_days,
    claims.business_minutes,
    claims.reopened_count,
    claims.is_open,
    claims.is_late,
    claims.is_within,
    claims.is_escalated,
    claims.opened_at,
    claims.opened_on,
    claims.due_on,
    claims.closed_on,
    claims.escalated_on,
    claims.reopened_on,
    run.as_of_date,
    claims._file,
    claims._row
from claims
cross join run
left join accounts on claims.account_id = accounts.account_id
left join employees on claims.owner_id = employees.employee_id
