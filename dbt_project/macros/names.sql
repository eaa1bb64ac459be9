{#- Schemas are called what the models say, without dbt's prefix of the target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{#- A parameter that a user changes in seeds/parameters.csv, as a number. -#}
{% macro parameter(name) -%}
    (select cast(value as double) from {{ ref('parameters') }} where parameter = '{{ name }}')
{%- endmacro %}
