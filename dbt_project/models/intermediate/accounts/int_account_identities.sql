-- Grain: one row per source system, kind (crm_account, billing_customer) and native id.
-- Which account an id stands for, by which rule, how sure and on what evidence. A person's decision wins, then exact rules
-- (int_crm_accounts_linked, int_billing_customers_linked), then weighed evidence (int_match_proposals); whatever none of
-- them puts on an account is an account of its own. A billing customer's `customer_id` is another one's where the id is no
-- more than that one's name: their debts and money are one customer's.
with crm_accounts as (
    select * from {{ ref('int_crm_accounts_linked') }}
),

customers as (
    select * from {{ ref('int_billing_customers_linked') }}
),

customer_ids as (
    select * from {{ ref('int_billing_customers_named') }}
),

weighed as (
    select * from {{ ref('int_match_proposals') }} where is_link
),

rules as (
    select * from {{ ref('identity_rules') }}
),

-- An account of one CRM that weighed evidence puts on another takes along what was put on it.
moved as (
    select
        substr(weighed.record_id, 3) as account_id,
        weighed.account_id as target_id,
        weighed.score,
        weighed.evidence,
        weighed.target_name,
        weighed.likeness,
        weighed.matched_email,
        weighed.matched_domain,
        weighed.matched_phone
    from weighed
    where weighed.kind = 'crm_account'
),

crm_records as (
    select
        crm_accounts.system,
        'crm_account' as kind,
        crm_accounts.native_id,
        cast(null as varchar) as customer_id,
        coalesce(moved.target_id, crm_accounts.account_id) as account_id,
        case
            when moved.target_id is not null and crm_accounts.rule = 'crm_account' then 'probable'
            else crm_accounts.rule
        end as rule,
        moved.score as weighed_score,
        case
            when moved.target_id is not null and crm_accounts.rule = 'crm_account' then moved.evidence
            else crm_accounts.evidence
        end as evidence,
        case when moved.target_id is null or crm_accounts.rule <> 'crm_account' then crm_accounts.evidence_value end
            as evidence_value,
        moved.target_name as matched_name,
        moved.likeness,
        moved.matched_email,
        moved.matched_domain,
        moved.matched_phone
    from crm_accounts
    left join moved on crm_accounts.account_id = moved.account_id
),

by_themselves as (
    select
        customers.system,
        customers.native_id,
        customers.record_id,
        coalesce(customers.account_id, weighed.account_id) as found_id,
        customers.is_crm_account,
        case
            when customers.account_id is not null then customers.rule
            when weighed.account_id is not null then 'probable'
            else 'own_account'
        end as rule,
        weighed.score as weighed_score,
        case
            when customers.account_id is null and weighed.account_id is not null then weighed.evidence
            else customers.evidence
        end as evidence,
        case when weighed.account_id is null then customers.evidence_value end as evidence_value,
        weighed.target_name as matched_name,
        weighed.likeness,
        weighed.matched_email,
        weighed.matched_domain,
        weighed.matched_phone
    from customers
    left join weighed on customers.record_id = weighed.record_id and customers.account_id is null
),

-- A person may put two customers together that no CRM knows: the second goes where the first is.
resolved as (
    select
        by_themselves.*,
        case
            when by_themselves.found_id is null then {{ global_id('by_themselves.system', 'by_themselves.native_id') }}
            when not by_themselves.is_crm_account
                then coalesce(others_moved.target_id, others.found_id, by_themselves.found_id)
            else coalesce(moved.target_id, by_themselves.found_id)
        end as account_id
    from by_themselves
    left join moved on by_themselves.found_id = moved.account_id
    left join by_themselves as others
        on not by_themselves.is_crm_account and others.record_id = 'c:' || by_themselves.found_id
        and others.is_crm_account
    left join moved as others_moved on others.found_id = others_moved.account_id
),

billing_customers as (
    select
        customer_ids.system,
        'billing_customer' as kind,
        customer_ids.native_id,
        {{ global_id('customer_ids.system', 'coalesce(customer_ids.named_id, customer_ids.native_id)') }} as customer_id,
        coalesce(resolved.account_id, {{ global_id('customer_ids.system', "'unknown'") }}) as account_id,
        case when customer_ids.named_id is not null then 'named_here' else coalesce(resolved.rule, 'no_customer_given') end
            as rule,
        resolved.weighed_score,
        case
            when customer_ids.named_id is not null then 'named_here'
            when customer_ids.namesakes > 1 and resolved.evidence is null then 'named_of_several'
            else resolved.evidence
        end as evidence,
        case
            when customer_ids.named_id is not null then customer_ids.named_id
            when customer_ids.namesakes > 1 and resolved.evidence is null then cast(customer_ids.namesakes as varchar)
            else resolved.evidence_value
        end as evidence_value,
        resolved.matched_name,
        resolved.likeness,
        resolved.matched_email,
        resolved.matched_domain,
        resolved.matched_phone
    from customer_ids
    left join resolved
        on customer_ids.system = resolved.system
        and coalesce(customer_ids.named_id, customer_ids.native_id) = resolved.native_id
),

together as (
    select * from crm_records
    union all
    select * from billing_customers
)

select
    together.system,
    together.kind,
    together.native_id,
    together.customer_id,
    together.account_id,
    together.rule,
    cast(coalesce(rules.score, together.weighed_score) as decimal(5, 4)) as score,
    together.evidence,
    together.evidence_value,
    together.matched_name,
    together.likeness,
    together.matched_email,
    together.matched_domain,
    together.matched_phone
from together
inner join rules on together.rule = rules.rule
