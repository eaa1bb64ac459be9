-- Grain: one row a source system and call_id; the newest version of each.
-- A call tracker may rewrite a past call's source when its attribution setting is changed (K10), so the source stands as
-- it was first known, with medium, campaign and keyword; what the newest version says is beside it.
{%- set attribution = ['source', 'medium', 'campaign', 'keyword'] %}
with newest as (
    {{ newest_version('calls_calls', ['call_id']) }}
),

-- The oldest version that says anything.
first_known as (
    select distinct
        _system,
        call_id
        {%- for column in attribution %},
        first_value({{ column }}) over (
            partition by _system, call_id
            order by case when {{ column }} is null then 1 else 0 end, _known_at, _loaded_at, _file_sha256, _row
        ) as first_{{ column }}
        {%- endfor %}
    from {{ repeated_rows(source('raw', 'calls_calls'), ['call_id']) }} as repeated
)

select
    newest.call_id,
    newest.parent_call_id,
    newest.direction,
    newest.caller_number,
    newest.callee_number,
    newest.tracking_number,
    newest.agent_id,
    newest.agent_name,
    newest.started_at,
    newest.answered_at,
    newest.ended_at,
    newest.wait_seconds,
    newest.talk_seconds,
    newest.total_seconds,
    newest.status,
    newest.is_voicemail,
    case when first_known.call_id is null then newest.source else first_known.first_source end as source,
    case when first_known.call_id is null then newest.medium else first_known.first_medium end as medium,
    case when first_known.call_id is null then newest.campaign else first_known.first_campaign end as campaign,
    case when first_known.call_id is null then newest.keyword else first_known.first_keyword end as keyword,
    newest.source as newest_source,
    newest.landing_page,
    newest.is_first_call,
    newest.disposition,
    newest.tags,
    newest.note,
    newest.cost,
    newest.currency,
    newest._system,
    newest._source,
    newest._file,
    newest._file_sha256,
    newest._row,
    newest._loaded_at,
    newest._known_at
from newest
left join first_known on newest._system = first_known._system and newest.call_id = first_known.call_id
