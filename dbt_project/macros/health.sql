{#- The measures of the health score by group (V18). What a measure is worth stands in seeds/health_measures.csv; a
    measure without a row there, or with the weight 0, does not count. -#}
{% macro health_measures() %}
{{ return({
    'cash': ['overdue_share', 'payment_delay', 'broken_promises', 'disputed_share'],
    'contact': ['silence', 'contact_trend', 'unhandled_missed'],
    'deal': ['open_pipeline', 'recent_win', 'invoice_gap', 'revenue_trend'],
    'service': ['pending_cases', 'oldest_case'],
}) }}
{% endmacro %}

{#- The sum of the weights of a group's measures that a row knows, for `row` with the measures' values and `settings`
    (health_settings). -#}
{% macro health_known_weight(group, row='valued') -%}
({%- for measure in health_measures()[group] %}
        {{ '+ ' if not loop.first }}case when {{ row }}.{{ measure }} is null then 0 else settings.{{ measure }}_weight end
        {%- endfor %})
{%- endmacro %}

{#- One row: what each measure and each group is worth, and the edges of the bands. -#}
{% macro health_settings() -%}
select
        {%- for group, measures in health_measures().items() %}
        {%- for measure in measures %}
        measures.{{ measure }}_weight,
        measures.{{ measure }}_zero,
        measures.{{ measure }}_full,
        {%- endfor %}
        groups.{{ group }}_weight,
        {%- endfor %}
        bands.red_up_to,
        bands.yellow_up_to
    from (
        select
            {%- for group, measures in health_measures().items() %}
            {%- set last_group = loop.last %}
            {%- for measure in measures %}
            cast(coalesce(max(weight) filter (where measure = '{{ measure }}'), 0) as double) as {{ measure }}_weight,
            cast(max(zero_at) filter (where measure = '{{ measure }}') as double) as {{ measure }}_zero,
            cast(max(full_at) filter (where measure = '{{ measure }}') as double) as {{ measure }}_full
            {{- '' if last_group and loop.last else ',' }}
            {%- endfor %}
            {%- endfor %}
        from {{ ref('health_measures') }}
    ) as measures
    cross join (
        select
            {%- for group in health_measures() %}
            cast(coalesce(max(weight) filter (where measure_group = '{{ group }}'), 0) as double) as {{ group }}_weight
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ ref('health_groups') }}
    ) as groups
    cross join (
        select
            cast(max(up_to) filter (where band = 'red') as double) as red_up_to,
            cast(max(up_to) filter (where band = 'yellow') as double) as yellow_up_to
        from {{ ref('health_bands') }}
    ) as bands
{%- endmacro %}

{#- Points of a measure, 0 to 100: none at its value `zero`, all at `full`, even in between, either way round. A value
    that is missing, and a measure that no seed describes, give none. -#}
{% macro health_points(measure, row='valued') -%}
case
            when {{ row }}.{{ measure }} is not null and settings.{{ measure }}_weight > 0 then 100 * {{ greatest_known(
                '0',
                least_known(
                    '1',
                    '(' ~ row ~ '.' ~ measure ~ ' - settings.' ~ measure ~ '_zero) / nullif(settings.' ~ measure ~ '_full - settings.' ~ measure ~ '_zero, 0)'
                )
            ) }}
        end
{%- endmacro %}

{#- The number of the week (Monday to Sunday) that a date lies in. -#}
{% macro week_number(date) -%}
cast(floor(({{ day_number(date) }} + 5) / 7) as integer)
{%- endmacro %}

{#- The days of a relation with account_id and day (each once), numbered, with the gap before each. -#}
{% macro rhythm_days(days) -%}
select
        account_id,
        day,
        {{ week_number('day') }} as week_number,
        row_number() over (partition by account_id order by day) as place,
        {{ days_from('lag(day) over (partition by account_id order by day)', 'day') }} as gap_days
    from {{ days }}
{%- endmacro %}

{#- The counts that the measures are made of, as fct_account_signals changes them week by week. -#}
{% macro health_counts() %}
{{ return([
    'paid_recent', 'paid_recent_days', 'paid_habit', 'paid_habit_days', 'overdue_items', 'overdue_due_days',
    'promises_due', 'promises_broken', 'contacts_recent', 'contacts_habit', 'missed_cases', 'missed_unhandled',
    'open_deals', 'deals_known', 'revenue_recent', 'revenue_habit', 'unrated_recent', 'unrated_habit', 'open_cases', 'cases_recent',
]) }}
{% endmacro %}
