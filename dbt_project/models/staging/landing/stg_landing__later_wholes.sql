-- Grain: one row per document, payment or deal that does not exist yet on the run's day, whose parts (lines, instalments,
-- applications, adjustments, stages) do not exist before it either. Those that a newer export no longer holds are among them.
{%- set wholes = [] %}
{%- for entity in landed_entities().values() -%}
    {%- for whole_id in entity.of.values() if whole_id not in wholes -%}{%- do wholes.append(whole_id) -%}{%- endfor -%}
{%- endfor %}
{% for whole_id in wholes %}
select distinct
    '{{ whole_id }}' as entity_id,
    later._system as system,
    later.{{ landed_entities()[whole_id].key[0] }} as native_id
from ({{ not_begun(whole_id, keep_vanished=true) }}) as later
{{ 'union all' if not loop.last }}
{% endfor %}
