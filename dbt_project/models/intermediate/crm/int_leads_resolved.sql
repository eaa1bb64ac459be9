-- Grain: one row per source system and lead_id, with the contact and the account that the lead leads to.
-- Rules in order: the account that the lead was converted to; the contact it was converted to; the contact with the
-- same e-mail, when one account has that e-mail among its contacts.
with leads as (
    select * from {{ ref('stg_crm__leads') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
),

contact_references as (
    select * from {{ ref('int_contact_references') }}
),

emails as (
    select
        system,
        email_key,
        min(account_id) as account_id,
        case when count(*) = 1 then min(contact_id) end as contact_id
    from {{ ref('int_contacts_resolved') }}
    where email_key is not null
    group by system, email_key
    having count(distinct account_id) <= 1
)

select
    leads._system as system,
    leads.lead_id as native_id,
    {{ global_id('leads._system', 'leads.lead_id') }} as lead_id,
    leads.deal_id as native_deal_id,
    coalesce(contact_references.contact_id, emails.contact_id) as contact_id,
    coalesce(account_references.account_id, contact_references.account_id, emails.account_id) as account_id,
    case
        when account_references.account_id is not null then 'converted_account'
        when contact_references.account_id is not null then 'converted_contact'
        when emails.account_id is not null then 'lead_email'
        else 'none'
    end as account_rule,
    leads.lead_source,
    leads.owner_id as native_owner_id,
    coalesce(leads.company_name, leads.full_name) as lead_name,
    leads.phone,
    leads.status,
    coalesce(leads.converted_at is not null or leads.account_id is not null or leads.contact_id is not null
        or leads.deal_id is not null, false) as is_converted,
    leads.created_at,
    leads.converted_at,
    leads._source,
    leads._file,
    leads._file_sha256,
    leads._row
from leads
left join account_references
    on leads._system = account_references.system and leads.account_id = account_references.reference
left join contact_references
    on leads._system = contact_references.system and leads.contact_id = contact_references.reference
left join emails
    on leads._system = emails.system and {{ normalised_email('leads.email') }} = emails.email_key
