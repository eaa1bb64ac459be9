-- Grain: one row a source system, kind (crm_account, billing_customer) and native id.
-- Which account an id stands for, by which rule and how sure. The first rule that answers counts; rules that rest on a
-- key ask that the key lead to one account only, and a name must also be one customer's only in its billing system.
with merged as (
    select * from {{ ref('int_crm_accounts_merged') }}
),

customers as (
    select
        *,
        count(*) over (partition by system, name_key) as customers_of_name,
        count(*) over (partition by system, core_name_key) as customers_of_core_name
    from {{ ref('int_billing_customers_named') }}
),

keys as (
    select * from {{ ref('int_account_keys') }}
),

survivors as (
    select system, native_id, {{ global_id('system', 'surviving_id') }} as account_id from merged
),

matched as (
    select
        customers.system,
        customers.native_id,
        customers.given_account_id,
        customers.customer_name,
        customers.tax_id,
        customers.email,
        coalesce(given_here.account_id, given_elsewhere.account_id) as given_key,
        same_system.account_id as same_system_id,
        by_tax.account_id as tax_key,
        by_email.account_id as email_key,
        case when customers.customers_of_name = 1 then by_name.account_id end as name_key,
        case
            when customers.customers_of_core_name = 1
                and (by_core.is_bare_name or customers.name_key = customers.core_name_key)
                then by_core.account_id
        end as core_name_key
    from customers
    left join survivors as given_here
        on customers.system = given_here.system and customers.given_account_id = given_here.native_id
    left join keys as given_elsewhere
        on given_elsewhere.kind = 'native_id' and customers.given_account_id = given_elsewhere.key_value
    left join survivors as same_system
        on customers.system = same_system.system and customers.native_id = same_system.native_id
    left join keys as by_tax on by_tax.kind = 'tax_id' and customers.tax_key = by_tax.key_value
    left join keys as by_email on by_email.kind = 'email' and customers.email_key = by_email.key_value
    left join keys as by_name on by_name.kind = 'name' and customers.name_key = by_name.key_value
    left join keys as by_core on by_core.kind = 'core_name' and customers.core_name_key = by_core.key_value
),

ruled as (
    select
        *,
        case
            when native_id = '' then 'no_customer_given'
            when given_key is not null then 'given_key'
            when same_system_id is not null then 'same_system_id'
            when tax_key is not null then 'tax_id'
            when email_key is not null then 'email'
            when name_key is not null then 'name'
            when core_name_key is not null then 'name_without_legal_form'
            else 'own_account'
        end as rule
    from matched
),

billing_customers as (
    select
        system,
        'billing_customer' as kind,
        native_id,
        case rule
            when 'no_customer_given' then {{ global_id('system', "'unknown'") }}
            when 'own_account' then {{ global_id('system', 'native_id') }}
            else coalesce(given_key, same_system_id, tax_key, email_key, name_key, core_name_key)
        end as account_id,
        rule,
        cast(case rule
            when 'tax_id' then 0.98
            when 'email' then 0.9
            when 'name' then 0.8
            when 'name_without_legal_form' then 0.7
            when 'no_customer_given' then 0
            else 1
        end as decimal(3, 2)) as score,
        case
            when rule = 'given_key' then 'the customer names account ' || given_account_id
            when rule = 'same_system_id' then 'the same system has an account ' || native_id
            when rule = 'tax_id' then 'tax number ' || tax_id
            when rule = 'email' then 'e-mail ' || email
            when rule in ('name', 'name_without_legal_form') then 'name ' || customer_name
            when rule = 'own_account' and given_account_id is not null
                then 'names account ' || given_account_id || ', which no CRM export has'
        end as evidence
    from ruled
),

crm_accounts as (
    select
        system,
        'crm_account' as kind,
        native_id,
        {{ global_id('system', 'surviving_id') }} as account_id,
        rule,
        cast(1 as decimal(3, 2)) as score,
        case rule
            when 'merged' then 'merged into ' || surviving_id
            when 'merge_not_resolved'
                then 'its merges end at ' || unresolved_id || ', which is not in the export or leads back'
        end as evidence
    from merged
)

select * from crm_accounts
union all
select * from billing_customers
