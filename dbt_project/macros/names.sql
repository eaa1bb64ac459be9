{#- Schemas are called what the models say, without dbt's prefix of the target. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{#- A parameter as a number: its default, or what the home's list `parameters` says. -#}
{% macro parameter(name) -%}
    (select cast(value as double) from {{ ref('parameters') }} where parameter = '{{ name }}')
{%- endmacro %}

{#- Whether the words of a grade are in what an employee's grade says: `junior` is in `Junior account manager`. A figure
    without a grade is for every grade. -#}
{% macro is_of_grade(said, grade) -%}
({{ grade }} is null or ' ' || {{ normalised_words(said) }} || ' ' like '% ' || {{ normalised_words(grade) }} || ' %')
{%- endmacro %}
