-- Grain: one row a source system and call_id; the newest version of each.
with newest as (
    {{ newest_version(source('raw', 'calls_calls'), ['call_id']) }}
)

select
    call_id,
    parent_call_id,
    direction,
    caller_number,
    callee_number,
    tracking_number,
    agent_id,
    agent_name,
    started_at,
    answered_at,
    ended_at,
    wait_seconds,
    talk_seconds,
    total_seconds,
    status,
    is_voicemail,
    source,
    medium,
    campaign,
    keyword,
    landing_page,
    is_first_call,
    disposition,
    tags,
    note,
    cost,
    currency,
    _system,
    _source,
    _file,
    _file_sha256,
    _row,
    _loaded_at,
    _known_at
from newest
