-- Grain: one row per case (a claim or request of a client). It is closed when it was closed last, by its own date or its
-- history, unless it was reopened since; a CRM that exports no history of its cases tells neither that nor escalations.
with cases as (
    select * from {{ ref('stg_crm__cases') }}
),

histories as (
    select
        _system,
        case_id,
        count(*) filter (where event = 'reopened') as reopened_count,
        max(occurred_at) filter (where event = 'reopened') as reopened_at,
        min(occurred_at) filter (where event = 'escalated') as escalated_at,
        max(occurred_at) filter (where event = 'closed') as closed_at
    from {{ ref('stg_crm__case_events') }}
    group by _system, case_id
),

dated as (
    select
        cases.*,
        {{ greatest_known('cases.closed_at', 'histories.closed_at') }} as ended_at,
        histories.reopened_at,
        histories.escalated_at,
        coalesce(histories.reopened_count, 0) as reopened_count
    from cases
    left join histories on cases._system = histories._system and cases.case_id = histories.case_id
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
),

resolved as (
    select
        dated.* exclude (closed_at),
        case when not coalesce(reopened_at > ended_at, false) then ended_at end as closed_at
    from dated
)

select
    {{ global_id('resolved._system', 'resolved.case_id') }} as case_id,
    account_references.account_id,
    employees.employee_id as owner_id,
    resolved._system as system,
    coalesce(account_references.rule, 'none') as account_rule,
    {{ unresolved_ids([('account', 'resolved.account_id', 'account_references.account_id')]) }} as unresolved_ids,
    resolved.reason,
    resolved.status,
    resolved.opened_at,
    {{ business_date('resolved.opened_at', 'run.business_timezone') }} as opened_on,
    resolved.closed_at,
    {{ business_date('resolved.closed_at', 'run.business_timezone') }} as closed_on,
    resolved.escalated_at,
    {{ business_date('resolved.escalated_at', 'run.business_timezone') }} as escalated_on,
    {{ business_date('resolved.reopened_at', 'run.business_timezone') }} as reopened_on,
    resolved.reopened_count,
    resolved._source,
    resolved._file,
    resolved._file_sha256,
    resolved._row
from resolved
left join account_references
    on resolved._system = account_references.system and resolved.account_id = account_references.reference
left join employees on resolved._system = employees.system and resolved.owner_id = employees.reference
cross join run
