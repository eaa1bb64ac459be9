{#- A query that a user calls with values: a table macro in the schema `main`, rendered from the macros that the models are
    rendered from, so that a formula stands once. Made as the post-hook of the model that it answers beside. It names
    tables without the catalogue, so that it also works in a file of another name. -#}
{% macro table_macro(name, parameters, query) %}
{{ return(adapter.dispatch('table_macro')(name, parameters, query | replace(api.Relation.create(database=target.database) | string ~ '.', ''))) }}
{% endmacro %}

{% macro duckdb__table_macro(name, parameters, query) -%}
create or replace macro main.{{ name }}({{ parameters | join(', ') }}) as table
{{ query }}
{%- endmacro %}

{#- Spark from version 4 on; not run here. Days are asked for as DATE. -#}
{% macro spark__table_macro(name, parameters, query) -%}
create or replace function {{ name }}(
    {% for parameter in parameters -%}
    {{ parameter }} {{ 'string' if parameter == 'account' else 'date' }}{{ ', ' if not loop.last }}
    {%- endfor %}
) returns table return
{{ query }}
{%- endmacro %}

{#- The run as it would be on another day, for table macros: one row. Of a day after the as-of date nothing is known,
    and an empty answer would look like nothing owed, so that it fails. -#}
{% macro run_at(day) -%}
select
        case
            when cast({{ day }} as date) <= as_of_date then cast({{ day }} as date)
            else {{ failure("'the warehouse is as of ' || cast(as_of_date as varchar(10)) || '; ask for that day or an earlier one'") }}
        end as as_of_date,
        base_currency
    from {{ ref('dim_runs') }}
{%- endmacro %}

{#- Ends the query with a message, an expression of text. -#}
{% macro failure(message) %}{{ return(adapter.dispatch('failure')(message)) }}{% endmacro %}

{% macro duckdb__failure(message) -%}
cast(error({{ message }}) as date)
{%- endmacro %}

{% macro spark__failure(message) -%}
raise_error({{ message }})
{%- endmacro %}
