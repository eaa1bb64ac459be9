-- Grain: one row per watched figure, group and month whose value can hardly be so: it leaves by far what is usual of its own
-- history, is nothing or not known where it always was something, or the month is not complete yet. Usual is the
-- median of the complete months before it, at most plausible_history_months and at least plausible_least_months of them;
-- by far is more than plausible_spreads times their median distance from it, and more than plausible_least_change of it (a
-- history without any movement has no spread), for a count also more than plausible_least_count. The last
-- plausible_recent_months are judged. What is watched stands in dbt_project.yml (`watched_figures`).
with run as (
    select as_of_date, base_currency from {{ ref('int_run_dated') }}
),

feeds as (
    select * from {{ ref('fct_feed_ends') }}
),

months as (
    select distinct
        dates.month,
        dates.month_end
    from {{ ref('dim_dates') }} as dates
    cross join run
    where dates.day <= run.as_of_date
),

figures as (
    {#- One row per figure, group and month. Rows of one month and group are added up; of a table of days (`day`) its last day
    in the month counts, of one with more than is watched the rows of `where`. #}
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
),

series as (
    select table_name, column_name, group_values, unit, feed, min(month) as first_month
    from figures
    where value is not null
    group by table_name, column_name, group_values, unit, feed
),

-- A month that a table has no row of had nothing of what is counted or added up there.
filled as (
    select
        series.table_name,
        series.column_name,
        series.group_values,
        series.unit,
        coalesce(figures.currency, case when series.unit = 'money' then run.base_currency end) as currency,
        months.month,
        coalesce(
            figures.value, case when figures.month is null and series.unit in ('count', 'money') then 0 end
        ) as value,
        months.month_end <= run.as_of_date and coalesce(months.month_end <= feeds.complete_until, false) as is_complete
    from series
    cross join run
    inner join months on months.month >= series.first_month
    left join feeds on series.feed = feeds.feed
    left join figures
        on series.table_name = figures.table_name
        and series.column_name = figures.column_name
        and series.group_values = figures.group_values
        and months.month = figures.month
),

judged as (
    select filled.*
    from filled
    cross join run
    where filled.month > {{ plus_months(month_of('run.as_of_date'), '-' ~ parameter('plausible_recent_months')) }}
),

histories as (
    select
        judged.table_name,
        judged.column_name,
        judged.group_values,
        judged.month,
        earlier.month as earlier_month,
        earlier.value,
        median(earlier.value) over (
            partition by judged.table_name, judged.column_name, judged.group_values, judged.month
        ) as usual_value
    from judged
    inner join filled as earlier
        on judged.table_name = earlier.table_name
        and judged.column_name = earlier.column_name
        and judged.group_values = earlier.group_values
        and earlier.month < judged.month
        and earlier.month >= {{ plus_months('judged.month', '-' ~ parameter('plausible_history_months')) }}
    where earlier.is_complete and earlier.value is not null
),

usual as (
    select
        table_name,
        column_name,
        group_values,
        month,
        max(usual_value) as usual_value,
        median(abs(value - usual_value)) as spread,
        {{ last_by('value', 'earlier_month') }} as value_before,
        count(*) as history_months
    from histories
    group by table_name, column_name, group_values, month
    having count(*) >= {{ parameter('plausible_least_months') }}
),

measured as (
    select
        judged.*,
        usual.usual_value,
        usual.spread,
        usual.value_before,
        usual.history_months,
        {{ greatest_known(
            parameter('plausible_spreads') ~ ' * usual.spread',
            parameter('plausible_least_change') ~ ' * abs(usual.usual_value)',
            "case when judged.unit = 'count' then " ~ parameter('plausible_least_count') ~ ' end'
        ) }} as allowed
    from judged
    inner join usual
        on judged.table_name = usual.table_name
        and judged.column_name = usual.column_name
        and judged.group_values = usual.group_values
        and judged.month = usual.month
    -- Of what is usually nothing, only a count can be too much: of money nobody knows how much it may be.
    where usual.usual_value <> 0 or judged.unit = 'count'
),

implausible as (
    select
        *,
        case
            when not is_complete and (value is null or abs(value) < abs(usual_value)) then 'incomplete'
            when value is null then 'all_unknown'
            when value = 0 then 'fell_to_nothing'
            when abs(value - value_before) > allowed then 'jumped'
            else 'out_of_range'
        end as kind
    from measured
    where value is null or abs(value - usual_value) > allowed
)

select
    table_name,
    column_name,
    group_values,
    month as period,
    kind,
    unit,
    currency,
    value,
    usual_value,
    spread,
    cast(history_months as bigint) as history_months,
    is_complete
from implausible
