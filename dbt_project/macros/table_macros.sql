{#- A query that a user calls with values: a table macro in the schema `main`, rendered from the macros that the models are
    rendered from, so that a formula stands once. Made as the post-hook of the model that it answers beside. It names
    tables without the catalogue, so that it also works in a file of another name. -#}
{% macro table_macro(name, parameters, query) -%}
create or replace macro main.{{ name }}({{ parameters | join(', ') }}) as table
{{ query | replace(api.Relation.create(database=target.database) | string ~ '.', '') }}
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
    from {{ ref('int_run_dated') }}
{%- endmacro %}

{#- Ends the query with a message, an expression of text. -#}
{% macro failure(message) -%}
cast(error({{ message }}) as date)
{%- endmacro %}
