-- Grain: one row per source system and reference: whatever the CRM's and the plan's exports call an account.
-- Rules in order: an account's id in the same system; its name there, when one account has it; and for a plan, which
-- belongs to no system, and for a parent, which may stand in another export, a global id, an id or a name that only one
-- account has anywhere (for a parent no id shorter than ten: small numbers mean something else in every system). Else the
-- reference stays unresolved (account_id is NULL, rule not_in_export), and who uses it says so.
{%- set users = ['contacts', 'leads', 'deals', 'activities', 'cases', 'documents', 'account_owners'] %}
with occurrences as (
    select distinct _system as system, parent_account_id as reference, false as is_plan, true as is_parent
    from {{ ref('stg_crm__accounts') }}
    {%- for user in users %}
    union all
    select distinct _system, account_id, false, false from {{ ref('stg_crm__' ~ user) }}
    {%- endfor %}
    union all
    select distinct _system, account_id, true, false from {{ ref('stg_plan__budgets') }}
    union all
    select distinct _system, account_id, true, false from {{ ref('stg_plan__costs') }}
),

mentioned as (
    select
        system,
        reference,
        bool_or(is_plan) as is_plan,
        bool_or(is_plan or is_parent) as is_wide,
        {{ normalised_name('reference') }} as name_key
    from occurrences
    where reference is not null
    group by system, reference
),

identities as (
    select * from {{ ref('int_account_identities') }}
),

accounts as (
    select * from {{ ref('stg_crm__accounts') }}
),

keys as (
    select * from {{ ref('int_account_keys') }}
),

ids_here as (
    select system, native_id, account_id from identities where kind = 'crm_account'
),

names_here as (
    select
        accounts._system as system,
        {{ normalised_name('accounts.name') }} as name_key,
        min(ids_here.account_id) as account_id
    from accounts
    inner join ids_here on accounts._system = ids_here.system and accounts.account_id = ids_here.native_id
    group by 1, 2
    having count(distinct ids_here.account_id) = 1
),

global_ids as (
    select distinct account_id from identities
),

customers_anywhere as (
    select native_id, min(account_id) as account_id
    from identities
    where kind = 'billing_customer' and native_id <> ''
    group by native_id
    having count(distinct account_id) = 1
),

matched as (
    select
        mentioned.system,
        mentioned.reference,
        ids_here.account_id as id_here,
        names_here.account_id as name_here,
        coalesce(global_ids.account_id, ids_anywhere.account_id, customers_anywhere.account_id) as id_anywhere,
        names_anywhere.account_id as name_anywhere
    from mentioned
    left join ids_here on mentioned.system = ids_here.system and mentioned.reference = ids_here.native_id
    left join names_here on mentioned.system = names_here.system and mentioned.name_key = names_here.name_key
    left join global_ids on mentioned.is_wide and mentioned.reference = global_ids.account_id
    left join keys as ids_anywhere
        on (mentioned.is_plan or (mentioned.is_wide and length(mentioned.reference) >= 10))
        and ids_anywhere.kind = 'native_id' and mentioned.reference = ids_anywhere.key_value
    left join customers_anywhere on mentioned.is_plan and mentioned.reference = customers_anywhere.native_id
    left join keys as names_anywhere
        on mentioned.is_wide and names_anywhere.kind = 'name' and mentioned.name_key = names_anywhere.key_value
)

select
    system,
    reference,
    coalesce(id_here, name_here, id_anywhere, name_anywhere) as account_id,
    case
        when id_here is not null then 'given'
        when name_here is not null then 'given_name'
        when id_anywhere is not null then 'given_across_systems'
        when name_anywhere is not null then 'given_name_across_systems'
        else 'not_in_export'
    end as rule
from matched
