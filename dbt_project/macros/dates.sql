{#- The day on which a moment falls in the business time zone. `timezone` is an expression: int_run_dated's column. -#}
{% macro business_date(moment, timezone) -%}
cast(timezone({{ timezone }}, {{ moment }}) as date)
{%- endmacro %}

{#- Whether a row of an interval model holds on a day: from valid_from (NULL: since always) until the day before valid_to
    (NULL: still). -#}
{% macro holds_on(relation, day) -%}
coalesce({{ relation }}.valid_from <= {{ day }}, true) and coalesce({{ relation }}.valid_to > {{ day }}, true)
{%- endmacro %}

{#- The first day of the month that holds a date. -#}
{% macro month_of(day) -%}
cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{#- Whether a period that ends with a day is over on the run's day, and its feeds (a relation with complete_until) have told
    all of it. -#}
{% macro is_told(last_day, feeds) -%}
{{ last_day }} <= run.as_of_date and coalesce({{ last_day }} <= {{ feeds }}.complete_until, false)
{%- endmacro %}

{#- The moment at which a day begins in the business time zone, for events that carry a date alone. -#}
{% macro start_of_day(day, timezone) -%}
timezone({{ timezone }}, cast({{ day }} as timestamp))
{%- endmacro %}

{#- The first day of the fiscal quarter or year that holds a date, when the fiscal year begins with the given month. -#}
{% macro fiscal_start_of(period, day, first_month) -%}
{{ plus_months("date_trunc('" ~ period ~ "', " ~ plus_months(day, '1 - ' ~ first_month) ~ ")", first_month ~ ' - 1') }}
{%- endmacro %}

{#- The day after which the trailing 12 months begin that end with a day: a year before it; of a month's last day the
    month's last day, so that 12 months that end with a month are 12 months. -#}
{% macro year_before(day, years=1) -%}
case
    when {{ day }} = {{ month_end_of(day) }} then {{ month_end_of(plus_months(day, -12 * years)) }}
    else {{ plus_months(day, -12 * years) }}
end
{%- endmacro %}

{#- Seconds that a calendar was open up to a moment, so that business time between two moments is a difference: those of the days
    before the moment's own, and of its own what lies before it. `day` is its row of int_business_days. -#}
{% macro business_seconds(day, moment) -%}
{%- set since_opening = exact_seconds_between(day ~ '.opens_at', moment) -%}
{{ day }}.business_seconds_before + case
            when {{ moment }} < {{ day }}.night_until then -{{ exact_seconds_between(moment, day ~ '.night_until') }}
            when {{ since_opening }} <= 0 then 0
            when {{ since_opening }} >= {{ day }}.business_seconds then {{ day }}.business_seconds
            else {{ since_opening }}
        end
{%- endmacro %}

{#- Up to when all of these feeds, as far as they are landed, have told everything. -#}
{% macro told_until() -%}
select min(complete_until) as complete_until from {{ ref('fct_feed_ends') }} where feed in ('{{ varargs | join("', '") }}')
{%- endmacro %}
