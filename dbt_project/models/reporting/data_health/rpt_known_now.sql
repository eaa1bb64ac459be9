-- Grain: one row per column of an entity that exports keep no history of: on whichever day it is as the newest export has it.
{%- set columns = [] %}
{%- for entity, declared in landed_entities().items() %}
    {%- for column in declared.now %}
        {%- do columns.append("('" ~ entity ~ "', '" ~ column ~ "')") %}
    {%- endfor %}
{%- endfor %}
select
    cast(entity as varchar) as entity,
    cast(column_name as varchar) as column_name
from (values {{ columns | join(', ') }}) as declared (entity, column_name)
