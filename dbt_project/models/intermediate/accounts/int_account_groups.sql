-- Grain: one row per account, with its parent and the topmost account above it, which names its group.
-- A parent is what the account's own CRM record says, else what billing says of its customer: another customer of the
-- system, else the one CRM account that is called so (Grove, of Grove:North). Where parents lead round in a ring there is no
-- top: every account of the ring, and below it, is a group of its own (group_rule `ring`).
with recursive identities as (
    select * from {{ ref('int_account_identities') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }} where parent_account_id is not null
),

customers as (
    select * from {{ ref('stg_billing__customers') }} where parent_customer_id is not null
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

account_keys as (
    select * from {{ ref('int_account_keys') }}
),

named_parents as (
    select
        identities.account_id,
        account_references.account_id as parent_account_id,
        0 as precedence,
        identities.native_id
    from accounts
    inner join identities
        on identities.kind = 'crm_account'
        and accounts._system = identities.system and accounts.account_id = identities.native_id
        and identities.account_id = {{ global_id('identities.system', 'identities.native_id') }}
    inner join account_references
        on accounts._system = account_references.system and accounts.parent_account_id = account_references.reference

    union all

    select
        identities.account_id,
        parents.account_id,
        1,
        identities.native_id
    from customers
    inner join identities
        on identities.kind = 'billing_customer'
        and customers._system = identities.system and customers.customer_id = identities.native_id
    inner join identities as parents
        on parents.kind = 'billing_customer'
        and customers._system = parents.system and customers.parent_customer_id = parents.native_id

    union all

    select
        identities.account_id,
        account_keys.account_id,
        2,
        identities.native_id
    from customers
    inner join identities
        on identities.kind = 'billing_customer'
        and customers._system = identities.system and customers.customer_id = identities.native_id
    inner join account_keys
        on account_keys.kind = 'name' and {{ normalised_name('customers.parent_customer_id') }} = account_keys.key_value
),

parents as (
    select account_id, parent_account_id
    from named_parents
    where parent_account_id <> account_id
    qualify row_number() over (partition by account_id order by precedence, native_id, parent_account_id) = 1
),

chains as (
    select account_id, parent_account_id as reached_id, 1 as steps from parents

    union all

    select
        chains.account_id,
        parents.parent_account_id,
        chains.steps + 1
    from chains
    inner join parents on chains.reached_id = parents.account_id
    where chains.steps < 50 and parents.parent_account_id <> chains.account_id
),

tops as (
    select chains.account_id, chains.reached_id
    from chains
    where not exists (select 1 from parents where parents.account_id = chains.reached_id)
)

select
    ids.account_id,
    parents.parent_account_id,
    coalesce(tops.reached_id, ids.account_id) as group_id,
    case
        when parents.parent_account_id is null then 'top'
        when tops.reached_id is null then 'ring'
        else 'parent'
    end as group_rule
from (select distinct account_id from identities) as ids
left join parents on ids.account_id = parents.account_id
left join tops on ids.account_id = tops.account_id
