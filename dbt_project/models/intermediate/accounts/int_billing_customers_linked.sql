-- Grain: one row a source system and billing customer id, with the CRM account that a person or an exact rule puts it on;
-- account_id is NULL where none does. Rules in the order of identity_rules: a strong one wins over any other, weak ones
-- link only where they all lead to one account and no tax number or country speaks against it.
with records as (
    select * from {{ ref('int_identity_records') }}
),

customers as (
    select * from records where kind = 'billing_customer'
),

crm_accounts as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

identity_keys as (
    select * from {{ ref('int_identity_keys') }} where kind = 'billing_customer'
),

account_keys as (
    select * from {{ ref('int_account_keys') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

decisions as (
    select * from {{ ref('int_account_decisions') }} where state = 'in_force' and kind = 'billing_customer'
),

counted_keys as (
    select
        *,
        count(*) over (partition by system, key_kind, key_value) as customers
    from identity_keys
),

reached as (
    select
        customers.record_id,
        customers.given_account_id as key_value,
        coalesce(here.account_id, elsewhere.account_id) as account_id,
        'given_key' as rule
    from customers
    left join crm_accounts as here
        on customers.system = here.system and customers.given_account_id = here.native_id
    left join account_keys as elsewhere
        on elsewhere.kind = 'native_id' and customers.given_account_id = elsewhere.key_value
    where customers.given_account_id is not null

    union all

    select customers.record_id, customers.native_id, crm_accounts.account_id, 'same_system_id'
    from customers
    inner join crm_accounts
        on customers.system = crm_accounts.system and customers.native_id = crm_accounts.native_id

    union all

    select counted_keys.record_id, counted_keys.key_value, account_keys.account_id, counted_keys.key_kind
    from counted_keys
    inner join rules on counted_keys.key_kind = rules.rule
    inner join account_keys
        on counted_keys.key_kind = account_keys.kind and counted_keys.key_value = account_keys.key_value
    where (counted_keys.customers = 1 or not rules.needs_one_customer)
        and (
            counted_keys.key_kind <> 'name_without_legal_form'
            or account_keys.is_bare_name
            or counted_keys.is_bare_name
        )
),

hits as (
    select
        reached.record_id as subject,
        reached.record_id,
        reached.account_id,
        reached.rule,
        reached.key_value
    from reached
    where reached.account_id is not null
        and not exists (
            select 1 from decisions
            where decisions.record_id = reached.record_id and decisions.decision = 'never_link'
                and coalesce(decisions.account_id, reached.account_id) = reached.account_id
        )
),

{{ ruled_hits('hits') }},

-- What a rule for one customer only found is left to the weighing where another customer of the system is there already.
settled as (
    select distinct customers.system, ruled.account_id
    from ruled
    inner join rules on ruled.rule = rules.rule
    inner join customers on ruled.record_id = customers.record_id
    where not rules.needs_one_customer
),

crowded as (
    select
        ruled.record_id,
        ruled.account_id,
        ruled.rule,
        ruled.key_value,
        rules.needs_one_customer and (
            settled.account_id is not null
            or count(*) filter (where rules.needs_one_customer) over (partition by customers.system, ruled.account_id) > 1
        ) as is_crowded
    from ruled
    inner join rules on ruled.rule = rules.rule
    inner join customers on ruled.record_id = customers.record_id
    left join settled on customers.system = settled.system and ruled.account_id = settled.account_id
),

decided as (
    select
        decisions.record_id,
        coalesce(crm_accounts.account_id, decisions.account_id) as account_id,
        decisions.is_crm_account,
        decisions.reason
    from decisions
    left join crm_accounts
        on decisions.is_crm_account
        and decisions.given_account_id = {{ global_id('crm_accounts.system', 'crm_accounts.native_id') }}
    where decisions.decision = 'link'
),

kept_apart as (
    select record_id from decisions where decision = 'never_link' and account_id is null
)

select
    customers.system,
    customers.native_id,
    customers.record_id,
    case
        when decided.record_id is not null then decided.account_id
        when not crowded.is_crowded then crowded.account_id
    end as account_id,
    case
        when decided.record_id is not null then 'decision'
        when not crowded.is_crowded then crowded.rule
    end as rule,
    case
        when decided.record_id is not null then 'decision'
        when not crowded.is_crowded then crowded.rule
        when kept_apart.record_id is not null then 'kept_apart'
        when customers.given_account_id is not null then 'given_account_missing'
    end as evidence,
    case
        when decided.record_id is not null then decided.reason
        when not crowded.is_crowded then crowded.key_value
        when kept_apart.record_id is null then customers.given_account_id
    end as evidence_value,
    coalesce(decided.is_crm_account, true) as is_crm_account,
    kept_apart.record_id is not null as is_kept_apart
from customers
left join decided on customers.record_id = decided.record_id
left join crowded on customers.record_id = crowded.record_id
left join kept_apart on customers.record_id = kept_apart.record_id
