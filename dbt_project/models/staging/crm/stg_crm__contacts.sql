-- Grain: one row a source system and contact_id; the newest version of each.
with newest as (
    {{ newest_version('crm_contacts', ['contact_id']) }}
)

select
    contact_id,
    account_id,
    full_name,
    email,
    phone,
    mobile,
    job_title,
    contact_role,
    birth_date,
    lead_source,
    created_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
