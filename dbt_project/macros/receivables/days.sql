{#- A date and whole days: `days` is an integer expression, negative to go back. -#}
{% macro plus_days(date, days) -%}
({{ date }} + cast({{ days }} as integer))
{%- endmacro %}

{#- A date and whole months, at most the last day of the month that it reaches: `months` is an integer expression. -#}
{% macro plus_months(date, months) -%}
cast({{ date }} + cast({{ months }} as integer) * interval 1 month as date)
{%- endmacro %}

{#- Whole days between two DATE columns, without the detour over timestamps that dbt.datediff takes: millions of rows
    pass here. -#}
{% macro days_from(earlier, later) -%}
({{ later }} - {{ earlier }})
{%- endmacro %}

{#- A query of every day from `first_on` to `last_on`, both columns of the one-row relation `bounds`: one column,
    `day`. -#}
{% macro every_day(bounds, first_on, last_on) -%}
select cast(unnest(generate_series({{ first_on }}, {{ last_on }}, interval 1 day)) as date) as day from {{ bounds }}
{%- endmacro %}

{#- Whether a date is a Sunday, the end of a week. -#}
{% macro is_week_end(date) -%}
(cast(date_trunc('week', {{ date }}) as date) = {{ plus_days(date, -6) }})
{%- endmacro %}

{#- The last day of a date's month. -#}
{% macro month_end_of(date) -%}
cast(last_day({{ date }}) as date)
{%- endmacro %}

{#- After the last day of any interval that has not ended. -#}
{% macro end_of_time() -%}
cast('9999-12-31' as date)
{%- endmacro %}

{#- A date as a number, for sums of money times days. -#}
{% macro day_number(date) -%}
{{ days_from("cast('2000-01-01' as date)", date) }}
{%- endmacro %}
