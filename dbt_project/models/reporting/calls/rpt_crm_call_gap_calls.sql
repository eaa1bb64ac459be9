-- Grain: one row per call and gap: what is behind the numbers of rpt_crm_call_gaps, with the file and line of it (K17, N5).
with calls as (
    select * from {{ ref('fct_crm_calls_compared') }}
),

accounts as (
    select * from {{ ref('dim_accounts') }}
),

employees as (
    select * from {{ ref('dim_employees') }}
),

gaps as (
    select
        'logged_not_dialled' as gap,
        calls.*
    from calls
    where state = 'not_dialled'
    union all
    select 'dialled_not_logged', * from calls where state = 'not_logged'
    union all
    select 'duration_differs', * from calls where is_length_different
    union all
    select 'logged_more_than_once', * from calls where side = 'tracker' and logs > 1
)

select
    gaps.gap,
    gaps.call_id,
    gaps.conversation_id,
    gaps.account_id,
    accounts.account_name,
    gaps.employee_id,
    employees.full_name as employee_name,
    employees.team,
    gaps.logs,
    gaps.logged_seconds,
    gaps.talk_seconds,
    gaps.occurred_at,
    gaps.day,
    gaps._file,
    gaps._row
from gaps
left join accounts on gaps.account_id = accounts.account_id
left join employees on gaps.employee_id = employees.employee_id
