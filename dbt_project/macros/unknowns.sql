{#- What an unknown gives, said by name. `least`, `greatest`, `min_by` and `max_by` pass over NULLs in both engines, and
    `count(*) filter (where …)` takes a comparison with NULL for a no. A bare call leaves open whether that was meant:
    the day before the newest event is no end of what has none. So models call what stands here and nothing else
    (tests/conventions/test_unknowns.py). -#}

{#- The least or greatest of what is known; unknown where nothing is. For a bound that there need not be. -#}
{% macro least_known() -%}least({{ varargs | join(', ') }}){%- endmacro %}
{% macro greatest_known() -%}greatest({{ varargs | join(', ') }}){%- endmacro %}

{#- The least or greatest, unknown where any is. -#}
{% macro least_or_unknown() -%}{{ _or_unknown('least', varargs) }}{%- endmacro %}
{% macro greatest_or_unknown() -%}{{ _or_unknown('greatest', varargs) }}{%- endmacro %}

{% macro _or_unknown(function, values) -%}
{%- set may_be_unknown = [] -%}
{%- for value in values if not (value | string).replace('.', '').isdigit() -%}
    {%- do may_be_unknown.append('(' ~ value ~ ') is not null') -%}
{%- endfor -%}
case when {{ may_be_unknown | join(' and ') }} then {{ function }}({{ values | join(', ') }}) end
{%- endmacro %}
