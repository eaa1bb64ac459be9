-- Grain: one row a source system and lead_id; the newest version of each.
with newest as (
    {{ newest_version('crm_leads', ['lead_id']) }}
)

select
    lead_id,
    company_name,
    full_name,
    email,
    phone,
    lead_source,
    status,
    owner_id,
    created_at,
    converted_at,
    account_id,
    contact_id,
    deal_id,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
