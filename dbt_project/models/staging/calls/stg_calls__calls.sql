-- Grain: one row a source system and call_id; the newest version of each.
-- A call tracker may rewrite a past call's source when its attribution setting is changed (K10), so the source stands as
-- it was first known, with medium, campaign and keyword; what the newest version says is beside it.
{%- set newest_first -%}
partition by _system, call_id order by _known_at desc, _loaded_at desc, _file_sha256 desc, _row desc
{%- endset %}
with versions as (
    select
        *,
        row_number() over ({{ newest_first }}) as version_number,
        {%- for column in ['source', 'medium', 'campaign', 'keyword'] %}
        {{ last_known(column) }} over (
            {{ newest_first }} rows between unbounded preceding and unbounded following
        ) as first_{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ source('raw', 'calls_calls') }}
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
    first_source as source,
    first_medium as medium,
    first_campaign as campaign,
    first_keyword as keyword,
    source as newest_source,
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
from versions
where version_number = 1
