-- Grain: one row a source system and account_id, owner_id, starts_on; the newest version of each.
with newest as (
    {{ newest_version('crm_account_owners', ['account_id', 'owner_id', 'starts_on']) }}
)

select
    account_id,
    owner_id,
    starts_on,
    ends_on,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
