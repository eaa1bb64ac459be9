-- Grain: one row per column of an entity that exports keep no history of: on whichever day it is as the newest export has it;
-- and per table that goes by what was known and not by the day, because it records what files said (`*`).
{%- set columns = [] %}
{%- for entity, declared in landed_entities().items() %}
    {%- for column, why in declared.now.items() %}
        {%- do columns.append("('" ~ entity ~ "', '" ~ column ~ "', '" ~ why ~ "')") %}
    {%- endfor %}
{%- endfor %}
{%- for node in graph.nodes.values() | sort(attribute='name') if node.name.startswith('rpt_') and node.config.get('meta', {}).get('clock') == 'known_at' %}
    {%- do columns.append("('" ~ node.name ~ "', '*', 'record')") %}
{%- endfor %}
select
    cast(entity as varchar) as entity,
    cast(column_name as varchar) as column_name,
    cast(why as varchar) as why
from (values {{ columns | join(', ') }}) as declared (entity, column_name, why)
