{#- The figures that rpt_plausibility watches (`watched_figures` in dbt_project.yml), one row per figure, group and month.
    Rows of one month and group are added up; of a table of days (`day`) its last day in the month counts, of one with more than
    is watched the rows of `where`. -#}
{% macro watched_figures() -%}
    {%- set figures = [] -%}
    {%- for watched in var('watched_figures') -%}
        {%- set table = ref(watched.table) -%}
        {%- set month = month_of(watched.day) if watched.day else 'month' -%}
        {%- for column, unit in watched.columns.items() -%}
            {%- set figure -%}
    select
        '{{ watched.table }}' as table_name,
        '{{ column }}' as column_name,
        '{{ unit }}' as unit,
        '{{ watched.feed }}' as feed,
        {{ "concat_ws(', '" if watched.by else "'ALL'" }}
            {%- for part in watched.by or [] %}, coalesce({{ part }}, 'none'){% endfor %}{{ ')' if watched.by }} as group_values,
        {{ 'max(' ~ (watched.currency or 'base_currency') ~ ')' if unit == 'money' else 'cast(null as varchar)' }} as currency,
        {{ month }} as month,
        cast(sum({{ column }}) as double) as value
    from {{ table }}
    {%- if watched.where %}
    where {{ watched.where }}
    {%- endif %}
    {%- if watched.day %}
    where {{ watched.day }} in (select max({{ watched.day }}) from {{ table }} group by {{ month }})
    {%- endif %}
    group by {{ month }}{% for part in watched.by or [] %}, {{ part }}{% endfor %}
            {%- endset -%}
            {%- do figures.append(figure) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ figures | join('\n    union all\n') }}
{%- endmacro %}
