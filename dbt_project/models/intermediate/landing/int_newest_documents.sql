-- Grain: one row per raw table, source system and document whose rows a newer export gives anew: its newest export.
{%- for entity_id in landed_entities() if not entity_id.startswith('lists.') %}
{%- set raw_table = entity_id | replace('.', '_') %}
select
    '{{ raw_table }}' as raw_table,
    landed._system as system,
    landed._replaces as document,
    max({{ export_order('landed') }}) as export_order,
    max(landed._known_at) as known_at
from {{ source('raw', raw_table) }} as landed
where landed._replaces is not null
group by landed._system, landed._replaces
{{ 'union all' if not loop.last }}
{%- endfor %}
