-- Grain: one row per activity of a CRM. is_completed and is_two_way: see int_activities_resolved (P12, P14).
with activities as (
    select * from {{ ref('stg_crm__activities') }}
),

resolved as (
    select * from {{ ref('int_activities_resolved') }}
)

select
    resolved.activity_id,
    resolved.owner_id,
    resolved.account_id,
    resolved.contact_id,
    resolved.deal_id,
    resolved.lead_id,
    resolved.system,
    resolved.account_rule,
    resolved.unresolved_ids,
    activities.activity_type,
    activities.direction,
    activities.subject,
    activities.outcome,
    activities.duration_seconds,
    resolved.is_completed,
    resolved.is_two_way,
    resolved.occurred_at,
    resolved.occurred_on,
    activities.due_at,
    activities.completed_at,
    activities.created_at,
    activities._source,
    activities._file,
    activities._file_sha256,
    activities._row
from activities
inner join resolved on activities._system = resolved.system and activities.activity_id = resolved.native_id
