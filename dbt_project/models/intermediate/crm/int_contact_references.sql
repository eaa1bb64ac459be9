-- Grain: one row per source system and reference: whatever leads, deals and activities call a contact.
-- A contact's id counts; else its full name, when one contact of the system has it. NULL contact_id: not in the export.
with occurrences as (
    select distinct _system as system, contact_id as reference from {{ ref('stg_crm__leads') }}
    union
    select distinct _system, contact_id from {{ ref('stg_crm__deals') }}
    union
    select distinct _system, contact_id from {{ ref('stg_crm__activities') }}
),

mentioned as (
    select *, {{ normalised_name('reference') }} as name_key from occurrences where reference is not null
),

contacts as (
    select * from {{ ref('int_contacts_resolved') }}
),

names as (
    select system, name_key, min(contact_id) as contact_id, min(account_id) as account_id
    from contacts
    where name_key is not null
    group by system, name_key
    having count(*) = 1
)

select
    mentioned.system,
    mentioned.reference,
    coalesce(by_id.contact_id, names.contact_id) as contact_id,
    case when by_id.contact_id is not null then by_id.account_id else names.account_id end as account_id
from mentioned
left join contacts as by_id on mentioned.system = by_id.system and mentioned.reference = by_id.native_id
left join names on mentioned.system = names.system and mentioned.name_key = names.name_key
