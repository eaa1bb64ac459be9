-- Grain: one row per source system and call_id; the newest version of each.
-- A call tracker may rewrite a past call's source when its attribution setting is changed (K10), so the source stands as
-- it was first known, with medium, campaign and keyword; what the newest version says is beside it.
{%- set attribution = ['source', 'medium', 'campaign', 'keyword'] %}
with staged as (
    {{ staged('calls.calls') }}
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
    {%- for column in landed_entities()['calls.calls'].columns %}
    {%- if column in attribution %}
    case when first_known.call_id is null then staged.{{ column }} else first_known.first_{{ column }} end as {{ column }},
    {%- else %}
    staged.{{ column }},
    {%- endif %}
    {%- endfor %}
    staged.source as newest_source,
    {{ provenance('staged') }},
    staged._loaded_at,
    staged._known_at,
    staged._kept
from staged
left join first_known on staged._system = first_known._system and staged.call_id = first_known.call_id
