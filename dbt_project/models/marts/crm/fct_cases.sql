-- Grain: one row per case (a claim or request of a client).
with cases as (
    select * from {{ ref('stg_crm__cases') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
)

select
    {{ global_id('cases._system', 'cases.case_id') }} as case_id,
    account_references.account_id,
    employees.employee_id as owner_id,
    cases._system as system,
    coalesce(account_references.rule, 'none') as account_rule,
    {{ unresolved_ids([('account', 'cases.account_id', 'account_references.account_id')]) }} as unresolved_ids,
    cases.reason,
    cases.status,
    cases.opened_at,
    {{ business_date('cases.opened_at', 'run.business_timezone') }} as opened_on,
    cases.closed_at,
    {{ business_date('cases.closed_at', 'run.business_timezone') }} as closed_on,
    cases._source,
    cases._file,
    cases._file_sha256,
    cases._row
from cases
left join account_references
    on cases._system = account_references.system and cases.account_id = account_references.reference
left join employees on cases._system = employees.system and cases.owner_id = employees.reference
cross join run
