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

{#- Columns added up and taken off, an unknown one as nothing: for identities of what is known of each. -#}
{% macro known_parts(added, taken_off) -%}
{%- for column in added %}{{ ' + ' if not loop.first }}coalesce({{ column }}, 0){% endfor -%}
{%- for column in taken_off %} - coalesce({{ column }}, 0){% endfor -%}
{%- endmacro %}

{#- The value in the row that comes first or last by `order`: unknown where it is unknown in that row, never another
    row's. Rows whose order is unknown come last, of equal ones the first or last by `tie`; only rows for
    which the condition `among` holds count. -#}
{% macro first_by(value, order, tie=none, among=none) -%}
arg_min_null({{ value }}, {{ _place('row', order, tie, among, 1) }})
{%- endmacro %}
{% macro last_by(value, order, tie=none, among=none) -%}
arg_max_null({{ value }}, {{ _place('row', order, tie, among, 0) }})
{%- endmacro %}

{% macro _place(struct, order, tie, among, unknown) -%}
{%- set place = order if tie is none else struct ~ '(case when ' ~ order ~ ' is null then ' ~ unknown ~ ' else '
    ~ (1 - unknown) ~ ' end, ' ~ order ~ ', ' ~ tie ~ ')' -%}
{{ place if among is none else 'case when ' ~ among ~ ' then ' ~ place ~ ' end' }}
{%- endmacro %}
