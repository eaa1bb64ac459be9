-- Grain: one row per account and stretch of days (valid_from ≤ D < valid_to; NULL: since always, and still) in which one
-- employee owns it: an account has one owner on any day, so that its money is counted once. The history of owners counts where
-- there is one; after its end, and without one, the account's own owner does. Of spans that overlap the one that began last
-- counts while it lasts: a stand-in's ends, and the owner's goes on.
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
        coalesce({{ plus_days('account_owners.ends_on', 1) }}, {{ end_of_time() }}) as free_on
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
    select account_id, max(free_on) as free_on
    from history
    group by account_id
),

present as (
    select identities.account_id, employees.employee_id, history_ends.free_on
    from accounts
    inner join identities
        on accounts._system = identities.system and accounts.account_id = identities.native_id
        and identities.account_id = {{ global_id('identities.system', 'identities.native_id') }}
    inner join employees on accounts._system = employees.system and accounts.owner_id = employees.reference
    left join history_ends on identities.account_id = history_ends.account_id
),

days as (
    select account_id, starts_on as day from history
    union
    select account_id, free_on from history where free_on < {{ end_of_time() }}
),

-- Who owns the account from each of these days on; nobody where a span ended and none goes on.
owned as (
    select
        days.account_id,
        days.day,
        coalesce(history.employee_id, present.employee_id) as employee_id,
        case when history.employee_id is not null then 'history' else 'present_owner' end as rule
    from days
    left join history
        on days.account_id = history.account_id and days.day >= history.starts_on and days.day < history.free_on
    left join present on days.account_id = present.account_id and days.day >= present.free_on
    qualify row_number() over (partition by days.account_id, days.day order by history.starts_on desc nulls last) = 1
),

changed as (
    select *
    from owned
    qualify employee_id is distinct from lag(employee_id) over (partition by account_id order by day)
        or row_number() over (partition by account_id order by day) = 1
),

dated as (
    select
        account_id,
        employee_id,
        rule,
        day as valid_from,
        lead(day) over (partition by account_id order by day) as valid_to
    from changed
    union all
    select account_id, employee_id, 'present_owner', cast(null as date), cast(null as date)
    from present
    where free_on is null
)

select account_id, employee_id, rule, valid_from, valid_to
from dated
where employee_id is not null
