-- Grain: one row a kind of key and its value that lead to exactly one CRM account.
-- A key that leads to two accounts tells nothing and is left out: a guess between them would move money.
with accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

merged as (
    select
        *,
        {{ global_id('system', 'surviving_id') }} as account_id
    from {{ ref('int_crm_accounts_merged') }}
),

named as (
    select
        merged.account_id,
        accounts.account_id as native_id,
        accounts.tax_id,
        accounts.email,
        {{ normalised_name('accounts.name') }} as name_key
    from accounts
    inner join merged on accounts._system = merged.system and accounts.account_id = merged.native_id
),

names as (
    select account_id, name_key, {{ name_without_legal_form('name_key') }} as core_name_key from named
),

keys as (
    select 'native_id' as kind, native_id as key_value, account_id, false as is_bare_name from named
    union all
    select 'tax_id', {{ normalised_tax_id('tax_id') }}, account_id, false from named
    union all
    select 'email', {{ normalised_email('email') }}, account_id, false from named
    union all
    select 'email', {{ normalised_email('contacts.email') }}, merged.account_id, false
    from contacts
    inner join merged on contacts._system = merged.system and contacts.account_id = merged.native_id
    union all
    select 'name', name_key, account_id, false from names
    union all
    -- is_bare_name: the account's own name carries no legal form, which the rule on shortened names asks.
    select 'core_name', core_name_key, account_id, name_key = core_name_key from names
)

select
    kind,
    key_value,
    min(account_id) as account_id,
    bool_or(is_bare_name) as is_bare_name
from keys
where key_value is not null
group by kind, key_value
having count(distinct account_id) = 1
