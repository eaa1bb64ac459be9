-- Grain: one row per kind of key (tax_id, email, email_domain, phone, name, name_without_legal_form), its value and a record
-- that has it. A CRM account has the addresses and numbers of its people too. Domains at which anybody gets an address
-- (seed free_mail_domains) are left out, and so are numbers that are not known in E.164.
with records as (
    select * from {{ ref('int_identity_records') }}
),

contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

phones as (
    select * from {{ ref('int_record_phones') }}
),

free_mail_domains as (
    select * from {{ ref('free_mail_domains') }}
),

holders as (
    {{ records_referred_to() }}
),

emails as (
    select record_id, email_key from records where email_key is not null
    union
    select records.record_id, {{ normalised_email('contacts.email') }}
    from contacts
    inner join holders as records
        on records.kind = 'crm_account'
        and contacts._system = records.system and contacts.account_id = records.reference
    where contacts.email is not null
),

domains as (
    select record_id, website_domain as domain from records where website_domain is not null
    union
    select record_id, {{ email_domain('email_key') }} from emails
),

keys as (
    select 'tax_id' as key_kind, tax_key as key_value, record_id from records
    union all
    select 'email', email_key, record_id from emails
    union all
    select 'email_domain', domain, record_id from domains
    where not exists (select 1 from free_mail_domains where free_mail_domains.domain = domains.domain)
    union all
    select 'phone', digits, record_id from phones where number_rule <> 'digits'
    union all
    -- As it is written, and with its umlauts as they are written where the letters are missing.
    select 'name', name_key, record_id from records
    union
    select 'name', spelled_name_key, record_id from records
    union
    select 'name_without_legal_form', core_name_key, record_id from records
    union
    select 'name_without_legal_form', spelled_core_name_key, record_id from records
)

select
    keys.key_kind,
    keys.key_value,
    keys.record_id,
    records.system,
    records.kind,
    records.account_id,
    records.is_bare_name
from keys
inner join records on keys.record_id = records.record_id
where keys.key_value is not null
