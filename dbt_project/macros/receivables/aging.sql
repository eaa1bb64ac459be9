{#- The ageing buckets of the contract (R5), in order: name, first and last day overdue; no last day = open at the end.
    Every model and table macro that ages an amount takes the edges from here. -#}
{% macro aging_buckets() %}
{{ return([
    ('not_due', none, 0),
    ('days_1_30', 1, 30),
    ('days_31_60', 31, 60),
    ('days_61_90', 61, 90),
    ('days_91_120', 91, 120),
    ('days_over_120', 121, none),
]) }}
{% endmacro %}

{#- The condition under which `days_overdue` falls in a bucket. Due today is 0 days overdue, so not due. -#}
{% macro in_aging_bucket(days_overdue, bucket) -%}
{%- if bucket[1] is none -%} {{ days_overdue }} <= {{ bucket[2] }}
{%- elif bucket[2] is none -%} {{ days_overdue }} >= {{ bucket[1] }}
{%- else -%} {{ days_overdue }} between {{ bucket[1] }} and {{ bucket[2] }}
{%- endif -%}
{%- endmacro %}

{#- The bucket's name for a number of days overdue. -#}
{% macro aging_bucket(days_overdue) -%}
case
    {%- for bucket in aging_buckets() %}
        when {{ in_aging_bucket(days_overdue, bucket) }} then '{{ bucket[0] }}'
    {%- endfor %}
    end
{%- endmacro %}

{#- The bucket's place, 1 for what is not due. -#}
{% macro aging_bucket_number(days_overdue) -%}
case
    {%- for bucket in aging_buckets() %}
        when {{ in_aging_bucket(days_overdue, bucket) }} then {{ loop.index }}
    {%- endfor %}
    end
{%- endmacro %}

{#- The first day of an item due on `due_on` in a bucket, but not before `earliest`. -#}
{% macro bucket_starts_on(due_on, bucket, earliest) -%}
{%- if bucket[1] is none -%} {{ earliest }}
{%- else -%} {{ greatest_known(earliest, plus_days(due_on, bucket[1])) }}
{%- endif -%}
{%- endmacro %}

{#- The first day of an item due on `due_on` that is no longer in a bucket, but not after `latest`. -#}
{% macro bucket_ends_on(due_on, bucket, latest) -%}
{%- if bucket[2] is none -%} {{ latest }}
{%- else -%} {{ least_known(latest, plus_days(due_on, bucket[2] + 1)) }}
{%- endif -%}
{%- endmacro %}

{#- What is open of each invoice's instalments on dates: a query on `intervals` (fct_receivable_intervals, or some of
    its columns) and `dates`, a relation with the column as_of_date. Balances, ageing and the table macros that take a date
    all ask here. `columns` are what to take of the intervals, besides what is told of the date. -#}
{% macro open_items_at(intervals, dates, columns) -%}
select
        dates.as_of_date,
        {%- for column in columns %}
        intervals.{{ column }},
        {%- endfor %}
        {{ days_from('intervals.due_on', 'dates.as_of_date') }} as days_overdue,
        coalesce(
            dates.as_of_date >= intervals.disputed_from and dates.as_of_date < intervals.disputed_to, false
        ) as is_disputed
    from {{ intervals }} as intervals
    inner join {{ dates }} as dates
        on dates.as_of_date >= intervals.valid_from and dates.as_of_date < intervals.valid_to
{%- endmacro %}
