{#- Seconds from the earlier to the later moment, with their fractions, as durations in call exports have them. -#}
{% macro exact_seconds_between(earlier, later) %}{{ return(adapter.dispatch('exact_seconds_between')(earlier, later)) }}{% endmacro %}

{% macro duckdb__exact_seconds_between(earlier, later) -%}
cast(epoch({{ later }}) - epoch({{ earlier }}) as decimal(18, 3))
{%- endmacro %}

{% macro spark__exact_seconds_between(earlier, later) -%}
cast(cast({{ later }} as double) - cast({{ earlier }} as double) as decimal(18, 3))
{%- endmacro %}

{#- The moment a number of seconds after another. -#}
{% macro seconds_after(moment, seconds) %}{{ return(adapter.dispatch('seconds_after')(moment, seconds)) }}{% endmacro %}

{% macro duckdb__seconds_after(moment, seconds) -%}
({{ moment }} + to_microseconds(cast(({{ seconds }}) * 1000000 as bigint)))
{%- endmacro %}

{% macro spark__seconds_after(moment, seconds) -%}
timestampadd(microsecond, cast(({{ seconds }}) * 1000000 as bigint), {{ moment }})
{%- endmacro %}

{#- The last value of a window that is not NULL; an `over (…)` follows. -#}
{% macro last_known(expression) %}{{ return(adapter.dispatch('last_known')(expression)) }}{% endmacro %}

{% macro duckdb__last_known(expression) -%}
last_value({{ expression }} ignore nulls)
{%- endmacro %}

{% macro spark__last_known(expression) -%}
last_value({{ expression }}, true)
{%- endmacro %}

{#- Whether an inbound conversation counts in the answer rate (K3): answered or missed, a voicemail where the parameter says
    so; neither abandoned nor failed. -#}
{% macro is_offered(calls) -%}
({{ calls }}.status in ('answered', 'missed')
    or ({{ calls }}.status = 'voicemail' and {{ parameter('voicemail_is_missed') }} = 1))
{%- endmacro %}
