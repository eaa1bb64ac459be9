-- Grain: one row a source system and activity_id; the newest version of each.
with newest as (
    {{ newest_version('crm_activities', ['activity_id']) }}
)

select
    activity_id,
    activity_type,
    direction,
    subject,
    outcome,
    owner_id,
    account_id,
    contact_id,
    deal_id,
    lead_id,
    due_at,
    occurred_at,
    completed_at,
    duration_seconds,
    created_at,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
