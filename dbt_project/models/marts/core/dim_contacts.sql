-- Grain: one row per contact of a CRM.
with contacts as (
    select * from {{ ref('stg_crm__contacts') }}
),

resolved as (
    select * from {{ ref('int_contacts_resolved') }}
),

run as (
    select * from {{ ref('int_run_dated') }}
)

select
    resolved.contact_id,
    resolved.account_id,
    contacts._system as system,
    resolved.account_rule,
    {{ unresolved_ids([('account', 'contacts.account_id', 'resolved.account_id')]) }} as unresolved_ids,
    contacts.full_name,
    contacts.email,
    contacts.phone,
    contacts.mobile,
    contacts.job_title,
    contacts.contact_role,
    contacts.lead_source,
    contacts.birth_date,
    contacts.created_at,
    {{ business_date('contacts.created_at', 'run.business_timezone') }} as created_on,
    contacts._source,
    contacts._file,
    contacts._file_sha256,
    contacts._row
from contacts
inner join resolved on contacts._system = resolved.system and contacts.contact_id = resolved.native_id
cross join run
