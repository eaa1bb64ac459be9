-- Grain: one row per column of an entity that exports keep no history of: on whichever day it is as the newest export has it;
-- and per table that goes by what was known and not by the day, because it records what files said (`*`).
{%- set columns = [] %}
{%- for entity, declared in landed_entities().items() %}
    {%- for column, why in declared.now.items() %}
        {%- do columns.append("('" ~ entity ~ "', '" ~ column ~ "', '" ~ why ~ "')") %}
    {%- endfor %}
{%- endfor %}
{%- do columns.append("('rpt_superseded_rows', '*', 'record')") %}
select
    cast(entity as varchar) as entity,
    cast(column_name as varchar) as column_name,
    cast(why as varchar) as why
from (values {{ columns | join(', ') }}) as declared (entity, column_name, why)
