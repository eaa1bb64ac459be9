{#- Schemas are called what the models say, without dbt's prefix of the target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{#- A parameter as a number: its default, or what the home's list `parameters` says. -#}
{% macro parameter(name) -%}
    (select cast(value as double) from {{ ref('parameters') }} where parameter = '{{ name }}')
{%- endmacro %}
