-- Grain: one row per source system and contact_id, with the account that the contact belongs to.
with contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

account_references as (
    select * from {{ ref('int_account_references') }}
)

select
    contacts._system as system,
    contacts.contact_id as native_id,
    {{ global_id('contacts._system', 'contacts.contact_id') }} as contact_id,
    account_references.account_id,
    coalesce(account_references.rule, 'none') as account_rule,
    {{ normalised_email('contacts.email') }} as email_key,
    {{ normalised_name('contacts.full_name') }} as name_key
from contacts
left join account_references
    on contacts._system = account_references.system and contacts.account_id = account_references.reference
