-- Grain: one row a source system and account_id; the newest version of each.
with newest as (
    {{ newest_version('crm_accounts', ['account_id']) }}
)

select
    account_id,
    name,
    parent_account_id,
    merged_into_id,
    website,
    phone,
    email,
    tax_id,
    industry,
    segment,
    address,
    city,
    postal_code,
    country,
    region,
    owner_id,
    status,
    created_at,
    updated_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
