-- Grain: one row per source system and deal_id, with the account, contact and lead that the deal reaches.
-- Rules in order: the account that the deal names; its contact's account; its lead's account (converted, else the
-- contact with the lead's e-mail). A deal that reaches none keeps NULL and is counted.
with deals as (
    select * from {{ ref('stg_crm__deals') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

contact_references as (
    select * from {{ ref('int_contact_references') }}
),

leads as (
    select * from {{ ref('int_leads_resolved') }}
),

-- Some systems write the link on the lead: the deal that it was converted to. The first such lead counts.
leads_of_deals as (
    select system, native_deal_id, {{ first_by('native_id', 'created_at', 'native_id') }} as native_id
    from leads
    where native_deal_id is not null
    group by system, native_deal_id
),

linked as (
    select
        deals._system as system,
        deals.deal_id as native_id,
        deals.account_id as given_account_id,
        deals.contact_id as given_contact_id,
        deals.lead_id as given_lead_id,
        deals.referred_by as given_referrer_id,
        coalesce(deals.lead_id, leads_of_deals.native_id) as native_lead_id
    from deals
    left join leads_of_deals
        on deals._system = leads_of_deals.system and deals.deal_id = leads_of_deals.native_deal_id
)

select
    linked.system,
    linked.native_id,
    {{ global_id('linked.system', 'linked.native_id') }} as deal_id,
    coalesce(account_references.account_id, contact_references.account_id, leads.account_id) as account_id,
    coalesce(contact_references.contact_id, leads.contact_id) as contact_id,
    leads.lead_id,
    leads.lead_source,
    referrers.account_id as referrer_id,
    case when account_references.account_id is null then linked.given_account_id end as unresolved_account_id,
    case
        when account_references.account_id is not null then account_references.rule
        when contact_references.account_id is not null then 'contact'
        when leads.account_id is not null then leads.account_rule
        when linked.given_account_id is not null then 'not_in_export'
        else 'none'
    end as account_rule,
    {{ unresolved_ids([
        ('account', 'linked.given_account_id', 'account_references.account_id'),
        ('contact', 'linked.given_contact_id', 'contact_references.contact_id'),
        ('lead', 'linked.given_lead_id', 'leads.lead_id'),
        ('account', 'linked.given_referrer_id', 'referrers.account_id'),
    ]) }} as unresolved_ids
from linked
left join account_references
    on linked.system = account_references.system and linked.given_account_id = account_references.reference
left join account_references as referrers
    on linked.system = referrers.system and linked.given_referrer_id = referrers.reference
left join contact_references
    on linked.system = contact_references.system and linked.given_contact_id = contact_references.reference
left join leads on linked.system = leads.system and linked.native_lead_id = leads.native_id
