-- Grain: one row per norm, employee, period and record that counts for it: what stands behind rpt_team_norms, with the line of
-- the export or list that says so (P13).
with evidence as (
    select * from {{ ref('fct_norm_evidence') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
)

select
    evidence.norm,
    evidence.employee_id,
    evidence.period_start as day,
    evidence.evidence_kind,
    evidence.evidence_id,
    employees.full_name as employee_name,
    employees.team,
    evidence.account_id,
    accounts.account_name,
    evidence.title,
    evidence.occurred_on,
    evidence._file,
    evidence._row
from evidence
inner join employees on evidence.employee_id = employees.employee_id
left join {{ ref('dim_accounts') }} as accounts on evidence.account_id = accounts.account_id
