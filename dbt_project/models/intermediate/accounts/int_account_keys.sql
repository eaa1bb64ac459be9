-- Grain: one row per kind of key and its value that lead to exactly one CRM account.
-- A key that leads to two accounts tells nothing and is left out: a guess between them would move money.
with linked as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

identity_keys as (
    select * from {{ ref('int_identity_keys') }} where kind = 'crm_account'
),

keys as (
    select
        identity_keys.key_kind as kind,
        identity_keys.key_value,
        linked.account_id,
        -- is_bare_name: the account's own name carries no legal form, which the rule on shortened names asks.
        coalesce(identity_keys.is_bare_name, false) as is_bare_name
    from identity_keys
    inner join linked on identity_keys.record_id = 'a:' || {{ global_id('linked.system', 'linked.native_id') }}
    union all
    select 'native_id', native_id, account_id, false from linked
)

select
    kind,
    key_value,
    min(account_id) as account_id,
    bool_or(is_bare_name) as is_bare_name
from keys
group by kind, key_value
having count(distinct account_id) = 1
