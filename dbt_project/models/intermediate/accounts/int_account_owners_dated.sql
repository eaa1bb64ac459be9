-- Grain: one row an account and the day from which an employee owns it; NULL as the first day means since always.
-- The history of owners counts where there is one; after its end, and without one, the account's own owner does. A new
-- owner ends the one before, so that an account has one owner on any day and its money is counted once.
with identities as (
    select * from {{ ref('int_account_identities') }} where kind = 'crm_account'
),

employees as (
    select * from {{ ref('int_employee_identities') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

account_owners as (
    select * from {{ ref('stg_crm__account_owners') }}
),

history as (
    select
        identities.account_id,
        employees.employee_id,
        account_owners.starts_on,
        account_owners.ends_on
    from account_owners
    inner join identities
        on account_owners._system = identities.system and account_owners.account_id = identities.native_id
    inner join employees on account_owners._system = employees.system and account_owners.owner_id = employees.reference
    qualify row_number() over (
        partition by identities.account_id, account_owners.starts_on
        order by account_owners.ends_on desc nulls first, employees.employee_id
    ) = 1
),

history_ends as (
    select
        account_id,
        case when bool_or(ends_on is null) then null else max(ends_on) end as ends_on,
        bool_or(ends_on is null) as is_open
    from history
    group by account_id
),

present as (
    select
        identities.account_id,
        employees.employee_id,
        history_ends.ends_on as history_ends_on
    from accounts
    inner join identities
        on accounts._system = identities.system and accounts.account_id = identities.native_id
        and identities.account_id = {{ global_id('identities.system', 'identities.native_id') }}
    inner join employees on accounts._system = employees.system and accounts.owner_id = employees.reference
    left join history_ends on identities.account_id = history_ends.account_id
    where not coalesce(history_ends.is_open, false)
),

together as (
    select account_id, employee_id, starts_on, ends_on, 'history' as rule from history
    union all
    select
        account_id,
        employee_id,
        {{ plus_days('history_ends_on', 1) }},
        cast(null as date),
        'present_owner'
    from present
)

select
    account_id,
    employee_id,
    starts_on,
    {{ least_known(
        'ends_on',
        plus_days('lead(starts_on) over (partition by account_id order by starts_on nulls first)', -1)
    ) }} as ends_on,
    rule
from together
